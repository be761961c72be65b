"""Call stacks of stopped firmware: by DWARF where there is some, else by guessing from the stack.

Exception frames are unwound as the Armv6-M architecture stacks them (Arm ARM B1.5.6), so a backtrace goes on from an
interrupt handler into the code that it interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emberwatch.program.debuginfo import LR, PC, SP, DebugInfo, SourceLine
from emberwatch.program.symbols import SymbolTable

_THREAD_PROCESS = 0xFFFFFFFD
_EXC_RETURN = 0xF000_0000
_MAX_FRAMES = 32
_SCAN_WORDS = 64

ReadMemory = Callable[[int, int], bytes]
"""Debugger's read; ValueError where there is nothing."""


@dataclass(frozen=True)
class Frame:
    """One line of a backtrace.

    Attributes:
        pc: the instruction: where the program is, or the call that has not returned.
        function: ``name+offset`` or the bare address.
        source: file and line, if the firmware has DWARF.
        guessed: found by looking through the stack for return addresses; may be a left-over.
        note: what this frame is if not a plain call.
    """

    pc: int
    function: str
    source: SourceLine | None
    guessed: bool = False
    note: str = ""

    def __str__(self) -> str:
        where = f" at {self.source}" if self.source else ""
        note = f"  [{self.note}]" if self.note else ""
        return f"{self.pc:#010x}  {self.function}{where}{note}{'  (guess)' if self.guessed else ''}"


class Unwinder:
    """Walks the stack of one core."""

    def __init__(self, symbols: SymbolTable, debug: DebugInfo, read: ReadMemory) -> None:
        self._symbols = symbols
        self._debug = debug
        self._read = read

    def backtrace(self, registers: dict[str, int]) -> list[Frame]:
        """Innermost call first.

        Args:
            registers: r0..r12, sp, lr, pc, msp, psp as `Chip.registers` gives them.
        """
        values = {n: registers[f"r{n}"] for n in range(13)}
        values |= {SP: registers["sp"], LR: registers["lr"], PC: registers["pc"]}
        frames: list[Frame] = []
        note = ""
        lookup = values[PC]
        while len(frames) < _MAX_FRAMES:
            frames.append(self._frame(lookup, note=note))
            note = ""
            caller = self._caller(values, lookup, innermost=len(frames) == 1)
            if caller is None:
                if not self._is_entry(lookup):
                    frames += self._scan(values[SP])
                break
            if caller[PC] >= _EXC_RETURN:
                interrupted = self._exception_frame(caller, registers)
                if interrupted is None:
                    break
                caller, note, lookup = interrupted, "interrupted by the exception above", interrupted[PC]
            else:
                address = caller[PC] & ~1
                lookup = address - 2  # within the call, not after it
                if self._symbols.at(lookup) is None or (self._begins(address) and not self._follows_call(address)):
                    break  # where nobody was called from: a thread's end
            if caller[SP] == values[SP] and caller[PC] == values[PC]:
                break
            values = caller
        return frames

    def _frame(self, pc: int, *, guessed: bool = False, note: str = "") -> Frame:
        return Frame(pc, self._symbols.at(pc) or f"{pc:#010x}", self._debug.line(pc), guessed, note)

    def _begins(self, address: int) -> bool:
        """Whether a function begins here."""
        name = self._symbols.at(address)
        return name is not None and "+" not in name

    def _is_entry(self, pc: int) -> bool:
        """Whether nothing calls this function: the stack ends here."""
        name = (self._symbols.at(pc) or "").split("+")[0]
        return name in ("main", "reset_handler", "_reset_handler", "_start", "_entry_point")

    def _caller(self, values: dict[int, int], pc: int, innermost: bool) -> dict[int, int] | None:
        rule = self._debug.frame_rule(pc)
        if rule is None:
            # Assembly or no memory at all: a leaf that has not touched the stack returns to LR.
            lr = values[LR]
            plausible = lr & 1 and (lr >= _EXC_RETURN or self._symbols.at((lr & ~1) - 2) is not None)
            return {**values, PC: lr} if innermost and plausible else None
        register, offset = rule.cfa
        cfa = (values[register] + offset) & 0xFFFFFFFF
        caller = {**values, SP: cfa}
        for saved, at in rule.saved.items():
            word = self._word((cfa + at) & 0xFFFFFFFF)
            if word is None:
                return None
            caller[saved] = word
        caller[PC] = caller[LR]
        return caller

    def _exception_frame(self, values: dict[int, int], registers: dict[str, int]) -> dict[int, int] | None:
        base = registers["psp"] if values[PC] == _THREAD_PROCESS else values[SP]
        words = [self._word((base + 4 * n) & 0xFFFFFFFF) for n in range(8)]
        if any(word is None for word in words):
            return None
        r0, r1, r2, r3, r12, lr, pc, xpsr = (word or 0 for word in words)
        padding = 4 if xpsr >> 9 & 1 else 0
        return {**values, 0: r0, 1: r1, 2: r2, 3: r3, 12: r12, LR: lr, PC: pc, SP: base + 0x20 + padding}

    def _scan(self, sp: int) -> list[Frame]:
        """Words on the stack that point just behind a call instruction."""
        found = []
        for n in range(_SCAN_WORDS):
            word = self._word(sp + 4 * n)
            if word is None:
                break
            if word & 1 and self._follows_call(word & ~1):
                found.append(self._frame((word & ~1) - 2, guessed=True))
        return found[:8]

    def _follows_call(self, address: int) -> bool:
        if self._symbols.at(address - 2) is None:
            return False
        try:
            before = self._read(address - 4, 4)
        except ValueError:
            return False
        first, second = (int.from_bytes(before[n : n + 2], "little") for n in (0, 2))
        is_bl = first >> 11 == 0b11110 and second >> 14 == 0b11 and second >> 12 & 1 == 1
        is_blx = second >> 7 == 0b010001111
        return is_bl or is_blx

    def _word(self, address: int) -> int | None:
        try:
            return int.from_bytes(self._read(address, 4), "little")
        except (ValueError, RuntimeError):
            return None
