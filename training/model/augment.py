"""Variation of features while training, anew in every epoch.

Recordings are few, and a network soon knows them by heart. What makes one recognisable is changed here, what makes an
alarm one stays: other sounds lie over it, its pitch moves by whole bands, loudspeaker and microphone colour it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK, SILENT
from emberwatch.training.data.scene_cache import SceneSet

STEP_DB = 10 * np.log10(2) / 8
"""One step of a feature byte: an eighth of a power of two, 0.376 dB."""

# By how much at most; found by trial on held-out folds.
_OVERLAY_BELOW_DB = (-3.0, 27.0)  # how far the laid-over sound stays below the scene
_LOUD_FRAMES = 60  # half a second: a scene is as loud as its strongest band is for at least so long
_PITCH_BANDS = 1  # no tone crosses the border of the alarms' pitches: 1.95 or 4.5 kHz to 2.15 or 4.05
_COLOUR_DB = 3.5  # standard deviation at each knot of the curve
_COLOUR_KNOTS = 7
_LEVEL_DB = 11.3
_TILT_DB = 3.8  # at the lowest and the highest band


@dataclass(frozen=True)
class Shares:
    """Which share of the scenes, 0 to 1, is varied in each way; found by trial on held-out folds."""

    overlay: float = 0.7
    pitch: float = 0.6
    colour: float = 0.7
    level: float = 0.7
    silent_start: float = 0.25


class Augmentation:
    """Varies batches of scenes.

    Args:
        scenes: all there are.
        chosen: indices of those to train on; only these lie over others.
        shares: how many are varied in which way.
    """

    def __init__(self, scenes: SceneSet, chosen: NDArray[np.int64], shares: Shares = Shares()) -> None:
        self._shares = shares
        self._scenes = scenes
        self._without_alarm = chosen[scenes.sounding[chosen].max(axis=1, initial=0) == 0]
        self._loudness = _loudness(scenes.features)

    def batch(self, rng: np.random.Generator, index: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
        """Features ``[n, frames, 32]`` and sounding shares ``[n, blocks]`` of the scenes ``index``, varied."""
        features = self._scenes.features[index].astype(np.int16)
        self._overlay(rng, features, index)
        _shift_pitch(rng, features, self._shares.pitch)
        _colour(rng, features, self._shares)
        sounding = self._scenes.sounding[index].copy()
        _silence_start(rng, features, sounding, self._shares.silent_start)
        return np.clip(features, -128, 127).astype(np.int8), sounding

    def _overlay(self, rng: np.random.Generator, features: NDArray[np.int16], index: NDArray[np.int64]) -> None:
        """Lay a scene without an alarm over some, rolled in time; of two powers the larger stands for their sum."""
        if not len(self._without_alarm):
            return
        for row in np.flatnonzero(rng.random(len(index)) < self._shares.overlay):
            other = int(rng.choice(self._without_alarm))
            sound = self._scenes.features[other]
            roll = FRAMES_PER_BLOCK * int(rng.integers(features.shape[1] // FRAMES_PER_BLOCK))
            below = rng.uniform(*_OVERLAY_BELOW_DB) / STEP_DB + int(self._loudness[other] - self._loudness[index[row]])
            moved = np.where(sound == SILENT, SILENT, sound.astype(np.int16) - round(below))
            np.maximum(features[row], np.roll(moved, roll, axis=0), out=features[row])


def _loudness(features: NDArray[np.int8]) -> NDArray[np.int16]:
    strongest = features.max(axis=2)
    return np.partition(strongest, -_LOUD_FRAMES, axis=1)[:, -_LOUD_FRAMES].astype(np.int16)


def _shift_pitch(rng: np.random.Generator, features: NDArray[np.int16], share: float) -> None:
    """Move some scenes up or down by whole bands of 250 Hz; the outermost band fills what becomes empty."""
    for row in np.flatnonzero(rng.random(len(features)) < share):
        bands = int(rng.integers(1, _PITCH_BANDS + 1)) * (1 if rng.random() < 0.5 else -1)
        features[row] = features[row][:, np.clip(np.arange(BANDS) - bands, 0, BANDS - 1)]


def _colour(rng: np.random.Generator, features: NDArray[np.int16], shares: Shares) -> None:
    """Another level and tilt, and a smooth curve over frequency."""
    count = len(features)
    level = rng.uniform(-_LEVEL_DB, _LEVEL_DB, (count, 1)) + rng.uniform(-_TILT_DB, _TILT_DB, (count, 1)) * np.linspace(
        -1, 1, BANDS
    )
    level *= rng.random((count, 1)) < shares.level
    knots = rng.normal(0, _COLOUR_DB, (count, _COLOUR_KNOTS))
    knots *= rng.random((count, 1)) < shares.colour
    positions = np.linspace(0, _COLOUR_KNOTS - 1, BANDS)
    curve = np.stack([np.interp(positions, np.arange(_COLOUR_KNOTS), row) for row in knots])
    features += np.rint((level + curve) / STEP_DB).astype(np.int16)[:, np.newaxis]


def _silence_start(
    rng: np.random.Generator, features: NDArray[np.int16], sounding: NDArray[np.uint8], share: float
) -> None:
    """Let some scenes begin with digital silence."""
    for row in np.flatnonzero(rng.random(len(features)) < share):
        blocks = int(rng.integers(1, features.shape[1] // FRAMES_PER_BLOCK * 5 // 8))
        features[row, : blocks * FRAMES_PER_BLOCK] = SILENT
        sounding[row, :blocks] = 0
