"""The claim that the detector hears an alarm, at a level, a ratio to noise and a clock: what `search` breaks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from emberwatch.audio import Clip, Recording, Scenario, Sound, files, generate
from emberwatch.audio.scenario import GENERATORS
from emberwatch.base.errors import UsageError
from emberwatch.detector.machine import DetectorMachine
from emberwatch.engines.embedded import chip_of

Quantity = Literal["level", "snr", "clock"]
_BOOT_S = 0.5
"""The detector listens by then; the sound begins within a second after it, at another moment in each run."""


@dataclass(frozen=True)
class Hearing:
    """An alarm goes on within a time of the sound's beginning.

    Attributes:
        firmware: the detector.
        quantity: what is varied: the sound's level in dBFS, its level above the noise in dB, the crystal in ppm.
        sounds: names of generators or files of recordings; runs take them in turn.
        board: where it runs.
        level_dbfs: of the sound.
        noise_dbfs: of the pink noise behind it; where `snr` is searched for, so far below the sound.
        within_s: of the sound's beginning.
    """

    firmware: Path
    quantity: Quantity
    sounds: Sequence[str] = ("t3",)
    board: str = "pico"
    level_dbfs: float = -20.0
    noise_dbfs: float = -65.0
    within_s: float = 10.0

    def __post_init__(self) -> None:
        if self.quantity not in get_args(Quantity):
            raise UsageError(f"{self.quantity!r} cannot be searched; there are: {', '.join(get_args(Quantity))}")
        if not self.sounds:
            raise UsageError("a search needs at least one sound; give a recording or a generator such as t3")

    def __call__(self, value: float, number: int) -> bool:
        """Makes run `number` at a value."""
        chance = random.Random(f"{self.quantity} {value:.9g} {number}")
        level = value if self.quantity == "level" else self.level_dbfs
        noise = level - value if self.quantity == "snr" else self.noise_dbfs
        at_s = round(_BOOT_S + chance.random(), 4)
        scenario = Scenario(
            [
                Clip(self._sound(number), at_s=at_s, level_dbfs=level),
                Clip(generate("pink_noise", seed=chance.randrange(1 << 31)), level_dbfs=noise),
            ],
            seconds=at_s + self.within_s,
        )
        seed = chance.randrange(1 << 31)
        with DetectorMachine(self.firmware, scenario, board=self.board, engine="embedded", seed=seed, trace=()) as m:
            if self.quantity == "clock":
                chip_of(m.engine).set_crystal(max(1, round(m.board.clock.xosc_hz * (1 + value / 1e6))))
            while m.time_s < scenario.seconds and not m.log.alarm_on:
                m.run(min(0.25, scenario.seconds - m.time_s))
            return m.log.alarm_on

    def _sound(self, number: int) -> Sound:
        name = self.sounds[number % len(self.sounds)]
        return generate(name) if name in GENERATORS else Recording(files.load(Path(name)), Path(name))
