"""A core that computes while the DMA transfers, in chains of instructions, against one instruction at a time."""

from __future__ import annotations

import random
from functools import partial

import pytest
from random_programs import (
    BUSCTRL,
    CODE,
    DMA,
    FLASH,
    HANDLER,
    NVIC,
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
    compare_with_stepper,
    program,
    read_flash_serially,
    thumb_code,
    with_vectors,
)

from emberwatch import _native

PERMANENT, TIMER0 = 0x3F, 0x3B
PLACES = (SHARED, SHARED + 0x40, SHARED + 0x404, SCRATCH4 + 0x100, SCRATCH5 + 0x100, FLASH + 0x2000, TIMER + 0x28)
"""Memory that the program uses, and other memory; flash, that may miss; a register behind the APB bridge."""


def _start_channel(chip: _native.Chip, rng: random.Random, index: int) -> None:
    """A channel that goes on for long, paced by a timer, by a FIFO of PIO or by nothing."""
    pace = rng.choice((TIMER0, TIMER0 + 1, TIMER0 + 1, 4, PERMANENT))
    read = PIO0 + 0x20 if pace == 4 else rng.choice(PLACES)
    write = rng.choice((*PLACES[:5], PLACES[0], UART0 + 0x24))
    size = rng.randrange(3)
    step_read = read < TIMER and rng.randrange(4) != 0
    step_write = write < TIMER and rng.randrange(4) != 0
    ring = rng.choice((4, 6)) << 6 | (1 << 10 if step_write else 0)
    control = pace << 15 | ring | step_write << 5 | step_read << 4 | size << 2 | rng.randrange(2) << 1 | 1
    count = rng.choice((5, 300)) if pace == PERMANENT else rng.choice((20, 100_000))
    for offset, value in ((0, read), (4, write), (8, count), (12, control | index << 11)):
        chip.write_bus(DMA + 0x40 * index + offset, 4, value)


def _core(rng: random.Random) -> tuple[_native.Chip, int]:
    """Core 0 runs a random program in SRAM or in flash, interrupted by SysTick."""
    chip = with_vectors()
    chip.load(HANDLER, thumb_code(0x6BE0, 0x3001, 0x63E0, 0x4770))  # counts at r4 + 60
    where = rng.choice((CODE, CODE + 2, SCRATCH4 + 0x800, FLASH + 0x1000))
    chip.load(where, program(rng, calls=rng.randrange(2) == 1))
    chip.load(CODE + 0x800, thumb_code(0xE7FE))
    chip.reset(CODE + 0x800 | 1)
    read_flash_serially(chip)
    return chip, where


def _begin(chip: _native.Chip, rng: random.Random, where: int) -> _native.Chip:
    registers = {"r0": SCB, "r1": VECTORS, "r2": SYSTICK, "r3": rng.choice((60, 97, 300, 5000)), "r5": SIO}
    registers |= {"r4": SHARED + rng.choice((0, 4)), "r6": rng.choice((SCRATCH4, SCRATCH5, SHARED + 0x400))}
    registers |= {"r8": NVIC, "r9": 0, "sp": SHARED + 0x2000, "pc": where}
    for name, value in registers.items():
        chip.set_register(0, name, value)
    return chip


def _beside(seed: int) -> _native.Chip:
    """A program beside one to three channels."""
    rng = random.Random(seed)
    chip, where = _core(rng)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 2 | 1 << 10 | 1 << 21 | 1 << 22)
    for timer, pace in enumerate((rng.choice((4, 32, 100)), rng.choice((7, 21, 64)))):
        chip.write_bus(DMA + 0x420 + 4 * timer, 4, rng.choice((1, 1, 3)) << 16 | pace)
    chip.write_bus(PIO0 + 0x48, 4, 0x4000)  # in pins, 32
    for offset, value in ((0xC8, rng.choice((1, 4, 9)) << 16), (0xCC, 0), (0xD0, 1 << 16)):
        chip.write_bus(PIO0 + offset, 4, value)
    chip.write_bus(PIO0, 4, 1)
    for index in range(rng.randrange(1, 4)):
        _start_channel(chip, rng, index)
    return _begin(chip, rng, where)


def _words(seed: int) -> _native.Chip:
    """A program beside a channel that moves words between banks, a word each few cycles, with priorities or without.

    Some channels come to their end and start another one, or come upon code or the end of SRAM.
    """
    rng = random.Random(seed)
    chip, where = _core(rng)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 1 | 1 << 2)
    chip.write_bus(BUSCTRL, 4, rng.choice((0, 0, 1, 0x10, 0x100, 0x1000, 0x1100)))
    chip.write_bus(DMA + 0x420, 4, rng.choice((1, 1, 1, 2, 3, 9)) << 16 | rng.choice((2, 3, 4, 4, 5, 7, 12, 40)))
    banks = (*PLACES[:5], SHARED + 0x8, SHARED + 0x4C, SHARED + 0x4000)
    for index in range(rng.choice((1, 1, 2))):
        pace = rng.choice((TIMER0, TIMER0, PERMANENT))
        read = rng.choice(banks)
        write = rng.choice((*banks, *banks, *banks, CODE - 0x40, SCRATCH5 + 0xFE0))
        ring = rng.choice((0, 4, 6, 8))
        steps = rng.choice((3, 3, 3, 1, 2, 0))
        control = pace << 15 | rng.randrange(2) << 10 | ring << 6 | steps << 4 | rng.choice((2, 2, 1, 0)) << 2
        control |= rng.randrange(2) << 1 | rng.choice((index, index ^ 1)) << 11 | 1
        count = rng.choice((8, 100, 100_000, 100_000))
        last = 12 if index == 0 or rng.randrange(3) == 0 else 16  # at once, or when the first one ends
        for offset, value in ((0, read), (4, write), (8, count), (last, control)):
            chip.write_bus(DMA + 0x40 * index + offset, 4, value)
    return _begin(chip, rng, where)


@pytest.mark.parametrize("part", range(4))
def test_a_core_beside_words_that_are_moved(part: int) -> None:
    """All that two masters of the DMA and a core can meet each other at."""
    for seed in range(part, 2 * PROGRAMS, 4):
        compare_with_stepper(partial(_words, seed), seed, counted=seed % 8 == 0)


def test_words_leave_the_same_state() -> None:
    """To the last field of every block."""
    for seed in range(PROGRAMS):
        fast, plain = _words(seed), _words(seed)
        fast.restore(plain.save())  # what lies between the members of its structures, too
        plain.record_instructions(1)
        for chip in (fast, plain):
            chip.run_until(random.Random(seed).randrange(100, 3000))
        assert fast.differences(plain.save()) == [], f"seed {seed}"


@pytest.mark.parametrize("part", range(4))
def test_a_core_beside_the_dma(part: int) -> None:
    """Ports, priorities and memory that both use; words that the program reads just when they come."""
    for seed in range(part, 2 * PROGRAMS, 4):
        compare_with_stepper(partial(_beside, seed), seed, counted=seed % 3 == 0)


@pytest.mark.parametrize("seed", [13484, 20547, 21384])
def test_rare_meetings(seed: int) -> None:
    """An interrupt between PRIMASK and a word; a list that it abandons just when a word of it has lost its port."""
    compare_with_stepper(partial(_beside, seed), seed, counted=seed % 3 == 0)
