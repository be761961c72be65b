"""A sample of the trials on the emulated board: is every window and every event what the host computed?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from emberwatch import __version__
from emberwatch.base.errors import EngineError
from emberwatch.base.journal import appending, entries
from emberwatch.base.workers import Crew
from emberwatch.training.data.features import BLOCK_SAMPLES
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.run import Judged
from emberwatch.training.evaluate.trials import Trial, render
from emberwatch.training.model.events import EventParameters

JOURNAL = "compared.jsonl"


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
    network and event logic, which must give every window and every event that the firmware printed. What was compared
    is noted in the folder, and the next call leaves it out while firmware, model, parameters and sound are the same.

    Args:
        model: the .tflite.
        detector_toml: its event parameters.
        judged: the evaluation.
        count: trials to play; more than there are, all of them.
        folder: for the firmware that is built, and the journal of what was compared.
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
    with appending(folder / JOURNAL) as journal:
        keys = _identities(sample, elf, model, parameters)
        wanted = set(keys)
        found = {entry["id"]: entry for _, entry in entries(folder / JOURNAL) if entry.get("id") in wanted}
        todo = [(key, one.trial) for key, one in zip(keys, sample, strict=True) if key not in found]
        on_progress(len(sample) - len(todo), len(sample))
        with Crew(min(workers, len(todo)), play_trial) as crew:
            for done in crew.run((elf, model, parameters, trial) for _, trial in todo):
                compared, alarm = done.result()
                key = todo[done.number][0]
                found[key] = {"id": key, "windows": compared, "alarm": alarm}
                journal.add(found[key])
                on_progress(len(found), len(sample))
    same = sum(found[key]["alarm"] == (one.result.events > 0) for key, one in zip(keys, sample, strict=True))
    return Agreement(len(sample), sum(found[key]["windows"] for key in keys), same)


def _identities(sample: Sequence[Judged], elf: Path, model: Path, parameters: EventParameters) -> list[str]:
    """A hash for each trial of all that decides what is compared; names and places of files are no part of it."""
    digest = cache(lambda path: hashlib.sha256(path.read_bytes()).hexdigest())
    common = [__version__, digest(elf), digest(model), asdict(parameters)]
    found = []
    for trial in (one.trial for one in sample):
        noise = digest(trial.noise.path) if trial.noise else None
        facts = [*common, digest(trial.clip.path), trial.level_dbfs, noise, trial.snr_db]
        found.append(hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest())
    return found


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
