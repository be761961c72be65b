"""Levels in a recording at 16 kHz, for the quality tests."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000


def amplitude(pcm: npt.NDArray[np.int16], frequency_hz: float) -> float:
    """Amplitude of a sine of known frequency, full scale 1, by correlation under a Hann window."""
    n = np.arange(pcm.size)
    window = np.hanning(pcm.size)
    return float(
        2 * np.abs(np.sum(pcm / 32768 * window * np.exp(-2j * np.pi * frequency_hz * n / RATE))) / window.sum()
    )


def snr_db(pcm: npt.NDArray[np.int16], frequency_hz: float, low_hz: float = 20, high_hz: float = 7000) -> float:
    """Power of the sine over all other power (noise and distortion) from ``low_hz`` to ``high_hz``."""
    power = np.abs(np.fft.rfft(pcm * np.kaiser(pcm.size, 20))) ** 2
    frequency = np.fft.rfftfreq(pcm.size, 1 / RATE)
    main_lobe_hz = 8 * RATE / pcm.size  # of the Kaiser window, generously
    signal = np.abs(frequency - frequency_hz) < main_lobe_hz
    noise = (frequency >= low_hz) & (frequency <= high_hz) & ~signal
    return float(10 * np.log10(power[signal].sum() / power[noise].sum()))
