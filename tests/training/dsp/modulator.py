"""An ideal one-bit fourth-order sigma-delta modulator, written for these tests alone.

Error feedback in floating point: the signal transfer function is exactly 1, the noise transfer function a fourth-order
Butterworth high-pass with a maximum gain of 1.5 (Lee's rule), so all that a decimator adds is the decimator's.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.signal import butter

PDM_RATE = 1_024_000
PCM_RATE = 16_000
ORDER = 4
MAXIMUM_NOISE_GAIN = 1.5


@functools.cache
def noise_transfer_function() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Numerator and denominator in z^-1, both beginning with 1."""

    def roots(corner: float) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
        zeros, poles, _ = butter(ORDER, corner, "high", output="zpk")
        return zeros, poles

    def excess(corner: float) -> float:
        zeros, poles = roots(corner)
        return float(np.prod(np.abs(-1 - zeros)) / np.prod(np.abs(-1 - poles))) - MAXIMUM_NOISE_GAIN

    zeros, poles = roots(brentq(excess, 0.01, 0.9))
    return np.real(np.poly(zeros)), np.real(np.poly(poles))


def modulate(signals: npt.NDArray[np.float64]) -> list[npt.NDArray[np.uint32]]:
    """PDM words of each column of ``signals`` (samples at 1.024 MHz, full scale 1; a multiple of 32 of them)."""
    numerator, denominator = noise_transfer_function()
    feedback, recursion = (numerator - denominator)[1:], denominator[1:]
    lanes = signals.shape[1]
    errors = np.zeros((ORDER, lanes))
    shaped = np.zeros((ORDER, lanes))
    bits = np.empty(signals.shape, dtype=bool)
    for n, sample in enumerate(signals):
        noise = feedback @ errors - recursion @ shaped
        wanted = sample + noise
        bit = wanted >= 0
        bits[n] = bit
        errors[1:], shaped[1:] = errors[:-1], shaped[:-1]
        errors[0], shaped[0] = np.where(bit, 1.0, -1.0) - wanted, noise
    return [np.packbits(bits[:, lane], bitorder="little").view("<u4") for lane in range(lanes)]


def sines(frequencies_hz: list[float], amplitudes: list[float], seconds: float) -> npt.NDArray[np.float64]:
    """One column per sine, for `modulate`."""
    n = np.arange(round(seconds * PCM_RATE) * (PDM_RATE // PCM_RATE))
    return np.stack(
        [a * np.sin(2 * np.pi * f * n / PDM_RATE) for f, a in zip(frequencies_hz, amplitudes, strict=True)], axis=1
    )
