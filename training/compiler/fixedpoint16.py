"""The logistic function and tanh of 16-bit numbers, as TensorFlow Lite Micro interpolates them."""

from __future__ import annotations

import math

# Entries of the runtime's table that lie one above the nearest integer.
_ABOVE = {
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41, 43, 44, 45, 46, 49,
    50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
}  # fmt: skip

SIGMOID_TABLE = tuple(round(65536 / (1 + math.exp(-i / 24))) + (i in _ABOVE) for i in range(256))


def input_factor(scale: float, exact_shifts: tuple[int, ...]) -> tuple[int, int]:
    """Multiplier and right shift that bring an input to the table's numbers: 3/4 of Q3.12.

    Args:
        scale: of the input, zero point 0.
        exact_shifts: left shifts from Q3.12 for which a power of two is taken as such.
    """
    power = round(math.log2(scale))
    if abs(math.log2(scale) - power) < 1e-3 and 12 + power in exact_shifts:
        return 3 << (12 + power), 0
    multiplier, shift = scale * 4096.0 * 3.0, 0
    while multiplier <= 32767.0 / 2.0 and shift <= 30:
        multiplier, shift = multiplier * 2.0, shift + 1
    return int(multiplier), shift
