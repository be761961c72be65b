"""The whole road from sounds to a released model, in stages whose results stay on disk.

Scenes -> pre-training on synthetic sound -> fine-tuning on synthetic and real sound (once per cross-validation fold and
once with everything, side by side) -> int8 -> held-out probabilities with the firmware's arithmetic -> event
parameters. An interrupted run takes up where it stopped; a changed option, data set or source starts the stages it
touches anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.workers import WorkerPool
from emberwatch.training.data.clips import Clip, assign_folds
from emberwatch.training.data.features import block_features
from emberwatch.training.data.scenes import SCENE_SECONDS
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.run import plan_trials
from emberwatch.training.evaluate.trials import Trial, render
from emberwatch.training.evaluate.verdict import counts_by_window
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.int8 import Comparison
from emberwatch.training.model.stages import EVERYTHING, Log, Recipe, Stages, one_thread
from emberwatch.training.model.tune import Choice, NoParametersError, Observed, choose_parameters
from emberwatch.training.synth.alarms import ALARM_KINDS, make_alarm
from emberwatch.training.synth.negatives import NEGATIVE_KINDS, make_negative
from emberwatch.training.synth.rooms import at_level, room_response, through_room, to_pcm
from emberwatch.training.synth.signals import SAMPLE_RATE, coloured_noise

__all__ = ["HeldOut", "Outcome", "Recipe", "observations", "run", "synthetic_observations"]

_SNIPPET_WEIGHT = 0.1
"""Of a clip that counts whatever the event parameters are: an event for it is welcome, not worth others' being late."""


@dataclass(frozen=True)
class HeldOut:
    """A trial, the fold that held it out, and the probabilities that fold's int8 model gave."""

    trial: Trial
    fold: int
    seconds: float
    onset_s: float
    probabilities: NDArray[np.uint8]


@dataclass(frozen=True)
class Outcome:
    """The final model, event parameters with what they gave on the trials they were chosen on, the parameters that each
    fold gets when its own trials are left out of the choice, held-out trials, synthetic trials by kind, and the final
    model's float weights against its int8 ones."""

    tflite: bytes
    choice: Choice | None
    without_fold: dict[int, EventParameters]
    held_out: list[HeldOut]
    digest: str
    synthetic: list[tuple[str, Observed]]
    int8: Comparison


def _trial_features(trial: Trial) -> tuple[float, float, NDArray[np.int8]]:
    sound = render(trial)
    return sound.seconds, sound.onset_s, block_features(sound.pcm)


def _listen(tflite: Path, trials: list[Trial], fold: int, workers: int) -> list[HeldOut]:
    detector = Detector(tflite, EventParameters())
    with WorkerPool(workers, finish=False) as pool:
        heard = list(pool.map(_trial_features, trials, chunksize=16))
    return [
        HeldOut(trial, fold, seconds, onset, detector.probabilities(features))
        for trial, (seconds, onset, features) in zip(trials, heard, strict=True)
    ]


def observations(held_out: list[HeldOut]) -> list[Observed]:
    """Held-out trials for tuning: clean and 10 dB alarms count twice what those at lower SNR count, per condition."""
    conditions: dict[tuple[float, float | None], int] = {}
    for entry in held_out:
        if entry.trial.clip.is_alarm:
            key = (entry.trial.level_dbfs, entry.trial.snr_db)
            conditions[key] = conditions.get(key, 0) + 1
    found = []
    for entry in held_out:
        weight = 0.0
        if entry.trial.clip.is_alarm:
            hard = entry.trial.snr_db is not None and entry.trial.snr_db < 5
            weight = (1.0 if hard else 2.0) / conditions[(entry.trial.level_dbfs, entry.trial.snr_db)]
            if counts_by_window(entry.seconds, entry.probabilities):
                weight *= _SNIPPET_WEIGHT
        trial = entry.trial
        found.append(
            Observed(entry.probabilities, trial.clip.is_alarm, entry.seconds, entry.onset_s, weight, trial.level_dbfs)
        )
    return found


