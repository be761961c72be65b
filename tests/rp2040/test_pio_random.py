"""Random programs on random configurations: the lazy PIO that runs ahead against one that computes every cycle."""

from __future__ import annotations

import os
import random

import pytest
from unit import (
    ADDR,
    AUTOPUSH,
    CLKDIV,
    CTRL,
    DBG_PADOE,
    DBG_PADOUT,
    EXECCTRL,
    FDEBUG,
    FLEVEL,
    FUNC_PIO0,
    IN_RIGHT,
    INSTR_MEM,
    IRQ,
    PIN_COUNT,
    PINCTRL,
    PIO0,
    RXF,
    SHIFTCTRL,
    TXF,
    StateMachine,
    UnitChip,
    in_,
    jmp,
    library,
    nop,
    push,
)

PIO0_IRQ0 = 7
PLAIN, DMA, PATTERNS = range(3)
PROGRAMS = int(os.environ.get("EMBERWATCH_PIO_PROGRAMS", "4000"))
"""How many random programs are compared; a million take some four minutes of one core, with DMA some ten."""


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("kind", [PLAIN, DMA, PATTERNS], ids=["plain", "dma", "patterns"])
def test_random_programs(part: int, kind: int) -> None:
    """Two blocks, shared pins, IRQs, forced instructions; with DMA between the FIFOs, against a look in every cycle.

    Patterns are tables of jumps and delay loops.
    """
    count = PROGRAMS // (8 if kind == DMA else 4)
    wrong = library().unit_pio_differential(part * count, count, kind)
    assert wrong is None, wrong.decode()


@pytest.mark.parametrize("program", [243986, 67032])
def test_programs_that_have_differed(program: int) -> None:
    """A machine was disabled while a forced instruction stood in the place of its delay's ticks.

    One was disabled in the delay of a JMP Y-- to itself and enabled again: the rest of the delay was taken for a round.
    """
    wrong = library().unit_pio_differential(program, 1, PLAIN)
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


CLOCK, DATA = 3, 5


def _listener(rng: random.Random, recorded: bool) -> tuple[UnitChip, StateMachine]:
    """A loop that clocks a data source and takes in its bits; recording its clock makes it go step by step."""
    chip = UnitChip()
    chip.function(FUNC_PIO0, CLOCK)
    chip.bit_source(CLOCK, DATA)
    if recorded:
        chip.watch(CLOCK)
    edge = rng.randrange(2)
    steps = [in_("pins", 1, ds=edge << 4 | rng.randrange(8)), nop(ds=(1 - edge) << 4 | rng.randrange(8))]
    if rng.randrange(3) == 0:
        steps.insert(rng.randrange(3), nop(ds=rng.randrange(2) << 4))
    if rng.randrange(3) == 0:
        steps.append(jmp(0, ds=steps[-1] >> 8 & 0x10))
    shift = rng.choice((IN_RIGHT, 0)) | rng.choice((AUTOPUSH, AUTOPUSH, 0)) | rng.choice((0, 0, 8, 31)) << 20
    divider = rng.choice((5, 6.5, 61 + 9 / 256, 7 + 100 / 256))
    machine = StateMachine(chip, steps, side=(CLOCK, 1), in_base=DATA, pindirs=1 << CLOCK, shift=shift, divider=divider)
    return chip, machine


@pytest.mark.parametrize("seed", range(60))
def test_a_loop_in_bulk_does_what_its_steps_do(seed: int) -> None:
    (bulk, machine), (plain, stepped) = (_listener(random.Random(seed), recorded) for recorded in (False, True))
    rng = random.Random(seed + 1000)
    for _ in range(60):
        cycles = rng.choice((1, 3, 50, 400, 3000))
        for chip in (bulk, plain):
            chip.run(cycles)
        assert (machine.pc, machine.rx_level) == (stepped.pc, stepped.rx_level)
        if rng.randrange(3):
            assert [bulk.level(pin) for pin in (CLOCK, DATA)] == [plain.level(pin) for pin in (CLOCK, DATA)]
        while stepped.rx_level:
            assert machine.get() == stepped.get()
        if rng.randrange(8) == 0:
            for each in (machine, stepped):
                each.execute(push(block=0))
    assert plain.answered_at_once == 0


def test_the_firmwares_loop_does_run_in_bulk() -> None:
    chip = UnitChip()
    chip.function(FUNC_PIO0, CLOCK)
    chip.bit_source(CLOCK, DATA)
    StateMachine(
        chip,
        [in_("pins", 1, ds=0x10), nop()],
        side=(CLOCK, 1),
        in_base=DATA,
        pindirs=1 << CLOCK,
        shift=IN_RIGHT | AUTOPUSH,
        divider=61 + 9 / 256,
    )
    chip.run(4 * 32 * 122)
    chip.read(PIO0 + FLEVEL)  # nobody has asked for the words until now
    assert chip.answered_at_once > 100, "of 128 bits"
