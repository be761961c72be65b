"""Programs that come back to states in which they were, left alone for long: as if somebody had looked all the time.

Who looks often enough leaves no time in which whole periods could be passed over, or blocks go their own ways.
"""

from __future__ import annotations

import random

import pytest
from unit import (
    ADDR,
    AUTOPULL,
    AUTOPUSH,
    DBG_PADOE,
    DBG_PADOUT,
    FDEBUG,
    FLEVEL,
    FUNC_PIO0,
    FUNC_PIO1,
    IN_RIGHT,
    IO_BANK0,
    IRQ,
    OUT_RIGHT,
    PIO0,
    PIO1,
    RXF,
    SYNC_BYPASS,
    TXF,
    StateMachine,
    UnitChip,
    in_,
    irq,
    jmp,
    mov,
    nop,
    out,
    pull,
    push,
    set_,
)

PINS = range(2, 6)
OF_PIO1 = (6, 7)
INTR0 = 0xF0
"""Register of IO_BANK0 with the latches of edges of the first eight pins."""
INTE = 0x12C
PIO0_IRQ0 = 7
OFTEN = 60
"""Cycles between two looks: too few to look for a period, or to ask who needs whom."""


def _piece(rng: random.Random, at: int) -> list[int]:
    """A few instructions that lie at `at`: what programs are made of that nobody needs to see."""
    delay = rng.choice((0, 0, 1, rng.randrange(6)))
    counter = rng.choice(("x", "y"))
    kind = rng.randrange(11 if at < 8 else 8)
    if kind == 0:
        return [set_("pins", rng.randrange(16), ds=delay), set_("pins", rng.randrange(16), ds=rng.randrange(6))]
    if kind == 1:  # a delay loop
        return [set_(counter, rng.randrange(32)), jmp(at + 1, f"{counter}--", ds=delay)]
    if kind == 2:
        return [set_(counter, rng.randrange(12)), nop(ds=delay), jmp(at + 1, f"{counter}--")]
    if kind == 3:  # a pin that goes with what it sees
        return [jmp(at + 2, "pin", ds=delay), set_("pins", rng.randrange(16))]
    if kind == 4:
        return [mov(counter, "pins"), mov("pins", counter, rng.choice((0, 1, 2)))]
    if kind == 5:
        return [in_("pins", rng.randrange(1, 5)), mov("pins", "isr"), mov("isr", "null")]
    if kind == 6:  # PWM's: the level, or what X has
        return [pull(block=0), out(counter, rng.choice((4, 9, 32))), jmp(at + 2, f"{counter}--")]
    if kind == 8:  # PWM's again: X is the level, Y counts
        start = [set_("x", rng.randrange(32)), rng.choice((set_("y", 31), mov("y", "osr"), mov("y", "osr")))]
        level = [jmp(at + 5, "x!=y", ds=delay), set_("pins", rng.randrange(16)), jmp(at + 6)]
        return [*start, *level, nop(ds=rng.randrange(3)), jmp(at + 2, "y--")]
    if kind == 9:  # ends when the other counter does
        start = [mov("x", "osr"), mov("y", "osr", rng.choice((0, 2)))]
        other = [jmp(at + 5, f"!{'xy'[counter == 'x']}", ds=delay), jmp(at + 4, f"{'xy'[counter == 'x']}--")]
        return [*start, *other, jmp(at + 2, f"{counter}--")]
    return [mov("osr", "null", 1), out("pins", rng.randrange(1, 5), ds=delay)]


def _chip(seed: int) -> UnitChip:
    rng = random.Random(seed)
    chip = UnitChip()
    chip.function(FUNC_PIO0, *PINS)
    chip.write(PIO0 + SYNC_BYPASS, rng.choice((0, 0xFFFF)))
    if rng.randrange(2):
        chip.function(FUNC_PIO1, *OF_PIO1)
        toggles = [set_("pins", 1, ds=rng.randrange(32)), set_("x", rng.randrange(32)), jmp(2, "x--"), set_("pins", 2)]
        divider = rng.choice((1, 3, 2.5))
        StateMachine(chip, toggles, pio=PIO1, set_pins=(OF_PIO1[0], 2), pindirs=3 << OF_PIO1[0], divider=divider)
    origin = 0
    machines = rng.randrange(1, 4)
    for index in range(machines):
        program: list[int] = []
        while len(program) < rng.choice((2, 4, 7)):
            program += _piece(rng, origin + len(program))
        shift = rng.choice((IN_RIGHT, 0)) | rng.choice((OUT_RIGHT, 0)) | rng.choice((0, 0, AUTOPULL))
        machine = StateMachine(
            chip,
            program,
            index=index,
            origin=origin,
            divider=rng.choice((1, 1, 2, 3, 1.5, 2.25, 7 + 3 / 256)),
            shift=shift,
            execctrl=rng.choice(tuple(PINS)) << 24,
            out=(rng.choice(tuple(PINS)), rng.randrange(1, 4)),
            set_pins=(rng.choice(tuple(PINS)), rng.randrange(1, 4)),
            in_base=rng.choice(tuple(PINS)),
            pindirs=sum(1 << pin for pin in PINS) if index == 0 else 0,
            enable=False,
        )
        if rng.randrange(2):
            chip.write(PIO0 + TXF + 4 * index, rng.randrange(3000))
        machine.enable()
        origin += len(program)
    return chip


