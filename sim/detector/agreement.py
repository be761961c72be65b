"""A sample of the trials on the emulated board: is every window and every event what the host computed?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emberwatch.base.errors import EngineError
from emberwatch.base.workers import Crew
from emberwatch.training.data.features import BLOCK_SAMPLES
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.run import Judged
from emberwatch.training.evaluate.trials import Trial, render
from emberwatch.training.model.events import EventParameters


@dataclass(frozen=True)
class Agreement:
    """Trials and windows that were compared, all equal; trials whose sound, through microphone and decimator, got the
    same verdict as the file itself."""

    trials: int
    windows: int
    same_verdict: int


def sample_of(judged: Sequence[Judged], count: int) -> list[Judged]:
    """``count`` trials, half of them alarms as far as there are so many, spread over the list."""
    alarms = [one for one in judged if one.trial.clip.is_alarm]
    others = [one for one in judged if not one.trial.clip.is_alarm]
    half = max(min(len(alarms), count // 2), count - len(others))
    return [*_spread(alarms, half), *_spread(others, count - half)]


def _spread(members: list[Judged], count: int) -> list[Judged]:
    count = min(count, len(members))
    return [members[index * len(members) // count] for index in range(count)]


def check_on_emulator(
    model: Path,
    detector_toml: Path,
    judged: Sequence[Judged],
    count: int,
    folder: Path,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Agreement:
    """Play a sample to the firmware on the emulated chip.

    The chip hears the sound through its PDM microphone; what its decimator made of it goes through the host's features,
    network and event logic, which must give every window and every event that the firmware printed.

    Args:
        model: the .tflite.
        detector_toml: its event parameters.
        judged: the evaluation.
        count: trials to play.
        folder: for the firmware that is built.
        workers: processes.
        on_progress: gets the trials done and their number.

    Raises:
        EngineError: something differs; the message names clip and window.
        BuildError: the firmware cannot be built.
    """
    from emberwatch.detector.build import build_firmware

    elf = build_firmware("pico", model, folder, detector=detector_toml).elf
    parameters = EventParameters.load(detector_toml)
    sample = sample_of(judged, count)
    jobs = [(elf, model, parameters, one.trial) for one in sample]
    windows = same = 0
    with Crew(min(workers, len(jobs)), play_trial) as crew:
        for index, (compared, alarm) in enumerate(crew.in_order(jobs)):
            windows += compared
            same += alarm == (sample[index].result.events > 0)
            on_progress(index + 1, len(jobs))
    return Agreement(len(sample), windows, same)


def play_trial(job: tuple[Path, Path, EventParameters, Trial]) -> tuple[int, bool]:
    """Windows compared, and whether the firmware raised an alarm."""
    from emberwatch.audio import SAMPLE_RATE, Clip, Recording, Scenario
    from emberwatch.detector.machine import DetectorMachine

    elf, model, parameters, trial = job
    sound = render(trial).pcm.astype(np.float32) / 32768.0
    with DetectorMachine(elf, Scenario([Clip(Recording(sound))])) as machine:
        capture = machine.capture_pcm()
        machine.run(len(sound) / SAMPLE_RATE + 0.1)  # the last block's lines are on the wire for some milliseconds
    printed = [round(window.probability * 256) for window in machine.log.windows]
    expected, events = Detector(model, parameters).listen(capture.samples[: BLOCK_SAMPLES * len(printed)])
    where = f"{trial.clip.path.name} at {trial.level_dbfs:g} dBFS"
    different = np.flatnonzero(expected != np.array(printed))
    if len(different):
        at = int(different[0])
        raise EngineError(f"{where}: window {at} is {printed[at]} on the emulated chip, {expected[at]} on the host")
    computed = [event.label for event in events]
    told = [event.label for event in machine.log.alarms]
    if computed != told:
        raise EngineError(f"{where}: events {told} on the emulated chip, {computed} on the host")
    return len(printed), machine.log.first_alarm is not None
