"""Bit-exact reference of the emulated PDM microphone (`sim/mic`): interpolator and sigma-delta modulator.

Plain Python integers and NumPy int64 only, so that the C++ can be checked against it to the bit. It also holds the
design of the interpolation filter, from which ``sim/mic/interpolator_taps.inc`` is generated::

    python -m emberwatch.audio.reference sim/mic/interpolator_taps.inc
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emberwatch.base import atomic
from emberwatch.base.units import PICO

SAMPLE_RATE = 16_000
FULL_SCALE_BITS = 23
PHASES = 8
TAPS_PER_PHASE = 80
TAP_BITS = 20
PICOSECONDS_PER_STEP = PICO // (SAMPLE_RATE * PHASES)
UNITS_PER_SAMPLE = 6
"""Output unit of the interpolator: sixths of a Q23 step, the natural unit of a cubic B-spline."""
FULL_SCALE = UNITS_PER_SAMPLE << FULL_SCALE_BITS

_KAISER_BETA = 9.62  # 96 dB of stopband attenuation


def design_taps() -> npt.NDArray[np.int32]:
    """Taps of the eightfold interpolation filter, shape (PHASES, TAPS_PER_PHASE), Q20, newest sample first.

    A Kaiser-windowed sinc with its -6 dB point at 8 kHz, convolved with (-1, 8, -1)/6, which undoes the droop
    sinc^4(f/128 kHz) of the B-spline that follows to within 0.01 dB. Every phase sums to exactly one, so that a
    constant stays constant.
    """
    half = PHASES * TAPS_PER_PHASE // 2
    position = np.arange(-half, half + 1)
    prototype = np.sinc(position / PHASES) * np.kaiser(2 * half + 1, _KAISER_BETA)
    compensated = np.convolve(prototype, np.array([-1.0, 8.0, -1.0]) / 6.0)[1:-1]
    taps = np.round(compensated[:-1].reshape(TAPS_PER_PHASE, PHASES).T * (1 << TAP_BITS)).astype(np.int64)
    taps[:, TAPS_PER_PHASE // 2] += (1 << TAP_BITS) - taps.sum(axis=1)
    return taps.astype(np.int32)


class Interpolator:
    """Value of a 16 kHz signal at any emulated time; samples outside the given ones are silence.

    Args:
        samples: Q23 integers; sample i sounds at i / 16000 s.
    """

    def __init__(self, samples: npt.NDArray[np.int32]) -> None:
        self._samples = np.asarray(samples, dtype=np.int64)
        self._taps = design_taps().astype(np.int64)
        self._cache: dict[int, int] = {}

    def _upsampled(self, step: int) -> int:
        if step not in self._cache:
            sample, phase = divmod(step, PHASES)
            newest = sample + TAPS_PER_PHASE // 2
            index = newest - np.arange(TAPS_PER_PHASE)
            inside = (index >= 0) & (index < len(self._samples))
            x = np.where(inside, self._samples[np.clip(index, 0, len(self._samples) - 1)], 0)
            self._cache[step] = (int(np.dot(self._taps[phase], x)) + (1 << (TAP_BITS - 1))) >> TAP_BITS
        return self._cache[step]

    def at(self, picoseconds: int) -> int:
        """Value at a time, in sixths of a Q23 step."""
        step, rest = divmod(picoseconds, PICOSECONDS_PER_STEP)
        p0, p1, p2, p3 = (self._upsampled(step - 1 + i) for i in range(4))
        t = (rest << 20) // PICOSECONDS_PER_STEP
        y = ((p3 - 3 * p2 + 3 * p1 - p0) * t) >> 20
        y = ((3 * (p0 - 2 * p1 + p2) + y) * t) >> 20
        y = ((3 * (p2 - p0) + y) * t) >> 20
        return p0 + 4 * p1 + p2 + y


class SigmaDelta:
    """Fourth-order one-bit modulator; see `sim/mic/modulator.hpp` for structure and measured noise."""

    FORWARD = (34295, 8690, 1239, 85)
    RESONATOR_LOW, RESONATOR_HIGH = 18, 118
    LIMIT_TENTHS = (40, 15, 7, 4)

    def __init__(self, full_scale: int = FULL_SCALE, seed: int = 1) -> None:
        self._full_scale = full_scale
        self._dither = (seed * 2654435769 + 1) & 0xFFFFFFFF
        self._x = [0, 0, 0, 0]
        self._limit = [
            ((full_scale * tenths // 10) << 16) // forward
            for tenths, forward in zip(self.LIMIT_TENTHS, self.FORWARD, strict=True)
        ]

    def step(self, u: int) -> bool:
        """Returns the bit for one input value in -full_scale..full_scale."""
        self._dither = (self._dither * 1664525 + 1013904223) & 0xFFFFFFFF
        noise = (((self._dither >> 8) - (1 << 23)) * (self._full_scale // 10)) >> 23
        total = sum(forward * x for forward, x in zip(self.FORWARD, self._x, strict=True))
        bit = u + noise + (total >> 16) >= 0
        error = u - (self._full_scale if bit else -self._full_scale)
        x0, x1, x2, x3 = self._x
        x3 += x2
        x2 += x1 - ((self.RESONATOR_HIGH * x3) >> 16)
        x1 += x0
        x0 += error - ((self.RESONATOR_LOW * x1) >> 16)
        self._x = [max(-limit, min(limit, x)) for x, limit in zip((x0, x1, x2, x3), self._limit, strict=True)]
        return bit


def pdm_bits(samples: npt.NDArray[np.int32], edges_ps: Sequence[int], seed: int = 1) -> npt.NDArray[np.uint8]:
    """Bits of a microphone that hears `samples` (Q23, 16 kHz) and is clocked at `edges_ps` (picoseconds)."""
    sound, modulator = Interpolator(samples), SigmaDelta(seed=seed)
    return np.array(
        [modulator.step(max(-FULL_SCALE, min(FULL_SCALE, sound.at(edge)))) for edge in edges_ps], dtype=np.uint8
    )


def _write_taps(path: Path) -> None:
    lines = ["// Generated by `python -m emberwatch.audio.reference`; do not edit."]
    for row in design_taps():
        numbers = [f"{tap}," for tap in row]
        lines.append("{" + " ".join(numbers)[:-1] + "},")
    atomic.write_text(path, "\n".join(lines) + "\n")


if __name__ == "__main__":
    _write_taps(Path(sys.argv[1]))
