"""Random differential test of the processor core against Unicorn's Cortex-M0.

Programs of random valid instructions run with random registers, flags and memory on both; all of them are compared
after each program. Timing, exceptions and faults are not Unicorn's to judge and are tested elsewhere.

Where Unicorn departs from the ARMv6-M Architecture Reference Manual (DDI 0419) the generator stays away:

* UNPREDICTABLE encodings (A4.1.1), such as CMP T2 with two low registers or LDM with an empty list.
* YIELD, which ends Unicorn's run; it is a NOP on this core (A6.7.85).
* MSR APSR with bit 27 set: Unicorn keeps a Q flag, which ARMv6-M does not have (B1.4.2).
* MRS of IEPSR, EPSR and CONTROL bits whose values differ between implementations (B5.2.2).
"""

from __future__ import annotations

import importlib
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emberwatch import _native
from emberwatch.base.errors import EmberwatchError
from emberwatch.chip import memory

_CODE = memory("sram").base
_CODE_BYTES = 0x1000
_DATA = _CODE + 0x4000
_DATA_BYTES = 0x1000
_STACK = _CODE + 0x8000
_STACK_BYTES = 0x1000
_PROGRAM = 400  # halfwords, about; short enough to name a failing program, long enough to amortise starting it
_POINTERS = (8, 9, 10)  # registers that keep pointing into the data area


@dataclass
class Mismatch:
    """The first difference found in one program."""

    seed: int
    what: str
    expected: int
    actual: int
    code: bytes


@dataclass
class Result:
    """Outcome of :func:`run_differential`."""

    instructions: int = 0
    programs: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)


