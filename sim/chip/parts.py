"""What a description of the chip consists of: blocks, registers, fields, memories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from emberwatch.base.errors import EmberwatchError


class DescriptionError(EmberwatchError):
    """A fact in platforms/rp2040/ is malformed or contradicts another one."""


class Access(Enum):
    """What an access does to a field."""

    RO = "ro"
    RW = "rw"
    WO = "wo"
    WC = "wc"
    """A one clears it."""
    SC = "sc"
    """A one starts something; it reads as zero."""
    RF = "rf"
    """A FIFO: writing puts into it, reading takes from it."""
    RP = "rp"
    """Reading changes something: it takes from a FIFO, or latches; writing does nothing."""

    @property
    def writable(self) -> bool:
        """Whether a write can do something."""
        return self not in (Access.RO, Access.RP)


class Verdict(Enum):
    """What the model does with a value that a program writes; the audit checks it."""

    FULL = "full"
    STORED = "stored"
    """Kept, and nothing depends on it."""
    REFUSED = "refused"
    """Stops the run."""


@dataclass(frozen=True)
class Field:
    """One field of a register; `count` of them, `step` bits apart, where `%` stands in the name."""

    name: str
    lsb: int
    width: int
    access: Access
    reset: int | None = 0
    """None: the index of the register."""
    verdict: Verdict = Verdict.FULL
    count: int = 1
    step: int = 0

    @property
    def mask(self) -> int:
        """Bits of all its repetitions."""
        one = (1 << self.width) - 1 << self.lsb
        return sum(one << self.step * n for n in range(self.count))

    def of(self, word: int) -> int:
        """Its value in a register's word."""
        return word >> self.lsb & (1 << self.width) - 1


@dataclass(frozen=True)
class Register:
    """A register, or `count` equal ones `stride` bytes apart; `%` in the name stands for their index."""

    name: str
    at: int
    fields: tuple[Field, ...]
    count: int = 1
    stride: int = 4
    first: int = 0
    """Index of the first one."""
    of: int | None = None
    """Repetitions of the fields in all registers together, where the last ones have fewer."""
    same_as: tuple[str, ...] = ()
    """Registers that show the same bits in another form."""

    def instances(self) -> Iterator[tuple[str, int, tuple[Field, ...]]]:
        """(name, offset, fields) of each, repeated fields as single ones."""
        for n in range(self.count):
            index = self.first + n
            yield self.name.replace("%", str(index)), self.at + n * self.stride, tuple(self._single(n, index))

    def _single(self, n: int, index: int) -> Iterator[Field]:
        for field in self.fields:
            reset = index if field.reset is None else field.reset
            if field.count == 1:
                yield replace(field, name=field.name.replace("%", str(index)), reset=reset)
                continue
            for k in range(field.count):
                number = n * field.count + k if self.of is not None else k
                if self.of is None or number < self.of:
                    lsb = field.lsb + k * field.step
                    yield Field(
                        field.name.replace("%", str(number)), lsb, field.width, field.access, reset, field.verdict
                    )

    def reset(self, n: int = 0) -> int:
        """Reset value of the n-th one."""
        return sum((field.reset or 0) << field.lsb for field in self._single(n, self.first + n))

    def mask(self, *access: Access, n: int = 0) -> int:
        """Bits of the n-th one's fields with one of these kinds of access, of all without any."""
        return sum(
            (1 << field.width) - 1 << field.lsb
            for field in self._single(n, self.first + n)
            if not access or field.access in access
        )


@dataclass(frozen=True)
class Block:
    """A block of registers, once or twice in the chip."""

    name: str
    file: str
    title: str
    datasheet: str
    bases: dict[str, int]
    resets: dict[str, str]
    irqs: dict[str, list[str]]
    windows: dict[str, str]
    """Names in the C ABI and in Renode by instance."""
    registers: tuple[Register, ...]
    notes: dict[str, str]
    values: dict[str, dict[str, int]]
    """Names of values by "REGISTER.FIELD"."""

    def register(self, name: str) -> Register:
        """The register of that name, with its index or with `%`.

        Raises:
            DescriptionError: there is none.
        """
        for register in self.registers:
            if name == register.name or any(name == single for single, _, _ in register.instances()):
                return register
        raise DescriptionError(f"{self.name} has no register {name!r}; see platforms/rp2040/{self.file}")

    def offset(self, name: str) -> int:
        """Offset of a register; with `%` of the first one."""
        register = self.register(name)
        return next((at for single, at, _ in register.instances() if single == name), register.at)

    def address(self, name: str, instance: str = "") -> int:
        """Address of a register of an instance, of the first one without a name."""
        return (self.bases[instance] if instance else self.base) + self.offset(name)

    def field(self, path: str) -> Field:
        """The field "REGISTER.FIELD".

        Raises:
            DescriptionError: there is none.
        """
        register, _, name = path.partition(".")
        for field in self.register(register).fields:
            if field.name == name:
                return field
        raise DescriptionError(f"{self.name}.{register} has no field {name!r}; see platforms/rp2040/{self.file}")

    @property
    def base(self) -> int:
        """Address of the only, or first, instance."""
        return next(iter(self.bases.values()))

    @property
    def private(self) -> bool:
        """Whether it is inside the processors, on no bus."""
        return self.base >> 28 == 0xE

    @property
    def size(self) -> int:
        """Bytes of its window in the memory map, its atomic aliases included."""
        if self.private:
            return max(at for register in self.registers for _, at, _ in register.instances()) + 4
        return 0x1000 if self.name == "SIO" else 0x4000

    def note(self, register: str, field: str) -> str:
        """Why a field is stored or refused."""
        return self.notes.get(f"{register}.{field}", self.notes.get(register, ""))


@dataclass(frozen=True)
class Memory:
    """A range of addresses with a name."""

    name: str
    base: int
    size: int

    @property
    def end(self) -> int:
        """First address behind it."""
        return self.base + self.size


@dataclass(frozen=True)
class Chip:
    """Everything."""

    irqs: tuple[str, ...]
    dreqs: tuple[str, ...]
    memories: tuple[Memory, ...]
    windows: tuple[Memory, ...]
    """In order of address: those of blocks, and those of `chip.toml`."""
    private: tuple[Memory, ...]
    """What no bus reaches."""
    blocks: tuple[Block, ...]

    def block(self, name: str) -> Block:
        """The block of that name, or with an instance of that name."""
        for candidate in self.blocks:
            if name == candidate.name or name in candidate.bases:
                return candidate
        raise DescriptionError(f"there is no block {name!r}; there are {', '.join(b.name for b in self.blocks)}")
