"""What runs ahead, or is skipped, against the plain stepper: random programs, equal to the cycle and the byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest
from random_programs import (
    BUSCTRL,
    CODE,
    DMA,
    FAULT_HANDLER,
    FIFO_HANDLER,
    FLASH,
    HANDLER,
    IO_BANK0,
    NVIC,
    PINS,
    PIO0,
    PROGRAMS,
    RESETS,
    SCB,
    SCRATCH4,
    SCRATCH5,
    SHARED,
    SIO,
    SYSTICK,
    TIMER,
    UART0,
    VECTORS,
    WATCHDOG,
    compare_with_stepper,
    program,
    read_flash_serially,
    thumb_code,
    with_vectors,
)
from thumb import assemble

from emberwatch import _native

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
TOUCHED = ((UART0, 0), (TIMER, 0x10), (TIMER, 0x0C), (PIO0, 0x10), (PIO0, 0x20), (SIO, 0x14), (SIO, 0x118), (DMA, 0x04))
"""Registers that accesses change: FIFOs, an alarm, what time latches, pins, a spinlock, a channel's address."""


def _begin_peripherals(chip: _native.Chip, rng: random.Random) -> None:
    """Ticks, a UART that sends, pins that SIO drives, perhaps a DMA channel that a timer paces."""
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 5 | 1 << 10 | 1 << 21 | 1 << 22)
    chip.write_bus(WATCHDOG + 0x2C, 4, 0x200 | rng.choice((1, 12, 125)))
    for offset, value in ((0x24, 2), (0x28, 0), (0x2C, 0x70), (0x30, 0x301)):
        chip.write_bus(UART0 + offset, 4, value)
    for byte in rng.randbytes(rng.randrange(20)):
        chip.write_bus(UART0, 4, byte)
    for pin in PINS:
        chip.write_bus(IO_BANK0 + 4 + 8 * pin, 4, 3 << 12 | 5)  # SIO's level, output enabled by OEOVER
    if rng.randrange(2):  # a DMA channel paced by a timer
        chip.write_bus(DMA + 0x420, 4, 1 << 16 | rng.choice((200, 3000)))
        for offset, value in ((0, TIMER + 0x28), (4, SHARED + 64), (8, 10_000), (12, 0x3B << 15 | 2 << 2 | 1)):
            chip.write_bus(DMA + offset, 4, value)


def _pair(seed: int, *, calls: bool = False, peripherals: bool = False, exceptions: bool = False) -> _native.Chip:
    rng = random.Random(seed)
    chip = with_vectors()
    for irq in (15, 16):
        chip.load(VECTORS + 64 + 4 * irq, (FIFO_HANDLER | 1).to_bytes(4, "little"))
    chip.load(HANDLER, thumb_code(0x6BE0, 0x3001, 0x63E0, 0x4770))  # counts at r4 + 60
    chip.load(FIFO_HANDLER, thumb_code(0x6DA8, 0x20FF, 0x6528, 0x4770))  # reads the FIFO, clears its errors
    where = [rng.choice((CODE, SCRATCH4 + 0x800)), rng.choice((CODE + 0x800, CODE + 0x802, SCRATCH5 + 0x400))]
    if exceptions:
        chip.load(VECTORS + 12, (FAULT_HANDLER | 1).to_bytes(4, "little"))
        chip.load(FAULT_HANDLER, thumb_code(0x9806, 0x3002, 0x9006, 0x4770))  # returns to the next instruction
    programs = [program(rng, calls=calls, peripherals=peripherals, exceptions=exceptions) for _ in range(2)]
    chip.load(where[0] - 2, thumb_code(0xBF40) + programs[0])  # SEV wakes core 1
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
        if peripherals:
            chip.set_register(core, "r7", sum(rng.choice(WAITED_FOR)))
            chip.set_register(core, "r10", sum(rng.choice(TOUCHED)))
    if peripherals:
        _begin_peripherals(chip, rng)
    return chip


@pytest.mark.parametrize("part", range(4))
def test_two_cores(part: int) -> None:
    """Shared memory, banks, FIFOs, spinlocks, events, SysTick and FIFO interrupts."""
    for seed in range(part, PROGRAMS, 4):
        for calls in (False, True):
            compare_with_stepper(partial(_pair, seed, calls=calls), seed, counted=seed % 3 == 0)


