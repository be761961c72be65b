"""A core that feeds PIO programs word by word, waiting for room and for stalls, against the same chip looked at often.

Nobody but the polling core learns of the FIFOs' levels: what is left alone must be what single steps leave.
"""

from __future__ import annotations

import random

import pytest
from random_programs import CODE, IO_BANK0, PIO0, PROGRAMS, RESETS, SHARED
from thumb import assemble

from emberwatch import _native

FDEBUG, FSTAT, TXF, INSTR_MEM, MACHINE = 0x08, 0x04, 0x10, 0x48, 0xC8
CLKDIV, EXECCTRL, SHIFTCTRL, _, INSTR, PINCTRL = range(0, 24, 4)
SHOWN = (0x04, 0x08, 0x0C, 0x30, 0x3C, 0x40, 0xD4, 0xEC)
ROUNDS, WORDS = 20, 5

SHIFTER = (0x6001, 0xB042)
"""OUT PINS, 1 with the clock low; NOP with the clock high."""
SHUFFLER = (0x80A0, 0x40E1, 0x6068, 0x40E1, 0x6060, 0x80A0, 0x50E1, 0x5060 | 26, 0xB016)
"""PULL, IN OSR, OUT NULL ...: its PULLs are patched to OUT NULL, n and back."""
PULSER = (0x6705, 0x7F3B, 0x0002)
"""OUT PINS, 5; OUT X, 27; JMP X-- to itself: a pulse of so many cycles."""


def _programs(rng: random.Random) -> tuple[list[int], int]:
    """The data program, at 0, and the pulser behind it."""
    data = list(rng.choice((SHIFTER, SHUFFLER)))
    if rng.randrange(3) == 0:
        data.insert(rng.randrange(len(data)), rng.choice((0xA042, 0xE020, 0x4041, 0xA042 | rng.randrange(8) << 8)))
    pulser = [code | len(data) if code >> 13 == 0 else code for code in PULSER]
    pulser[2] = (pulser[2] & ~0x1F) | len(data) + 2
    return [*data, *pulser], len(data)


def _chip(seed: int) -> _native.Chip:
    rng = random.Random(seed)
    chip = _native.Chip()
    patched, shift = rng.choice((0, 0x6060 | rng.randrange(8))), rng.choice((0, 0x80A0))
    skipped = rng.randrange(0, 30)
    chip.load(
        CODE,
        assemble(
            f"""
        1: ldr r0, ={PIO0}
        ldr r4, ={SHARED}
        movs r6, #{rng.randrange(1, 4)}
        2: movs r5, #{WORDS}
        ldr r7, ={patched}
        cmp r7, #0
        beq 3f
        ldr r1, ={INSTR_MEM}
        str r7, [r0, r1]
        {"nop;" * rng.randrange(3)}
        ldr r7, ={shift or patched}
        str r7, [r0, r1]
        3: ldr r1, [r0, #{FSTAT}]
        lsrs r1, r1, #17
        bcs 3b
        ldr r1, [r4, #0]
        {"adds r1, #77" if rng.randrange(2) else "lsls r1, r1, #1; adds r1, #5"}
        str r1, [r4, #0]
        str{rng.choice(("", "b"))} r1, [r0, #{TXF}]
        {"nop;" * skipped}
        subs r5, #1
        bne 3b
        movs r1, #1
        lsls r1, r1, #{24 + rng.randrange(2)}
        str r1, [r0, #{FDEBUG}]
        4: ldr r2, [r0, #{FDEBUG}]
        tst r2, r1
        beq 4b
        ldr r1, ={rng.randrange(1, 32) | rng.choice((3, 100, 3000)) << 5}
        str r1, [r0, #{TXF + 4}]
        subs r6, #1
        bne 2b
        b 1b
        .ltorg
    """,
            CODE,
        ),
    )
    chip.reset(CODE | 1)
    chip.write_bus(RESETS + 0x3000, 4, 1 << 5 | 1 << 8 | 1 << 10)
    for pin in range(14):
        chip.write_bus(IO_BANK0 + 8 * pin + 4, 4, 6)
    programs, first = _programs(rng)
    for n, code in enumerate(programs):
        chip.write_bus(PIO0 + INSTR_MEM + 4 * n, 4, code)
    for index, pin in ((2, 0), (3, 9)):  # SET PINDIRS, all of five, by machines that do nothing else
        chip.write_bus(PIO0 + MACHINE + 0x18 * index + PINCTRL, 4, 5 << 26 | pin << 5)
        chip.write_bus(PIO0 + MACHINE + 0x18 * index + INSTR, 4, 0xE09F)
    for index, (bottom, top) in enumerate(((0, first - 1), (first, first + 2))):
        base = PIO0 + MACHINE + 0x18 * index
        pull_at = rng.choice((8, 24)) if index == 0 else 0
        chip.write_bus(base + CLKDIV, 4, rng.choice((1 << 16, 1 << 16, 0x0001_8000, 3 << 16)))
        chip.write_bus(base + EXECCTRL, 4, top << 12 | bottom << 7)
        chip.write_bus(base + SHIFTCTRL, 4, 1 << 17 | rng.randrange(4) << 18 | pull_at << 25 | rng.randrange(2) << 30)
        chip.write_bus(
            base + PINCTRL, 4, (1 << 29 | 11 << 10 | 6 << 20) if index == 0 else (2 << 29 | 12 << 10 | 5 << 20 | 6)
        )
        chip.write_bus(base + INSTR, 4, bottom)
    chip.write_bus(PIO0, 4, 3)
    return chip


def _state(chip: _native.Chip) -> list[object]:
    pio = [chip.read_memory(PIO0 + offset, 4) for offset in SHOWN]
    return [
        chip.cycles,
        chip.registers(0),
        pio,
        [chip.pin_level(pin) for pin in range(14)],
        chip.read_memory(SHARED, 4),
    ]


@pytest.mark.parametrize("part", range(4))
def test_words_from_a_polling_core(part: int) -> None:
    for seed in range(part, PROGRAMS, 4):
        fast, plain = _chip(seed), _chip(seed)
        plain.record_instructions(1)
        plain.record_signals(["dma", "pio"])
        plain.record_pins((1 << 14) - 1)
        rng = random.Random(seed)
        for _ in range(ROUNDS):
            until = fast.cycles + rng.choice((1, 7, 60, 400, 3000))
            for chip in (fast, plain):
                chip.run_until(until)
            if rng.randrange(3) == 0:
                assert _state(fast) == _state(plain), f"seed {seed}, cycle {fast.cycles}"
        assert _state(fast) == _state(plain), f"seed {seed}"
        assert fast.read_memory(IO_BANK0 + 0xF0, 16) == plain.read_memory(IO_BANK0 + 0xF0, 16), f"seed {seed}"


@pytest.mark.parametrize("part", range(2))
def test_a_snapshot_of_fed_programs_goes_on_as_they_do(part: int) -> None:
    for seed in range(part, PROGRAMS // 4, 2):
        chip, other = _chip(seed), _chip(seed)
        rng = random.Random(seed)
        chip.run_until(rng.randrange(100, 5000))
        other.restore(chip.save())
        end = chip.cycles + 3000
        for each in (chip, other):
            each.run_until(end)
        assert _state(chip) == _state(other), f"seed {seed}"
