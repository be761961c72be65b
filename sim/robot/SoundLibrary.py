"""Keywords that prepare what the microphone will hear."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from robot.api import SkipExecution
from robot.api.deco import keyword, library

from emberwatch.audio import Clip, Recording, files, generate
from emberwatch.audio.manifest import ALARM, OTHER
from emberwatch.audio.recordings import RealRecording, fixed_sample, read_manifest
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.paths import recordings_folder
from emberwatch.robot.arguments import number, seconds, some
from emberwatch.robot.session import session

_LEVELS = (-150.0, 60.0)
"""From below the microphone's own noise to a clip that saturates it."""


@library(scope="GLOBAL")
class SoundLibrary:
    """Sounds add up on one time line, whose zero is power-on. Levels are the RMS of the loudest second in dBFS."""

    @keyword
    def sound(
        self,
        name: str,
        level_dbfs: float = -25.0,
        at: timedelta = timedelta(milliseconds=200),
        duration: timedelta | None = None,
        **parameters: Any,
    ) -> None:
        """Adds a generated sound: t3, t4, pulsed, continuous, tone, sweep, white_noise, pink_noise, clicks, speechlike.

        Further arguments are the sound's own: frequency_hz, waveform, on_s, off_s, from_hz, to_hz, period_s, seed.
        """
        number(level_dbfs, "The level in dBFS", *_LEVELS)
        start = seconds(at, "The time", zero=True)
        made = generate(name, **{key: _number(value) for key, value in parameters.items()})
        length = None if duration is None else seconds(duration, "The duration")
        session.clips.append(Clip(made, at_s=start, level_dbfs=level_dbfs, seconds=length))
        session.sound_name = ", ".join(filter(None, [session.sound_name, f"{name} {level_dbfs:g} dBFS"]))

    @keyword
    def recording(
        self, path: Path, level_dbfs: float | None = None, at: timedelta = timedelta(milliseconds=200)
    ) -> None:
        """Adds a WAV or FLAC file, at its own level unless one is given."""
        if level_dbfs is not None:
            number(level_dbfs, "The level in dBFS", *_LEVELS)
        clip = Clip(Recording(files.load(path)), at_s=seconds(at, "The time", zero=True), level_dbfs=level_dbfs)
        session.clips.append(clip)
        session.sound_name = ", ".join(filter(None, [session.sound_name, path.name]))

    @keyword
    def real_alarms(self) -> list[RealRecording]:
        """Real alarm recordings; skips the test when there are no recordings on this computer.

        Fails when there are recordings but no alarm among them: that is a mistake in the manifest.
        """
        return list(some([entry for entry in self._recordings() if entry.label == ALARM], "alarms in the manifest"))

    @keyword
    def real_negatives(self, count: int = 8) -> list[RealRecording]:
        """A fixed sample of real recordings without an alarm; skips the test when there are no recordings.

        Fails when there are recordings but none without an alarm, or when `count` is less than 1.
        """
        number(count, "The count", 1, 1_000_000)
        others = some([entry for entry in self._recordings() if entry.label == OTHER], "other sounds in the manifest")
        return fixed_sample(list(others), count)

    def _recordings(self) -> list[RealRecording]:
        folder = recordings_folder()
        if folder is None:
            raise SkipExecution(
                "no real recordings on this computer: set EMBERWATCH_AUDIO to a folder with manifest.csv"
            )
        try:
            return read_manifest(folder)
        except EmberwatchError as error:
            raise AssertionError(str(error)) from None


def _number(value: Any) -> Any:
    """Robot passes free arguments as text: numbers become numbers."""
    for kind in (int, float):
        try:
            return kind(value)
        except (TypeError, ValueError):
            continue
    return value
