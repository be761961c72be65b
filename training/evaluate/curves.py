"""Trade-offs: the ROC of single windows over the probability, the DET of events over the event logic's thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.evaluate.run import Judged
from emberwatch.training.evaluate.verdict import MARGINS, POSITIVE


@dataclass(frozen=True)
class WindowRoc:
    """At thresholds 0..256 on the probability: share of alarm windows found, share of other windows mistaken."""

    found: NDArray[np.float64]
    mistaken: NDArray[np.float64]
    auc: float


def window_roc(judged: Sequence[Judged]) -> WindowRoc | None:
    """ROC of windows; None without windows of both kinds.

    Alarm windows are those in which an alarm sounds, the others those of sounds that are no alarm; pauses and tails of
    alarms are neither.
    """
    found, mistaken = (np.zeros(256, np.int64) for _ in range(2))
    for one in judged:
        if one.sounding is None:
            mistaken += np.bincount(one.probabilities, minlength=256)
        else:
            found += np.bincount(one.probabilities[one.sounding], minlength=256)
    if not found.sum() or not mistaken.sum():
        return None
    yes, no = (_at_least(counts) / counts.sum() for counts in (found, mistaken))
    # Trapezoids: ties count half, as in the statistic of Mann and Whitney.
    area = float(np.sum(-np.diff(no) * (yes[1:] + yes[:-1]) / 2))
    return WindowRoc(yes, no, area)


def _at_least(histogram: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many are at least 0, 1, ... 256."""
    return np.concatenate([np.cumsum(histogram[::-1])[::-1], [0]])


@dataclass(frozen=True)
class DetPoint:
    """The event logic with all thresholds multiplied by ``factor``: alarms missed, false alarms per hour.

    A false alarm is here a clip with one or more events.
    """

    factor: float
    missed: float
    false_per_hour: float


def event_det(judged: Sequence[Judged]) -> list[DetPoint]:
    """DET of events; empty without both alarms and others."""
    alarms = np.array([one.result.margin for one in judged if one.trial.clip.is_alarm])
    others = [one.result for one in judged if not one.trial.clip.is_alarm]
    margins = np.array([result.margin for result in others])
    hours = sum(result.seconds for result in others) / 3600
    if not len(alarms) or not hours:
        return []
    return [DetPoint(f, float(np.mean(alarms < f)), float(np.sum(margins >= f)) / hours) for f in MARGINS]


def curve_figures(judged: Sequence[Judged]) -> dict[str, object]:
    """Both curves, JSON-ready; points of the ROC where nothing changes are left out."""
    roc, det = window_roc(judged), event_det(judged)
    figures: dict[str, object] = {"window_roc_auc": None, "window_roc": [], "event_det": []}
    if roc is not None:
        kept = [
            t
            for t in range(257)
            if t in (0, POSITIVE, 256) or (roc.found[t], roc.mistaken[t]) != (roc.found[t - 1], roc.mistaken[t - 1])
        ]
        figures["window_roc_auc"] = roc.auc
        figures["window_roc"] = [
            {
                "threshold": t / 256,
                "true_positive_rate": float(roc.found[t]),
                "false_positive_rate": float(roc.mistaken[t]),
            }
            for t in kept
        ]
    figures["event_det"] = [
        {"threshold_factor": point.factor, "miss_rate": point.missed, "false_alarms_per_hour": point.false_per_hour}
        for point in det
    ]
    return figures
