"""Reference of ``firmware/dsp/log2.c``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emberwatch.training.dsp import tables


def bit_length(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Number of significant bits of each value, 0 .. 2^32 - 1: 0 for 0, 32 for 2^31 and above."""
    # frexp is exact for integers below 2^53 and gives value = m * 2^e with 1/2 <= m < 1.
    return np.asarray(np.frexp(np.asarray(values, dtype=np.float64))[1], dtype=np.int64)


def log2_eighths(values: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """``8 log2(value)`` for 1 .. 2^32 - 1, within 0.55 of the exact figure: 0 .. 256."""
    value = np.asarray(values, dtype=np.int64)
    length = bit_length(value)
    leading = (value << 8 >> length) & 0x7F
    return np.asarray(8 * (length - 1) + tables.log2_fraction()[leading], dtype=np.int64)