class _Generator:
    """Writes one random program. Every snippet is self-contained: it sets up the addresses that it uses."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bits = rng.getrandbits
        self.code: list[int] = []
        self.instructions = 0  # upper bound of those executed; forward branches skip some
        self._depth = 0  # words on the stack
        self._snippets: list[Callable[[], None]] = [
            *[self._alu] * 24,
            *[self._high] * 4,
            *[self._memory_immediate] * 4,
            *[self._memory_register] * 3,
            *[self._multiple] * 2,
            self._literal,
            self._stack,
            self._stack_relative,
            self._branch,
            self._call,
            self._return,
            self._exchange,
            self._special,
            self._hint,
        ]

    def program(self) -> bytes:
        choices = self._snippets
        rng = self._rng
        while len(self.code) < _PROGRAM:
            choices[int(rng.random() * len(choices))]()
        while self._depth:
            self._emit(0xB001)  # ADD SP, #4
            self._depth -= 1
        return struct.pack(f"<{len(self.code)}H", *self.code)

    def _emit(self, *halfwords: int) -> None:
        self.code.extend(halfwords)
        self.instructions += len(halfwords)

    # A5.2.1 and A5.2.2: everything on r0..r7
    def _alu_code(self) -> int:
        bits = self._bits(16)
        kind = bits & 7
        operand = self._bits(16)
        if kind < 3:  # shift by immediate, add and subtract
            return operand % 0x2000
        if kind < 5:  # MOV, CMP, ADD, SUB with 8-bit immediate
            return 0x2000 | operand & 0x1FFF
        if kind < 7:
            return 0x4000 | operand & 0x3FF
        which = bits >> 3 & 7
        return (0xB200, 0xB240, 0xB280, 0xB2C0, 0xBA00, 0xBA40, 0xBAC0, 0x4340)[which] | operand & 0x3F

    def _alu(self) -> None:
        self._emit(self._alu_code())

    # A5.2.3 without PC as destination; pointers and SP are never overwritten
    def _high(self) -> None:
        d = self._rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 14))
        m = self._rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
        kind = self._bits(2)
        if kind == 0:
            self._emit(0x4400 | (d >> 3) << 7 | m << 3 | d & 7)
        elif kind == 1 and m != 15 and (d > 7 or m > 7):
            self._emit(0x4500 | (d >> 3) << 7 | m << 3 | d & 7)
        elif kind == 2:
            self._emit(0x4600 | (d >> 3) << 7 | m << 3 | d & 7)
        else:  # ADR, ADD Rd, SP
            self._emit((0xA000 if self._bits(1) else 0xA800) | self._bits(11))

    def _pointer(self, register: int) -> None:
        self._emit(0x4600 | self._rng.choice(_POINTERS) << 3 | register)

    def _memory_immediate(self) -> None:
        n = self._bits(3)
        self._pointer(n)
        opcode = self._rng.choice((0x6000, 0x6800, 0x7000, 0x7800, 0x8000, 0x8800))
        self._emit(opcode | self._bits(5) << 6 | n << 3 | self._bits(3))

    def _memory_register(self) -> None:
        n = self._bits(3)
        m = (n + 1 + self._bits(2)) & 7
        self._pointer(n)
        opcode = self._rng.choice((0x5000, 0x5200, 0x5400, 0x5600, 0x5800, 0x5A00, 0x5C00, 0x5E00))
        offset = self._bits(8)
        if opcode in (0x5000, 0x5800):
            offset &= ~3
        elif opcode in (0x5200, 0x5A00, 0x5E00):
            offset &= ~1
        self._emit(0x2000 | m << 8 | offset, opcode | m << 6 | n << 3 | self._bits(3))

    def _multiple(self) -> None:
        n = self._bits(3)
        registers = self._bits(8) | 1 << self._bits(3)
        store = self._bits(1)
        if store and registers >> n & 1 and registers & ((1 << n) - 1):
            registers &= ~(1 << n)  # storing the base is UNKNOWN unless it is the lowest register (A6.7.59)
        self._pointer(n)
        self._emit((0xC000 if store else 0xC800) | n << 8 | registers)

    def _literal(self) -> None:
        if len(self.code) < 260:  # the literal lies within the program
            self._emit(0x4800 | self._bits(3) << 8 | self._bits(6))

    def _stack(self) -> None:
        registers = self._bits(8)
        words = registers.bit_count()
        if self._bits(1) and self._depth >= words > 0:
            self._emit(0xBC00 | registers)
            self._depth -= words
        elif self._depth < 100:
            link = self._bits(1)
            if words + link:
                self._emit(0xB400 | link << 8 | registers)
                self._depth += words + link

    def _stack_relative(self) -> None:
        kind = self._bits(2)
        words = self._bits(4)
        if kind == 0 and self._depth < 100:
            self._emit(0xB080 | words)
            self._depth += words
        elif kind == 1 and self._depth >= words:
            self._emit(0xB000 | words)
            self._depth -= words
        elif kind == 2:
            self._emit(0x9000 | self._bits(3) << 8 | self._bits(5))
        else:
            self._emit(0x9800 | self._bits(3) << 8 | self._bits(5))

    def _skipped(self) -> int:
        """Appends one to four instructions to be jumped over; their number."""
        n = 1 + self._bits(2)
        for _ in range(n):
            self._alu()
        return n

    def _branch(self) -> None:
        at = len(self.code)
        self._emit(0)
        n = self._skipped()
        self.code[at] = 0xE000 | n - 1 if self._bits(3) == 0 else 0xD000 | self._rng.randrange(14) << 8 | n - 1

    def _call(self) -> None:
        at = len(self.code)
        self._emit(0, 0)
        self.instructions -= 1
        n = self._skipped()
        self.code[at : at + 2] = [0xF000, 0xF800 | n]

    def _return(self) -> None:
        """MOV r, PC; ADDS r, #n; PUSH {r}; POP {PC} to a place a little later."""
        r = self._bits(3)
        self._emit(0x4678 | r, 0, 0xB400 | 1 << r, 0xBD00)
        at = len(self.code) - 3
        n = self._skipped()
        # PC as read by the MOV is two halfwords after it: the PUSH.
        self.code[at] = 0x3001 | r << 8 | (2 + n) * 2

    def _exchange(self) -> None:
        """BX or BLX to a place a little later, sometimes MOV PC or ADD PC."""
        r = self._bits(3)
        kind = self._bits(2)
        self._emit(0x4678 | r, 0, (0x4700, 0x4780, 0x4687, 0x4487)[kind] | r << 3)
        at = len(self.code) - 2
        n = self._skipped()
        if kind == 3:  # ADD PC, r: PC is two halfwords after the ADD
            self.code[at - 1 : at + 1] = [0x46C0, 0x2000 | r << 8 | (n - 1) * 2]
        else:
            self.code[at] = 0x3001 | r << 8 | (1 + n) * 2

    def _special(self) -> None:
        kind = self._bits(2)
        r = self._bits(3)
        if kind == 0:
            self._emit(0xF3EF, 0x8000 | r << 8)  # MRS r, APSR
        elif kind == 1:
            # LSRS r, #28; LSLS r, #28; MSR APSR_nzcvq, r
            self._emit(0x0F00 | r << 3 | r, 0x0700 | r << 3 | r, 0xF380 | r, 0x8800)
        elif kind == 2:
            self._emit(0xF3BF, self._rng.choice((0x8F4F, 0x8F5F, 0x8F6F)))
        else:
            self._emit(0xF3EF, 0x8000 | r << 8 | 16)  # MRS r, PRIMASK
            self.instructions -= 1
            return
        self.instructions -= 1

    def _hint(self) -> None:
        self._emit(self._rng.choice((0xBF00, 0xBF40, 0xB672, 0xB662)))


