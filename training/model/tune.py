"""Choose the event parameters from what held-out recordings gave: the most recall that the false events allow."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.model.events import BLOCK_SECONDS, EventParameters

LATEST_S = 4.0
"""A detection later than this after the alarm's onset does not count."""

_QUICK = ((185, 200, 210, 220, 230), (10, 15, 25, 40), (2, 4, 8, 16))
_PATIENT = ((64, 96, 115, 128, 140, 150), (15, 20, 30, 60), (2, 4, 8, 16, 32))
MARGINS = (1.03, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0)
SPARE = 0.03
"""Weighted recall that may be spent on margin: with less, thresholds rest on the hardest sound that was heard, and
folds left out of the choice had up to two false events in 50 minutes; with this they had none."""

_SHORTEST = 12  # blocks of full evidence, 0.38 s: many sounds are tones for less, no alarm's burst is but T4's
_LONGEST = 125  # blocks: a threshold must be within reach of 4 s of full evidence


class NoParametersError(EmberwatchError):
    """No parameters keep within the false events allowed: a model of few epochs or little data."""


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
class _Evidence:
    """One way to weigh evidence, and the most of it that each alarm gathers in time and each other sound ever."""

    neutral: int
    rise: int
    fall: int
    of_alarms: NDArray[np.int32]
    of_others: NDArray[np.int32]


@dataclass(frozen=True)
class _Way:
    """Evidence with a threshold: which alarms it hears in time, which others it mistakes."""

    evidence: _Evidence
    threshold: int
    heard: NDArray[np.bool_]
    mistaken: NDArray[np.bool_]


def _weigh(
    grid: tuple[tuple[int, ...], ...],
    alarms: NDArray[np.int32],
    in_time: NDArray[np.bool_],
    others: NDArray[np.int32],
) -> list[_Evidence]:
    found = []
    for neutral, rise, fall in itertools.product(*grid):
        if rise <= 255 - neutral:
            best = np.where(in_time, _scores(alarms, neutral, rise, fall), 0).max(axis=1)
            worst = _scores(others, neutral, rise, fall).max(axis=1)
            found.append(_Evidence(neutral, rise, fall, best, worst))
    return found


def _ways(weighed: list[_Evidence], allowed: int, margin: float) -> list[_Way]:
    """Every way with each threshold that leaves 0, 1, ... ``allowed`` mistakes, raised by the margin."""
    found = []
    for evidence in weighed:
        ordered = np.sort(evidence.of_others)[::-1]
        for count in range(min(allowed, len(ordered) - 1) + 1):
            threshold = max(_SHORTEST * evidence.rise, round((int(ordered[count]) + 1) * margin))
            if threshold <= _LONGEST * evidence.rise:
                heard, mistaken = evidence.of_alarms >= threshold, evidence.of_others >= threshold
                found.append(_Way(evidence, threshold, heard, mistaken))
    return found


@dataclass(frozen=True)
class _Pair:
    quick: _Way
    patient: _Way
    recall: float
    mistakes: int


def _best_pair(
    quick: list[_Way],
    patient: list[_Way],
    weights: NDArray[np.float64],
    levels: NDArray[np.float64],
    allowed: dict[float, int],
) -> _Pair | None:
    """The pair with the highest weighted recall among those whose mistakes, of either, are allowed at every level."""
    if not quick or not patient:
        return None
    missed = np.stack([~way.heard for way in quick]) * weights @ np.stack([~way.heard for way in patient]).T
    recall = 1 - missed / weights.sum()
    # Mistakes of either sum: those of each less those of both.
    first, second = (np.stack([way.mistaken for way in ways]).astype(np.int32) for ways in (quick, patient))
    mistakes = np.zeros_like(recall, np.int32)
    for level, limit in allowed.items():
        a, b = first[:, levels == level], second[:, levels == level]
        at_level = a.sum(axis=1)[:, None] + b.sum(axis=1)[None, :] - a @ b.T
        recall = np.where(at_level <= limit, recall, -1.0)
        mistakes += at_level
    row, column = np.unravel_index(int(np.argmax(recall)), recall.shape)
    if recall[row, column] < 0:
        return None
    return _Pair(quick[row], patient[column], float(recall[row, column]), int(mistakes[row, column]))


def choose_parameters(
    trials: list[Observed], false_events_per_hour: float, start: EventParameters | None = None
) -> Choice:
    """Search the evidence parameters of both sums together; the rest is taken from ``start``.

    Thresholds are the lowest that stay within the false events allowed at each level (both sums together), raised by
    a margin for sounds not in the data; the pair of ways with the highest weighted recall wins. The margin is the
    largest of `MARGINS` that costs no more recall than `SPARE` against the smallest.

    Args:
        trials: held-out alarms and others.
        false_events_per_hour: how many may remain at each level (a trial counts once).
        start: parameters that are not searched.
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
    levels = np.array([trial.level_dbfs for trial in others])
    block_end = (np.arange(alarm_matrix.shape[1]) + 1) * BLOCK_SECONDS
    in_time = block_end[None, :] <= np.array([[trial.onset_s + LATEST_S] for trial in alarms])
    quick, patient = (_weigh(grid, alarm_matrix, in_time, other_matrix) for grid in (_QUICK, _PATIENT))
    best: _Pair | None = None
    enough = 0.0
    for margin in MARGINS:
        fast, slow = (_ways(weighed, sum(allowed.values()), margin) for weighed in (quick, patient))
        pair = _best_pair(fast, slow, weights, levels, allowed)
        if pair is None or pair.recall < enough:
            break
        enough = enough or pair.recall - SPARE
        best = pair
    if best is None:
        raise NoParametersError("no parameters keep within the false events allowed; train longer")
    at_once, lasting = best.quick.evidence, best.patient.evidence
    parameters = replace(
        start or EventParameters(),
        neutral=at_once.neutral,
        rise=at_once.rise,
        fall=at_once.fall,
        on_score=best.quick.threshold,
        max_score=best.quick.threshold + 20 * at_once.rise,
        slow_neutral=lasting.neutral,
        slow_rise=lasting.rise,
        slow_fall=lasting.fall,
        slow_on_score=best.patient.threshold,
    )
    return Choice(parameters, best.recall, best.mistakes / sum(hours.values()))
