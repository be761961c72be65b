"""Integer logarithm: firmware against reference, reference against the real one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emberwatch.training.dsp import log2, native


@given(value=st.integers(1, 2**32 - 1))
def test_native_equals_reference(value: int) -> None:
    assert native.log2_eighths(value) == log2.log2_eighths(value)


def test_all_small_values_and_powers_of_two() -> None:
    edges = [v for n in range(32) for v in (2**n - 1, 2**n, 2**n + 1) if v > 0]
    values = np.array([*range(1, 5000), *edges, 2**32 - 1])
    assert [native.log2_eighths(int(v)) for v in values] == log2.log2_eighths(values).tolist()


def test_accuracy() -> None:
    values = np.unique(np.geomspace(1, 2**32 - 1, 200_000).astype(np.int64))
    error = log2.log2_eighths(values) - 8 * np.log2(values)
    assert np.abs(error).max() <= 0.55


def test_monotonic() -> None:
    values = np.arange(1, 200_000)
    assert (np.diff(log2.log2_eighths(values)) >= 0).all()


def test_bit_length() -> None:
    values = [0, 1, 2, 3, 4, 255, 256, 2**31 - 1, 2**31, 2**32 - 1]
    assert log2.bit_length(values).tolist() == [v.bit_length() for v in values]
