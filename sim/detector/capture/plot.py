"""Plots of a measured chain."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from emberwatch.base import atomic, extras
from emberwatch.detector.capture.measure import TONE_HZ, Measurement


def plot_measurement(result: Measurement, path: Path, title: str) -> None:
    """Four panels as one PNG: response, noise density, SNR and THD+N over level, spectrum of a tone."""
    figure = extras.figure(10, 6.5)
    axes = figure.subplots(2, 2)
    figure.suptitle(title)
    (response, noise), (level, spectrum) = axes

    hz, gain = np.array(result.response).T
    response.semilogx(hz, gain)
    response.set(title="Frequency response", xlabel="Hz", ylabel="dB", ylim=(-12, 2))
    hz, density = np.array(result.noise_density).T
    noise.semilogx(hz, density)
    label = f"{result.noise_dbfs:.1f} dBFS, {result.noise_a_dbfs:.1f} dBFS(A)"
    noise.set(title=f"Noise beside -60 dBFS: {label}", xlabel="Hz", ylabel="dBFS/√Hz")
    levels = [tone.level_dbfs for tone in result.tones]
    level.plot(levels, [tone.snr_db for tone in result.tones], marker=".", label="SNR")
    level.plot(levels, [-tone.thd_n_db for tone in result.tones], marker=".", label="-(THD+N)")
    level.set(title=f"{TONE_HZ} Hz over level", xlabel="level, dBFS", ylabel="dB")
    level.legend()
    spectrum.semilogx(np.arange(len(result.spectrum))[10:], result.spectrum[10:], linewidth=0.6)
    spectrum.set(title=f"{TONE_HZ} Hz at -6 dBFS", xlabel="Hz", ylabel="dBFS in 1 Hz", ylim=(-160, 0))
    for axis in axes.flat:
        axis.grid(True, alpha=0.3)
    with atomic.replacing(path) as file:
        figure.savefig(file, format="png", dpi=80, metadata={"Software": None})
