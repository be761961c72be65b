"""Cycles of the boot ROM's routines by the kind of their operands: a program's operands are not random.

The figures are what the routines of the chip's own ROM (raspberrypi/pico-bootrom-rp2040, tag b2), assembled from that
public source outside this repository, take on this core. Whole programs on boards bear them out: docs/timing.md.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable

import pytest
from test_bootrom_cost import ROWS, average, lookup
from thumb import word

from emberwatch import _native

SAMPLES = 64
WITHIN = 4  # cycles; an addition's own spread over operands of one kind is as large

Record = tuple[int, ...]


def _single(x: float) -> Record:
    return struct.unpack("<I", struct.pack("<f", x))


def _double(x: float) -> Record:
    return struct.unpack("<II", struct.pack("<d", x))


def _cancelling(places: int, double: bool) -> Callable[[random.Random], Record]:
    """a + b with exponents alike, whose sum's leading one is `places` below theirs."""
    bits = 52 if double else 23

    def draw(rng: random.Random) -> Record:
        difference = rng.randrange(1 << (bits - places), 1 << (bits - places + 1))
        b = (1 << bits) + rng.randrange((1 << bits) - difference)
        pack = _double if double else _single
        return pack(math.ldexp(b + difference, -bits)) + pack(-math.ldexp(b, -bits))

    return draw


def _pair(a: float | None, b: float | None, double: bool) -> Callable[[random.Random], Record]:
    """Two operands; None: any of about 1."""
    pack = _double if double else _single

    def draw(rng: random.Random) -> Record:
        first, second = (rng.uniform(1, 2) if x is None else x for x in (a, b))
        return pack(first) + pack(second)

    return draw


def _integer(bits: int) -> Callable[[random.Random], Record]:
    return lambda rng: (1 << (bits - 1) | rng.getrandbits(bits - 1),)


CASES = {
    "fadd, b zero": ("SF", "add", _pair(None, 0.0, False), 68),
    "fadd, a zero": ("SF", "add", _pair(0.0, None, False), 69),
    "fadd, a - a": ("SF", "add", _pair(1.5, -1.5, False), 53),
    "fadd, b the larger": ("SF", "add", _pair(0.01, None, False), 70),
    "fadd, a the larger": ("SF", "add", _pair(None, 0.01, False), 71.5),
    "fadd, 4 places cancel": ("SF", "add", _cancelling(4, False), 94.5),
    "fadd, 20 places cancel": ("SF", "add", _cancelling(20, False), 190.5),
    "fmul, a zero": ("SF", "mul", _pair(0.0, None, False), 56),
    "fmul, b zero": ("SF", "mul", _pair(None, 0.0, False), 56),
    "dadd, b zero": ("SD", "add", _pair(None, 0.0, True), 85.5),
    "dadd, a zero": ("SD", "add", _pair(0.0, None, True), 88.5),
    "dadd, a - a": ("SD", "add", _pair(1.5, -1.5, True), 76),
    "dadd, b the larger": ("SD", "add", _pair(0.01, None, True), 90.5),
    "dadd, a the larger": ("SD", "add", _pair(None, 0.01, True), 87),
    "dadd, 10 places cancel": ("SD", "add", _cancelling(10, True), 155),
    "dadd, 40 places cancel": ("SD", "add", _cancelling(40, True), 365),
    "dmul, a zero": ("SD", "mul", _pair(0.0, None, True), 156),
    "ddiv, a zero": ("SD", "div", _pair(0.0, None, True), 186),
    "uint2float, 8 bits": ("SF", "uint2", _integer(8), 166),
    "uint2float, 16 bits": ("SF", "uint2", _integer(16), 126),
    "uint2float, 31 bits": ("SF", "uint2", _integer(31), 51),
    "uint2double, 8 bits": ("SD", "uint2", _integer(8), 115),
    "uint2double, 16 bits": ("SD", "uint2", _integer(16), 67),
    "uint2double, 21 bits": ("SD", "uint2", _integer(21), 39),
    "float2uint, below one": ("SF", "2uint", lambda rng: _single(rng.uniform(0.1, 0.9)), 39),
    "double2int, below one": ("SD", "2int", lambda rng: _double(rng.uniform(0.1, 0.9)), 73),
    "fln, near one": ("SF", "ln", lambda rng: _single(1 + rng.random() / 1024), 852),
    "fexp, of zero": ("SF", "exp", lambda _: _single(0.0), 524),
}


@pytest.mark.parametrize("case", CASES)
def test_operands_of_a_kind_cost_what_they_cost_the_chip(case: str) -> None:
    code, row, draw, expected = CASES[case]
    chip = _native.Chip()
    rng = random.Random(case)
    routine = word(chip, lookup(chip, 0x16, code) + 4 * ROWS.index(row))
    here = average(chip, routine, [draw(rng) for _ in range(SAMPLES)])
    assert abs(here - expected) <= max(WITHIN, expected / 50), f"{here:.1f} cycles, the chip's take {expected}"


TO, FROM = 0x2003_0000, 0x2003_4000


@pytest.mark.parametrize(
    ("code", "to", "source", "cycles"),
    [
        ("MC", 0, 0, {0: 14, 1: 17, 4: 29, 7: 41, 8: 44, 10: 51, 16: 50, 64: 89, 1000: 848, 4096: 3365}),
        ("MC", 3, 3, {1: 17, 7: 41, 9: 48, 16: 64, 64: 101, 1024: 881}),
        ("MC", 1, 1, {8: 57, 16: 62, 64: 99, 1024: 879}),
        ("MC", 0, 1, {4: 29, 8: 65, 64: 457, 1024: 7177}),
        ("C4", 0, 0, {3: 25, 8: 32, 13: 42, 64: 77, 1024: 857}),
        ("MS", 0, 0x5A, {0: 14, 1: 15, 7: 27, 8: 34, 15: 43, 64: 71, 1000: 537, 4096: 2087}),
        ("MS", 3, 0x5A, {7: 27, 9: 36, 64: 76, 1024: 556}),
        ("S4", 0, 0x5A, {0: 25, 3: 31, 8: 25, 13: 31, 64: 62, 1024: 542}),
    ],
)
def test_memory_functions_cost_what_they_cost_the_chip(code: str, to: int, source: int, cycles: dict[int, int]) -> None:
    """memcpy and memset, which pico-sdk programs call in the ROM, by length and alignment; return included."""
    chip = _native.Chip()
    routine = lookup(chip, 0x14, code)
    second = source if code in ("MS", "S4") else FROM + source
    for size, expected in cycles.items():
        here = average(chip, routine, [(TO + to, second, size)] * SAMPLES)
        assert abs(here - expected) <= 2, f"{size} bytes: {here:.0f} cycles, the chip's take {expected}"