class _Unicorn:
    """The witness."""

    def __init__(self) -> None:
        try:
            unicorn: Any = importlib.import_module("unicorn")
            arm_const: Any = importlib.import_module("unicorn.arm_const")
        except ImportError as error:
            raise EmberwatchError("the differential test needs Unicorn: pip install unicorn") from error
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
        self._uc.mem_map(_CODE, 0x10000)
        names = [f"R{i}" for i in range(13)] + ["SP", "LR"]
        self._registers = [getattr(arm_const, f"UC_ARM_REG_{name}") for name in names]
        self._pc = arm_const.UC_ARM_REG_PC
        self._xpsr = arm_const.UC_ARM_REG_XPSR
        self._primask = arm_const.UC_ARM_REG_PRIMASK

    def run(self, code: bytes, data: bytes, registers: list[int], flags: int) -> tuple[list[int], int, bytes]:
        uc = self._uc
        uc.mem_write(_CODE, code)
        uc.ctl_remove_cache(_CODE, _CODE + _CODE_BYTES)
        uc.mem_write(_DATA, data)
        uc.mem_write(_STACK, data)
        for register, value in zip(self._registers, registers, strict=True):
            uc.reg_write(register, value)
        uc.reg_write(self._xpsr, flags | 1 << 24)
        uc.reg_write(self._primask, 0)
        uc.emu_start(_CODE | 1, _CODE + len(code))
        after = [uc.reg_read(register) for register in self._registers]
        if uc.reg_read(self._pc) & ~1 != _CODE + len(code):
            raise EmberwatchError(f"Unicorn stopped at 0x{uc.reg_read(self._pc):08x}, not at the program's end")
        memory = bytes(uc.mem_read(_DATA, _DATA_BYTES)) + bytes(uc.mem_read(_STACK, _STACK_BYTES))
        return after, uc.reg_read(self._xpsr) & 0xF000_0000, memory


class _Core:
    """Ours."""

    def __init__(self) -> None:
        self._chip = _native.Chip(flash_bytes=65536)
        self._chip.reset(_CODE | 1)
        self._end = 0

    def run(self, code: bytes, data: bytes, registers: list[int], flags: int) -> tuple[list[int], int, bytes]:
        chip = self._chip
        end = _CODE + len(code)
        if end != self._end:
            chip.remove_breakpoint(self._end)
            chip.add_breakpoint(end)
            self._end = end
        chip.write_memory(_CODE, code + b"\xc0\x46")
        chip.write_memory(_DATA, data)
        chip.write_memory(_STACK, data)
        names = [f"r{i}" for i in range(13)] + ["sp", "lr"]
        for name, value in zip(names, registers, strict=True):
            chip.set_register(0, name, value)
        chip.set_register(0, "xpsr", flags)
        chip.set_register(0, "primask", 0)
        chip.set_register(0, "pc", _CODE)
        stop = chip.run_until(chip.cycles + 100_000)
        if stop.reason.name != "BREAKPOINT":
            where = f"{stop.reason.name} at 0x{stop.pc:08x} {stop.detail}"
            raise EmberwatchError(f"the program did not reach its end: {where}")
        after = chip.registers(0)
        memory = chip.read_memory(_DATA, _DATA_BYTES) + chip.read_memory(_STACK, _STACK_BYTES)
        return [after[name] for name in names], after["xpsr"] & 0xF000_0000, memory


def _compare(
    seed: int, code: bytes, expected: tuple[list[int], int, bytes], actual: tuple[list[int], int, bytes]
) -> Mismatch:
    for index, (want, got) in enumerate(zip(expected[0], actual[0], strict=True)):
        if want != got:
            return Mismatch(seed, f"r{index}", want, got, code)
    if expected[1] != actual[1]:
        return Mismatch(seed, "flags", expected[1], actual[1], code)
    at = next(i for i, (want, got) in enumerate(zip(expected[2], actual[2], strict=True)) if want != got)
    area = f"[0x{(_DATA + at if at < _DATA_BYTES else _STACK + at - _DATA_BYTES):08x}]"
    return Mismatch(seed, area, expected[2][at], actual[2][at], code)


def run_differential(
    instructions: int,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
    stop_after: int = 1,
) -> Result:
    """Runs random programs on both cores until `instructions` have been compared.

    Args:
        instructions: how many at least; a program has about 400.
        seed: program n uses the random sequence of (seed, n), so that each can be repeated alone.
        progress: called with the instructions done so far after every program.
        stop_after: give up at this many mismatches.

    Raises:
        EmberwatchError: Unicorn is not installed, or a program did not end where it should.
    """
    witness, core = _Unicorn(), _Core()
    result = Result()
    while result.instructions < instructions and len(result.mismatches) < stop_after:
        program_seed = seed * 1_000_003 + result.programs
        rng = random.Random(program_seed)
        generator = _Generator(rng)
        code = generator.program()
        data = rng.randbytes(_DATA_BYTES)
        # Mostly random values, with the corner cases of carry and overflow more often than chance has them.
        corners = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
        registers = [rng.choice(corners) if rng.random() < 0.3 else rng.getrandbits(32) for _ in range(15)]
        for pointer in _POINTERS:
            registers[pointer] = _DATA + 0x100 + 4 * rng.randrange(0x200)
        registers[13] = _STACK + 0xC00
        flags = rng.getrandbits(4) << 28
        expected = witness.run(code, data, registers, flags)
        actual = core.run(code, data, registers, flags)
        if expected != actual:
            result.mismatches.append(_compare(program_seed, code, expected, actual))
        result.programs += 1
        result.instructions += generator.instructions
        if progress is not None:
            progress(result.instructions)
    return result
