"""Building blocks: oscillators, envelopes, coloured noise, spectral shaping."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16000
NYQUIST = SAMPLE_RATE / 2

Signal = NDArray[np.float32]
Rng = np.random.Generator


def samples_of(seconds: float) -> int:
    """The number of samples nearest to a duration in seconds."""
    return max(0, round(seconds * SAMPLE_RATE))


def log_uniform(rng: Rng, low: float, high: float) -> float:
    """A random number whose logarithm is uniform between those of ``low`` and ``high``."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def from_db(decibel: float) -> float:
    """Amplitude ratio of a level difference in dB."""
    return float(10.0 ** (decibel / 20.0))


def rms(signal: Signal) -> float:
    """Root mean square over the whole signal, 0 for an empty one."""
    return float(np.sqrt(np.mean(np.square(signal, dtype=np.float64)))) if len(signal) else 0.0


def phase_of(frequency: NDArray[np.float64] | float, count: int, start: float = 0.0) -> NDArray[np.float64]:
    """Phase in radians of an oscillator whose frequency (Hz) may differ from sample to sample."""
    per_sample = np.broadcast_to(np.asarray(frequency, np.float64), (count,))
    return start + 2 * np.pi * np.cumsum(per_sample) / SAMPLE_RATE


def harmonics(
    frequency: NDArray[np.float64] | float, count: int, partials: list[tuple[float, float]], rng: Rng
) -> Signal:
    """Sum of partials (multiple of the frequency, amplitude) with random phases; those above Nyquist are left out."""
    top = float(np.max(frequency))
    out = np.zeros(count)
    base = phase_of(frequency, count)
    for multiple, amplitude in partials:
        if multiple * top < 0.98 * NYQUIST:
            out += amplitude * np.sin(multiple * base + rng.uniform(0, 2 * np.pi))
    return out.astype(np.float32)


def smooth_walk(rng: Rng, count: int, rate_hz: float) -> NDArray[np.float64]:
    """A random curve of about unit range that changes on the scale of ``1 / rate_hz`` seconds."""
    knots = max(2, int(count / SAMPLE_RATE * rate_hz) + 2)
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), rng.uniform(-1, 1, knots))


def gate_envelope(gate: NDArray[np.bool_], attack_s: float, release_s: float) -> NDArray[np.float64]:
    """Smooth a 0/1 gate: straight attack over ``attack_s``, exponential release with time constant ``release_s``."""
    envelope = np.zeros(len(gate))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], gate, [False]]).astype(np.int8)))
    attack = max(1, samples_of(attack_s))
    release = max(1.0, release_s * SAMPLE_RATE)
    tail = np.exp(-np.arange(int(8 * release) + 1) / release)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        envelope[start:stop] = np.maximum(envelope[start:stop], np.minimum(1.0, (np.arange(stop - start) + 1) / attack))
        if stop > start:
            end = min(len(gate), stop + len(tail))
            envelope[stop:end] = np.maximum(envelope[stop:end], envelope[stop - 1] * tail[: end - stop])
    return envelope


def shape_spectrum(signal: Signal, gain_at: tuple[list[float], list[float]]) -> Signal:
    """Filter with zero phase by a gain curve given in dB at frequencies in Hz, linear in between."""
    count = len(signal)
    spectrum = np.fft.rfft(signal)
    frequency = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    gain = np.interp(frequency, *gain_at)
    return np.fft.irfft(spectrum * 10.0 ** (gain / 20), count).astype(np.float32)


def coloured_noise(rng: Rng, count: int, slope_db_per_octave: float) -> Signal:
    """Gaussian noise of unit RMS: slope 0 white, -3 pink, -6 brown; flat below 20 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    octave = np.log2(np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 20.0) / 1000.0)
    noise = np.fft.irfft(spectrum * 10.0 ** (slope_db_per_octave * octave / 20), count)
    return (noise / max(1e-12, float(np.sqrt(np.mean(noise**2))))).astype(np.float32)


def band_noise(rng: Rng, count: int, low_hz: float, high_hz: float) -> Signal:
    """Gaussian noise of unit RMS between two frequencies."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    frequency = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum[(frequency < low_hz) | (frequency > high_hz)] = 0
    noise = np.fft.irfft(spectrum, count)
    return (noise / max(1e-12, float(np.sqrt(np.mean(noise**2))))).astype(np.float32)


def add_at(target: Signal, start: int, part: Signal) -> None:
    """Add ``part`` into ``target`` from sample ``start``, cut off at both ends."""
    begin, end = max(0, start), min(len(target), start + len(part))
    if end > begin:
        target[begin:end] += part[begin - start : end - start]
