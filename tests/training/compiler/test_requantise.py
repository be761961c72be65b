"""The fast requantisation gives what the exact rule gives, or hands over to it."""

from __future__ import annotations

import numpy as np
import pytest

from emberwatch.training.compiler.fixedpoint import Scale, quantize_multiplier, rescale
from emberwatch.training.compiler.requantise import Channel, channel_row

FRACTION = 1 << 24


def fast(row: Channel, total: int, low: int, high: int) -> int | None:
    """What the generated code computes; None where it takes the exact rule."""
    t = total - row.low
    if not 0 <= t < row.range:
        return low if t < 0 else high
    p = t * row.factor + row.offset
    assert 0 <= p < 2**32, "the product left 32 bits"
    return None if p % FRACTION < row.band else low + (p >> 24)


def exact(total: int, bias: int, scale: Scale, zero: int, low: int, high: int) -> int:
    return min(high, max(low, rescale(total + bias, scale) + zero))


@pytest.mark.parametrize("seed", range(60))
def test_every_sum_near_every_step(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scale = quantize_multiplier(float(10 ** rng.uniform(-3.5, -1.6)))
    zero = int(rng.choice([-128, 0, 127, int(rng.integers(-128, 128))]))
    low, high = ((-128, 127), (zero, 127), (-50, 60))[int(rng.integers(3))]
    bias, bound = int(rng.integers(-20000, 20000)), 1 << int(rng.integers(15, 21))
    row = channel_row(bias, scale, zero, low, high, bound)
    if low >= high:
        assert row is None
        return
    assert row is not None, "an ordinary scale is left to the exact rule"
    real = scale.multiplier * 2.0 ** (scale.shift - 31)
    steps = {int((k + 0.5) / real) - bias for k in range(low - zero - 2, high - zero + 3)}
    near = {s + d for s in steps for d in range(-6, 7)} | {row.low + d for d in range(-3, 4)}
    near |= {row.low + row.range + d for d in range(-3, 4)} | {int(v) for v in rng.integers(-bound, bound, 2000)}
    slow = checked = 0
    for total in near:
        if abs(total + bias) > bound:
            continue
        checked += 1
        got = fast(row, total, low, high)
        if got is None:
            slow += 1
        else:
            assert got == exact(total, bias, scale, zero, low, high), f"sum {total}, row {row}"
    assert checked > 500
    everywhere = [fast(row, int(v), low, high) for v in rng.integers(-bound, bound, 2000)]
    assert sum(v is None for v in everywhere) <= 2000 * 0.35, "the exact rule is taken too often to pay"
