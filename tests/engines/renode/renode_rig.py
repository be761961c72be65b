"""A host without a processor: memory as the library expects it, a log of its callbacks, and clocks at 125 MHz."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from emberwatch.engines.renode.chip import ExternalChip
from emberwatch.engines.renode.library import (
    OK,
    U32,
    BlockHook,
    BlockHost,
    Bus,
    BusHost,
    BusRead,
    BusWrite,
    SkipCallback,
    StopHost,
)

SRAM, SRAM_SIZE = 0x20000000, 0x42000
RESETS, IO_BANK0, PADS_BANK0, XOSC, PLL_SYS, CLOCKS = (
    0x4000C000,
    0x40014000,
    0x4001C000,
    0x40024000,
    0x40028000,
    0x40008000,
)
UART0, PWM, TIMER, WATCHDOG, DMA, PIO0, SIO = (
    0x40034000,
    0x40050000,
    0x40054000,
    0x40058000,
    0x50000000,
    0x50200000,
    0xD0000000,
)
SSI = 0x18000000
XOR, SET, CLR = 0x1000, 0x2000, 0x3000
MIC_DATA, MIC_CLOCK = 2, 3

# Instructions
NOP, LDR_R0_R1, STR_R0_R1, MULS, BNE_BACK, PUSH3, POP_PC, BX_LR, BX_IP, BL = (
    0xBF00,
    0x6808,
    0x6008,
    0x4348,
    0xD1FC,
    0xB507,
    0xBD03,
    0x4770,
    0x4760,
    (0xF000, 0xF800),
)


class Memory:
    """SRAM, and what the chip told its host."""

    def __init__(self) -> None:
        self.sram = bytearray(SRAM_SIZE)
        self.flash: dict[int, int] = {}
        self.code: dict[int, int] = {}
        self.irqs: list[tuple[int, int, bool]] = []
        self.levels: set[int] = set()
        self.writes: list[int] = []
        self.resets: list[bool] = []
        self.events = 0
        self.clocks: list[int] = []
        self.held: list[tuple[int, bool]] = []

    def irq(self, core: int, line: int, level: bool) -> None:
        self.irqs.append((core, line, level))
        if core == 0:
            (self.levels.add if level else self.levels.discard)(line)

    def read(self, address: int, size: int) -> int | None:
        if address in self.code:
            return self.code[address]
        if not SRAM <= address <= SRAM + SRAM_SIZE - size:
            return None
        return int.from_bytes(self.sram[address - SRAM : address - SRAM + size], "little")

    def write(self, address: int, size: int, value: int) -> bool:
        self.writes.append(address)
        if address >> 28 == 1:
            self.flash[address] = value
            return True
        if not SRAM <= address <= SRAM + SRAM_SIZE - size:
            return False
        self.sram[address - SRAM : address - SRAM + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        return True

    def reset(self, watchdog: bool) -> None:
        self.resets.append(watchdog)

    def send_event(self) -> None:
        self.events += 1

    def clock(self, hz: int) -> None:
        self.clocks.append(hz)

    def hold(self, core: int, held: bool) -> None:
        self.held.append((core, held))

    def put_code(self, address: int, halfwords: Sequence[int]) -> None:
        for n, halfword in enumerate(halfwords):
            self.code[address + 2 * n] = halfword


def power_up() -> tuple[ExternalChip, Memory]:
    """A chip out of reset with clk_sys and clk_peri at 125 MHz from the PLL."""
    memory = Memory()
    chip = ExternalChip(memory)
    start_clocks(chip)
    return chip, memory


def start_clocks(chip: ExternalChip) -> None:
    """Blocks out of reset, clk_sys and clk_peri at 125 MHz from the PLL."""
    chip.write(RESETS + CLR, 0x01FFFFFF)
    chip.write(XOSC + 0x00, 0xAA0)
    chip.write(XOSC + 0x0C, 47)
    chip.write(XOSC + SET, 0xFAB000)
    chip.advance(chip.now + 20_000)
    chip.write(PLL_SYS + 0x00, 1)
    chip.write(PLL_SYS + 0x08, 125)
    chip.write(PLL_SYS + CLR + 0x04, 0x21)
    chip.advance(chip.now + 2_000)
    chip.write(PLL_SYS + 0x0C, 6 << 16 | 2 << 12)
    chip.write(PLL_SYS + CLR + 0x04, 8)
    chip.write(CLOCKS + 0x30, 2)
    chip.write(CLOCKS + 0x3C, 1)
    chip.write(CLOCKS + 0x48, 0x800)
    assert chip.clock_hz() == 125_000_000


def xip_on(chip: ExternalChip) -> None:
    """The SSI as a second stage leaves it: read command 03h with 24 address bits, words of 32 bits (datasheet 4.10)."""
    chip.write(SSI + 0x08, 0)
    chip.write(SSI + 0x00, 31 << 16 | 3 << 8)
    chip.write(SSI + 0x14, 2)
    chip.write(SSI + 0xF4, 3 << 24 | 2 << 8 | 6 << 2)
    chip.write(SSI + 0x08, 1)


def capture_pdm(chip: ExternalChip, target: int, words: int, divider: int = 61) -> None:
    """PIO0 samples the microphone as the firmware does; DMA channel 0 stores the words, then raises DMA_IRQ_0."""
    sm = PIO0 + 0xC8
    for n, code in enumerate((0x4001 | 1 << 12, 0xA042)):
        chip.write(PIO0 + 0x48 + 4 * n, code)
    chip.write(sm + 0x00, divider << 16)
    chip.write(sm + 0x04, 1 << 12)
    chip.write(sm + 0x08, 1 << 31 | 1 << 18 | 1 << 16)
    chip.write(sm + 0x14, 1 << 29 | 1 << 26 | MIC_DATA << 15 | MIC_CLOCK << 10 | MIC_CLOCK << 5)
    for instruction in (0xE081, 0x0000):
        chip.write(sm + 0x10, instruction)
        chip.advance(chip.now + 4)
    for pin in (MIC_CLOCK, MIC_DATA):
        chip.write(PADS_BANK0 + 4 + 4 * pin, 0x52)
        chip.write(IO_BANK0 + 8 * pin + 4, 6)
    chip.write(DMA + 0x00, PIO0 + 0x20)
    chip.write(DMA + 0x04, target)
    chip.write(DMA + 0x08, words)
    chip.write(DMA + 0x404, 1)
    chip.write(DMA + 0x0C, 1 | 2 << 2 | 1 << 5 | 0 << 11 | 4 << 15)
    chip.write(PIO0, 0x111)


def run_by_events(chip: ExternalChip, until: int) -> int:
    """Advances from event to event, as a simulator does; returns how many there were."""
    count = 0
    while chip.next_event <= until:
        chip.advance(max(chip.next_event, chip.now))
        count += 1
    chip.advance(until)
    return count


class BlocksHost:
    """A host of blocks with a bus: core 0 as a library with a context of its own has it."""

    def __init__(self, chip: ExternalChip) -> None:
        self.chip, self.pc, self.executed = chip, U32(SRAM), 0
        self.stops: list[int] = []
        self.skips: list[int] = []
        self.guests: list[int] = []
        self.registers = [0] * 16
        self._under_way = 0
        self.library, handle = chip.library, chip._chip
        others, self.bus, self.on_bus = Bus(), Bus(), list[int]()
        for n in range(3):
            others.read[n] = BusRead(lambda address, state: 0xBAD)
            others.write[n] = BusWrite(lambda address, value, state: self.on_bus.append(address))
        bus_host = BusHost()
        bus_host.others = others
        bus_host.clock = type(bus_host.clock)(lambda context: None)
        self.statuses: list[int] = []
        bus_host.turned = type(bus_host.turned)(lambda context, status, address, turn: self.statuses.append(status))
        stop_host = StopHost()
        stop_host.read = type(stop_host.read)(lambda number: self.pc.value if number == 15 else self.registers[number])
        stop_host.stopped = type(stop_host.stopped)(lambda context, address: self.stops.append(address))
        stop_host.pc = ctypes.pointer(self.pc)
        block_host = BlockHost()
        block_host.executed = type(block_host.executed)(lambda: self.executed)
        block_host.skip_due = SkipCallback(
            lambda context: self.skips.append(self.library.rp2040_skip(self.chip._chip, 0))
        )
        block_host.guest = BlockHook(self._guest)
        self._kept = bus_host, stop_host, block_host
        assert self.library.rp2040_take_bus(handle, 0, ctypes.byref(bus_host), ctypes.byref(self.bus)) == OK
        self.library.rp2040_bus_direct(handle, 1, 0)
        assert self.library.rp2040_take_stops(handle, 0, ctypes.byref(stop_host)) == OK
        self._hook = BlockHook(self.library.rp2040_take_block_hook(handle, 0, ctypes.byref(block_host)))
        self.library.rp2040_pace(handle, 8000, 1 << 40)
        chip.cpu_block(SRAM + SRAM_SIZE - 4, 1)  # takes what the accesses so far cost
        self.library.rp2040_rebase(handle, 0, chip.picoseconds(chip.now))

    def begin(self, pc: int, instructions: int) -> bool:
        """The block before is over, and this one begins, unless the answer is False."""
        self.finish()
        begins = self._hook(pc, instructions) == 1
        self._under_way = instructions if begins else 0
        return begins

    def finish(self, instructions: int | None = None) -> None:
        """The block under way is over, or left after a number of instructions."""
        self.executed += self._under_way if instructions is None else instructions
        self._under_way = 0

    def go_on(self, pc: int, instructions: int) -> None:
        """`begin`, as often as it takes."""
        while not self.begin(pc, instructions):
            pass

    def _guest(self, pc: int, instructions: int) -> int:
        self.guests.append(pc)
        return 1
