"""Random programs for the emulated cores, and two chips that must not differ.

The plain stepper is the same chip with its instructions recorded: it executes one instruction at a time, asks the bus
anew for each, and skips nothing.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

from emberwatch import _native

PROGRAMS = int(os.environ.get("EMBERWATCH_CORE_PROGRAMS", "60"))
"""Random programs of each kind."""

VECTORS, CODE, SCRATCH4, SCRATCH5, SHARED = 0x2000_0000, 0x2000_1000, 0x2004_0000, 0x2004_1000, 0x2003_0000
SIO, SYSTICK, SCB, NVIC = 0xD000_0000, 0xE000_E010, 0xE000_ED00, 0xE000_E100
FLASH, SSI = 0x1000_0000, 0x1800_0000
TIMER, UART0, PIO0, DMA, RESETS, WATCHDOG, IO_BANK0 = (
    0x4005_4000,
    0x4003_4000,
    0x5020_0000,
    0x5000_0000,
    0x4000_C000,
    0x4005_8000,
    0x4001_4000,
)
BUSCTRL = 0x4003_0000
HANDLER, FIFO_HANDLER, FAULT_HANDLER = 0x2000_0100, 0x2000_0120, 0x2000_0140
PINS = range(30)


def thumb_code(*halfwords: int) -> bytes:
    return b"".join(h.to_bytes(2, "little") for h in halfwords)


def _bl(halfwords: int) -> tuple[int, int]:
    """BL to so many halfwords after the one that follows it."""
    return 0xF000 | halfwords >> 11 & 0x3FF, 0xF800 | halfwords & 0x7FF


def _load_store(rng: random.Random) -> int:
    """A load or store of r0..r3 at r4 (shared) or r6 (the core's own)."""
    base, data = rng.choice((4, 4, 6)), rng.randrange(4)
    kind = rng.choice((0x6000, 0x6800, 0x7000, 0x7800, 0x8000, 0x8800))
    return kind | rng.randrange(16) << 6 | base << 3 | data


def _port(rng: random.Random) -> int:
    """An access of SIO's FIFOs and pins through r5."""
    load, register = rng.choice(((True, 0x50), (True, 0x58), (False, 0x54), (True, 0x04), (False, 0x1C), (False, 0x50)))
    return (0x6800 if load else 0x6000) | register // 4 << 6 | 5 << 3 | rng.randrange(4)


def _compute(rng: random.Random) -> int:
    data, other = rng.randrange(4), rng.randrange(4)
    return rng.choice(
        (
            0x4000 | rng.randrange(16) << 6 | other << 3 | data,
            rng.randrange(2) << 11 | rng.randrange(32) << 6 | other << 3 | data,
            rng.choice((0x2000, 0x2800, 0x3000, 0x3800)) | data << 8 | rng.randrange(256),
            rng.choice((0x1800, 0x1A00)) | rng.randrange(4) << 6 | other << 3 | data,
            0xB200 | rng.randrange(4) << 6 | other << 3 | data,
            0x4600 | other << 3 | data,
        )
    )


def _piece(rng: random.Random) -> list[int]:
    kind = rng.randrange(24)
    if kind < 9:
        return [_compute(rng)]
    if kind < 15:
        return [_load_store(rng)]
    if kind == 15:
        return [_port(rng)]
    if kind == 16:  # PUSH, POP of some registers
        registers = rng.randrange(1, 16)
        return [0xB400 | registers, _compute(rng), 0xBC00 | registers]
    if kind == 17:  # LDM or STM from r6, which is brought back
        registers = rng.randrange(1, 16)
        return [rng.choice((0xC000, 0xC800)) | 6 << 8 | registers, 0x3E00 | 4 * registers.bit_count()]
    if kind == 18:  # a branch over one to three instructions
        skipped = [_compute(rng) if rng.randrange(2) else _load_store(rng) for _ in range(rng.randrange(1, 4))]
        return [0xD000 | rng.randrange(14) << 8 | len(skipped) - 1, *skipped]
    if kind == 19:  # a call of what follows, or over one instruction
        return [*_bl(0)] if rng.randrange(2) else [*_bl(1), _compute(rng)]
    if kind == 20:  # a short loop
        return [0x2300 | rng.randrange(1, 6), _compute(rng) & ~7 & 0xFFF8, 0x3B01, 0xD1FC]
    if kind == 21:  # spinlock 0 at SIO + 0x100: claim, and sometimes release
        return [0x2380, 0x005B, 0x58EA, *([0x50EA] if rng.randrange(2) else [])]
    if kind == 22:
        return [rng.choice((0xBF00, 0xBF40, 0xB672, 0xB662, 0xBF20))]
    return [0xF3BF, 0x8F5F]


def _call(rng: random.Random) -> list[int]:
    """A function that is jumped over, then called by BL or, through r3, by BLX; it returns by BX or POP."""
    body = [_compute(rng) if rng.randrange(2) else _load_store(rng) for _ in range(rng.randrange(1, 5))]
    saved = rng.randrange(8)
    function = [0xB500 | saved, *body, 0xBD00 | saved] if saved else [*body, 0x4770]
    over = 0xE000 | len(function) - 1
    if rng.randrange(2):  # MOV r3, PC; ADDS r3, #3; B; the function; BLX r3
        return [0x467B, 0x3303, over, *function, 0x4798]
    return [over, *function, *_bl(-(len(function) + 2))]


def _at_a_peripheral(rng: random.Random) -> list[int]:
    """A load of the register at r7, of any width, or a store to, or load from, that at r10."""
    data = rng.randrange(3)
    if rng.randrange(3):
        return [rng.choice((0x6800, 0x6800, 0x7800, 0x8800)) | 7 << 3 | data]
    return [0x4653, rng.choice((0x6000, 0x6800)) | 3 << 3 | data]  # MOV r3, r10


def _exception(rng: random.Random) -> list[int]:
    """SVC, or what faults: an undefined instruction, a breakpoint, an access of what is not aligned, or not there."""
    data = rng.randrange(3)
    return rng.choice(
        (
            [0xDF00],
            [0xDF01],
            [0xDE00],
            [0xBE00],
            [0x1C63, rng.choice((0x6818, 0x6018, 0x8818, 0x8018)) | data],  # ADDS r3, r4, #1; LDR r0, [r3] and such
            [0x2303, 0x071B, rng.choice((0x6818, 0x6018)) | data],  # MOVS r3, #3; LSLS r3, #28
        )
    )


def program(rng: random.Random, *, calls: bool = False, peripherals: bool = False, exceptions: bool = False) -> bytes:
    """Vector table and timers from what the registers hold, then an endless loop of random instructions."""
    start = [0x6081, 0x6053, 0x6093, 0x2307, 0x6013]  # VTOR; SysTick's reload, value, control
    start += [0x4640, 0x4649, 0x6001, 0xB662]  # NVIC.ISER from r8, r9; CPSIE
    body: list[int] = []
    while len(body) < rng.randrange(12, 90):
        if calls and rng.randrange(4) == 0:
            body += _call(rng)
        elif exceptions and rng.randrange(8) == 0:
            body += _exception(rng)
        else:
            body += _at_a_peripheral(rng) if peripherals and rng.randrange(4) == 0 else _piece(rng)
    return thumb_code(*start, *body, 0xE000 | -(len(body) + 2) & 0x7FF)


def with_vectors() -> _native.Chip:
    """A chip whose exceptions all end up in HANDLER."""
    chip = _native.Chip()
    chip.load(VECTORS, b"".join((HANDLER | 1).to_bytes(4, "little") for _ in range(48)))
    return chip


def read_flash_serially(chip: _native.Chip, divider: int = 4) -> None:
    """Sets the SSI up for reads by one line, at a quarter of the clock or less."""
    control = 31 << 16 | 3 << 8
    for offset, value in ((0x08, 0), (0x14, divider), (0x00, control), (0x04, 0), (0xF4, 0x03000218), (0x08, 1)):
        chip.write_bus(SSI + offset, 4, value)


def count_bus_events(chip: _native.Chip, seed: int) -> None:
    """Sets the four performance counters to count accesses to ports, contested or not."""
    rng = random.Random(~seed)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 1)
    for counter in range(4):
        chip.write_bus(BUSCTRL + 0x0C + 8 * counter, 4, rng.randrange(20))
        chip.write_bus(BUSCTRL + 0x08 + 8 * counter, 4, 0)