def synthetic_observations(recipe: Recipe, detector: Detector) -> list[tuple[str, Observed]]:
    """Fresh synthetic sounds, never trained on: every kind of alarm in noise, every kind of negative.

    Recordings hold no T4, no 520 Hz and no warble; without these the event parameters would forget such alarms. All
    alarms together weigh as much as two conditions of recordings.
    """
    found = []
    for kind in (*ALARM_KINDS, *NEGATIVE_KINDS):
        for index in range(recipe.synthetic_trials):
            rng = np.random.default_rng([recipe.seed + 1000, index, *kind.encode()])
            is_alarm, onset, weight = kind in ALARM_KINDS, 0.0, 0.0
            if is_alarm:
                sound = make_alarm(rng, SCENE_SECONDS, kind)
                signal, onset = sound.samples, float(np.argmax(sound.sounding)) / SAMPLE_RATE
                signal = at_level(through_room(signal, room_response(rng, rng.random() < 0.3), None), -20)
                noise = at_level(coloured_noise(rng, len(signal), rng.uniform(-5, 0)), -20 - rng.uniform(5, 35))
                signal = signal + noise
                weight = 4.0 / (len(ALARM_KINDS) * recipe.synthetic_trials)
            else:
                signal, _ = make_negative(rng, SCENE_SECONDS, kind)
            pcm = to_pcm(at_level(signal, rng.uniform(-40, -10)))
            observed = Observed(detector.probabilities(block_features(pcm)), is_alarm, SCENE_SECONDS, onset, weight)
            found.append((kind, observed))
    return found


def _choose(held_out: list[HeldOut], synthetic: list[tuple[str, Observed]], recipe: Recipe, log: Log) -> Choice | None:
    """Event parameters for these trials and the synthetic alarms; None where they cannot be chosen."""
    seen = observations(held_out)
    if not any(trial.is_alarm for trial in seen) or all(trial.is_alarm for trial in seen):
        return None
    seen += [trial for _, trial in synthetic if trial.is_alarm]
    try:
        choice = choose_parameters(seen, recipe.false_events_per_hour)
    except NoParametersError as error:  # the figures will show it
        log(f"event parameters are left at their defaults: {error}")
        return None
    log(f"event parameters: {choice}")
    return choice


def run(recipe: Recipe, clips: list[Clip], work: Path, workers: int = 1, log: Log = print) -> Outcome:
    """Train, cross-validate, convert, tune.

    Args:
        recipe: what to do.
        clips: real recordings; without any, the model is synthetic only, and not cross-validated or tuned.
        work: folder for everything kept between runs.
        workers: processes for sound and features (training itself uses TensorFlow's threads).
        log: gets lines of progress.
    """
    folds = assign_folds(clips, recipe.folds)
    work.mkdir(parents=True, exist_ok=True)
    one_thread()
    stages = Stages(recipe, clips, folds, work, workers, log)
    stages.pretrained()
    stages.mixed()
    used = sorted({folds[clip.group] for clip in clips})
    stages.fine_tune_all([EVERYTHING, *used])
    held_out: list[HeldOut] = []
    trials = plan_trials(clips, recipe.levels, recipe.snrs, recipe.noises_per_clip, recipe.seed, folds=folds)
    for fold in used:
        mine = [trial for trial in trials if folds[trial.clip.group] == fold]
        held_out += _listen(stages.fine_tuned(fold), mine, fold, workers)
        log(f"fold {fold}: {len(mine)} held-out trials heard")
    path = stages.fine_tuned(EVERYTHING)
    synthetic_trials = synthetic_observations(recipe, Detector(path, EventParameters()))
    choice = _choose(held_out, synthetic_trials, recipe, log)
    without_fold = {}
    for fold in used if choice else ():
        others = _choose([entry for entry in held_out if entry.fold != fold], synthetic_trials, recipe, log)
        without_fold[fold] = others.parameters if others else EventParameters()
    int8 = stages.int8_against_float()
    log(f"float against int8: {int8.figures()}")
    return Outcome(path.read_bytes(), choice, without_fold, held_out, stages.digest, synthetic_trials, int8)
