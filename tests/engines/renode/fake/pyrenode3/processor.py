"""A Cortex-M0+ of Unicorn's with librp2040 around it: what Renode and the bridge are together, without its priorities.

It keeps time as the bridge does: each block is charged by librp2040 when the next one begins, register accesses carry
the time of their block's start, events wait until the block under way ends.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import unicorn
from unicorn import arm_const

from emberwatch.engines.renode.chip import ExternalChip
from emberwatch.engines.renode.library import ChipError, boot_rom, windows

SRAM, SRAM_SIZE, FLASH = 0x20000000, 0x42000, 0x10000000
FINISHED, BREAKPOINT, FAULT = range(3)
_REGISTERS = [getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(13)] + [
    arm_const.UC_ARM_REG_SP,
    arm_const.UC_ARM_REG_LR,
    arm_const.UC_ARM_REG_PC,
]
_XPSR = arm_const.UC_ARM_REG_XPSR
_IPSR = arm_const.UC_ARM_REG_IPSR
_PRIMASK = arm_const.UC_ARM_REG_PRIMASK
_EXCEPTION_EXIT = 8
_HARD_FAULT = 3  # the bridge makes HardFault of the UsageFault that Renode's Cortex-M3 takes
_STACKED = (0, 1, 2, 3, 12, 14)


class Nvic:
    """Enable and pending bits, VTOR; one priority for all, so no nesting. SysTick counts and does not interrupt."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.enabled = self.pending = self.levels = 0
        self.vtor = 0
        self._now = now
        self._systick = {0x10: 0, 0x14: 0}
        self._zero = 0
        """Cycle at which SysTick's counter was last known to be 0."""

    def _count(self) -> int:
        return (self._zero - self._now()) % (self._systick[0x14] + 1) if self._systick[0x10] & 1 else 0

    def read(self, offset: int) -> int:
        if offset in self._systick:
            return self._systick[offset]
        if offset == 0x18:
            return self._count()
        if offset in (0x100, 0x180):
            return self.enabled
        if offset in (0x200, 0x280):
            return self.pending
        return self.vtor if offset == 0xD08 else 0

    def write(self, offset: int, value: int) -> None:
        if offset in self._systick:
            self._systick[offset] = value
            self._zero = self._now()
        elif offset == 0x18:
            self._zero = self._now()
        elif offset == 0x100:
            self.enabled |= value
        elif offset == 0x180:
            self.enabled &= ~value
        elif offset == 0x200:
            self.pending |= value
        elif offset == 0x280:
            self.pending &= ~value
        elif offset == 0xD08:
            self.vtor = value

    def set_line(self, line: int, level: bool) -> None:
        if level and not self.levels >> line & 1:
            self.pending |= 1 << line
        self.levels = self.levels & ~(1 << line) | level << line