@pytest.mark.parametrize("part", range(4))
def test_two_cores_at_peripherals(part: int) -> None:
    """Registers that are read ahead of what the other core does, and change by it, by events and with time."""
    for seed in range(part, 2 * PROGRAMS, 4):
        compare_with_stepper(partial(_pair, seed, peripherals=True), seed, counted=seed % 5 == 0)


@pytest.mark.parametrize("peripherals", [False, True])
def test_two_cores_with_exceptions(peripherals: bool) -> None:
    """SVC and faults of every kind, beside interrupts, while the other core accesses memory or registers."""
    for seed in range(PROGRAMS):
        compare_with_stepper(
            partial(_pair, seed, peripherals=peripherals, exceptions=True), seed, counted=seed % 5 == 0
        )


def _pair_in_flash(seed: int, *, calls: bool = False, peripherals: bool = False) -> _native.Chip:
    """The same with the code of one core, or of both, in flash, which is read serially."""
    chip, rng = _pair(seed, calls=calls, peripherals=peripherals), random.Random(seed)
    read_flash_serially(chip, 16 if peripherals else 4)
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
            compare_with_stepper(partial(_pair_in_flash, seed, calls=calls), seed, counted=seed % 3 == 0)
        compare_with_stepper(partial(_pair_in_flash, seed, peripherals=True), seed, counted=seed % 5 == 0)


def _at_busctrl(make: Callable[..., _native.Chip], seed: int) -> _native.Chip:
    """Both cores change who has priority and what the counters count, and read a counter."""
    chip, rng = make(seed, peripherals=True), random.Random(seed)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 1)
    for core in range(2):
        chip.set_register(core, "r10", BUSCTRL + rng.choice((0x00, 0x00, 0x0C, 0x14)))
        chip.set_register(core, "r7", BUSCTRL + 0x08 + 8 * rng.randrange(2))
    return chip


@pytest.mark.parametrize("make", [_pair, _pair_in_flash])
def test_two_cores_at_busctrl(make: Callable[..., _native.Chip]) -> None:
    """What was on the bus before the store has gone by the priorities, and been counted as selected, of then.

    The last one loses two cycles in a row to a core of higher priority, shortly before an event.
    """
    for seed in (*range(PROGRAMS), 752):
        compare_with_stepper(partial(_at_busctrl, make, seed), seed, counted=seed % 5 == 0)


def _beside_misses(seed: int) -> _native.Chip:
    """A core that misses the XIP cache with every load, and one that comes back to a word of it after a while."""
    rng = random.Random(seed)
    chip = with_vectors()
    code = (SCRATCH4 + 0x100, SCRATCH5 + 0x100)
    missing = [0x6820, 0x3408, *[0xBF00] * rng.randrange(4)]  # LDR r0, [r4]; ADDS r4, #8
    waiting = [0x2300 | rng.randrange(1, 60), 0x3B01, 0xD1FD, *[0xBF00] * rng.randrange(3), 0x6820]
    for at, body in zip(code, (missing, waiting), strict=True):
        chip.load(at, thumb_code(*body, 0xE000 | -(len(body) + 2) & 0x7FF))
    chip.load(code[0] - 2, thumb_code(0xBF40))  # SEV wakes core 1
    chip.reset(code[0] - 2 | 1)
    chip.run_until(20)
    chip.reset(code[0] - 2 | 1)
    chip.run_until(1)
    read_flash_serially(chip, rng.choice((4, 8, 40)))
    for core in range(2):
        chip.set_register(core, "pc", code[core])
        chip.set_register(core, "r4", FLASH + 0x2000 + 0x1000 * core)
    return chip


def test_a_core_beside_long_misses() -> None:
    """An XIP miss takes longer than what two cores tell of at a time: its port stays taken all the while."""
    for seed in range(PROGRAMS):
        compare_with_stepper(partial(_beside_misses, seed), seed)


