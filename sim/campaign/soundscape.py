"""Days of sound from one seed: alarms of all kinds at random moments, and everything else between them.

The time line is plain data, made as a whole; sounds are made for the stretch that is about to be heard, so that a day
needs no more memory than ten minutes. Any two stretches agree on every sample that both hold.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from emberwatch.audio import Clip, Recording, Scenario, files, generate

QUIET = (45.0, 240.0)
"""Least and greatest time between the end of an alarm and the beginning of the next, seconds."""
FIRST_S = 20.0
SETTLE_S = 8.0
"""So long after an alarm nothing else sounds: it goes off 6 s after its cadence was last confirmed."""
NOISE_BELOW_DB = 12.0, 20.0
_BEFORE_S = 2.0
"""Other sounds end so long before an alarm."""
_AROUND_S = 5.0
"""What is supplied to a microphone ahead of time belongs to the stretch, too."""
_BACKGROUND_DBFS = -55.0
_OTHERS = ("speechlike", "white_noise", "pink_noise", "clicks", "sweep", "tone")


@dataclass(frozen=True)
class Placed:
    """One sound of the day: plain data.

    Attributes:
        kind: the cadence for an alarm, '' for anything else.
        file: of a recording, or None.
        generate: name of the generator otherwise, with `parameters`.
    """

    at_s: float
    seconds: float
    level_dbfs: float
    kind: str = ""
    file: Path | None = None
    generate: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        """When it ends."""
        return self.at_s + self.seconds

    def clip(self) -> Clip:
        """The sound itself."""
        sound = _recording(self.file) if self.file is not None else generate(self.generate, **self.parameters)
        return Clip(sound, at_s=self.at_s, level_dbfs=self.level_dbfs, seconds=self.seconds)


@lru_cache(maxsize=32)
def _recording(path: Path) -> Recording:
    return Recording(files.load(path), path)


class Soundscape:
    """A day, or any other time, of sounds.

    Args:
        seconds: how long.
        seed: of everything random in it.
        others: recordings without an alarm, and their lengths in seconds, to be played between the generated sounds.
    """

    def __init__(self, seconds: float, seed: int = 1, others: Sequence[tuple[Path, float]] = ()) -> None:
        self.seconds = seconds
        self._chance = random.Random(f"soundscape {seed}")
        self._others = list(others)
        self._background = Placed(0.0, seconds, _BACKGROUND_DBFS, generate="pink_noise", parameters={"seed": seed})
        self.placed: list[Placed] = []
        """All sounds but the background, by their beginnings."""
        self._place()

    @property
    def alarms(self) -> list[Placed]:
        """What must be heard."""
        return [sound for sound in self.placed if sound.kind]

    def scenario(self, begin_s: float, end_s: float) -> Scenario:
        """What sounds from `begin_s` to `end_s`, on the time line of the whole; nothing can be told outside it."""
        near = [p for p in self.placed if p.at_s < end_s + _AROUND_S and p.end_s > begin_s - _AROUND_S]
        return Scenario([placed.clip() for placed in (self._background, *near)], self.seconds)

    def _place(self) -> None:
        chance, now = self._chance, FIRST_S
        while True:
            alarm = self._alarm(now)
            if alarm.end_s + SETTLE_S > self.seconds:
                return
            self.placed.append(alarm)
            if chance.random() < 0.3:
                below = alarm.level_dbfs - chance.uniform(*NOISE_BELOW_DB)
                self.placed.append(self._generated(chance.choice(_OTHERS[:3]), alarm.at_s, alarm.seconds, below))
            following = round(alarm.end_s + chance.uniform(*QUIET), 3)
            self._fill(alarm.end_s + SETTLE_S, min(following - _BEFORE_S, self.seconds))
            now = following

    def _fill(self, now: float, end: float) -> None:
        """Other sounds, one after another."""
        chance = self._chance
        while (now := now + chance.uniform(0.5, 10.0)) < end - 1.0:
            at, level = round(now, 3), round(chance.uniform(-45.0, -20.0), 1)
            if self._others and chance.random() < 0.7:
                path, length = chance.choice(self._others)
                placed = Placed(at, round(min(length, end - at), 3), level, file=path)
            else:
                name = chance.choice(_OTHERS)
                placed = self._generated(name, at, round(min(chance.uniform(10.0, 90.0), end - at), 3), level)
            self.placed.append(placed)
            now = placed.end_s

    def _generated(self, name: str, at: float, seconds: float, level: float) -> Placed:
        chance, parameters = self._chance, dict[str, Any]()
        if name == "sweep":
            parameters = {"from_hz": 600.0, "to_hz": 1400.0, "period_s": round(chance.uniform(3.0, 8.0), 2)}
        elif name == "tone":
            parameters = {"frequency_hz": float(chance.choice((50, 100, 440)))}
        else:
            parameters = {"seed": chance.randrange(1 << 31)}
        return Placed(at, seconds, round(level, 1), generate=name, parameters=parameters)

    def _alarm(self, at: float) -> Placed:
        chance = self._chance
        kind = chance.choice(("t3", "t3", "t4", "continuous", "pulsed"))
        level, pitch = round(chance.uniform(-35.0, -12.0), 1), round(chance.uniform(2900.0, 3450.0), 1)
        parameters: dict[str, Any] = {"frequency_hz": pitch}
        if kind == "t3" and chance.random() < 0.25:
            parameters = {"frequency_hz": 520.0, "waveform": "square"}
        elif kind == "pulsed":
            beat = round(chance.uniform(0.1, 0.25), 3)
            parameters |= {"on_s": beat, "off_s": beat}
        seconds = round(chance.uniform(20.0, 40.0), 3)
        return Placed(round(at, 3), seconds, level, kind, generate=kind, parameters=parameters)
