"""Fast exact requantisation: constants and their proof.

The exact rule needs a 32x32-bit product and two roundings. The Cortex-M0+ has only a 32-bit product, so the generated
code first tries

    t = sum - low;  if t >= range: the output is one of its limits
    p = t * factor + offset;  output = lowest + (p >> 24)

which is right unless the fraction of p lies within `band` of a step; then the exact rule decides. `channel_row` derives
the constants and an upper bound of the error; `proven` then checks the constants themselves: the exact rule never falls
as the sum grows, so a span of sums to which the fast rule gives one output is right when it is right at both its ends.
Every row is checked so when a model is compiled, over every sum that its weights can give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.fixedpoint import Scale, rescale, wrap32

FRACTION_BITS = 24
MAX_BAND = 0.25  # of a step: above this the exact rule is used throughout


@dataclass(frozen=True)
class Channel:
    """Constants of one output channel; see the module's text and `model_channel_t` in the generated C."""

    low: int
    range: int
    factor: int
    offset: int
    bias: int
    multiplier: int
    shift: int
    band: int

    def fast_words(self) -> tuple[int, ...]:
        """Fields of the C structure `<name>_channel_t`."""
        return (self.low, self.range, self.factor, self.offset)

    def exact_words(self) -> tuple[int, ...]:
        """Fields of the C structure `<name>_exact_t`."""
        return (self.bias, self.multiplier, self.shift)


def exact_row(bias: int, scale: Scale) -> Channel:
    """Constants that lead to the exact rule for every sum but 2^31 - 1, which no layer reaches: p is 0."""
    return Channel(-(2**31), 2**32 - 1, 0, 0, wrap32(bias), scale.multiplier, scale.shift, 1)


def _first_at_least(value: int, scale: Scale, bound: int) -> int:
    """Smallest x in [-bound, bound] with rescale(x) >= value, or bound + 1."""
    lower, upper = -bound, bound + 1
    while lower < upper:
        middle = (lower + upper) // 2
        if rescale(middle, scale) >= value:
            upper = middle
        else:
            lower = middle + 1
    return lower


def channel_row(bias: int, scale: Scale, zero: int, low: int, high: int, bound: int) -> Channel | None:
    """Constants of the fast rule for one channel, or None when it would not pay.

    Args:
        bias: bias with the input offset folded in.
        scale: rescale factor.
        zero: zero point of the output.
        low: smallest output (fused activation).
        high: largest output.
        bound: largest magnitude that sum + bias can have.
    """
    right = -scale.shift
    if scale.multiplier == 0 or right < 2 or bound >= 2**30 or low >= high:
        return None
    # Below `first` the output is `low`; from `last` on it is `high`.
    first = _first_at_least(low + 1 - zero, scale, bound) - 1
    last = _first_at_least(high - zero, scale, bound)
    if last <= first:
        return None
    real = Fraction(scale.multiplier, 2**31) / 2**right
    factor = round(real * 2**FRACTION_BITS)
    span = last - first
    # Exact result - low = floor(t * real + start + d), d within [-3/2, 1/2] * 2**-right (see the test of this proof).
    start = first * real + Fraction(1, 2) + zero - low - Fraction(1, 2) * Fraction(1, 2**right)
    error = Fraction(1, 2**right) + span * abs(Fraction(factor, 2**FRACTION_BITS) - real)
    band = math.ceil(error * 2**FRACTION_BITS) + 2
    offset = math.floor(start * 2**FRACTION_BITS) + band
    # p must neither fall below 0 nor reach 2**32 for any t in range.
    if 2 * band > MAX_BAND * 2**FRACTION_BITS or factor == 0:
        return None
    if offset < 0 or (span - 1) * factor + offset >= 2**32:
        return None
    return Channel(first - bias, span, factor, offset, bias, scale.multiplier, scale.shift, 2 * band)


def proven(rows: list[Channel], zero: int, low: int, high: int, bounds: list[int]) -> list[bool]:
    """Whether rows of the fast rule give what the exact rule gives, for every sum within the bounds.

    Args:
        rows: constants of `channel_row`.
        zero: zero point of the output.
        low: smallest output.
        high: largest output.
        bounds: per row the largest magnitude that sum + bias can have, below 2^30.
    """
    if not rows:
        return []

    def column(values: list[int]) -> npt.NDArray[np.int64]:
        return np.array(values, np.int64)[:, None]

    range_, factor, offset = (column([getattr(r, f) for r in rows]) for f in ("range", "factor", "offset"))
    first = column([r.low + r.bias for r in rows])  # sum + bias at t = 0
    bound, band = column(bounds), column([r.band for r in rows])
    multiplier, right = column([r.multiplier for r in rows]), column([-r.shift for r in rows])

    def exact(total: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The exact rule for sum + bias."""
        high_part = (total * multiplier + (1 << 30)) >> 31
        mask = (np.int64(1) << right) - 1
        rounded = (high_part >> right) + ((high_part & mask) > (mask >> 1) + (high_part < 0))
        clipped: npt.NDArray[np.int64] = np.clip(rounded + zero, low, high)
        return clipped

    steps = np.arange(high - low + 1, dtype=np.int64)[None, :] << FRACTION_BITS
    # The sums t whose product p lies in a step, behind its band: first and last of every span.
    begin = np.maximum(-((offset - steps - band) // factor), 0)
    end = np.minimum((steps + (1 << FRACTION_BITS) - 1 - offset) // factor, range_ - 1)
    right_spans = np.ones(begin.shape, bool)
    for edge in (begin, end):
        total = np.clip(first + edge, -bound, bound)
        outside = (begin > end) | (first + end < -bound) | (first + begin > bound)
        right_spans &= outside | (exact(total) == low + (steps >> FRACTION_BITS))
    limits = (exact(np.maximum(first - 1, -bound)) == low) | (first - 1 < -bound)
    limits &= (exact(np.minimum(first + range_, bound)) == high) | (first + range_ > bound)
    largest = (range_ - 1) * factor + offset
    fits = (offset >= 0) & (largest < 1 << 32) & (largest < (high - low + 1) << FRACTION_BITS)
    return [bool(v) for v in (right_spans.all(axis=1) & limits[:, 0] & fits[:, 0])]


def layer_rows(
    bias: list[int], scales: list[Scale], zero: int, low: int, high: int, bounds: list[int]
) -> tuple[list[Channel], int]:
    """Constants of all channels of a layer, and the band that holds for all of them."""
    fast = [channel_row(b, s, zero, low, high, bound) for b, s, bound in zip(bias, scales, bounds, strict=True)]
    found = [(row, bound) for row, bound in zip(fast, bounds, strict=True) if row is not None]
    good = iter(proven([row for row, _ in found], zero, low, high, [bound for _, bound in found]))
    rows = [
        row if row is not None and next(good) else exact_row(b, s) for row, b, s in zip(fast, bias, scales, strict=True)
    ]
    return rows, max(row.band for row in rows)