RARE = ((318, False), (1863, False), (3863, False), (4815, True), (8456, False), (8922, False), (9827, False))
RARE_IN_FLASH = ((26, False), (195, False), (3005, False), (3357, True), (6273, False), (8848, False))


RARE_AT_PERIPHERALS = (
    *((840, False), (1383, False), (3918, False), (4732, False), (5159, False), (5320, False), (10708, False)),
    *((11203, False), (16744, False)),
    *((195, True), (859, True), (6231, True)),
)


@pytest.mark.parametrize(
    ("make", "seed", "calls"),
    [
        *((_pair, *rare) for rare in RARE),
        *((_pair_in_flash, *rare) for rare in RARE_IN_FLASH),
        *((partial(_pair, peripherals=True), *rare) for rare in RARE_AT_PERIPHERALS),
    ],
)
def test_rare_meetings(make: Callable[..., _native.Chip], seed: int, calls: bool) -> None:
    """What one program in thousands comes to.

    An interrupt in the cycle in which a port is lost, a list of registers shortly before an event, a wait longer
    than a turn, a core that falls asleep while the other one owes cycles, a core far behind the crossbar's window,
    a list of registers that is abandoned for an interrupt; a word of the DMA that is held back by a fetch, a read
    that is done again shortly before an event, an exception's entry or return while the other core reads a register,
    words of a list that have been told of before the DMA came.
    """
    compare_with_stepper(partial(make, seed, calls=calls), seed)


@pytest.mark.parametrize("seed", [155, 226, 332, 1059, 1072])
def test_rare_counts(seed: int) -> None:
    """A list of registers held back after its first word, a core that owes a cycle while it sleeps."""
    compare_with_stepper(partial(_pair, seed), seed, counted=True)


def _waiting_loop(rng: random.Random) -> list[int]:
    """Loads through r4 (base of what is waited for) and r5, computes, branches forward, goes back on a condition."""
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
    for at in range(len(body) - 1, -1, -1):
        if rng.randrange(5) == 0:  # over some of what follows, or out of the loop
            skipped = rng.choice((1, 1, 2, len(body) - at + 1))
            if skipped <= len(body) - at + 1:
                always = rng.randrange(8) == 0
                body.insert(at, 0xE000 | skipped - 1 if always else 0xD000 | rng.randrange(14) << 8 | skipped - 1)
    back = -(len(body) + 2)
    close = 0xE000 | back & 0x7FF if rng.randrange(8) == 0 else 0xD000 | rng.randrange(14) << 8 | back & 0xFF
    return [*body, close]


def _waiting(seed: int) -> _native.Chip:
    rng = random.Random(seed)
    chip = with_vectors()
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
        CODE,
        thumb_code(*start, *body, 0xE000 | -(len(body) + 2) & 0x7FF, *[0xBF00] * 4, 0xE000 | -(len(body) + 7) & 0x7FF),
    )
    chip.reset(CODE | 1)
    _begin_peripherals(chip, rng)
    watched = [sum(rng.choice(WAITED_FOR)) for _ in range(2)]
    registers = {"r0": SCB, "r1": VECTORS, "r2": SYSTICK, "r3": rng.choice((150, 700, 4000)), "r4": SHARED}
    registers |= {"r5": watched[0], "r6": watched[1], "r7": rng.getrandbits(32)}
    for name, value in registers.items():
        chip.set_register(0, name, value)
    return chip


def _waiting_in_flash(seed: int) -> _native.Chip:
    """The same in flash, its loops beginning in the first or the second half of a word."""
    chip = _waiting(seed)
    read_flash_serially(chip)
    at = FLASH + 0x1000 + random.Random(seed).choice((0, 2, 4, 6))
    chip.load(at, chip.read_memory(CODE, 400))
    chip.set_register(0, "pc", at)
    return chip


@pytest.mark.parametrize("make", [_waiting, _waiting_in_flash])
@pytest.mark.parametrize("part", range(4))
def test_waiting_loops(part: int, make: Callable[[int], _native.Chip]) -> None:
    """Loops that poll memory, flags and time, ended by interrupts, UART frames, DMA transfers and the clock."""
    for seed in range(part, PROGRAMS, 4):
        compare_with_stepper(partial(make, seed), seed)
