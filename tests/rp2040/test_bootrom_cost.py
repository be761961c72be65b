"""Cycles of the boot ROM's routines on the chip, averaged over random operands, beside what the datasheet publishes.

The averages published for the floating point (datasheet tables 169 and 170, V2/V3) count from the first instruction to
the return, that included; those of the bit functions (table 164) leave the return out. That is how routines of the
chip's own ROM, assembled from its public source, come out at the published figures.
"""

from __future__ import annotations

import math
import os
import random
import struct
from collections.abc import Callable

import pytest
from paths import ROOT
from thumb import SYSTICK, run, word

from emberwatch import _native

DOCUMENT = ROOT / "docs/timing.md"
BEGIN, END = "<!-- boot ROM: begin -->", "<!-- boot ROM: end -->"
SAMPLES = 256
RECORDS, RESULTS = 0x2001_0000, 0x2002_0000
RETURN = 2  # cycles of BX LR

ROWS = (
    "add sub mul div cmp_fast cmp_fast_flags sqrt 2int 2fix 2uint 2ufix int2 fix2 uint2 ufix2 cos sin tan sincos exp "
    "ln cmp atan2 int642 fix642 uint642 ufix642 2int64 2fix64 2uint64 2ufix64 convert"
).split()
SINGLE = dict(zip(ROWS, "71 74 58 71 - - 63 40 39 39 38 55 53 54 52 587 577 653 577 524 789 "
                        "25 667 62 60 58 57 54 53 42 41 15".split(), strict=True))  # fmt: skip
DOUBLE = dict(zip(ROWS, "91 95 155 183 - - 169 75 74 63 62 69 68 64 62 1617 1618 1891 1718 804 428 "
                        "39 2168 55 56 50 49 64 63 53 52 23".split(), strict=True))  # fmt: skip
BITS = {"popcount32": ("P3", 20.0), "reverse32": ("R3", 22.0), "clz32": ("L3", 9.6), "ctz32": ("T3", 11.0)}
WITHIN = 0.03


def lookup(chip: _native.Chip, pointer: int, code: str) -> int:
    at = word(chip, pointer & ~3) >> 8 * (pointer & 3) & 0xFFFF
    while True:
        key, value = struct.unpack("<HH", chip.read_memory(at, 4))
        assert key, f"the boot ROM has no {code}"
        if key == ord(code[0]) | ord(code[1]) << 8:
            return int(value)
        at += 4


def average(chip: _native.Chip, routine: int, records: list[tuple[int, ...]]) -> float:
    """Mean cycles from the routine's first instruction to the one after its return."""
    data = b"".join(struct.pack("<4I", *(value & 0xFFFFFFFF for value in (*r, *[0] * (4 - len(r))))) for r in records)
    chip.load(RECORDS, data)
    outcome = run(
        SYSTICK
        + f"""
    ldr r5, ={RECORDS}
    ldr r7, ={routine | 1}
    loop: ldm r5!, {{r0-r3}}
    .align 2
    ldr r6, [r4, #8]
    blx r7
    ldr r3, [r4, #8]
    subs r6, r3
    ldr r0, =total
    ldr r1, [r0]
    adds r1, r6
    subs r1, #4          @ the first LDR and BLX
    str r1, [r0]
    ldr r2, ={RECORDS + len(data)}
    cmp r5, r2
    bne loop
    bkpt #0
    .align 2
    total: .word 0
    .ltorg
    """,
        cycles=4_000_000,
        chip=chip,
    )
    return outcome["r1"] / len(records)


def _operands(row: str, double: bool, rng: random.Random) -> tuple[int, ...]:
    """Ordinary operands for which the result is in range: 16 binary orders of magnitude, any significand and sign."""

    def pack(value: float) -> tuple[int, ...]:
        return (
            struct.unpack("<II", struct.pack("<d", value)) if double else struct.unpack("<I", struct.pack("<f", value))
        )

    def number(low: int, high: int, positive: bool = False) -> float:
        return (1 if positive else rng.choice((1, -1))) * math.ldexp(1 + rng.random(), rng.randint(low, high))

    if row in ("add", "sub", "mul", "div", "cmp", "atan2"):
        return pack(number(-8, 8)) + pack(number(-8, 8))
    if row in ("sqrt", "ln"):
        return pack(number(-16, 16, True))
    if row in ("cos", "sin", "tan", "sincos"):
        return pack(rng.uniform(-1024, 1024) if double else rng.uniform(-128, 128))
    if row == "exp":
        return pack(rng.uniform(-80, 80))
    if row == "convert":
        return pack(number(-16, 16))
    if row.startswith("2"):
        point = rng.randrange(9) if "fix" in row else 0
        return *pack(number(-point, (62 if "64" in row else 30) - point, "u" in row)), point
    if "64" in row:
        return rng.getrandbits(32), rng.getrandbits(32), rng.randrange(33) if "fix" in row else 0
    return rng.getrandbits(32), rng.randrange(33) if "fix" in row else 0


def _figures() -> list[tuple[str, float, float]]:
    """(routine, published, here)."""
    chip = _native.Chip()
    figures = []
    bit_operands: dict[str, Callable[[random.Random], int]] = {
        "clz32": lambda rng: rng.getrandbits(32) >> rng.randrange(32),
        "ctz32": lambda rng: rng.getrandbits(32) << rng.randrange(32),
    }
    for name, (code, published) in BITS.items():
        rng = random.Random(name)
        draw = bit_operands.get(name, lambda rng: rng.getrandbits(32))
        records = [(draw(rng),) for _ in range(SAMPLES)]
        figures.append((name, published, average(chip, lookup(chip, 0x14, code), records) - RETURN))
    for letter, code, table in (("f", "SF", SINGLE), ("d", "SD", DOUBLE)):
        base = lookup(chip, 0x16, code)
        for index, (row, published_text) in enumerate(table.items()):
            if published_text == "-":
                continue
            rng = random.Random(row)
            records = [_operands(row, letter == "d", rng) for _ in range(SAMPLES)]
            here = average(chip, word(chip, base + 4 * index), records)
            figures.append((letter + row, float(published_text), here))
    return figures


@pytest.fixture(scope="module")
def figures() -> list[tuple[str, float, float]]:
    return _figures()


def test_averages_are_the_published_ones(figures: list[tuple[str, float, float]]) -> None:
    for name, published, here in figures:
        assert abs(here / published - 1) <= WITHIN, f"{name}: {here:.1f} cycles, published {published}"


def test_the_table_is_what_the_chip_does(figures: list[tuple[str, float, float]]) -> None:
    """EMBERWATCH_UPDATE_DOCS=1 writes the table instead of comparing it."""
    lines = ["| routine | published | here | error |", "|---|---|---|---|"]
    lines += [f"| {name} | {pub:g} | {here:.1f} | {100 * (here / pub - 1):+.1f} % |" for name, pub, here in figures]
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    table = "\n".join(lines)
    if os.environ.get("EMBERWATCH_UPDATE_DOCS") == "1":
        DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    else:
        assert written.strip() == table
