"""Sound drawn with characters: a wave form, and a spectrogram in half blocks of two colours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from rich.style import Style
from rich.text import Text

from emberwatch.audio import SAMPLE_RATE
from emberwatch.base.picture import DARK_TO_LIGHT

COLUMN = SAMPLE_RATE // 16
"""Samples of one column: 62.5 ms."""
_WINDOW = np.hanning(COLUMN)
_FLOOR_DB, _RANGE_DB = -80.0, 70.0
_COLOURS = tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in ((4, 4, 16), *DARK_TO_LIGHT[1:]))
"""Those of pictures; the darkest is not quite black, so that it stands out from the terminal's ground."""
_LOWER, _UPPER, _FULL = "▄", "▀", "█"


class SoundHistory:
    """The last columns of what was heard: peaks and spectra."""

    def __init__(self, columns: int, bands: int) -> None:
        self._rest: npt.NDArray[np.float64] = np.zeros(0)
        self.peaks = np.zeros((columns, 2))
        self.levels = np.full((columns, bands), _FLOOR_DB)

    def take(self, samples: npt.NDArray[np.float64]) -> None:
        """Adds samples, 16 kHz, full scale 1."""
        self._rest = np.concatenate((self._rest, samples))
        while len(self._rest) >= COLUMN:
            column, self._rest = self._rest[:COLUMN], self._rest[COLUMN:]
            self.peaks = np.roll(self.peaks, -1, axis=0)
            self.peaks[-1] = column.min(), column.max()
            self.levels = np.roll(self.levels, -1, axis=0)
            self.levels[-1] = self._bands(column)

    def _bands(self, column: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Level of each band from 0 to 8 kHz, in dB of a full-scale sine."""
        power = np.abs(np.fft.rfft(column * _WINDOW))[1:] ** 2
        bands = self.levels.shape[1]
        edges = np.linspace(0, len(power), bands + 1).astype(int)
        sums = np.array([power[a:b].sum() for a, b in pairwise(edges)])
        full_scale = COLUMN * np.square(_WINDOW).sum() / 4  # of a sine of amplitude 1, over its lobe (Parseval)
        levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(sums / full_scale, 1e-12))
        return levels

    def wave(self, rows: int) -> Text:
        """Lowest and highest sample of each column, around the middle line."""
        steps = 2 * rows
        low = np.floor((1 - np.clip(self.peaks[:, 1], -1, 1)) / 2 * (steps - 1) + 0.5).astype(int)
        high = np.floor((1 - np.clip(self.peaks[:, 0], -1, 1)) / 2 * (steps - 1) + 0.5).astype(int)
        lines = []
        for row in range(rows):
            upper = (low <= 2 * row) & (2 * row <= high)
            lower = (low <= 2 * row + 1) & (2 * row + 1 <= high)
            pairs = zip(upper, lower, strict=True)
            lines.append("".join(_FULL if u and d else _UPPER if u else _LOWER if d else " " for u, d in pairs))
        return Text("\n".join(lines), style="green")

    def spectrogram(self) -> Text:
        """Level over time and frequency, the highest band on top; two bands a row."""
        steps = (self.levels - _FLOOR_DB) / _RANGE_DB * (len(_COLOURS) - 1)
        indices = np.clip(np.round(steps), 0, len(_COLOURS) - 1).astype(int)
        text = Text(no_wrap=True)
        bands = indices.shape[1]
        for row in range(bands // 2):
            top = bands - 1 - 2 * row
            for upper, lower in zip(indices[:, top], indices[:, top - 1], strict=True):
                text.append(_UPPER, Style(color=_COLOURS[upper], bgcolor=_COLOURS[lower]))
            if top > 1:
                text.append("\n")
        return text
