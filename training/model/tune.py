"""Choose the event parameters from what held-out recordings gave: the most recall that the false events allow."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.model.events import BLOCK_SECONDS, EventParameters

LATEST_S = 4.0
"""A detection later than this after the alarm's onset does not count."""

_NEUTRAL = (128, 150, 170, 185, 200, 210, 220, 230)
_RISE = (15, 25, 40, 60, 90)
_FALL = (2, 4, 8)


@dataclass(frozen=True)
class Observed:
    """Probabilities of one held-out trial; ``weight`` says how much its detection counts (alarms only)."""

    probabilities: NDArray[np.uint8]
    is_alarm: bool
    seconds: float
    onset_s: float
    weight: float


@dataclass(frozen=True)
class Choice:
    """Parameters with the weighted recall (within 4 s) and the false events per hour they give on the trials."""

    parameters: EventParameters
    recall: float
    false_events_per_hour: float


def _scores(matrix: NDArray[np.int32], neutral: int, rise: int, fall: int) -> NDArray[np.int32]:
    """The evidence after every block, for all trials at once and without saturation."""
    steps = np.clip(matrix - neutral, -fall, rise)
    out = np.zeros_like(steps)
    score = np.zeros(len(steps), np.int32)
    for block in range(steps.shape[1]):
        score = np.maximum(0, score + steps[:, block])
        out[:, block] = score
    return out


def _stack(trials: list[Observed]) -> NDArray[np.int32]:
    longest = max(len(trial.probabilities) for trial in trials)
    matrix = np.zeros((len(trials), longest), np.int32)
    for row, trial in zip(matrix, trials, strict=True):
        row[: len(trial.probabilities)] = trial.probabilities
    return matrix


def choose_parameters(
    trials: list[Observed], false_events_per_hour: float, start: EventParameters | None = None, margin: float = 1.1
) -> Choice:
    """Search evidence parameters; the rest is taken from ``start``.

    For each way of weighing evidence, the threshold is the lowest that stays within the false events allowed, raised
    by ``margin``; the way with the highest weighted recall wins.

    Args:
        trials: held-out alarms and others.
        false_events_per_hour: how many may remain (a trial counts once).
        start: parameters that are not searched.
        margin: factor on the threshold, for sounds not in the data.
    """
    alarms = [trial for trial in trials if trial.is_alarm]
    others = [trial for trial in trials if not trial.is_alarm]
    if not alarms or not others:
        raise ValueError("tuning needs alarms and others")
    alarm_matrix, other_matrix = _stack(alarms), _stack(others)
    hours = sum(trial.seconds for trial in others) / 3600
    allowed = int(false_events_per_hour * hours)
    weights = np.array([trial.weight for trial in alarms])
    block_end = (np.arange(alarm_matrix.shape[1]) + 1) * BLOCK_SECONDS
    in_time = block_end[None, :] <= np.array([[trial.onset_s + LATEST_S] for trial in alarms])
    best: Choice | None = None
    for neutral, rise, fall in itertools.product(_NEUTRAL, _RISE, _FALL):
        if rise > 255 - neutral:
            continue
        worst = np.sort(_scores(other_matrix, neutral, rise, fall).max(axis=1))[::-1]
        limit = int(worst[allowed]) if allowed < len(worst) else 0
        threshold = max(4 * rise, round((limit + 1) * margin))
        if threshold > 8000:
            continue
        reached = np.where(in_time, _scores(alarm_matrix, neutral, rise, fall), 0).max(axis=1) >= threshold
        recall = float((weights * reached).sum() / weights.sum())
        remaining = float((worst >= threshold).sum() / hours)
        if best is None or recall > best.recall + 1e-9:
            found = replace(
                start or EventParameters(),
                neutral=neutral,
                rise=rise,
                fall=fall,
                on_score=threshold,
                max_score=threshold + 20 * rise,
            )
            best = Choice(found, recall, remaining)
    if best is None:
        raise ValueError("no parameters keep within the false events allowed; train longer")
    return best
