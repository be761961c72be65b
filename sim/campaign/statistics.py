"""What a count of runs says about all runs that could have been made: intervals, sample sizes, comparisons.

Everything is in closed form or an exact sum, so that the core needs no SciPy. Probabilities are shares, 0..1.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); R. G.
Newcombe, "Two-sided confidence intervals for the single proportion" and "Interval estimation for the difference between
independent proportions", Statistics in Medicine 17 (1998); R. Leveugle et al., "Statistical fault injection: quantified
error and confidence", DATE 2009; M. W. Fagerland, S. Lydersen, P. Laake, "The McNemar test for binary matched-pairs
data: mid-p and asymptotic are better than exact conditional", BMC Medical Research Methodology 13 (2013); S. Holm, "A
simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from emberwatch.base.errors import UsageError

CONFIDENCE = 0.95
"""Of every interval and test that is not told otherwise."""
_EQUAL = 1e-9
"""Relative difference up to which two probabilities of a discrete test count as equal: rounding of their logarithms."""


@dataclass(frozen=True)
class Share:
    """How many of how many, with the interval that holds the true share with the given confidence."""

    hits: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share observed; NaN without trials."""
        return self.hits / self.trials if self.trials else math.nan

    def __str__(self) -> str:
        return f"{self.hits} of {self.trials} ({percent(self.low)} to {percent(self.high)} %)"


def percent(share: float) -> str:
    """A share as people read it, with the digits that tell it from 0 and from 100 %."""
    value = 100.0 * share
    return f"{value:.3f}" if 0 < value < 1 or 99 < value < 100 else f"{value:.1f}"


def wilson(hits: int, trials: int, confidence: float = CONFIDENCE) -> Share:
    """Wilson's score interval of a share (without correction for continuity).

    Args:
        hits: 0..trials.
        trials: with none nothing is known: 0 to 1.
        confidence: above 0, below 1.

    Raises:
        UsageError: one of them is outside its range.
    """
    if not 0 <= hits <= trials:
        raise UsageError(f"{hits} of {trials} is no share; the first must be 0 to the second")
    if trials == 0:
        return Share(0, 0, 0.0, 1.0)
    z = _quantile(confidence)
    share, square = hits / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    # Exactly 0 and 1 at the ends, which rounding would miss.
    return Share(
        hits, trials, 0.0 if hits == 0 else max(0.0, middle - half), 1.0 if hits == trials else min(1.0, middle + half)
    )


def sample_size(
    margin: float, confidence: float = CONFIDENCE, share: float = 0.5, population: int | None = None
) -> int:
    """How many runs tell a share to within a margin (Leveugle et al., equation 1).

    Args:
        margin: half the interval's width, above 0 and below 1.
        confidence: above 0, below 1.
        share: what is expected, above 0 and below 1; a half asks for the most.
        population: number of all possible runs (bits times cycles); None is far more than the sample.

    Raises:
        UsageError: one of them is outside its range.
    """
    if not 0 < margin < 1 or not 0 < share < 1:
        raise UsageError(f"margin = {margin:g} and share = {share:g} must be more than 0 and less than 1")
    infinite = _quantile(confidence) ** 2 * share * (1 - share) / margin**2
    if population is None:
        return math.ceil(infinite)
    if population < 1:
        raise UsageError(f"population = {population} must be at least 1")
    return math.ceil(population / (1 + (population - 1) / infinite))


def runs_without_a_hit(limit: float, confidence: float = CONFIDENCE) -> int:
    """How many runs, none of which hits, put Wilson's upper end of the share at or below `limit`.

    Raises:
        UsageError: `limit` is not above 0 and below 1.
    """
    if not 0 < limit < 1:
        raise UsageError(f"limit = {limit:g} must be more than 0 and less than 1")
    square = _quantile(confidence) ** 2
    return math.ceil(square * (1 - limit) / limit)


def difference(one: Share, other: Share) -> tuple[float, float]:
    """Interval of the share of `one` minus that of `other` (Newcombe's method 10), with the confidence of theirs."""
    delta = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return delta - below, delta + above


def fisher(hits: int, trials: int, other_hits: int, other_trials: int, *, mid: bool = True) -> float:
    """Probability, two-sided, of shares so different or more if the two samples are of one population.

    Fisher's exact test: the sum over all tables with these margins that are no more probable. `mid` counts those that
    are as probable by half, which keeps the test's level without being conservative (Fagerland et al.).

    Raises:
        UsageError: hits are not 0 to trials.
    """
    wilson(hits, trials), wilson(other_hits, other_trials)
    total = hits + other_hits
    first, last = max(0, total - other_trials), min(total, trials)
    logs = [_choose(trials, k) + _choose(other_trials, total - k) for k in range(first, last + 1)]
    return _two_sided(logs, hits - first, mid)


def mcnemar(better: int, worse: int, *, mid: bool = True) -> float:
    """Probability, two-sided, of so uneven a split of the pairs that differ if neither side is better.

    The same cases were run twice: `better` of them failed first and passed then, `worse` the other way round.

    Raises:
        UsageError: a count is negative.
    """
    wilson(better, better + worse)
    pairs = better + worse
    return _two_sided([_choose(pairs, k) for k in range(pairs + 1)], better, mid)


def holm(probabilities: Sequence[float]) -> list[float]:
    """Probabilities of several tests, adjusted so that one in 20 sets, not one in 20 tests, cries wolf at 0.05."""
    order = sorted(range(len(probabilities)), key=lambda i: probabilities[i])
    adjusted, largest = [0.0] * len(probabilities), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * probabilities[i]))
        adjusted[i] = largest
    return adjusted


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least so large a share does not exceed (nearest rank); NaN without values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def _two_sided(logs: Sequence[float], observed: int, mid: bool) -> float:
    """Of a discrete distribution given by logarithms: what is less probable than one value, and as probable."""
    largest = max(logs)
    weights = [math.exp(value - largest) for value in logs]
    limit = weights[observed]
    less = math.fsum(w for w in weights if w < limit * (1 - _EQUAL))
    equal = math.fsum(w for w in weights if abs(w - limit) <= limit * _EQUAL)
    return min(1.0, (less + (0.5 * equal if mid else equal)) / math.fsum(weights))


def _choose(n: int, k: int) -> float:
    """Logarithm of the number of ways to take k of n."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _quantile(confidence: float) -> float:
    """Of the normal distribution, two-sided."""
    if not 0 < confidence < 1:
        raise UsageError(f"confidence = {confidence:g} must be more than 0 and less than 1")
    return NormalDist().inv_cdf(0.5 + confidence / 2)
