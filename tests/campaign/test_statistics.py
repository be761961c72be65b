"""Statistics of campaigns against values that were published, and against sums made in another way."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from emberwatch.base.errors import UsageError
from emberwatch.campaign.statistics import (
    difference,
    fisher,
    holm,
    mcnemar,
    quantile,
    runs_without_a_hit,
    sample_size,
    wilson,
)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_newcombe_1998_table_i(hits: int, trials: int, low: float, high: float) -> None:
    share = wilson(hits, trials)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)
    mirrored = wilson(trials - hits, trials)
    assert (round(1 - mirrored.high, 4), round(1 - mirrored.low, 4)) == (low, high)


def test_difference_as_newcombe_1998_example_a_method_10() -> None:
    low, high = difference(wilson(56, 70), wilson(48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_sample_sizes_as_leveugle_2009() -> None:
    assert sample_size(0.01) == 9604 and sample_size(0.05) == 385
    assert sample_size(0.01, confidence=0.99) == 16588
    assert sample_size(0.01, population=9604 * 10) == math.ceil(96040 / (1 + 0.0001 * 96039 / (1.959964**2 / 4)))
    assert sample_size(0.01, population=100) == 99, "of few, nearly all"


def test_runs_without_a_hit_are_just_enough() -> None:
    for limit in (0.1, 0.01, 0.0005):
        runs = runs_without_a_hit(limit)
        assert wilson(0, runs).high <= limit < wilson(0, runs - 1).high


def test_fisher_as_the_lady_tasting_tea() -> None:
    """Fisher, The Design of Experiments (1935): 3 of 4 cups right is 34 of 70 arrangements, two-sided."""
    assert fisher(3, 4, 1, 4, mid=False) == pytest.approx(34 / 70)
    assert fisher(4, 4, 0, 4, mid=False) == pytest.approx(2 / 70)
    assert fisher(4, 4, 0, 4) == pytest.approx(1 / 70)


def test_fisher_equals_the_sum_in_fractions() -> None:
    for hits, trials, others, other_trials in ((3, 17, 9, 21), (0, 40, 6, 33), (12, 12, 30, 41)):
        total = hits + others
        ways = {
            k: math.comb(trials, k) * math.comb(other_trials, total - k)
            for k in range(max(0, total - other_trials), min(total, trials) + 1)
        }
        exact = Fraction(sum(w for w in ways.values() if w <= ways[hits]), sum(ways.values()))
        assert fisher(hits, trials, others, other_trials, mid=False) == pytest.approx(float(exact), rel=1e-9)


def test_mcnemar_as_fagerland_2013() -> None:
    """Airway hyper-responsiveness before and after transplantation: 1 pair one way, 7 the other."""
    assert round(mcnemar(1, 7, mid=False), 4) == 0.0703
    assert round(mcnemar(1, 7), 4) == 0.0391
    assert mcnemar(0, 0) == 0.5 and mcnemar(5, 5, mid=False) == 1.0


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == [] and holm([0.9, 0.8]) == [1.0, 1.0]


def test_quantile_is_a_value_that_came() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0 and quantile([3.0, 1.0], 1.0) == 3.0
    assert math.isnan(quantile([], 0.5))


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(2, 1),
        lambda: wilson(-1, 3),
        lambda: wilson(1, 2, confidence=1.0),
        lambda: sample_size(0.0),
        lambda: sample_size(0.1, population=0),
        lambda: runs_without_a_hit(1.0),
        lambda: fisher(5, 4, 1, 4),
        lambda: mcnemar(-1, 4),
    ],
)
def test_what_is_no_share_is_refused(call: object) -> None:
    assert callable(call)
    with pytest.raises(UsageError):
        call()
