"""Figures of merit with what their sample sizes allow to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from emberwatch.training.evaluate.verdict import ClipResult

LATEST_S = 5.0
"""A group of T3, its pause and the next group's beginning: a detection later than this after onset is called late."""

_LEVEL = 0.95
_Z = 1.959964  # 97.5 % quantile of the normal distribution


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson's score); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    centre = share + _Z * _Z / (2 * trials)
    spread = _Z * math.sqrt(share * (1 - share) / trials + _Z * _Z / (4 * trials * trials))
    scale = 1 + _Z * _Z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def poisson_upper(count: int, level: float = _LEVEL) -> float:
    """One-sided upper confidence limit of a Poisson mean after ``count`` events."""
    return _mean_with(count, 1 - level, 10.0 + 3.0 * count)


def poisson_interval(count: int, level: float = _LEVEL) -> tuple[float, float]:
    """Two-sided exact confidence interval (Garwood 1936) of a Poisson mean after ``count`` events."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _mean_with(count - 1, 1 - tail, float(count))
    return low, _mean_with(count, tail, 10.0 + 3.0 * count)


def _mean_with(count: int, probability: float, high: float) -> float:
    """The mean, at most ``high``, of which ``count`` events or fewer have the given probability; by bisection."""
    low = 0.0
    for _ in range(80):
        middle = (low + high) / 2
        # In logarithms, because e^-mean vanishes for long recordings with many events.
        terms = [k * math.log(middle) - middle - math.lgamma(k + 1) for k in range(count + 1)]
        low, high = (middle, high) if math.fsum(map(math.exp, terms)) > probability else (low, middle)
    return high


def median(values: Sequence[float]) -> float | None:
    """The median, None of an empty list."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


PERCENTILES = (5, 25, 50, 75, 95)


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """Values that a share of 5, 25, 50, 75, 95 % does not exceed (the nearest rank, so each occurred); None of none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return {str(share): ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] for share in PERCENTILES}


def summarise(results: Sequence[ClipResult]) -> dict[str, Any]:
    """Recall over alarms, false events and windows over others, time to detect, with intervals; JSON-ready.

    Intervals take trials as independent: several noises under one recording, or several cuts of it, are not quite.
    """
    alarms = [r for r in results if r.label == "alarm"]
    others = [r for r in results if r.label != "alarm"]
    hits = sum(r.detected for r in alarms)
    recordings = {r.group for r in alarms}
    missed = {r.group for r in alarms if not r.detected}
    hours = sum(r.seconds for r in others) / 3600
    false_events = sum(r.events for r in others)
    delays = [r.delay_s for r in alarms if r.delay_s is not None]
    windows, windows_on = (sum(getattr(r, name) for r in others) for name in ("windows", "windows_on"))
    heard, heard_on = (sum(getattr(r, name) for r in alarms) for name in ("windows", "windows_on"))
    return {
        "alarms": len(alarms),
        "detected": hits,
        "recall": hits / len(alarms) if alarms else None,
        "recall_95": wilson_interval(hits, len(alarms)) if alarms else None,
        "event_recall": sum(r.events > 0 for r in alarms) / len(alarms) if alarms else None,
        "later_than_5_s": sum(delay > LATEST_S for delay in delays),
        "recordings": len(recordings),
        "recordings_detected": len(recordings - missed),
        "negative_hours": hours,
        "false_events": false_events,
        "false_events_per_hour": false_events / hours if hours else None,
        "false_events_per_hour_95": [limit / hours for limit in poisson_interval(false_events)] if hours else None,
        "false_events_per_hour_upper_95": poisson_upper(false_events) / hours if hours else None,
        "false_windows": windows_on,
        "false_windows_per_hour": windows_on / hours if hours else None,
        "false_window_share": windows_on / windows if windows else None,
        "window_recall": heard_on / heard if heard else None,
        "median_time_to_detect_s": median(delays),
        "max_time_to_detect_s": max(delays) if delays else None,
        "time_to_detect_s_percentiles": percentiles(delays),
    }
