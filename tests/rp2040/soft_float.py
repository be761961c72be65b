"""The boot ROM's floating point (datasheet 2.8.3.2.1) in exact rational arithmetic.

IEEE 754 formats, round to nearest even, subnormals read and written as zero, NaN read as infinity and never written.
Numbers are bit patterns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Format:
    """A floating point format: `fraction` stored bits below the leading one, `exponent` bits."""

    fraction: int
    exponent: int

    @property
    def bias(self) -> int:
        return (1 << self.exponent - 1) - 1

    @property
    def largest(self) -> int:
        """The exponent of infinity."""
        return (1 << self.exponent) - 1

    @property
    def sign(self) -> int:
        return 1 << self.fraction + self.exponent

    @property
    def infinity(self) -> int:
        return self.largest << self.fraction

    def exponent_of(self, bits: int) -> int:
        return bits >> self.fraction & self.largest

    def read(self, bits: int) -> Fraction | float:
        """The value; infinities as floats, everything below the normal numbers as 0."""
        exponent = self.exponent_of(bits)
        negative = bool(bits & self.sign)
        if exponent == self.largest:
            return -math.inf if negative else math.inf
        if exponent == 0:
            return Fraction(0)
        significand = bits & (1 << self.fraction) - 1 | 1 << self.fraction
        return (-1 if negative else 1) * Fraction(significand) * Fraction(2) ** (exponent - self.bias - self.fraction)

    def round(self, magnitude: Fraction, sign: int = 0) -> int:
        """The nearest number, ties to even; below the normal numbers zero, above them infinity."""
        exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
        if Fraction(2) ** exponent > magnitude:
            exponent -= 1
        scaled = magnitude / Fraction(2) ** (exponent - self.fraction)
        whole = scaled.numerator // scaled.denominator
        rest = scaled - whole
        if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole & 1):
            whole += 1
        if whole >> self.fraction + 1:
            whole >>= 1
            exponent += 1
        biased = exponent + self.bias
        if biased >= self.largest:
            return sign | self.infinity
        if biased <= 0:
            return sign
        return sign | biased << self.fraction | whole & (1 << self.fraction) - 1

    def add(self, a: int, b: int) -> int:
        larger, smaller = (a, b) if a & ~self.sign >= b & ~self.sign else (b, a)
        x, y = self.read(larger), self.read(smaller)
        if isinstance(x, float):
            return larger & self.sign | self.infinity
        if x == 0:
            return a & b & self.sign
        total = x + y
        return self.round(abs(total), larger & self.sign) if total else 0  # type: ignore[arg-type]

    def subtract(self, a: int, b: int) -> int:
        return self.add(a, b ^ self.sign)

    def multiply(self, a: int, b: int) -> int:
        x, y, sign = self.read(a), self.read(b), (a ^ b) & self.sign
        if isinstance(x, float) or isinstance(y, float):
            return sign | self.infinity
        return self.round(abs(x * y), sign) if x * y else sign

    def divide(self, a: int, b: int) -> int:
        x, y, sign = self.read(a), self.read(b), (a ^ b) & self.sign
        if isinstance(x, float) or y == 0:
            return sign | self.infinity
        return sign if x == 0 or isinstance(y, float) else self.round(abs(x / y), sign)

    def root(self, a: int) -> int:
        x = self.read(a)
        if x == 0:
            return a & self.sign
        if isinstance(x, float) or x < 0:
            return a & self.sign | self.infinity
        places = 2200  # one more bit than can matter, and a sticky one
        numerator = (x.numerator << places) // x.denominator
        floor = math.isqrt(numerator)
        inexact = floor * floor * x.denominator != x.numerator << places
        return self.round(Fraction(2 * floor + inexact, 1 << places // 2 + 1))

    def compare(self, a: int, b: int) -> int:
        x, y = self.read(a), self.read(b)
        return (x > y) - (x < y)

    def to_integer(self, a: int, point: int, bits: int, signed: bool) -> int:
        """floor(a * 2^point), clamped, in two's complement."""
        low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
        x = self.read(a)
        if isinstance(x, float):
            result = high if x > 0 else low
        else:
            scaled = x * Fraction(2) ** point
            result = min(max(scaled.numerator // scaled.denominator, low), high)
        return result & (1 << bits) - 1

    def from_integer(self, value: int, point: int) -> int:
        """value * 2^-point."""
        return self.round(Fraction(abs(value)) / Fraction(2) ** point, self.sign if value < 0 else 0) if value else 0

    def convert(self, a: int, to: Format) -> int:
        x, sign = self.read(a), to.sign if a & self.sign else 0
        if isinstance(x, float):
            return sign | to.infinity
        return to.round(abs(x), sign) if x else sign


SINGLE = Format(23, 8)
DOUBLE = Format(52, 11)