def _state(chip: UnitChip) -> list[int]:
    registers = [chip.read(PIO0 + offset) for offset in (FLEVEL, FDEBUG, DBG_PADOUT, DBG_PADOE)]
    registers += [chip.inputs(), chip.read(PIO1 + ADDR), chip.read(IO_BANK0 + INTR0)]
    return registers + [chip.read(PIO0 + 0x18 * index + ADDR) for index in range(3)]


def _look_often(chip: UnitChip, cycles: int) -> None:
    while cycles > 0:
        chip.run(min(cycles, OFTEN))
        chip.read(PIO0 + DBG_PADOUT)
        cycles -= OFTEN


@pytest.mark.parametrize("part", range(4))
def test_left_alone_or_looked_at(part: int) -> None:
    """After every pause some hundred cycles are compared one by one: a counter that is off would show in one."""
    for seed in range(part, 160, 4):
        rng = random.Random(seed)
        alone, seen = _chip(seed), _chip(seed)
        for _ in range(4):
            pause = rng.choice((1500, 4000, 20_000, 40_000 + rng.randrange(1000)))
            alone.run(pause)
            _look_often(seen, pause)
            for _ in range(rng.choice((40, 300))):
                assert _state(alone) == _state(seen), f"program {seed} in cycle {alone.now}"
                alone.run(1)
                seen.run(1)


def _decoder(seed: int) -> UnitChip:
    """A program that jumps to what it has made of two pins, as quadrature decoders do, in one or two machines.

    Without a word to pull, and with an RX FIFO that is full or never filled, it shows nothing while its pins rest.
    """
    rng = random.Random(seed)
    chip = UnitChip()
    chip.function(FUNC_PIO0, *PINS)
    for index in range(rng.randrange(1, 3)):
        base = 16 * index
        told, on = base + 12, base + 4
        table = [jmp(rng.choice((on, on, base + 6, base + 8, told)), ds=rng.randrange(4)) for _ in range(4)]
        shown = rng.choice((push(block=0), set_("pins", rng.randrange(4)), nop()))
        program = [*table, set_("y", base // 4), mov("isr", "null"), in_("y", 3), in_("pins", 2), shown]
        program += [mov("pc", "isr"), nop(), nop(), irq(index), jmp(on)]
        if rng.randrange(3) == 0:
            program[9] = jmp(told, "pin")
        StateMachine(
            chip,
            program,
            index=index,
            origin=base,
            divider=rng.choice((1, 1, 2, 1.5, 2.25)),
            shift=rng.choice((0, 0, AUTOPUSH)),
            execctrl=PINS[0] << 24,
            in_base=PINS[0],
            set_pins=(PINS[2], 2),
            pindirs=3 << PINS[2] if rng.randrange(2) else 0,
        )
    chip.write(PIO0 + INTE, rng.choice((0x300, 0x301, 0x303)))
    return chip


@pytest.mark.parametrize("part", range(4))
def test_programs_that_show_nothing(part: int) -> None:
    """Pins that move after long pauses, words that are taken and given; chips that are saved and restored meanwhile."""
    for seed in range(part, 240, 4):
        rng = random.Random(seed)
        alone, seen = _decoder(seed), _decoder(seed)
        for _ in range(8):
            pause = rng.choice((30, 300, 3000, 20_000 + rng.randrange(50)))
            alone.run(pause)
            _look_often(seen, pause)
            if rng.randrange(4) == 0:
                alone.save()
                alone.run(pause)
                alone.restore()
            kind, pin, index = rng.randrange(5), rng.choice(PINS[:2]), rng.randrange(2)
            for chip in (alone, seen):
                if kind < 3:
                    chip.drive(pin, kind & 1, 1)
                elif kind == 3:
                    chip.read(PIO0 + RXF + 4 * index)
                else:
                    chip.write(PIO0 + TXF + 4 * index, 5)
            for _ in range(rng.choice((8, 60))):  # nobody looks at the first one: its interrupts come by themselves
                alone.run(1)
                _look_often(seen, 1)
                assert alone.irq(PIO0_IRQ0) == seen.irq(PIO0_IRQ0), f"program {seed} in cycle {alone.now}"
            assert _state(alone) == _state(seen), f"program {seed} in cycle {alone.now}"
            if rng.randrange(2):
                for chip in (alone, seen):
                    chip.write(PIO0 + IRQ, 3)
