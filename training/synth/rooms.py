"""What lies between a sound and its samples: room, doorway, microphone, gain, clipping.

Rooms are exponentially decaying noise behind a direct path (Schroeder's statistical model), with the decay shortening
towards high frequencies as air and furniture make it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emberwatch.audio.files import loudest_second_rms
from emberwatch.training.synth.signals import SAMPLE_RATE, Rng, Signal, from_db, log_uniform, samples_of


def room_response(rng: Rng, next_room: bool = False) -> NDArray[np.float64]:
    """An impulse response: direct sound, a few early reflections, a decaying tail; unit energy.

    ``next_room`` weakens the direct path and dulls everything, as a doorway or a wall does.
    """
    decay_s = log_uniform(rng, 0.12, 0.9)
    count = samples_of(min(0.8, decay_s * 1.1))
    time = np.arange(count) / SAMPLE_RATE
    tail = rng.standard_normal(count) * 10 ** (-3 * time / decay_s)
    dull = rng.uniform(0, 0.75)  # one-pole low-pass, stronger later in the tail by mixing
    soft = np.convolve(tail, dull ** np.arange(12), mode="same") * (1 - dull)
    blend = np.minimum(1, time / decay_s)
    tail = tail * (1 - blend) + soft * blend
    tail /= np.sqrt(np.sum(tail**2)) + 1e-12
    response = tail * from_db(rng.uniform(0, 12) if next_room else rng.uniform(-25, 4))
    response[0] += 0.3 if next_room else 1.0
    for _ in range(int(rng.integers(0, 6))):
        response[int(rng.integers(8, min(count, 480)))] += rng.uniform(-0.6, 0.6)
    if next_room:
        pole = rng.uniform(0.2, 0.8)
        response = np.convolve(response, (1 - pole) * pole ** np.arange(32))[:count]
    return np.asarray(response / (np.sqrt(np.sum(response**2)) + 1e-12))


def microphone_curve(rng: Rng) -> tuple[list[float], list[float]]:
    """Gain in dB at frequencies in Hz: low cut, tilt, and the resonance of a MEMS microphone and its port."""
    cut, tilt, peak = rng.uniform(-24, 0), rng.uniform(-3, 3), rng.uniform(-2, 8)
    top = rng.uniform(-30, 0) if rng.random() < 0.5 else 0.0  # the decimator's edge
    return [0.0, 80.0, 400.0, 1000.0, 4000.0, 7200.0, 8000.0], [
        cut - 6,
        cut / 2,
        0.0,
        0.0,
        tilt,
        tilt + peak,
        tilt + top,
    ]


def through_room(
    signal: Signal, response: NDArray[np.float64] | None, curve: tuple[list[float], list[float]] | None
) -> Signal:
    """Convolve with a room and shape by a microphone curve in one transform; the length stays."""
    if response is None and curve is None:
        return signal
    size = len(signal) + (len(response) if response is not None else 0)
    size = 1 << max(1, size - 1).bit_length()
    spectrum = np.fft.rfft(signal, size)
    if response is not None:
        spectrum = spectrum * np.fft.rfft(response, size)
    if curve is not None:
        spectrum = spectrum * 10 ** (np.interp(np.fft.rfftfreq(size, 1 / SAMPLE_RATE), *curve) / 20)
    return np.asarray(np.fft.irfft(spectrum, size)[: len(signal)], np.float32)


def at_level(signal: Signal, level_dbfs: float) -> Signal:
    """Scale so that the loudest second has the given RMS (full scale 1.0); silence stays silence."""
    level = loudest_second_rms(signal)
    return signal if level < 1e-9 else (signal * np.float32(from_db(level_dbfs) / level)).astype(np.float32)


def to_pcm(signal: Signal) -> NDArray[np.int16]:
    """Round to 16-bit PCM with saturation, as the decimator's output saturates."""
    return np.asarray(np.clip(np.rint(signal * 32768.0), -32768, 32767), np.int16)
