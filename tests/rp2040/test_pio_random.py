"""Random programs on random configurations: the lazy PIO that runs ahead against one that computes every cycle."""

from __future__ import annotations

import os
import random

import pytest
from unit import (
    ADDR,
    CLKDIV,
    CTRL,
    DBG_PADOE,
    DBG_PADOUT,
    EXECCTRL,
    FDEBUG,
    FLEVEL,
    FUNC_PIO0,
    INSTR_MEM,
    IRQ,
    PIN_COUNT,
    PINCTRL,
    PIO0,
    RXF,
    SHIFTCTRL,
    TXF,
    UnitChip,
    library,
)

PIO0_IRQ0 = 7
PROGRAMS = int(os.environ.get("EMBERWATCH_PIO_PROGRAMS", "4000"))
"""How many random programs are compared; a million take some four minutes of one core, with DMA some ten."""


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("with_dma", [False, True], ids=["plain", "dma"])
def test_random_programs(part: int, with_dma: bool) -> None:
    """Two blocks, shared pins, IRQs, forced instructions; with DMA between the FIFOs, against a look in every cycle."""
    count = PROGRAMS // (8 if with_dma else 4)
    wrong = library().unit_pio_differential(part * count, count, with_dma)
    assert wrong is None, wrong.decode()


@pytest.mark.parametrize("seed", range(20))
def test_a_restored_snapshot_goes_on_identically(seed: int) -> None:
    rng = random.Random(1000 + seed)
    chip = UnitChip()
    chip.function(FUNC_PIO0, *range(30))
    chip.wire(0, 1, delay=7)
    for n in range(32):
        chip.write(PIO0 + INSTR_MEM + 4 * n, rng.getrandbits(16))
    for index in range(4):
        base = PIO0 + 0x18 * index
        chip.write(base + CLKDIV, rng.choice((1 << 16, 0x00018000, 3 << 16)))
        chip.write(base + EXECCTRL, 31 << 12 | rng.randrange(PIN_COUNT) << 24)
        chip.write(base + SHIFTCTRL, rng.randrange(16) << 16)
        chip.write(base + PINCTRL, rng.getrandbits(20) | 3 << 20 | 2 << 26 | rng.randrange(3) << 29)
        chip.write(PIO0 + TXF + 4 * index, rng.getrandbits(32))
    chip.write(PIO0 + CTRL, rng.randrange(1, 16))

    def play() -> list[int]:
        seen = []
        for n in range(40):
            chip.run(13)
            seen += [chip.read(PIO0 + offset) for offset in (FLEVEL, FDEBUG, IRQ, DBG_PADOUT, DBG_PADOE)]
            seen += [chip.read(PIO0 + 0x18 * index + ADDR) for index in range(4)]
            seen.append(chip.irq(PIO0_IRQ0))
            if n % 5 == 0:
                seen.append(chip.read(PIO0 + RXF + 4 * (n // 5 % 4)))
            if n % 7 == 0:
                chip.write(PIO0 + TXF + 4 * (n // 7 % 4), n)
        return seen

    chip.run(rng.randrange(1, 200))
    chip.save()
    start = chip.now
    first = play()
    chip.restore()
    assert chip.now == start
    assert play() == first
