"""Evaluate a .tflite on a data set: trials in parallel processes, results clip by clip and summed up per condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import EmberwatchError
from training.data.clips import Clip
from training.evaluate.detector import Detector
from training.evaluate.metrics import ClipResult, summarise
from training.evaluate.trials import Trial, render
from training.model.events import EVENT_ALARM_KIND, EVENT_ALARM_ON, EventParameters

NOISE_CATEGORIES = frozenset(
    "airplane background_noise chainsaw church_bells clapping crackling_fire crying_baby dog engine hand_saw "
    "helicopter household_noise keyboard_typing laughing music pouring_water rain sea_waves speech speech_word "
    "thunderstorm toilet_flush train vacuum_cleaner washing_machine water_tap wind".split()
)
"""Categories whose clips serve as noise under alarms: sounds that fill a room, none that could pass for an alarm."""

_detector: Detector | None = None


def plan_trials(
    clips: list[Clip],
    levels: Iterable[float],
    snrs: Iterable[float] = (),
    noises_per_clip: int = 0,
    seed: int = 5,
    noise_level: float = -20.0,
    folds: dict[str, int] | None = None,
) -> list[Trial]:
    """Every clip at every level; every alarm at every SNR in ``noises_per_clip`` randomly drawn real noises.

    Clips of the noise categories among ``clips`` are the noises; which ones is a function of the seed. With ``folds``
    (by group), a noise is of its alarm's fold, so that a model that holds the fold out has heard neither.
    """
    trials = [Trial(clip, level) for level in levels for clip in clips]
    noises = [clip for clip in clips if clip.category in NOISE_CATEGORIES and not clip.is_alarm]
    rng = np.random.default_rng(seed)
    for clip in clips:
        if clip.is_alarm and noises:
            usable = [noise for noise in noises if folds is None or folds[noise.group] == folds[clip.group]]
            for snr in snrs:
                chosen = rng.choice(len(usable), min(noises_per_clip, len(usable)), replace=False)
                trials += [Trial(clip, noise_level, usable[index], snr) for index in chosen]
    return trials


def _start_worker(tflite: Path, parameters: EventParameters) -> None:
    global _detector
    _detector = Detector(tflite, parameters)


def judge(trial: Trial, detector: Detector) -> ClipResult:
    """Play one trial to the detector from reset."""
    sound = render(trial)
    probabilities, events = detector.listen(sound.pcm)
    raised = [event for event in events if event.type == EVENT_ALARM_ON]
    named = [event.kind for event in events if event.type in (EVENT_ALARM_ON, EVENT_ALARM_KIND)]
    first = raised[0].t_s if raised else None
    return ClipResult(
        file=trial.clip.path.name,
        label=trial.clip.label,
        category=trial.clip.category,
        level_dbfs=trial.level_dbfs,
        snr_db=trial.snr_db,
        noise=trial.noise.path.name if trial.noise else None,
        seconds=sound.seconds,
        events=len(raised),
        first_event_s=first,
        kind=named[-1] if named else None,
        delay_s=first - sound.onset_s if first is not None and trial.clip.is_alarm else None,
        peak=int(probabilities.max()),
    )


def _work(trial: Trial) -> ClipResult:
    if _detector is None:
        raise RuntimeError("worker without a detector")
    return judge(trial, _detector)


def run_trials(
    tflite: Path,
    parameters: EventParameters,
    trials: list[Trial],
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[ClipResult]:
    """Judge all trials, in order. Raises EmberwatchError when a clip cannot be read or the model not compiled."""
    if not trials:
        raise EmberwatchError("there are no clips to evaluate; give a manifest that lists some")
    results: list[ClipResult] = []
    if workers <= 1:
        detector = Detector(tflite, parameters)
        for trial in trials:
            results.append(judge(trial, detector))
            on_progress(len(results), len(trials))
        return results
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(tflite, parameters)
    ) as pool:
        for result in pool.map(_work, trials, chunksize=8):
            results.append(result)
            on_progress(len(results), len(trials))
    return results


def report(results: list[ClipResult], model_sha256: str) -> dict[str, Any]:
    """JSON-ready: the summary of each condition (level, and level with SNR), of all of them, and every clip."""
    conditions = sorted(
        {(r.level_dbfs, r.snr_db) for r in results}, key=lambda c: (c[1] is not None, -c[0], -(c[1] or 0))
    )
    per_condition = []
    for level, snr in conditions:
        chosen = [r for r in results if (r.level_dbfs, r.snr_db) == (level, snr)]
        per_condition.append({"level_dbfs": level, "snr_db": snr, **summarise(chosen)})
    return {
        "model": model_sha256,
        "level_dbfs": [level for level, snr in conditions if snr is None],
        **summarise(results),
        "conditions": per_condition,
        "per_clip": [asdict(result) for result in results],
    }
