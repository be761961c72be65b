"""Choose the event parameters from what held-out recordings gave: the most recall that the false events allow."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.model.events import BLOCK_SECONDS, EventParameters

LATEST_S = 4.0
"""A detection later than this after the alarm's onset does not count."""

_QUICK = ((185, 200, 210, 220, 230), (10, 15, 25, 40), (2, 4, 8, 16))
_PATIENT = ((64, 96, 115, 128, 140, 150), (15, 20, 30, 60), (2, 4, 8, 16, 32))
_LONGEST = 125  # blocks: a threshold must be within reach of 4 s of full evidence


@dataclass(frozen=True)
class Observed:
    """Probabilities of one held-out trial; ``weight`` says how much its detection counts (alarms only).

    ``level_dbfs`` is the condition under which false events are counted.
    """

    probabilities: NDArray[np.uint8]
    is_alarm: bool
    seconds: float
    onset_s: float
    weight: float
    level_dbfs: float = 0.0


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


@dataclass(frozen=True)
class _Way:
    """One way to weigh evidence with a threshold: which alarms it hears in time, which others it mistakes."""

    neutral: int
    rise: int
    fall: int
    threshold: int
    heard: NDArray[np.bool_]
    mistaken: NDArray[np.bool_]


def _ways(
    grid: tuple[tuple[int, ...], ...],
    alarms: NDArray[np.int32],
    in_time: NDArray[np.bool_],
    others: NDArray[np.int32],
    allowed: int,
    margin: float,
) -> list[_Way]:
    """Every way of the grid with each threshold that leaves 0, 1, ... ``allowed`` mistakes, raised by the margin."""
    found = []
    for neutral, rise, fall in itertools.product(*grid):
        if rise > 255 - neutral:
            continue
        worst = _scores(others, neutral, rise, fall).max(axis=1)
        best = np.where(in_time, _scores(alarms, neutral, rise, fall), 0).max(axis=1)
        ordered = np.sort(worst)[::-1]
        for count in range(min(allowed, len(ordered) - 1) + 1):
            threshold = max(4 * rise, round((int(ordered[count]) + 1) * margin))
            if threshold <= _LONGEST * rise:
                found.append(_Way(neutral, rise, fall, threshold, best >= threshold, worst >= threshold))
    return found


def choose_parameters(
    trials: list[Observed], false_events_per_hour: float, start: EventParameters | None = None, margin: float = 1.03
) -> Choice:
    """Search the evidence parameters of both sums together; the rest is taken from ``start``.

    Thresholds are the lowest that stay within the false events allowed at each level (both sums together), raised by
    ``margin``; the pair of ways with the highest weighted recall wins.

    Args:
        trials: held-out alarms and others.
        false_events_per_hour: how many may remain at each level (a trial counts once).
        start: parameters that are not searched.
        margin: factor on the thresholds, for sounds not in the data.
    """
    alarms = [trial for trial in trials if trial.is_alarm]
    others = [trial for trial in trials if not trial.is_alarm]
    if not alarms or not others:
        raise ValueError("tuning needs alarms and others")
    alarm_matrix, other_matrix = _stack(alarms), _stack(others)
    hours: dict[float, float] = {}
    for trial in others:
        hours[trial.level_dbfs] = hours.get(trial.level_dbfs, 0.0) + trial.seconds / 3600
    allowed = {level: int(false_events_per_hour * time) for level, time in hours.items()}
    weights = np.array([trial.weight for trial in alarms])
    block_end = (np.arange(alarm_matrix.shape[1]) + 1) * BLOCK_SECONDS
    in_time = block_end[None, :] <= np.array([[trial.onset_s + LATEST_S] for trial in alarms])
    quick, patient = (
        _ways(grid, alarm_matrix, in_time, other_matrix, sum(allowed.values()), margin) for grid in (_QUICK, _PATIENT)
    )
    if not quick or not patient:
        raise ValueError("no parameters keep within the false events allowed; train longer")
    missed = np.stack([~way.heard for way in quick]) * weights @ np.stack([~way.heard for way in patient]).T
    recall = 1 - missed / weights.sum()
    # Mistakes of either sum: those of each less those of both.
    first, second = (np.stack([way.mistaken for way in ways]).astype(np.int32) for ways in (quick, patient))
    mistakes = np.zeros_like(recall, np.int32)
    for level, limit in allowed.items():
        here = np.array([trial.level_dbfs == level for trial in others])
        a, b = first[:, here], second[:, here]
        at_level = a.sum(axis=1)[:, None] + b.sum(axis=1)[None, :] - a @ b.T
        recall = np.where(at_level <= limit, recall, -1.0)
        mistakes += at_level
    row, column = np.unravel_index(int(np.argmax(recall)), recall.shape)
    if recall[row, column] < 0:
        raise ValueError("no pair of parameters keeps within the false events allowed; train longer")
    fast, slow = quick[row], patient[column]
    parameters = replace(
        start or EventParameters(),
        neutral=fast.neutral,
        rise=fast.rise,
        fall=fast.fall,
        on_score=fast.threshold,
        max_score=fast.threshold + 20 * fast.rise,
        slow_neutral=slow.neutral,
        slow_rise=slow.rise,
        slow_fall=slow.fall,
        slow_on_score=slow.threshold,
    )
    return Choice(parameters, float(recall[row, column]), float(mistakes[row, column]) / sum(hours.values()))
