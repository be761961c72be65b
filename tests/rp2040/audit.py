"""The audit: does a field that a program can write make a difference?

A chip is set up by the block's prelude and saved. From there each value of a field is tried: the same stimulus follows,
and everything that can be seen from outside the field is compared. A difference means that the model uses the field,
none that it only stores it, an error that it refuses it. It proves that a bit matters, not that it matters rightly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from thumb import RAM, assemble

from emberwatch import _native
from emberwatch.chip import Access, Block, Field, Register, Verdict, load

HORIZON = 40_000
"""Cycles that a value has to show itself."""
_PROGRAM = RAM + 0x3F000
_IDLE = """
    cpsid i
1:  b 1b
    str r1, [r0]
    sev
    b 1b
    ldr r1, [r0]
    b 1b
"""
_TURN, _STORE, _EVENT, _LOAD = 2, 4, 6, 10  # offsets of the loop, the store, the event and the load
OBSERVED = range(RAM + 0x2000, RAM + 0x2800)
"""Memory into which stimuli may bring what they receive."""
_CLOCKS = ("ref", "sys", "peri", "usb", "adc", "rtc", "gpout0", "gpout1", "gpout2", "gpout3")


@dataclass
class Bench:
    """A chip whose core 0 idles with interrupts masked, and its registers by name."""

    chip: _native.Chip = field(default_factory=_native.Chip)

    def start(self) -> None:
        """Clocks as usual, all blocks out of reset."""
        self.chip.load(_PROGRAM, assemble(_IDLE, _PROGRAM))
        self.chip.reset(_PROGRAM | 1)
        self.run(100)
        self.put("RESETS.RESET", 0)
        self.put("XOSC.STARTUP", 1)
        self.put("XOSC.CTRL", 0xFABAA0)
        self.run(2000)
        for pll, feedback, dividers in (("PLL_SYS", 125, 6 << 16 | 2 << 12), ("PLL_USB", 40, 5 << 16 | 2 << 12)):
            self.put(f"{pll}.FBDIV_INT", feedback)
            self.put(f"{pll}.PWR", 8)
            self.run(2000)
            self.put(f"{pll}.PRIM", dividers)
            self.put(f"{pll}.PWR", 0)
        self.put("CLOCKS.CLK_REF_CTRL", 2)
        self.put("CLOCKS.CLK_SYS_CTRL", 1)
        for name in ("PERI", "USB", "ADC", "RTC"):
            self.put(f"CLOCKS.CLK_{name}_CTRL", 0x800)
        self.put("CLOCKS.CLK_RTC_DIV", 1024 << 8)
        self.put("WATCHDOG.TICK", 0x200 | 12)
        self.run(1000)

    def address(self, path: str) -> int:
        instance, _, register = path.partition(".")
        return load().block(instance).address(register, instance)

    def put(self, path: str, value: int) -> None:
        self.write(self.address(path), value)

    def get(self, path: str) -> int:
        return self.peek(self.address(path))

    def write(self, address: int, value: int) -> None:
        """As the processor does where only it can, else as a bus master, in no time."""
        if address >> 28 != 0xD:
            self.chip.write_bus(address, 4, value)
            return
        for name, word in (("r0", address), ("r1", value), ("pc", _PROGRAM + _STORE)):
            self.chip.set_register(0, name, word)
        stop = self.chip.step(0, self.chip.cycles + 1000)
        if stop.reason is _native.StopReason.UNMODELLED:
            raise RuntimeError(stop.detail)
        for name, word in (("r0", 0), ("r1", 0), ("pc", _PROGRAM + _TURN)):
            self.chip.set_register(0, name, word)

    def take(self, path: str) -> None:
        """The processor reads a register into r1, with what reading does."""
        self.chip.set_register(0, "r0", self.address(path))
        self.chip.set_register(0, "pc", _PROGRAM + _LOAD)
        self.chip.step(0, self.chip.cycles + 1000)
        self.chip.set_register(0, "pc", _PROGRAM + _TURN)

    def launch(self, entry: int) -> None:
        """Core 1, as the boot ROM wants it."""
        for word in (0, 0, 1, RAM + 0x7000, RAM + 0x3E000, entry | 1):
            self.put("SIO.FIFO_WR", word)
            self.event()
            self.run(1000)

    def event(self) -> None:
        """SEV."""
        self.chip.set_register(0, "pc", _PROGRAM + _EVENT)

    def peek(self, address: int) -> int:
        return int.from_bytes(self.chip.read_memory(address, 4), "little")

    def run(self, cycles: int) -> None:
        """Raises RuntimeError where the chip stops."""
        stop = self.chip.run_until(self.chip.cycles + cycles)
        if stop.reason is not _native.StopReason.TIME:
            raise RuntimeError(stop.detail)

    def function(self, number: int, *pins: int) -> None:
        """Gives pins to a function, inputs enabled."""
        for pin in pins:
            self.put(f"PADS_BANK0.GPIO{pin}", 0x56)
            self.put(f"IO_BANK0.GPIO{pin}_CTRL", number)

    def wire(self, pin: int, other: int) -> None:
        """A jumper."""
        self.chip.attach(_native.Jumper(f"wire{pin}"), [("a", pin), ("b", other)])

    def dma(self, channel: int, read: int, write: int, count: int, ctrl: int) -> None:
        """A channel that is set up but not triggered; `ctrl` without EN and CHAIN_TO."""
        self.put(f"DMA.CH{channel}_READ_ADDR", read)
        self.put(f"DMA.CH{channel}_WRITE_ADDR", write)
        self.put(f"DMA.CH{channel}_TRANS_COUNT", count)
        self.put(f"DMA.CH{channel}_AL1_CTRL", ctrl | channel << 11 | 1)

    def trigger(self, *channels: int) -> None:
        self.put("DMA.MULTI_CHAN_TRIGGER", sum(1 << channel for channel in channels))


Step = Callable[[Bench], None]


def nothing(_: Bench) -> None:
    """No stimulus but time."""


@dataclass(frozen=True)
class Scene:
    """How a block is made to show what its fields do."""

    prelude: Step = nothing
    stir: Step = nothing
    horizon: int = HORIZON
    values: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Values to try by "REGISTER.FIELD", where those from the seed would not do."""
    only: tuple[str, ...] = ()
    """Registers to try in this scene; all without any."""


