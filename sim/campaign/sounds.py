"""What a case sounds like: level, room and noise around its sound, on the time line of the machine."""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from emberwatch.audio import SAMPLE_RATE, Clip, Recording, Scenario, files, generate
from emberwatch.audio import scenario as scenarios
from emberwatch.audio.scenario import GENERATORS
from emberwatch.audio.sounds import Sound
from emberwatch.base.errors import UsageError
from emberwatch.campaign.case import Case, Content
from emberwatch.training.data.scenes import sounding_of_recording
from emberwatch.training.synth.rooms import room_response, through_room

LEAD_IN_S = 0.3
"""Silence before the sound: the firmware has booted, and listens."""
TAIL_S = 2.0
"""Silence after it; an alarm in it still counts."""
_NOISE_SEED = 1_000_003
"""Between the seeds of sound and noise of one case."""


class Files(Protocol):
    """Where the files of a case are on this machine."""

    def path(self, content: Content) -> Path:
        """The file with this content."""

    def scenario(self, case: Case) -> Path:
        """The case's scenario file, with the files that it names where it looks for them."""


def scenario_of(case: Case, store: Files) -> Scenario:
    """All that the microphone hears; time zero is power-on.

    Raises:
        EmberwatchError: a sound cannot be read or made.
    """
    if case.scenario is not None:
        return scenarios.load(store.scenario(case))
    if not case.generate and case.recording is None:
        return Scenario()
    sound = _sound(case, store)
    assert sound.length is not None
    seconds = sound.length / SAMPLE_RATE
    clips = [Clip(sound, at_s=LEAD_IN_S, level_dbfs=case.level_dbfs)]
    if case.snr_db is not None:
        level = case.level_dbfs if case.level_dbfs is not None else _level_of(sound)
        noise = _noise(case, store)
        bed = Clip(noise, at_s=LEAD_IN_S, level_dbfs=level - case.snr_db, seconds=seconds, loop=True)
        clips.append(bed)
    return Scenario(clips, LEAD_IN_S + seconds + TAIL_S)


def begins_s(case: Case, scenario: Scenario, store: Files) -> float:
    """When what is to be heard begins, seconds since power-on."""
    if case.recording is not None and case.expect == "alarm":
        return LEAD_IN_S + _onset(store.path(case.recording))
    return min((clip.at_s for clip in scenario.clips), default=0.0)


def _sound(case: Case, store: Files) -> Sound:
    if case.recording is not None:
        samples = _loaded(store.path(case.recording))
        if case.seconds is not None:
            samples = samples[: round(case.seconds * SAMPLE_RATE)]
    else:
        assert case.seconds is not None
        parameters = dict(case.parameters)
        made = generate(case.generate, **parameters)
        samples = made.read(0, round(case.seconds * SAMPLE_RATE)).astype(np.float32)
    if case.room != "dry":
        chance = np.random.default_rng([case.seed, zlib.crc32(case.room.encode())])
        samples = through_room(samples, room_response(chance, case.room == "next_room"), None)
    return Recording(samples)


def _noise(case: Case, store: Files) -> Sound:
    if case.noise_file is not None:
        return Recording(_loaded(store.path(case.noise_file)))
    seeded = case.noise in ("white_noise", "pink_noise", "clicks", "speechlike")
    if case.noise not in GENERATORS:
        raise UsageError(f"noise {case.noise!r} is not known; generators are: {', '.join(GENERATORS)}")
    return generate(case.noise, **({"seed": case.seed + _NOISE_SEED} if seeded else {}))


def _level_of(sound: Sound) -> float:
    assert sound.length is not None
    rms = files.loudest_second_rms(sound.read(0, sound.length))
    return 20 * math.log10(rms) if rms > 0 else -120.0


@lru_cache(maxsize=64)
def _loaded(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return files.load(path)


@lru_cache(maxsize=4096)
def _onset(path: Path) -> float:
    return float(np.argmax(sounding_of_recording(_loaded(path)))) / SAMPLE_RATE
