"""Bursts of sound, band by band: the reference of firmware/apps/detector/bursts.c, equal to the bit.

The header bursts.h says what each field means.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FIRST_BAND = 1
BANDS = 20
HISTORY = 4

_LEAST_STEP = 12
_GREATEST_FALL = 20
_KINDRED = 40
_STRONGER = 32
_SOON = 63
_VALLEY_CREEP = 3
_RISE_BLOCKS = 3
_LONG = 32
_FORGET = 190
_NEIGHBOUR = 3
_TONAL = 40
_MAX = 255


def _next(count: int) -> int:
    return min(count + 1, _MAX)


def _halfway(peak: int, valley: int) -> int:
    return max(_LEAST_STEP, int((peak - valley) / 2))  # C rounds towards zero


@dataclass
class Band:
    """State of one band; mirrors ``band_t``."""

    valley: int = _MAX
    peak: int = 0
    contrast: int = 0
    belief: int = 0
    trust: int = 0
    tonality: int = 0
    before: int = 0
    drift: int = 0
    length: int = 0
    since_onset: int = _MAX
    since_end: int = _MAX
    rise: int = 0
    regular: int = 0
    since_group: int = _MAX
    lengths: list[int] = field(default_factory=lambda: [0] * HISTORY)
    periods: list[int] = field(default_factory=lambda: [0] * HISTORY)
    on: bool = False

    def _join_means(self) -> None:
        first = self.trust == 0
        self.trust = self.belief if first else (3 * self.trust + self.belief + 2) // 4
        self.tonality = self.contrast if first else (3 * self.tonality + self.contrast + 2) // 4
        self.drift = 0 if first else (3 * self.drift + abs(self.peak - self.before) + 2) // 4
        self.before = self.peak
        self.belief = 0

    def _begin_burst(self) -> None:
        if self.length and self.since_end < _FORGET:
            self._join_means()
            newer = self.since_onset
            agrees = abs(newer - self.periods[0]) <= 1 + newer // 12
            self.regular = _next(self.regular) if agrees else 0
            self.lengths = [self.length, *self.lengths[:-1]]
            self.periods = [newer, *self.periods[:-1]]
        else:
            self.lengths, self.periods = [0] * HISTORY, [0] * HISTORY
            self.regular = self.trust = 0
        self.on = True
        self.since_onset = self.length = self.peak = self.belief = self.rise = 0

    def _begin_again(self) -> None:
        if self.periods[0]:
            self.periods[0] = min(self.periods[0] + self.since_onset, _MAX)
        self.regular = self.since_onset = self.length = self.belief = 0

    def follow(self, level: int, contrast: int, probability: int, creep: bool) -> None:
        """Take the newest block's level and contrast in this band, and the network's probability."""
        self.since_onset, self.since_end = _next(self.since_onset), _next(self.since_end)
        self.since_group = _next(self.since_group)
        if not self.on:
            if self.valley == _MAX and contrast >= _TONAL:
                self.valley = 0
            elif level < self.valley:
                self.valley = level
            elif creep and self.valley < _MAX:
                self.valley += 1
            if level - self.valley >= max(_halfway(self.peak, self.valley), self.peak - self.valley - _KINDRED):
                self._begin_burst()
            elif self.peak > self.valley and self.since_end > _SOON:
                self.peak -= 1
        if self.on:
            if self.length > _RISE_BLOCKS and level > self.peak + _STRONGER:
                self._begin_again()
            if level > self.peak:
                self.peak, self.contrast = level, max(0, contrast)
            if self.length < _RISE_BLOCKS:
                self.rise = self.peak - self.valley
            if self.peak - level >= min(_GREATEST_FALL, _halfway(self.peak, self.valley)):
                self.on = False
                self.since_end = 0
                self.valley = level
            else:
                self.length = self.length + 1 if self.length < _MAX else _MAX + 1 - _LONG  # a tone without end
                if self.length % _LONG == 0:
                    self._join_means()
        self.belief = max(self.belief, probability)


class Bursts:
    """All bands; mirrors ``bursts_t``."""

    def __init__(self) -> None:
        self.bands = [Band() for _ in range(BANDS)]
        self._creep = 0

    def update(self, features: NDArray[np.int8], probability: int) -> None:
        """Take the newest block: features ``[4, 32]`` and the network's probability."""
        levels = ((features.astype(np.int64).sum(axis=0) + 512) // 4).tolist()
        creep = self._creep == 0
        self._creep = _VALLEY_CREEP - 1 if creep else self._creep - 1
        for index, band in enumerate(self.bands):
            b = index + FIRST_BAND
            above = levels[b + _NEIGHBOUR]
            below = above if b < _NEIGHBOUR else levels[b - _NEIGHBOUR]
            band.follow(levels[b], levels[b] - (above + below) // 2, probability, creep)
