"""Arithmetic and conversions of the boot ROM, bit for bit against soft_float.py, over edges and random operands; its
elementary functions in units of the last place against decimal arithmetic of 60 digits."""

from __future__ import annotations

import decimal
import math
import random
import struct
from decimal import Decimal

import pytest
from soft_float import DOUBLE, SINGLE, Format

pytest.importorskip("unicorn", reason="unicorn is not installed (pip install emberwatch[dev])")
from bootrom_rig import Rom

CASES = 400
FORMATS = pytest.mark.parametrize(("table", "form"), [("SF", SINGLE), ("SD", DOUBLE)], ids=["single", "double"])


@pytest.fixture(scope="module")
def rom() -> Rom:
    return Rom()


def words(form: Format, bits: int) -> tuple[int, ...]:
    return (bits,) if form is SINGLE else (bits & 0xFFFFFFFF, bits >> 32)


def number(form: Format, rng: random.Random) -> int:
    """A bit pattern of any kind: subnormals, ends of the range, NaN, round significands, plain numbers."""
    ones = (1 << form.fraction) - 1
    exponents = (0, 1, 2, form.bias - 1, form.bias, form.bias + 1, form.largest - 2, form.largest - 1, form.largest)
    kind = rng.randrange(6)
    if kind == 0:
        exponent = rng.choice(exponents)
    else:
        exponent = rng.randrange(form.largest + 1) if kind == 1 else form.bias + rng.randrange(-40, 40)
    half = 1 << form.fraction - 1
    fraction = rng.getrandbits(form.fraction)
    if rng.random() < 0.3:
        fraction = rng.choice((0, 1, half, half - 1, ones - 1, ones, fraction >> 32 << 32, half | 1))
    return rng.getrandbits(1) * form.sign | exponent << form.fraction | fraction


