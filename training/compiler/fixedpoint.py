"""Integer arithmetic of int8 inference, exactly as TensorFlow Lite Micro does it.

The rules are those of the TensorFlow Lite reference kernels with double rounding: a rescale is
`RoundingDivideByPOT(SaturatingRoundingDoublingHighMul(x << left, multiplier), right)`. All functions work on Python
integers (exact), so lookup tables and folded constants can be made at compile time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

INT32_MAX = 2**31 - 1
INT32_MIN = -(2**31)
MAX_SHIFT = 30  # of a factor: a left shift of 31 would leave the sign alone


class RangeError(ValueError):
    """A factor or limit that 32-bit integer inference cannot express; the lowering names operator and tensor."""


@dataclass(frozen=True)
class Scale:
    """A positive real factor as `multiplier * 2**(shift - 31)`, multiplier in [2**30, 2**31)."""

    multiplier: int
    shift: int


def round_half_away(value: float) -> int:
    """Round to the nearest integer, ties away from zero (C's `round`)."""
    whole = math.floor(abs(value))
    if abs(value) - whole >= 0.5:
        whole += 1
    return whole if value >= 0 else -whole


def quantize_multiplier(real: float, max_shift: int = MAX_SHIFT) -> Scale:
    """Express a real factor as a 32-bit multiplier and a shift (QuantizeMultiplier).

    Raises:
        RangeError: the factor is negative, not a number, or 2^max_shift or more.
    """
    if not 0 <= real < math.inf:
        raise RangeError(f"the rescale factor {real:g} is not a number from 0 up; correct the scales")
    if real == 0.0:
        return Scale(0, 0)
    fraction, shift = math.frexp(real)
    multiplier = round_half_away(fraction * 2.0**31)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return Scale(0, 0)
    if shift > max_shift:
        raise RangeError(f"the rescale factor {real:g} is 2^{max_shift} or more; correct the scales")
    return Scale(multiplier, shift)


def wrap32(value: int) -> int:
    """Reduce to the two's complement 32-bit range."""
    return (value + 2**31) % 2**32 - 2**31


def doubling_high_mul(a: int, b: int) -> int:
    """High 32 bits of 2*a*b, rounded to nearest (SaturatingRoundingDoublingHighMul)."""
    if a == b == INT32_MIN:
        return INT32_MAX
    return (a * b + (1 << 30)) >> 31


def rounding_shift(x: int, exponent: int) -> int:
    """Divide by 2**exponent, ties away from zero (RoundingDivideByPOT)."""
    if exponent == 0:
        return x
    mask = (1 << exponent) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def rescale(x: int, scale: Scale) -> int:
    """Multiply by a scale with double rounding (MultiplyByQuantizedMultiplier)."""
    left, right = max(scale.shift, 0), max(-scale.shift, 0)
    return rounding_shift(doubling_high_mul(wrap32(x << left), scale.multiplier), right)


def quantize_limit(real: float, scale: float) -> int:
    """A real limit in steps of a float32 scale.

    Raises:
        RangeError: it does not fit 32 bits.
    """
    with np.errstate(over="ignore"):
        steps = float(np.float32(real) / np.float32(scale))
    if not abs(steps) < 2**30:
        raise RangeError(f"{real:g} is {steps:g} steps of the output's scale {scale:g}; correct the scale")
    return round_half_away(steps)


def activation_range(activation: str, scale: float, zero_point: int) -> tuple[int, int]:
    """Int8 limits of a fused activation (CalculateActivationRangeQuantized).

    Args:
        activation: name of the fused activation.
        scale: scale of the output tensor (float32 value).
        zero_point: zero point of the output tensor.

    Raises:
        KeyError: the activation has no integer form.
        RangeError: a limit does not fit 32 bits at this scale.
    """
    lower, upper = {"NONE": (None, None), "RELU": (0.0, None), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}[
        activation
    ]

    def quantize(real: float) -> int:
        return zero_point + quantize_limit(real, scale)

    low = -128 if lower is None else max(-128, quantize(lower))
    high = 127 if upper is None else min(127, quantize(upper))
    return low, high


# gemmlowp fixed point: a number with `integer_bits` integer bits is raw * 2**(integer_bits - 31).


def _mul(a: int, b: int) -> int:
    return doubling_high_mul(a, b)


def _shift_left(x: int, exponent: int) -> int:
    """Saturating multiplication by 2**exponent (SaturatingRoundingMultiplyByPOT, exponent >= 0)."""
    return min(max(x << exponent, INT32_MIN), INT32_MAX)


def _half_sum(a: int, b: int) -> int:
    total = a + b
    return (total + 1) // 2 if total >= 0 else -((1 - total) // 2)


def exp_between_negative_quarter_and_zero(a: int) -> int:
    """exp(a) in Q0.31 for a in [-1/4, 0) in Q0.31."""
    constant_term = 1895147668  # exp(-1/8)
    constant_1_over_3 = 715827883
    x = a + (1 << 28)  # a + 1/8
    x2 = _mul(x, x)
    x3 = _mul(x2, x)
    x4 = _mul(x2, x2)
    x4_over_4 = rounding_shift(x4, 2)
    tail = rounding_shift(_mul(x4_over_4 + x3, constant_1_over_3) + x2, 1)
    return min(constant_term + _mul(constant_term, x + tail), INT32_MAX)


def exp_on_negative_values(a: int, integer_bits: int) -> int:
    """exp(a) in Q0.31 for a <= 0 with `integer_bits` integer bits."""
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    remainder_quarter = (a & (quarter - 1)) - quarter
    result = exp_between_negative_quarter_and_zero(_shift_left(remainder_quarter, integer_bits))
    remainder = remainder_quarter - a
    for exponent, multiplier in (
        (-2, 1672461947),
        (-1, 1302514674),
        (0, 790015084),
        (1, 290630308),
        (2, 39332535),
        (3, 720401),
        (4, 242),
    ):
        if integer_bits > exponent and remainder & (1 << (fractional_bits + exponent)):
            result = _mul(result, multiplier)
    if integer_bits > 5 and a < -(1 << (fractional_bits + 5)):
        result = 0
    return INT32_MAX if a == 0 else result


def one_over_one_plus_x(a: int) -> int:
    """1 / (1 + a) in Q0.31 for a in [0, 1] in Q0.31."""
    half_denominator = _half_sum(a, INT32_MAX)
    x = 1515870810 + _mul(half_denominator, -1010580540)  # 48/17 - 32/17 d, Q2.29
    for _ in range(3):
        residue = (1 << 29) - _mul(half_denominator, x)
        x += _shift_left(_mul(x, residue), 2)
    return _shift_left(x, 1)


def one_minus_x_over_one_plus_x(a: int) -> int:
    """(1 - a) / (1 + a) in Q0.31 for a in [0, 1] in Q0.31."""
    half_denominator = _half_sum(a, INT32_MAX)
    x = 1515870810 + _mul(half_denominator, -1010580540)
    for _ in range(3):
        residue = (1 << 29) - _mul(half_denominator, x)
        x += _shift_left(_mul(x, residue), 2)
    return _shift_left(x - (1 << 29), 2)


def logistic(a: int, integer_bits: int) -> int:
    """1 / (1 + exp(-a)) in Q0.31."""
    if a == 0:
        return INT32_MAX // 2 + 1
    positive = one_over_one_plus_x(exp_on_negative_values(-abs(a), integer_bits))
    return positive if a > 0 else INT32_MAX - positive


def tanh(a: int, integer_bits: int) -> int:
    """tanh(a) in Q0.31."""
    if a == 0:
        return 0
    value = one_minus_x_over_one_plus_x(exp_on_negative_values(-abs(a), integer_bits + 1))
    return value if a > 0 else -value


def inverse_root(value: int) -> tuple[int, int]:
    """1 / sqrt(value) as multiplier and right shift of a rescale (GetInvSqrtQuantizedMultiplierExp, reversed).

    Args:
        value: 1 or more; 0 counts as 1.

    Returns:
        Multiplier in Q0.31 and the shift of `Scale`.
    """
    if value <= 1:
        return INT32_MAX, 0
    shift = 11
    while value >= 1 << 29:
        value //= 4
        shift += 1
    pairs = (31 - value.bit_length()) // 2 - 1
    shift -= pairs
    value <<= 2 * pairs
    half = rounding_shift(value >> 1, 1)  # Q3.28, half of the number
    x = 1 << 28
    for _ in range(5):
        cube = _shift_left(_mul(_mul(x, x), x), 6)
        x = _shift_left(_mul((1 << 28) + (1 << 27), x) - _mul(half, cube), 3)
    x = _mul(x, 1518500250)  # sqrt(1/2)
    if shift < 0:
        x, shift = x << -shift, 0
    return x, -shift
