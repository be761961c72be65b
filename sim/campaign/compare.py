"""Two campaigns side by side: what is worse now, and whether chance explains it.

Runs of the same case are paired, whatever firmware they are of: a case that failed in one and passed in the other
weighs more than two shares that lie apart (McNemar's test). What has no partner, such as faults drawn for another
firmware, is compared as two samples (Fisher's test). All tests of a comparison are adjusted together (Holm), so that
CI fails once in twenty for nothing, not once for each of its figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from emberwatch.base.errors import UsageError
from emberwatch.campaign.rows import Row
from emberwatch.campaign.statistics import CONFIDENCE, Share, fisher, holm, mcnemar, wilson

_Key = tuple[object, ...]
_LATER_S = 0.032
"""A block: a latency that differs by less is the same (docs/protocol.md)."""


@dataclass(frozen=True)
class Difference:
    """One figure of both campaigns.

    Attributes:
        what: its name.
        before, after: as people read it.
        probability: adjusted, that chance alone makes so large a difference.
        worse: whether it went the wrong way, significant or not.
        significant: whether chance is to be excluded.
        cases: some that got worse, by their numbers in the second campaign.
    """

    what: str
    before: str
    after: str
    probability: float
    worse: bool
    significant: bool = False
    cases: tuple[int, ...] = ()

    @property
    def regressed(self) -> bool:
        """Worse, and not by chance."""
        return self.worse and self.significant


@dataclass(frozen=True)
class Comparison:
    """All figures, and how many runs had a partner."""

    differences: tuple[Difference, ...]
    paired: int
    before: int
    after: int

    @property
    def regressed(self) -> bool:
        """Whether anything is worse by more than chance."""
        return any(difference.regressed for difference in self.differences)


def key(row: Row) -> _Key:
    """What makes two runs the same case: all but the firmware, and what follows from it."""
    case = (row.board, row.scenario, row.label, row.level_dbfs, row.snr_db, row.room, row.noise, row.seed)
    return (*case, row.fault_kind, row.fault_what, row.fault_at_s)


def compare(before: Sequence[Row], after: Sequence[Row], confidence: float = CONFIDENCE) -> Comparison:
    """Compares two campaigns.

    Args:
        before: what is known to be good.
        after: what is to be judged.
        confidence: with which a difference must exclude chance.

    Raises:
        UsageError: one of them holds no runs.
    """
    for name, rows in (("first", before), ("second", after)):
        if not rows:
            raise UsageError(f"the {name} campaign holds no runs; there is nothing to compare")
    pairs = _pair(before, after)
    found = [_shares("runs that pass", before, after, pairs, lambda row: row.verdict == "pass", more_is_better=True)]
    for label in sorted({row.label for row in (*before, *after)}):
        one, other = ([row for row in rows if row.label == label] for rows in (before, after))
        together = [(a, b) for a, b in pairs if a.label == label]
        if label and len({row.label for row in (*before, *after)}) > 1 and one and other:
            name = f"of {label}, runs that pass"
            found.append(_shares(name, one, other, together, lambda row: row.verdict == "pass", more_is_better=True))
    one, other = ([row for row in rows if row.outcome] for rows in (before, after))
    if one and other:
        together = [(a, b) for a, b in pairs if a.outcome and b.outcome]
        for outcome in ("silent", "hang", "halted", "model"):
            name = f"faults that end as {outcome}"
            found.append(_shares(name, one, other, together, _ends_as(outcome), more_is_better=False))
    found += _latencies(before, after, pairs)
    adjusted = holm([difference.probability for difference in found])
    judged = tuple(
        Difference(d.what, d.before, d.after, p, d.worse, p < 1 - confidence, d.cases)
        for d, p in zip(found, adjusted, strict=True)
    )
    return Comparison(judged, len(pairs), len(before), len(after))


def _ends_as(outcome: str) -> Callable[[Row], bool]:
    return lambda row: row.outcome == outcome


def _pair(before: Iterable[Row], after: Iterable[Row]) -> list[tuple[Row, Row]]:
    """Runs of one case in both; a case that one of them has several times has no partner."""
    known: dict[_Key, list[Row]] = {}
    for row in before:
        known.setdefault(key(row), []).append(row)
    ours: dict[_Key, list[Row]] = {}
    for row in after:
        ours.setdefault(key(row), []).append(row)
    return [
        (known[case][0], rows[0]) for case, rows in ours.items() if len(rows) == 1 and len(known.get(case, ())) == 1
    ]


def _shares(
    what: str,
    before: Sequence[Row],
    after: Sequence[Row],
    pairs: Sequence[tuple[Row, Row]],
    hit: Callable[[Row], bool],
    *,
    more_is_better: bool,
) -> Difference:
    one, other = _share(before, hit), _share(after, hit)
    worse_by = one.value - other.value if more_is_better else other.value - one.value
    lost = [b.number for a, b in pairs if (hit(a) and not hit(b)) == more_is_better and hit(a) != hit(b)]
    gained = sum(hit(a) != hit(b) for a, b in pairs) - len(lost)
    if len(pairs) == len(before) == len(after):
        probability = mcnemar(gained, len(lost)) if lost or gained else 1.0
    else:
        probability = fisher(one.hits, one.trials, other.hits, other.trials)
    return Difference(what, str(one), str(other), probability, worse_by > 0, cases=tuple(lost[:10]))


def _share(rows: Sequence[Row], hit: Callable[[Row], bool]) -> Share:
    return wilson(sum(map(hit, rows)), len(rows))


def _latencies(before: Sequence[Row], after: Sequence[Row], pairs: Sequence[tuple[Row, Row]]) -> list[Difference]:
    """Time to the alarm: of pairs, how many are later by a block or more; else of both, how many are late."""
    times = [[row.latency_s for row in rows if row.latency_s is not None] for rows in (before, after)]
    if not all(times):
        return []
    medians = [median(values) for values in times]
    both = [
        (a.latency_s, b.latency_s, b.number)
        for a, b in pairs
        if a.latency_s is not None and b.latency_s is not None and math.isfinite(a.latency_s + b.latency_s)
    ]
    later = [number for a, b, number in both if b > a + _LATER_S]
    sooner = sum(b < a - _LATER_S for a, b, _ in both)
    if len(both) == min(len(times[0]), len(times[1])):
        probability = mcnemar(sooner, len(later)) if later or sooner else 1.0
        worse = len(later) > sooner
    else:  # the median test: how many of each lie beyond the common median
        middle = median([*times[0], *times[1]])
        late = [sum(value > middle for value in values) for values in times]
        probability = fisher(late[0], len(times[0]), late[1], len(times[1]))
        worse = medians[1] > medians[0]
    shown = [f"{value:.3f} s" for value in medians]
    return [Difference("median time to the alarm", shown[0], shown[1], probability, worse, cases=tuple(later[:10]))]