def state(chip: _native.Chip) -> list[object]:
    registers = [chip.registers(core) for core in range(2)]
    counted = [chip.read_memory(BUSCTRL + 0x08 + 8 * counter, 4) for counter in range(4)]
    return [chip.cycles, *registers, chip.core_state(0), chip.core_state(1), *counted, chip.read_memory(SHARED, 0x400)]


def compare_with_stepper(make: Callable[[], _native.Chip], seed: int, *, counted: bool = False) -> None:
    """The same program left alone and stepped, with bus events counted or not."""
    fast, plain = make(), make()
    if counted:
        for chip in (fast, plain):
            count_bus_events(chip, seed)
    plain.record_instructions(1)
    for chip in (fast, plain):
        chip.record_pins(sum(1 << pin for pin in PINS))
    rng = random.Random(seed)
    for _ in range(12):
        until = fast.cycles + rng.choice((1, 7, 60, 400, 3000))
        stops = [chip.run_until(until) for chip in (fast, plain)]
        assert repr(stops[0]) == repr(stops[1]), f"seed {seed}"
        assert state(fast) == state(plain), f"seed {seed}, cycle {fast.cycles}"
        assert fast.take_edges() == plain.take_edges(), f"seed {seed}, before cycle {fast.cycles}"
    assert fast.read_memory(0x2000_0000, 0x42000) == plain.read_memory(0x2000_0000, 0x42000), f"seed {seed}"


def compare_with_watched(
    make: Callable[[int], _native.Chip], state: Callable[[_native.Chip], list[object]], seed: int, rounds: int
) -> None:
    """Left alone between looks, or with all that PIO and DMA do recorded: the same."""
    fast, plain = make(seed), make(seed)
    plain.record_signals(["dma", "pio"])
    rng = random.Random(seed)
    for _ in range(rounds):
        until = fast.cycles + rng.choice((1, 7, 60, 400, 3000, 20_000))
        for chip in (fast, plain):
            chip.run_until(until)
        if rng.randrange(2):
            assert state(fast) == state(plain), f"seed {seed}, cycle {fast.cycles}"
    assert state(fast) == state(plain), f"seed {seed}"
