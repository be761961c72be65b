"""Figures of merit with what their sample sizes allow to say."""

from __future__ import annotations

import math
from dataclasses import dataclass


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson's score); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    z, share = 1.959964, hits / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def poisson_upper(count: int, level: float = 0.95) -> float:
    """One-sided upper confidence limit of a Poisson mean after ``count`` events, found by bisection."""

    def at_most(mean: float) -> float:
        return math.exp(-mean) * sum(mean**k / math.factorial(k) for k in range(count + 1))

    low, high = 0.0, 10.0 + 3.0 * count
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(middle) > 1 - level else (low, middle)
    return high


@dataclass(frozen=True)
class ClipResult:
    """What the detector made of one trial. Times in seconds from the trial's start; ``delay_s`` from alarm onset."""

    file: str
    label: str
    category: str
    level_dbfs: float
    snr_db: float | None
    noise: str | None
    seconds: float
    events: int
    first_event_s: float | None
    kind: str | None
    delay_s: float | None
    peak: int


def median(values: list[float]) -> float | None:
    """The median, None of an empty list."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def summarise(results: list[ClipResult]) -> dict[str, object]:
    """Recall over alarms, false events per hour over others, time to detect, all with intervals; JSON-ready."""
    alarms = [r for r in results if r.label == "alarm"]
    others = [r for r in results if r.label != "alarm"]
    hits = sum(r.events > 0 for r in alarms)
    hours = sum(r.seconds for r in others) / 3600
    false_events = sum(r.events for r in others)
    delays = [r.delay_s for r in alarms if r.delay_s is not None]
    return {
        "alarms": len(alarms),
        "detected": hits,
        "recall": hits / len(alarms) if alarms else None,
        "recall_95": wilson_interval(hits, len(alarms)) if alarms else None,
        "negative_hours": hours,
        "false_events": false_events,
        "false_events_per_hour": false_events / hours if hours else None,
        "false_events_per_hour_upper_95": poisson_upper(false_events) / hours if hours else None,
        "median_time_to_detect_s": median(delays),
        "max_time_to_detect_s": max(delays) if delays else None,
    }
