"""Run trials of a data set in parallel processes, with the firmware's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import AudioError, EmberwatchError
from emberwatch.base.workers import Crew
from emberwatch.training.data.clips import Clip
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.trials import Trial, render
from emberwatch.training.evaluate.verdict import ClipResult, clip_result
from emberwatch.training.model.events import Event, EventParameters

NOISE_CATEGORIES = frozenset(
    "airplane background_noise chainsaw church_bells clapping crackling_fire crying_baby dog engine hand_saw "
    "helicopter household_noise keyboard_typing laughing music pouring_water rain sea_waves speech speech_word "
    "thunderstorm toilet_flush train vacuum_cleaner washing_machine water_tap wind".split()
)
"""Categories whose clips serve as noise under alarms: sounds that fill a room, none that could pass for an alarm."""

_WORTH = 8  # trials for which another process is worth its start
_detector: Detector | None = None


@dataclass(frozen=True)
class Judged:
    """A trial, what was made of it, and the probabilities of its windows.

    ``probabilities`` are 0..255 after every block; ``sounding`` says for an alarm which of them should be high, and is
    None for other sounds.
    """

    trial: Trial
    result: ClipResult
    probabilities: NDArray[np.uint8]
    events: list[Event]
    sounding: NDArray[np.bool_] | None


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


def judge(trial: Trial, detector: Detector) -> Judged:
    """Play one trial to the detector from reset."""
    sound = render(trial)
    heard = detector.hear(sound.pcm)
    result = clip_result(trial, sound.seconds, sound.onset_s, heard, sound.sounding)
    return Judged(trial, result, heard.probabilities, heard.events, sound.sounding)


def _start_worker(tflite: Path, parameters: EventParameters) -> None:
    global _detector
    _detector = Detector(tflite, parameters)


def _work(trial: Trial) -> Judged | AudioError:
    if _detector is None:
        raise RuntimeError("worker without a detector")
    return _judge_or_refuse(trial, _detector)


def _judge_or_refuse(trial: Trial, detector: Detector) -> Judged | AudioError:
    try:
        return judge(trial, detector)
    except AudioError as error:
        return error


def run_trials(
    tflite: Path,
    parameters: EventParameters,
    trials: list[Trial],
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    on_unreadable: Callable[[Trial, AudioError], None] | None = None,
) -> list[Judged]:
    """Judge all trials, in order.

    Args:
        tflite: the network.
        parameters: of the event logic.
        trials: what to play.
        workers: processes.
        on_progress: gets the trials done and their number.
        on_unreadable: gets each trial whose clip cannot be read, which is then left out; None: the first one ends it.

    Raises:
        EmberwatchError: there are no trials, a clip cannot be read, or the model cannot be compiled.
    """
    if not trials:
        raise EmberwatchError("there are no clips to evaluate; give a manifest that lists some")
    # What is wrong with the model is said once, and before processes start.
    detector = Detector(tflite, parameters)
    judged: list[Judged] = []
    workers = min(workers, -(-len(trials) // _WORTH))

    def take(number: int, one: Judged | AudioError) -> None:
        if isinstance(one, Judged):
            judged.append(one)
        elif on_unreadable is None:
            raise one
        else:
            on_unreadable(trials[number], one)
        on_progress(number + 1, len(trials))

    if workers <= 1:
        for number, trial in enumerate(trials):
            take(number, _judge_or_refuse(trial, detector))
        return judged
    with Crew(workers, _work, _start_worker, (tflite, parameters)) as crew:
        for number, one in enumerate(crew.in_order(trials)):
            take(number, one)
    return judged
