"""Keywords that prepare what the microphone will hear."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from robot.api import SkipExecution
from robot.api.deco import keyword, library

from emberwatch.audio import Clip, Recording, files, generate
from emberwatch.audio.recordings import RealRecording, fixed_sample, read_manifest
from emberwatch.base.paths import recordings_folder
from emberwatch.robot.session import session


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
        made = generate(name, **{key: _number(value) for key, value in parameters.items()})
        length = None if duration is None else duration.total_seconds()
        session.clips.append(Clip(made, at_s=at.total_seconds(), level_dbfs=level_dbfs, seconds=length))
        session.sound_name = ", ".join(filter(None, [session.sound_name, f"{name} {level_dbfs:g} dBFS"]))

    @keyword
    def recording(
        self, path: Path, level_dbfs: float | None = None, at: timedelta = timedelta(milliseconds=200)
    ) -> None:
        """Adds a WAV or FLAC file, at its own level unless one is given."""
        clip = Clip(Recording(files.load(path)), at_s=at.total_seconds(), level_dbfs=level_dbfs)
        session.clips.append(clip)
        session.sound_name = ", ".join(filter(None, [session.sound_name, path.name]))

    @keyword
    def real_alarms(self) -> list[RealRecording]:
        """Real alarm recordings; skips the test when there are none on this computer."""
        return [entry for entry in self._recordings() if entry.label == "alarm"]

    @keyword
    def real_negatives(self, count: int = 8) -> list[RealRecording]:
        """A fixed sample of real recordings without an alarm; skips the test when there are none."""
        return fixed_sample([entry for entry in self._recordings() if entry.label == "other"], count)

    def _recordings(self) -> list[RealRecording]:
        folder = recordings_folder()
        if folder is None:
            raise SkipExecution(
                "no real recordings on this computer: set EMBERWATCH_AUDIO to a folder with manifest.csv"
            )
        return read_manifest(folder)


def _number(value: Any) -> Any:
    """Robot passes free arguments as text: numbers become numbers."""
    for kind in (int, float):
        try:
            return kind(value)
        except (TypeError, ValueError):
            continue
    return value