def pair(form: Format, rng: random.Random) -> tuple[int, int]:
    """Two operands; often close to one another, or as far apart as rounding can notice."""
    a = number(form, rng)
    kind = rng.randrange(5)
    if kind == 0:
        step = rng.choice((-1, 0, 1, 2, 1 << form.fraction, -(1 << form.fraction), 1 << form.fraction // 2))
        return a, (a ^ rng.choice((0, form.sign))) + step & 2 * form.sign - 1
    if kind == 1:
        exponent = max(form.exponent_of(a) - rng.randrange(form.fraction - 3, form.fraction + 5), 0)
        fraction = rng.choice((0, 1, (1 << form.fraction) - 1, rng.getrandbits(form.fraction)))
        return a, rng.getrandbits(1) * form.sign | exponent << form.fraction | fraction
    return a, number(form, rng)


def value(form: Format, rom: Rom, table: str, row: str, *arguments: int) -> int:
    low, high, *_ = rom.call(rom.float_entry(table, row), *arguments)
    return low if form is SINGLE else low | high << 32


@FORMATS
@pytest.mark.parametrize(
    ("row", "reference"),
    [("add", Format.add), ("sub", Format.subtract), ("mul", Format.multiply), ("div", Format.divide)],
)
def test_arithmetic(rom: Rom, table: str, form: Format, row: str, reference) -> None:  # type: ignore[no-untyped-def]
    rng = random.Random(f"{table}{row}")
    for _ in range(CASES):
        a, b = pair(form, rng)
        got = value(form, rom, table, row, *words(form, a), *words(form, b))
        assert got == reference(form, a, b), f"{a:#x} {row} {b:#x}"


@FORMATS
def test_square_root_and_comparison(rom: Rom, table: str, form: Format) -> None:
    rng = random.Random(table)
    for _ in range(CASES):
        a, b = pair(form, rng)
        assert value(form, rom, table, "sqrt", *words(form, a)) == form.root(a), f"sqrt {a:#x}"
        got = rom.call(rom.float_entry(table, "cmp_basic"), *words(form, a), *words(form, b))[0]
        assert got == form.compare(a, b) & 0xFFFFFFFF, f"{a:#x} ? {b:#x}"


@FORMATS
@pytest.mark.parametrize("row", "2int 2fix 2uint 2ufix 2int64 2fix64 2uint64 2ufix64".split())
def test_to_integers(rom: Rom, table: str, form: Format, row: str) -> None:
    rng = random.Random(f"{table}{row}")
    bits = 64 if "64" in row else 32
    for _ in range(CASES):
        a = number(form, rng)
        point = rng.choice((0, 1, -1, 8, 31, 32, 64, -31, 100, -100, rng.randrange(-40, 40))) if "fix" in row else 0
        low, high, *_ = rom.call(rom.float_entry(table, row), *words(form, a), *((point,) if "fix" in row else ()))
        got = low | high << 32 if bits == 64 else low
        assert got == form.to_integer(a, point, bits, "u" not in row), f"{row} {a:#x} {point}"


@FORMATS
@pytest.mark.parametrize("row", "int2 fix2 uint2 ufix2 int642 fix642 uint642 ufix642".split())
def test_from_integers(rom: Rom, table: str, form: Format, row: str) -> None:
    rng = random.Random(f"{table}{row}")
    bits = 64 if "64" in row else 32
    for _ in range(CASES):
        raw = rng.getrandbits(bits) >> rng.randrange(bits)
        if rng.random() < 0.3:
            raw = rng.choice(
                (0, 1, 1 << bits - 1, (1 << bits) - 1, (1 << rng.randrange(1, bits)) - rng.randrange(1, 3))
            )
        point = rng.choice((0, 1, 16, 32, -16, form.bias, form.bias + bits, form.bias + rng.randrange(70), -form.bias))
        point = point if "fix" in row else 0
        signed = "u" not in row
        integer = raw - (1 << bits) if signed and raw >> bits - 1 else raw
        arguments = (raw,) if bits == 32 else (raw & 0xFFFFFFFF, raw >> 32)
        got = value(form, rom, table, row, *arguments, *((point,) if "fix" in row else ()))
        assert got == form.from_integer(integer, point), f"{row} {integer:#x} {point}"


def test_between_the_formats(rom: Rom) -> None:
    rng = random.Random(9)
    for _ in range(CASES):
        a = number(SINGLE, rng)
        assert value(DOUBLE, rom, "SF", "2other", a) == SINGLE.convert(a, DOUBLE), f"{a:#x}"
        exponent = DOUBLE.bias + rng.choice((-128, -127, -126, -125, 126, 127, 128, rng.randrange(-150, 150)))
        fraction = rng.choice(
            (rng.getrandbits(52), (1 << 52) - 1, (1 << 52) - (1 << 28), rng.getrandbits(23) << 29 | 1 << 28)
        )
        for b in (number(DOUBLE, rng), rng.getrandbits(1) << 63 | exponent << 52 | fraction):
            assert value(SINGLE, rom, "SD", "2other", *words(DOUBLE, b)) == DOUBLE.convert(b, SINGLE), f"{b:#x}"


def double(significand: int) -> int:
    """The double in 1..2 with the upper 53 bits of `significand`."""
    return DOUBLE.bias << 52 | significand >> significand.bit_length() - 53 & (1 << 52) - 1


def test_results_next_to_the_middle_of_two_doubles(rom: Rom) -> None:
    """Where the first bits of a product, quotient or root leave the rounding open."""
    rng = random.Random(10)

    def check(row: str, want: int, *operands: int) -> None:
        got = value(DOUBLE, rom, "SD", row, *(word for a in operands for word in words(DOUBLE, a)))
        assert got == want, f"{row} {[hex(a) for a in operands]}"

    for _ in range(CASES // 2):
        middle = 1 << 53 | rng.getrandbits(53) | 1
        a, b = double(1 << 52 | rng.getrandbits(52)), 1 << 52 | rng.getrandbits(52)
        quotient = double(middle * b) + rng.randrange(2)
        check("div", DOUBLE.divide(quotient, double(b)), quotient, double(b))
        square = double(middle**2) + ((middle**2).bit_length() - 107 << 52) + rng.randrange(2)
        check("sqrt", DOUBLE.root(square), square)
        factor = double((middle << 53) // b) + rng.randrange(2)
        check("mul", DOUBLE.multiply(factor, double(b)), factor, double(b))
        a, b = (double((1 << 26 | rng.getrandbits(26) | 1) << 27) for _ in range(2))
        check("mul", DOUBLE.multiply(a, b), a, b)  # a tie if the product of the odd numbers has 54 bits


def sine(x: Decimal) -> Decimal:
    turn = 2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494")
    x -= turn * (x / turn).to_integral_value()
    total, term, n = Decimal(0), x, 1
    while abs(term) > Decimal("1e-60"):
        total += term
        term *= -x * x / ((n + 1) * (n + 2))
        n += 2
    return total


def cosine(x: Decimal) -> Decimal:
    return 1 - 2 * sine(x / 2) ** 2


def tangent(x: Decimal) -> Decimal:
    return sine(x) / cosine(x)


@FORMATS
@pytest.mark.parametrize(
    ("row", "exact", "units"),
    [("sin", sine, 0.6), ("cos", cosine, 0.6), ("tan", tangent, 2), ("exp", Decimal.exp, 0.6), ("ln", Decimal.ln, 0.6)],
)
def test_elementary_functions(  # type: ignore[no-untyped-def]
    rom: Rom, table: str, form: Format, row: str, exact, units: float
) -> None:
    """`units` in the last place; close to zeros and where series and tables begin and end too."""
    decimal.getcontext().prec = 70
    rng = random.Random(row)
    for case in range(60):
        near = 2.0 ** -rng.randrange(2, 40) * rng.uniform(-1, 1)
        if row == "ln":
            x = (1 + near, 1 + case / 32 + near, math.ldexp(1 + rng.random(), rng.randrange(-126, 127)))[case % 3]
        elif row == "exp":
            x = (near, case * math.log(2) + near, rng.uniform(-80, 80))[case % 3]
        else:
            x = (near, rng.randrange(-80, 80) * math.pi / 2 + near, rng.uniform(-128, 128))[case % 3]
        shape = "<f" if form is SINGLE else "<d"
        (x,) = struct.unpack(shape, struct.pack(shape, x))
        operand = int.from_bytes(struct.pack(shape, x), "little")
        got = form.read(value(form, rom, table, row, *words(form, operand)))
        want = exact(Decimal(x))
        last_place = Decimal(2) ** (math.frexp(want)[1] - 1 - form.fraction)
        error = abs(Decimal(got.numerator) / got.denominator - want) / last_place  # type: ignore[union-attr]
        assert error <= units, f"{row} {x!r}: {float(error):.2f} units off"
