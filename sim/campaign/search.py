"""Where a claim breaks: the level, the ratio to noise, or the clock at which an alarm is no longer heard.

A bisection. At each value runs are made, one after another, until Wald's sequential test is certain that the claim
holds more often than it must or less often than it may; so few are needed far from the break and many near it. The
risks of all values together stay within what the wanted confidence leaves.

Source: A. Wald, "Sequential tests of statistical hypotheses", Annals of Mathematical Statistics 16 (1945).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emberwatch.base.errors import UsageError
from emberwatch.campaign.statistics import CONFIDENCE, Share, wilson

Verdict = Literal["holds", "breaks", "open"]
_MOST_STEPS = 64


@dataclass(frozen=True)
class Demand:
    """What it means to hold.

    Attributes:
        wanted: a claim that is true in so large a share of runs, or larger, holds.
        tolerated: one that is true in so small a share, or smaller, is broken; between the two either answer is right.
        confidence: that the whole search answers right.
        most: runs at one value, after which it is left open.
    """

    wanted: float = 0.95
    tolerated: float = 0.7
    confidence: float = CONFIDENCE
    most: int = 60

    def __post_init__(self) -> None:
        if not 0 < self.tolerated < self.wanted < 1:
            raise UsageError(
                f"tolerated = {self.tolerated:g} and wanted = {self.wanted:g}: 0 < tolerated < wanted < 1 must hold"
            )
        if not 0.5 < self.confidence < 1:
            raise UsageError(f"confidence = {self.confidence:g} must be more than 0.5 and less than 1")
        if self.most < 1:
            raise UsageError(f"at most {self.most} runs at a value: there must be at least 1")


@dataclass(frozen=True)
class Point:
    """What the runs at one value say."""

    value: float
    share: Share
    verdict: Verdict


@dataclass(frozen=True)
class Break:
    """Between which values the claim breaks; all values that were tried are in `points`, in their order.

    Attributes:
        holds_at: the last value at which it holds.
        breaks_at: the first at which it does not, or where the most runs could not tell.
    """

    holds_at: float
    breaks_at: float
    points: tuple[Point, ...]

    @property
    def runs(self) -> int:
        """All runs that were made."""
        return sum(point.share.trials for point in self.points)


def decide(holds: Callable[[int], bool], demand: Demand, risk: float) -> tuple[Share, Verdict]:
    """Runs until it is certain whether a claim holds.

    Args:
        holds: makes run number so-and-so, from 0, and says whether the claim was true in it.
        demand: what it means to hold.
        risk: probability of each of the two wrong answers.
    """
    upper, lower = math.log((1 - risk) / risk), math.log(risk / (1 - risk))
    hit = math.log(demand.wanted / demand.tolerated)
    miss = math.log((1 - demand.wanted) / (1 - demand.tolerated))
    sum_, hits = 0.0, 0
    for number in range(demand.most):
        true = holds(number)
        hits += true
        sum_ += hit if true else miss
        if sum_ >= upper:
            return wilson(hits, number + 1, demand.confidence), "holds"
        if sum_ <= lower:
            return wilson(hits, number + 1, demand.confidence), "breaks"
    return wilson(hits, demand.most, demand.confidence), "open"


def find_break(
    holds: Callable[[float, int], bool],
    good: float,
    bad: float,
    resolution: float,
    demand: Demand | None = None,
    on_point: Callable[[Point], None] = lambda point: None,
) -> Break:
    """Bisects between a value at which a claim holds and one at which it does not.

    Args:
        holds: makes run `number` at a value and says whether the claim was true in it.
        good: where it holds.
        bad: where it does not; may be the smaller one.
        resolution: how close the two are to come, above 0.
        demand: what it means to hold.
        on_point: called after each value.

    Raises:
        UsageError: the claim does not hold at `good`, or does not break at `bad`; or a value makes no sense.
    """
    demand = demand if demand is not None else Demand()
    if not (math.isfinite(good) and math.isfinite(bad)) or good == bad:
        raise UsageError(f"a search from {good:g} to {bad:g}: two different numbers are needed")
    if not (math.isfinite(resolution) and resolution > 0):
        raise UsageError(f"resolution = {resolution:g} must be more than 0")
    steps = max(0, math.ceil(math.log2(abs(bad - good) / resolution)))
    if steps > _MOST_STEPS:
        raise UsageError(f"resolution = {resolution:g} is too fine for a search from {good:g} to {bad:g}")
    risk = (1 - demand.confidence) / (steps + 2)
    points: list[Point] = []

    def look(value: float) -> Verdict:
        share, verdict = decide(lambda number: holds(value, number), demand, risk)
        points.append(Point(value, share, verdict))
        on_point(points[-1])
        return verdict

    if look(good) != "holds":
        raise UsageError(f"the claim does not hold at {good:g}: true in {points[-1].share}; begin where it does")
    if look(bad) == "holds":
        raise UsageError(f"the claim still holds at {bad:g}: true in {points[-1].share}; search further")
    for _ in range(steps):
        middle = (good + bad) / 2
        if look(middle) == "holds":
            good = middle
        else:
            bad = middle
    return Break(good, bad, tuple(points))