def writable_fields(block: Block) -> Iterator[tuple[str, Register, str, Field]]:
    """(register, its row, path in the description, field): the first of each array, and of repeated fields."""
    for register in block.registers:
        name, _, singles = next(iter(register.instances()))
        at = 0
        for row in register.fields:
            single = singles[at]
            at += row.count
            if row.access.writable:
                yield name, register, f"{register.name}.{row.name}", single


def _candidates(one: Field, values: tuple[int, ...] | None, current: int, seed: int) -> list[int]:
    if values is not None:
        return list(values)
    if one.width <= 3:
        return list(range(1 << one.width))
    top = (1 << one.width) - 1
    chosen = random.Random(seed)
    few = [current, 0, 1, top, current ^ 1, *(chosen.randrange(top + 1) for _ in range(4))]
    return list(dict.fromkeys(few))


def _linked(block: Block, register: Register) -> set[str]:
    """Rows that show this register's bits in another form."""
    rows = {register.name} | {block.register(name).name for name in register.same_as}
    return rows | {other.name for other in block.registers if any(name in rows for name in other.same_as)}


class Audit:
    """Verdicts on the fields of one block in one scene."""

    def __init__(self, block: Block, how: Scene) -> None:
        self.block, self.how = block, how
        self.instance = next(iter(block.bases))
        self.bench = Bench()
        self.bench.start()
        how.prelude(self.bench)
        self.bench.chip.record_pins((1 << 30) - 1)
        self.start = self.bench.chip.save()
        self.watched = self._watched()

    def _watched(self) -> list[tuple[str, str, int]]:
        """(instance, row, address) of every register that can be read without side effects."""
        watched = []
        for block in load().blocks:
            for instance, base in () if block.private else block.bases.items():
                for register in block.registers:
                    for n, (_, at, _fields) in enumerate(register.instances()):
                        if n > 1 and block is not self.block:
                            continue
                        try:
                            self.bench.peek(base + at)
                        except (ValueError, RuntimeError):
                            continue
                        watched.append((instance, register.name, base + at))
        return watched

    def verdict(self, name: str, register: Register, path: str, one: Field) -> Verdict:
        """What the values of a field lead to."""
        address = self.block.address(name, self.instance)
        mask = (1 << one.width) - 1 << one.lsb
        hidden = {(self.instance, row) for row in _linked(self.block, register)}
        if one.access in (Access.WC, Access.SC, Access.RF):  # what they do shows in the register itself
            hidden = set()
        self._restart()
        before = self.bench.peek(address)
        clears = register.mask(Access.WC, Access.SC) & ~mask
        refusals = tuple(f"({each.name}: " for each in register.fields)
        seen: object = None
        refused = False
        own: list[tuple[int, int]] = []  # the field itself, as written and as found in the end
        acts = one.access in (Access.WC, Access.SC, Access.RF)
        start = 0 if acts else 2  # what an action does shows in the register itself
        if all(row.access in (Access.WC, Access.RF, Access.RO) for row in register.fields) and acts:
            seen = self._observe(address, None, mask, hidden)  # some do the same whatever is written
        for value in _candidates(one, self.how.values.get(path), one.of(before), hash_of(path)):
            word = before & ~mask & ~clears | value << one.lsb
            try:
                found: Any = self._observe(address, word, mask, hidden)
            except RuntimeError as error:  # the run has stopped: that is what the field refuses, or an effect
                if any(refusal in str(error) for refusal in refusals):
                    refused = True
                    continue
                found = str(error)
            else:
                own.append((found[0], found[1]))
                found = found[start:]
            if seen is not None and found != seen:
                return Verdict.FULL
            seen = found
        if any(written != end for written, end in own) and len({end for _, end in own}) > 1:
            return Verdict.FULL
        return Verdict.REFUSED if refused else Verdict.STORED

    def _restart(self) -> None:
        self.bench.chip.restore(self.start)
        self.bench.chip.take_edges()
        self.bench.chip.record_signals(["irq", "dma", "pio"])
        self.bench.chip.take_signals()
        for uart in (0, 1):
            self.bench.chip.uart_take(uart)

    def _observe(self, address: int, word: int | None, mask: int, hidden: set[tuple[str, str]]) -> tuple[Any, ...]:
        self._restart()
        bench, chip = self.bench, self.bench.chip
        if word is not None:
            bench.write(address, word)
        written = bench.peek(address) & mask
        early = bench.peek(address) & ~mask
        self.how.stir(bench)
        bench.run(self.how.horizon)
        registers = [bench.peek(at) for instance, row, at in self.watched if (instance, row) not in hidden]
        return (
            written,
            bench.peek(address) & mask,
            registers,
            early,
            bench.peek(address) & ~mask,
            chip.take_edges(),
            chip.take_signals(),
            [chip.uart_take(uart) for uart in (0, 1)],
            chip.read_memory(OBSERVED.start, len(OBSERVED)),
            chip.usb_take(),
            [chip.clock_hz(name) for name in _CLOCKS],
            [(chip.registers(core), chip.core_state(core)) for core in (0, 1)],
            chip.picoseconds,
        )


def verdicts(block: Block, scenes: tuple[Scene, ...]) -> dict[str, tuple[Verdict, Field]]:
    """The best that any scene shows of each field, by path; what is seen in one scene need not be in the others."""
    found: dict[str, tuple[Verdict, Field]] = {}
    for scene in scenes:
        audit = Audit(block, scene)
        for name, register, path, one in writable_fields(block):
            if scene.only and register.name not in scene.only:
                continue
            if path not in found or found[path][0] is Verdict.STORED:
                found[path] = audit.verdict(name, register, path, one), one
    return found


def hash_of(text: str) -> int:
    """A seed that is the same in every run."""
    return int.from_bytes(text.encode()[-7:], "little")
