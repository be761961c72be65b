"""PWM, clock outputs and PIO whose pins nobody sees: left alone as if somebody had looked all the time."""

from __future__ import annotations

import random

import pytest

from emberwatch import _native

PWM, IO_BANK0, CLOCKS, RESETS, PIO0 = 0x4005_0000, 0x4001_4000, 0x4000_8000, 0x4000_C000, 0x5020_0000
CLOCK_PINS = (21, 23, 24, 25)
INTR = 0xF0
OFTEN = 50
"""Cycles between two looks: too few for anybody to be asked whether he sees."""


def _setup(chip: _native.Chip, rng: random.Random) -> None:
    pins = [pin for pin in range(8) if rng.randrange(3)]
    for pin in pins:
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, 4)
    for slice_ in range(4):
        base = PWM + 20 * slice_
        top = rng.choice((1, 3, 40, 333, 5000))
        chip.write_bus(base + 4, 4, rng.choice((16, 16, 24, 33, 80)))
        chip.write_bus(base + 0x10, 4, top)
        chip.write_bus(base + 0xC, 4, rng.randrange(top + 3) << 16 | rng.randrange(top + 3))
        chip.write_bus(base, 4, rng.randrange(8) << 1 & 0xE | rng.choice((0, 1, 1, 1)))
    for n, pin in enumerate(CLOCK_PINS):
        if rng.randrange(2):
            continue
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, 8)
        chip.write_bus(CLOCKS + 12 * n + 4, 4, rng.choice((2, 3, 5, 100)) << 8 | rng.choice((0, 0, 128)))
        chip.write_bus(CLOCKS + 12 * n, 4, 1 << 11 | 6 << 5)  # clk_sys
    if rng.randrange(2):  # a PIO program on pins of its own
        for pin in (10, 11):
            chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, 6)
        for n, code in enumerate((0xE081, 0xE001 | rng.randrange(4) << 8, 0xE000 | rng.randrange(32) << 8)):
            chip.write_bus(PIO0 + 0x48 + 4 * n, 4, code)
        chip.write_bus(PIO0 + 0xCC, 4, 2 << 12 | 1 << 7)
        chip.write_bus(PIO0 + 0xDC, 4, 1 << 26 | 10 << 5)
        chip.write_bus(PIO0, 4, 1)


def _chip() -> _native.Chip:
    chip = _native.Chip()
    chip.load(0x2000_1000, (0xBF30).to_bytes(2, "little") + (0xE7FD).to_bytes(2, "little"))  # WFI for ever
    chip.reset(0x2000_1001)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 5 | 1 << 8 | 1 << 10 | 1 << 14)
    return chip


def _state(chip: _native.Chip) -> list[object]:
    levels = [chip.pin_level(pin) for pin in (*range(12), *CLOCK_PINS)]
    counters = [chip.read_memory(PWM + 20 * n + 8, 4) for n in range(4)]
    return [levels, counters, chip.read_memory(PWM + 0xA4, 4), chip.read_memory(IO_BANK0 + INTR, 16)]


def _forget_edges(chip: _native.Chip) -> None:
    for n in range(4):
        chip.write_bus(IO_BANK0 + INTR + 4 * n, 4, 0xFFFF_FFFF)


@pytest.mark.parametrize("part", range(2))
def test_left_alone_or_looked_at(part: int) -> None:
    """Levels, counters and latches of edges after pauses; then cycle by cycle, for what is remembered of levels."""
    for seed in range(part, 60, 2):
        alone, seen = _chip(), _chip()
        rng, setups = random.Random(seed), random.Random(-seed)
        for _ in range(3):
            state = setups.getstate()
            for chip in (alone, seen):
                setups.setstate(state)
                _setup(chip, setups)
                _forget_edges(chip)
            pause = rng.choice((70, 900, 5000, 20_000))
            end = alone.cycles + pause
            alone.run_until(end)
            while seen.cycles < end:
                seen.run_until(min(end, seen.cycles + OFTEN))
                seen.pin_level(0)
            for _ in range(30):
                assert _state(alone) == _state(seen), f"seed {seed}, cycle {alone.cycles}"
                for chip in (alone, seen):
                    chip.run_until(chip.cycles + 1)
