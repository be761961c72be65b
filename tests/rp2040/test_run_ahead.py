"""What runs ahead, or is skipped, against the plain stepper: random programs, equal to the cycle and the byte.

The plain stepper is the same chip with its instructions recorded: it executes one instruction at a time, asks the bus
anew for each, and skips nothing.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import numpy as np
import pytest
from thumb import assemble

from emberwatch import _native

PROGRAMS = int(os.environ.get("EMBERWATCH_CORE_PROGRAMS", "60"))
"""Random programs for two cores, and as many waiting loops."""

VECTORS, CODE, SCRATCH4, SCRATCH5, SHARED = 0x2000_0000, 0x2000_1000, 0x2004_0000, 0x2004_1000, 0x2003_0000
SIO, SYSTICK, SCB, NVIC = 0xD000_0000, 0xE000_E010, 0xE000_ED00, 0xE000_E100
FLASH, SSI = 0x1000_0000, 0x1800_0000
HANDLER, FIFO_HANDLER = 0x2000_0100, 0x2000_0120


def _code(*halfwords: int) -> bytes:
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


def _program(rng: random.Random, *, calls: bool = False) -> bytes:
    """Vector table and timers from what the registers hold, then an endless loop of random instructions."""
    start = [0x6081, 0x6053, 0x6093, 0x2307, 0x6013]  # VTOR; SysTick's reload, value, control
    start += [0x4640, 0x4649, 0x6001, 0xB662]  # NVIC.ISER from r8, r9; CPSIE
    body: list[int] = []
    while len(body) < rng.randrange(12, 90):
        body += _call(rng) if calls and rng.randrange(4) == 0 else _piece(rng)
    return _code(*start, *body, 0xE000 | -(len(body) + 2) & 0x7FF)


def _with_vectors() -> _native.Chip:
    """A chip whose exceptions all end up in HANDLER."""
    chip = _native.Chip()
    chip.load(VECTORS, b"".join((HANDLER | 1).to_bytes(4, "little") for _ in range(48)))
    return chip


def _pair(seed: int, *, calls: bool = False) -> _native.Chip:
    rng = random.Random(seed)
    chip = _with_vectors()
    for irq in (15, 16):
        chip.load(VECTORS + 64 + 4 * irq, (FIFO_HANDLER | 1).to_bytes(4, "little"))
    chip.load(HANDLER, _code(0x6BE0, 0x3001, 0x63E0, 0x4770))  # counts at r4 + 60
    chip.load(FIFO_HANDLER, _code(0x6DA8, 0x20FF, 0x6528, 0x4770))  # reads the FIFO, clears its errors
    where = [rng.choice((CODE, SCRATCH4 + 0x800)), rng.choice((CODE + 0x800, CODE + 0x802, SCRATCH5 + 0x400))]
    programs = [_program(rng, calls=calls) for _ in range(2)]
    chip.load(where[0] - 2, _code(0xBF40) + programs[0])  # SEV wakes core 1
    chip.load(where[1], programs[1])
    chip.reset(where[0] - 2 | 1)
    chip.run_until(20)
    chip.reset(where[0] - 2 | 1)
    chip.run_until(1)
    for core in range(2):
        registers = {
            "r0": SCB,
            "r1": VECTORS,
            "r2": SYSTICK,
            "r3": rng.choice((60, 97, 300, 1000, 5000)),
            "r4": SHARED + rng.choice((0, 0, 4)),
            "r5": SIO,
            "r6": (SCRATCH4, SCRATCH5, SHARED + 0x400)[rng.randrange(3)] + 256 * core,
            "r8": NVIC,
            "r9": rng.choice((0, 1 << (15 + core))),
            "sp": SHARED + 0x2000 + 0x1000 * core,
            "pc": where[core],
        }
        for name, value in registers.items():
            chip.set_register(core, name, value)
    return chip


def _state(chip: _native.Chip) -> list[object]:
    registers = [chip.registers(core) for core in range(2)]
    return [chip.cycles, *registers, chip.core_state(0), chip.core_state(1), chip.read_memory(SHARED, 0x400)]


def _compare(fast: _native.Chip, plain: _native.Chip, rng: random.Random, rounds: int, seed: int) -> None:
    for _ in range(rounds):
        until = fast.cycles + rng.choice((1, 7, 60, 400, 3000))
        stops = [chip.run_until(until) for chip in (fast, plain)]
        assert repr(stops[0]) == repr(stops[1]), f"seed {seed}"
        assert _state(fast) == _state(plain), f"seed {seed}, cycle {fast.cycles}"
    assert fast.read_memory(0x2000_0000, 0x42000) == plain.read_memory(0x2000_0000, 0x42000), f"seed {seed}"


@pytest.mark.parametrize("part", range(4))
def test_two_cores(part: int) -> None:
    """Shared memory, banks, FIFOs, spinlocks, events, SysTick and FIFO interrupts."""
    for seed in range(part, PROGRAMS, 4):
        for calls in (False, True):
            fast, plain = _pair(seed, calls=calls), _pair(seed, calls=calls)
            plain.record_instructions(1)
            _compare(fast, plain, random.Random(seed), 12, seed)


def _begin_xip(chip: _native.Chip) -> None:
    """What a second stage does: serial reads, a word at a time."""
    for offset, value in ((0x08, 0), (0x14, 4), (0x00, 31 << 16 | 3 << 8), (0x04, 0), (0xF4, 0x03000218), (0x08, 1)):
        chip.write_bus(SSI + offset, 4, value)


def _pair_in_flash(seed: int, *, calls: bool = False) -> _native.Chip:
    """The same with the code of one core, or of both, in flash, which is read serially."""
    chip, rng = _pair(seed, calls=calls), random.Random(seed)
    _begin_xip(chip)
    for core in rng.choice(((0,), (1,), (0, 1))):
        at = FLASH + 0x1000 + 0x800 * core + rng.choice((0, 2, 4, 8))
        chip.load(at, chip.read_memory(chip.registers(core)["pc"], 400))
        chip.set_register(core, "pc", at)
    return chip


@pytest.mark.parametrize("part", range(4))
def test_two_cores_in_flash(part: int) -> None:
    """Hits, misses and the order in which the XIP cache forgets."""
    for seed in range(part, PROGRAMS, 4):
        for calls in (False, True):
            fast, plain = _pair_in_flash(seed, calls=calls), _pair_in_flash(seed, calls=calls)
            plain.record_instructions(1)
            _compare(fast, plain, random.Random(seed), 12, seed)


RARE = ((318, False), (1863, False), (3863, False), (4815, True), (8456, False), (8922, False))
RARE_IN_FLASH = ((26, False), (195, False), (3005, False), (3357, True), (6273, False), (8848, False))


@pytest.mark.parametrize(
    ("make", "seed", "calls"),
    [*((_pair, *rare) for rare in RARE), *((_pair_in_flash, *rare) for rare in RARE_IN_FLASH)],
)
def test_rare_meetings(make: Callable[..., _native.Chip], seed: int, calls: bool) -> None:
    """What one program in thousands comes to.

    An interrupt in the cycle in which a port is lost, a list of registers shortly before an event, a wait longer
    than a turn, a core that falls asleep while the other one owes cycles, a core far behind the crossbar's window.
    """
    fast, plain = make(seed, calls=calls), make(seed, calls=calls)
    plain.record_instructions(1)
    _compare(fast, plain, random.Random(seed), 12, seed)


TIMER, UART0, PIO0, DMA, RESETS, WATCHDOG, IO_BANK0 = (
    0x4005_4000,
    0x4003_4000,
    0x5020_0000,
    0x5000_0000,
    0x4000_C000,
    0x4005_8000,
    0x4001_4000,
)
WAITED_FOR = (
    (SHARED, 60),  # the handler of SysTick counts there
    (SHARED, 64),  # where the DMA writes
    (TIMER, 0x28),
    (TIMER, 0x24),
    (UART0, 0x18),
    (SIO, 0x50),
    (SIO, 0x04),
    (PIO0, 0x04),
    (PIO0, 0x0C),
    (DMA, 0x08),
    (DMA, 0x0C),
    (SYSTICK, 0x08),
)
"""Registers and memory that change by interrupts, events, time, or never."""


def _waiting_loop(rng: random.Random) -> list[int]:
    """Loads through r4 (base of what is waited for) and r5, computes, and goes back on some condition."""
    body: list[int] = []
    for _ in range(rng.randrange(6)):
        kind = rng.randrange(5)
        if kind < 2:
            body.append(rng.choice((0x6800 | 6 << 3, 0x6800 | 5 << 3)) | rng.randrange(3))
        elif kind == 2:
            body.append(rng.choice((0x2800, 0x2000)) | rng.randrange(3) << 8 | rng.randrange(256))
        elif kind == 3:
            body.append(0x4280 | rng.randrange(4) << 3 | rng.randrange(3))  # CMP with r0..r3
        else:
            body.append(rng.randrange(2) << 11 | rng.randrange(32) << 6 | rng.randrange(4) << 3 | rng.randrange(3))
    back = -(len(body) + 2)
    close = 0xE000 | back & 0x7FF if rng.randrange(8) == 0 else 0xD000 | rng.randrange(14) << 8 | back & 0xFF
    return [*body, close]


def _waiting(seed: int) -> _native.Chip:
    rng = random.Random(seed)
    chip = _with_vectors()
    # Counts at SHARED + 60 and rewrites the program's r0..r3 on the stack now and then, so that no wait is for ever.
    chip.load(
        HANDLER,
        assemble(
            f"""
        ldr r0, ={SHARED}
        ldr r1, [r0, #60]
        adds r1, #1
        str r1, [r0, #60]
        lsls r2, r1, #29
        bne 1f
        mov r2, sp
        str r1, [r2, #0]
        ldr r1, [r2, #24]
        adds r1, #2
        str r1, [r2, #24]
        1: bx lr
        .ltorg
    """,
            HANDLER,
        ),
    )
    start = [0x6081, 0x6053, 0x6093, 0x2307, 0x6013]
    loops = [_waiting_loop(rng) for _ in range(4)]
    body = [h for loop in loops for h in loop]
    chip.load(
        CODE, _code(*start, *body, 0xE000 | -(len(body) + 2) & 0x7FF, *[0xBF00] * 4, 0xE000 | -(len(body) + 7) & 0x7FF)
    )
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 10 | 1 << 21 | 1 << 22)
    chip.write_bus(WATCHDOG + 0x2C, 4, 0x200 | rng.choice((1, 12, 125)))
    for offset, value in ((0x24, 2), (0x28, 0), (0x2C, 0x70), (0x30, 0x301)):
        chip.write_bus(UART0 + offset, 4, value)
    for byte in rng.randbytes(rng.randrange(20)):
        chip.write_bus(UART0, 4, byte)
    if rng.randrange(2):  # a DMA channel paced by a timer
        chip.write_bus(DMA + 0x420, 4, 1 << 16 | rng.choice((200, 3000)))
        for offset, value in ((0, TIMER + 0x28), (4, SHARED + 64), (8, 10_000), (12, 0x3B << 15 | 2 << 2 | 1)):
            chip.write_bus(DMA + offset, 4, value)
    watched = [sum(rng.choice(WAITED_FOR)) for _ in range(2)]
    registers = {"r0": SCB, "r1": VECTORS, "r2": SYSTICK, "r3": rng.choice((150, 700, 4000)), "r4": SHARED}
    registers |= {"r5": watched[0], "r6": watched[1], "r7": rng.getrandbits(32)}
    for name, value in registers.items():
        chip.set_register(0, name, value)
    return chip


def _waiting_in_flash(seed: int) -> _native.Chip:
    """The same in flash, its loops beginning in the first or the second half of a word."""
    chip = _waiting(seed)
    _begin_xip(chip)
    at = FLASH + 0x1000 + random.Random(seed).choice((0, 2, 4, 6))
    chip.load(at, chip.read_memory(CODE, 400))
    chip.set_register(0, "pc", at)
    return chip


@pytest.mark.parametrize("make", [_waiting, _waiting_in_flash])
@pytest.mark.parametrize("part", range(4))
def test_waiting_loops(part: int, make: Callable[[int], _native.Chip]) -> None:
    """Loops that poll memory, flags and time, ended by interrupts, UART frames, DMA transfers and the clock."""
    for seed in range(part, PROGRAMS, 4):
        fast, plain = make(seed), make(seed)
        plain.record_instructions(1)
        _compare(fast, plain, random.Random(seed), 12, seed)


def _stream(seed: int) -> _native.Chip:
    """A state machine that takes in pins for a DMA channel while the core sleeps between its interrupts.

    The pins: a microphone that the program clocks, or PWM, or a clock output, or nothing.
    """
    rng = random.Random(seed)
    microphone = rng.randrange(2)
    chip = _with_vectors()
    chip.load(
        HANDLER,
        assemble(
            f"""
        ldr r0, ={DMA}
        ldr r1, =0x40c
        movs r2, #1
        str r2, [r0, r1]
        ldr r3, ={SHARED - 0x100}
        ldr r2, [r3]
        adds r2, #1
        str r2, [r3]
        ldr r2, [r3, #4]
        str r2, [r0, #0x1c]
        bx lr
        .ltorg
    """,
            HANDLER,
        ),
    )
    start = (0x6081, 0x4640, 0x4649, 0x6001, 0xB662)
    chip.load(CODE, _code(*start, 0xBF30, 0xE7FD))  # VTOR, NVIC; WFI for ever
    if microphone:
        source = _native.Microphone(rng.randrange(2) == 1)
        chip.attach(source, [("clock", 3), ("data", 2)])
        source.push(np.array([rng.randrange(-(1 << 22), 1 << 22) for _ in range(4000)], np.int32))
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 10 | 1 << 14)
    for pin in range(5):
        function = 6 if microphone else rng.choice((4, 4, 6, 31))
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, function)
    for part in range(2):  # PWM slices 0 and 1
        base = 0x4005_0000 + 20 * part
        for offset, value in ((0x04, rng.choice((16, 40, 333))), (0x10, rng.choice((3, 50, 2000))), (0x0C, 2), (0, 1)):
            chip.write_bus(base + offset, 4, value)
    side = (1 << 29 | 3 << 10) if microphone else 0
    if microphone:
        edge = rng.randrange(2) << 12
        steps = [0x4001 | edge | rng.randrange(4) << 8, 0xA042 | edge ^ 0x1000 | rng.randrange(4) << 8]
        rng.shuffle(steps)
    else:
        steps = [0x4000 | rng.choice((1, 2, 4, 8, 16)) | rng.choice((0, 0, 3)) << 8]
        steps += [rng.choice((0xA042, 0xE021, 0x0002, 0xA0C2 & 0xFFE7 | 1))] * rng.randrange(2)
    for n, code in enumerate(steps):
        chip.write_bus(PIO0 + 0x48 + 4 * n, 4, code)
    full = rng.choice((0, 0, 0, 8, 24, 31))
    dividers = (6 << 16, 61 << 16 | 9 << 8, 7 << 16 | 128 << 8) if microphone else (1 << 16, 1 << 16, 2 << 16, 5 << 16)
    divider = rng.choice(dividers)
    for offset, value in (
        (0xC8, divider),
        (0xCC, len(steps) - 1 << 12),
        (0xD0, rng.randrange(2) << 18 | 1 << 16 | full << 20),
        (0xDC, side | (2 if microphone else 0) << 15),
        (0xD8, 0xE081 if microphone else 0xA042),
    ):
        chip.write_bus(PIO0 + offset, 4, value)
    if microphone:  # the clock pin is an output: SET PINDIRS through a SET base of 3
        chip.write_bus(PIO0 + 0xDC, 4, 1 << 26 | 3 << 5)
        chip.write_bus(PIO0 + 0xD8, 4, 0xE081)
        chip.run_until(chip.cycles + 4)
        chip.write_bus(PIO0 + 0xDC, 4, side | 2 << 15)
    ring = rng.choice((0, 0, 1 << 10 | 8 << 6))
    count = rng.choice((3, 30, 300))
    chip.write_memory(SHARED - 0x100, (0).to_bytes(4, "little") + count.to_bytes(4, "little"))
    priority = rng.randrange(2) << 1
    for offset, value in (
        (0x404, 1),
        (0, PIO0 + 0x20),
        (4, SHARED),
        (8, count),
        (12, 4 << 15 | ring | 1 << 5 | 2 << 2 | priority | 1),
    ):
        chip.write_bus(DMA + offset, 4, value)
    for name, value in {"r0": SCB, "r1": VECTORS, "r8": NVIC, "r9": 1 << 11}.items():
        chip.set_register(0, name, value)
    chip.write_bus(PIO0, 4, 1)
    return chip


def _stream_state(chip: _native.Chip) -> list[object]:
    levels = [chip.pin_level(pin) for pin in range(5)]
    registers = [int.from_bytes(chip.read_memory(PIO0 + offset, 4), "little") for offset in (0x04, 0x0C, 0xD4)]
    channel = chip.read_memory(DMA, 16)
    return [chip.cycles, chip.registers(0), levels, registers, channel, chip.read_memory(SHARED - 0x100, 0x2000)]


def _compare_with_watched(
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


@pytest.mark.parametrize("part", range(4))
def test_streams(part: int) -> None:
    """Words from pins through PIO and DMA to memory, looked at now and then: as if each step had been watched."""
    for seed in range(part, PROGRAMS, 4):
        _compare_with_watched(_stream, _stream_state, seed, 10)


def _sender(rng: random.Random) -> list[int]:
    """Instructions that give words of the TX FIFO to pins, or nowhere; rarely such that ask what they are."""
    bits = rng.choice((1, 2, 4, 8, 8, 16, 0))
    steps = [0x6000 | rng.choice((0, 0, 0, 3, 4)) << 5 | bits | rng.choice((0, 0, 0, 2)) << 8]
    if rng.randrange(2):
        steps += [rng.choice((0xA042, 0xE000 | rng.randrange(32), 0x6001, 0xE03F, 0x0001 | rng.randrange(4) << 8))]
    if rng.randrange(8) == 0:
        steps += [0x6021]  # out x, 1
    if rng.randrange(6) == 0:
        steps += [0x00E0, 0xA042]  # jmp !osre to its begin
    return steps


def _taker(rng: random.Random) -> list[int]:
    steps = [0x4000 | rng.choice((0, 0, 1, 3)) << 5 | rng.choice((1, 2, 4, 8, 16, 0)) | rng.choice((0, 0, 3)) << 8]
    if rng.randrange(2):
        steps += [rng.choice((0xA042, 0xE027, 0xA0C3))]
    return steps


def _words(seed: int) -> _native.Chip:
    """One or two state machines that get words from memory, or bring some, by DMA, while the core sleeps."""
    rng = random.Random(seed)
    chip = _with_vectors()
    source = f"ldr r0, ={DMA}\nldr r1, =0x40c\nmovs r2, #1\nstr r2, [r0, r1]\nldr r3, ={SHARED - 0x100}\nldr r2, [r3]"
    again = "adds r2, #1\nstr r2, [r3]\nldr r2, [r3, #4]\nstr r2, [r0, #0x1c]\nbx lr\n.ltorg"
    chip.load(HANDLER, assemble(f"{source}\n{again}", HANDLER))
    chip.load(CODE, _code(0x6081, 0x4640, 0x4649, 0x6001, 0xB662, 0xBF30, 0xE7FD))  # VTOR, NVIC; WFI for ever
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 8 | 1 << 10)
    for pin in range(8):
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, rng.choice((6, 6, 6, 31)))
    chip.write_memory(SHARED, rng.randbytes(0x1000) if rng.randrange(4) else bytes(0x1000))
    count = rng.choice((3, 30, 300, 4000))
    chip.write_memory(SHARED - 0x100, (0).to_bytes(4, "little") + count.to_bytes(4, "little"))
    chip.write_bus(DMA + 0x404, 4, 1)
    origin = 0
    machines = rng.randrange(1, 3)
    for index in range(machines):
        sends = rng.randrange(3) != 0
        steps = _sender(rng) if sends else _taker(rng)
        steps = [code + origin if code >> 13 == 0 else code for code in steps]
        base = PIO0 + 0x18 * index
        for n, code in enumerate(steps):
            chip.write_bus(PIO0 + 0x48 + 4 * (origin + n), 4, code)
        full = rng.choice((0, 0, 0, 8, 24, 31))
        shift = rng.randrange(4) << 18 | (1 << 17 | full << 25 if sends else 1 << 16 | full << 20)
        chip.write_bus(base + 0xC8, 4, rng.choice((256, 256, 512, 1280, 384, 832)) << 8)
        chip.write_bus(base + 0xCC, 4, origin + len(steps) - 1 << 12 | origin << 7)
        chip.write_bus(base + 0xD0, 4, shift | rng.choice((0, 0, 1 << 30 if sends else 1 << 31)))
        pins = 4 * index
        chip.write_bus(base + 0xDC, 4, 4 << 26 | pins << 5)
        chip.write_bus(base + 0xD8, 4, 0xE080 | rng.choice((0, 15, 15, 5)))  # set pindirs
        chip.run_until(chip.cycles + 4)
        chip.write_bus(base + 0xDC, 4, 2 << 26 | rng.randrange(1, 5) << 20 | pins | pins << 5 | rng.randrange(8) << 15)
        chip.write_bus(base + 0xD8, 4, origin)  # jmp
        size = rng.choice((2, 2, 2, 1, 0))
        ring = rng.choice((0, 10, 8)) << 6 | (0 if sends else 1 << 10)
        memory = SHARED + 0x1000 * index + (0 if ring & 0x3C0 else rng.randrange(16) * 4)
        fifo = PIO0 + (0x10 if sends else 0x20) + 4 * index
        control = (index if sends else 4 + index) << 15 | ring | (1 << 4 if sends else 1 << 5) | size << 2
        channel = DMA + 0x40 * index
        for offset, value in (
            (0, memory if sends else fifo),
            (4, fifo if sends else memory),
            (8, count if index == 0 else 0xFFFF_FFFF if ring & 0x3C0 else 700),
            (12, control | rng.randrange(2) << 22 | index << 11 | rng.randrange(2) << 1 | 1),
        ):
            chip.write_bus(channel + offset, 4, value)
        origin += len(steps)
    for name, value in {"r0": SCB, "r1": VECTORS, "r8": NVIC, "r9": 1 << 11}.items():
        chip.set_register(0, name, value)
    chip.write_bus(PIO0, 4, (1 << machines) - 1)
    return chip


def _words_state(chip: _native.Chip) -> list[object]:
    levels = [chip.pin_level(pin) for pin in range(8)]
    offsets = (0x04, 0x08, 0x0C, 0x3C, 0x40, 0xD4, 0xEC)
    registers = [int.from_bytes(chip.read_memory(PIO0 + offset, 4), "little") for offset in offsets]
    edges = chip.read_memory(IO_BANK0 + 0xF0, 4)
    channels = [chip.read_memory(DMA + 0x40 * n, 16) for n in range(2)]
    return [chip.cycles, levels, registers, edges, channels, chip.read_memory(SHARED - 0x100, 0x2200)]


@pytest.mark.parametrize("seed", [669, 1071, 1708, 2694, 6483, 6724])
def test_rare_words(seed: int) -> None:
    """FIFOs left with words of before, a first word unlike the others, a write of the DMA in the cycle of a request."""
    _compare_with_watched(_words, _words_state, seed, 8)


@pytest.mark.parametrize("part", range(4))
def test_words(part: int) -> None:
    """Words between memory and programs that do not ask what they are, unseen: as if each step had been watched."""
    for seed in range(part, PROGRAMS, 4):
        _compare_with_watched(_words, _words_state, seed, 8)