class Processor:
    """The machine; also the library's host."""

    def __init__(self, flash_size: int, xosc_hz: int) -> None:
        self.nvic = Nvic(lambda: self._now)
        self.unexpected_reads = 0
        self.fault = ""
        self.breakpoints: set[int] = set()
        self._handling: list[int] = []
        self._end_ps = 0
        self._cycles_ahead = 0
        self._stop_block = False
        self._asleep = False
        self._returning = False
        self._undefined = False
        self._reset_due = False
        self._resume_over = -1
        self._running: tuple[int, int] | None = None
        self._uc = uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        uc.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
        uc.mem_map(0, 0x4000)
        self._flash = flash_size
        uc.mem_map(FLASH, flash_size)
        uc.mem_map(SRAM, SRAM_SIZE)
        uc.mem_write(0, boot_rom())
        self.chip = ExternalChip(self, flash_size, xosc_hz)
        for window in windows():
            self._window(window.base, max(window.size, 0x1000))
        uc.mmio_map(0xE000E000, 0x1000, self._ppb_read, None, self._ppb_write, None)
        uc.mmio_map(0x60000000, 0x1000, self._nothing, None, lambda *_: None, None)
        uc.hook_add(unicorn.UC_HOOK_BLOCK, self._block)
        uc.hook_add(unicorn.UC_HOOK_INTR, self._interrupt)

    def _nothing(self, *_: Any) -> int:
        self.unexpected_reads += 1
        return 0

    # The library's host

    def irq(self, core: int, line: int, level: bool) -> None:
        if core == 0 and line < 26:
            self.nvic.set_line(line, level)
            self._stop_block |= level

    def read(self, address: int, size: int) -> int | None:
        try:
            return int.from_bytes(self._uc.mem_read(address, size), "little")
        except unicorn.UcError:
            return None

    def write(self, address: int, size: int, value: int) -> bool:
        try:
            self._uc.mem_write(address, (value & ((1 << 8 * size) - 1)).to_bytes(size, "little"))
        except unicorn.UcError:
            return False
        return True

    def reset(self, watchdog: bool) -> None:
        self._reset_due = self._stop_block = True

    def send_event(self) -> None: ...

    def clock(self, hz: int) -> None: ...

    def hold(self, core: int, held: bool) -> None: ...

    # Accesses

    @property
    def _now(self) -> int:
        return self.chip.now + self._cycles_ahead

    def _window(self, base: int, size: int) -> None:
        def read(_: Any, offset: int, width: int, __: Any) -> int:
            try:
                return self.chip.read(base + offset, width, cycle=self._take_time())
            except ChipError as error:
                self._failed(error)
                return 0

        def write(_: Any, offset: int, width: int, value: int, __: Any) -> None:
            try:
                self.chip.write(base + offset, value, width, cycle=self._take_time())
            except ChipError as error:
                self._failed(error)

        self._uc.mmio_map(base, size, read, None, write, None)

    def _take_time(self) -> int:
        now = self._now
        self._cycles_ahead = 0
        return now

    def _failed(self, error: ChipError) -> None:
        self.fault = self.fault or str(error)
        self._stop_block = True

    def _ppb_read(self, _: Any, offset: int, __: int, ___: Any) -> int:
        return self.nvic.read(offset)

    def _ppb_write(self, _: Any, offset: int, __: int, value: int, ___: Any) -> None:
        self.nvic.write(offset, value)

    # Execution

    def _instructions(self, address: int, size: int) -> tuple[int, bool]:
        code = self._uc.mem_read(address, size)
        count = at = 0
        wfi = False
        while at < size:
            first = code[at] | code[at + 1] << 8
            wfi = first == 0xBF30
            at += 4 if first >> 11 >= 0x1D else 2
            count += 1
        return count, wfi

    def _block(self, uc: unicorn.Uc, address: int, size: int, _: Any) -> None:
        """A block begins: the one before has ended, which is when its cycles are charged."""
        self._charge_running()
        if self._stop_block or self._due() or (address in self.breakpoints and address != self._resume_over):
            uc.emu_stop()
            return
        self._resume_over = -1
        self._running = (address, size)

    def _charge_running(self) -> None:
        if self._running is None:
            return
        address, size = self._running
        self._running = None
        count, wfi = self._instructions(address, size)
        self._asleep = wfi
        self._stop_block |= wfi
        self._cycles_ahead += self.chip.cpu_block(address, count)

    def _due(self) -> bool:
        return self._now >= min(self.chip.next_event, self._end_cycle)

    def _interrupt(self, uc: unicorn.Uc, number: int, _: Any) -> None:
        if number == _EXCEPTION_EXIT:
            self._returning = True
        else:
            self.fault = f"exception {number} at {uc.reg_read(_REGISTERS[15]):#010x}"
        uc.emu_stop()

    def run(self, nanoseconds: int) -> int:
        """As RP2040_Runner.Run."""
        chip, uc = self.chip, self._uc
        if not self.waiting:
            self._end_ps = chip.picoseconds(chip.now) + nanoseconds * 1000
        self.waiting = False
        self._resume_over = uc.reg_read(_REGISTERS[15]) & ~1
        while True:
            self._end_cycle = chip.cycle_at(self._end_ps)
            if self.fault:
                return FAULT
            if self._reset_due:
                self._finish_reset()
            if self._now >= self._end_cycle:
                chip.advance(self._take_time())
                return FINISHED
            if self._due():
                chip.advance(self._take_time())
                continue
            self._stop_block = False
            if not self._handling and self.nvic.pending & self.nvic.enabled:
                self._asleep = False
                if not uc.reg_read(_PRIMASK):
                    self._enter()
            if self._asleep:
                chip.advance(min(max(chip.next_event, self._now + 1), self._end_cycle))
                self._cycles_ahead = 0
                continue
            pc = uc.reg_read(_REGISTERS[15])
            if pc & ~1 in self.breakpoints and pc & ~1 != self._resume_over:
                self.waiting = True
                return BREAKPOINT
            try:
                uc.emu_start(pc | 1, 0xFFFFFFFE)
            except unicorn.UcError as error:
                self._undefined = error.errno == unicorn.UC_ERR_INSN_INVALID
                if not self._undefined:
                    self.fault = f"{error} at {uc.reg_read(_REGISTERS[15]):#010x}"
            self._charge_running()
            if self._returning:
                self._returning = False
                self._leave()
            if self._undefined:
                self._undefined = False
                self._take(_HARD_FAULT)

    waiting = False

    def _finish_reset(self) -> None:
        self._reset_due = self._asleep = False
        self._handling.clear()
        self.nvic.enabled = self.nvic.pending = self.nvic.vtor = 0
        self._uc.reg_write(_XPSR, 0)
        self._uc.reg_write(_PRIMASK, 0)
        self.chip.finish_reset()
        self.chip.cpu_forget()
        self.boot()

    def _enter(self) -> None:
        ready = self.nvic.pending & self.nvic.enabled
        line = (ready & -ready).bit_length() - 1
        self.nvic.pending &= ~(1 << line)
        self._take(16 + line)

    def _take(self, number: int) -> None:
        uc = self._uc
        self._handling.append(number)
        self._cycles_ahead += self.chip.cpu_exception(True)
        pc = uc.reg_read(_REGISTERS[15]) & ~1
        frame = [uc.reg_read(_REGISTERS[n]) for n in _STACKED] + [pc, uc.reg_read(_XPSR) | 1 << 24]
        sp = uc.reg_read(_REGISTERS[13]) - 32
        uc.mem_write(sp, struct.pack("<8I", *frame))
        uc.reg_write(_REGISTERS[13], sp)
        uc.reg_write(_REGISTERS[14], 0xFFFFFFF9)
        uc.reg_write(_IPSR, number)
        handler = struct.unpack("<I", uc.mem_read(self.nvic.vtor + 4 * number, 4))[0]
        uc.reg_write(_REGISTERS[15], handler)

    def _leave(self) -> None:
        uc = self._uc
        line = self._handling.pop() - 16
        if line >= 0 and self.nvic.levels >> line & 1:
            self.nvic.pending |= 1 << line
        self._cycles_ahead += self.chip.cpu_exception(False)
        sp = uc.reg_read(_REGISTERS[13])
        *values, pc, xpsr = struct.unpack("<8I", uc.mem_read(sp, 32))
        for number, value in zip(_STACKED, values, strict=True):
            uc.reg_write(_REGISTERS[number], value)
        uc.reg_write(_REGISTERS[13], sp + 32)
        uc.reg_write(_XPSR, xpsr & 0xF0000000)
        uc.reg_write(_REGISTERS[15], pc | 1)

    # What the bridge's objects offer

    def boot(self) -> None:
        self.chip.load(FLASH, bytes(self._uc.mem_read(FLASH, self._flash)))
        self.start(*self.chip.boot())

    def start(self, pc: int, sp: int) -> None:
        self._uc.reg_write(_REGISTERS[13], sp)
        self._uc.reg_write(_REGISTERS[14], 0)
        self._uc.reg_write(_REGISTERS[15], pc | 1)

    def register(self, number: int) -> int:
        value = int(self._uc.reg_read(_REGISTERS[number]))
        return value & ~1 if number == 15 else value

    def memory(self, address: int, size: int) -> bytes:
        return bytes(self._uc.mem_read(address, size))

    def load(self, address: int, data: bytes) -> None:
        self._uc.mem_write(address, data)
