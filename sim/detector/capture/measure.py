"""Measurements of the board's PDM chain, as one would make on a bench: response, noise, distortion, intermodulation.

Levels are relative to a full-scale sine where they say dBFS of a tone, and RMS relative to full scale where they say
dBFS of noise (AES17 would add 3 dB to those). Bandwidth is 20 Hz to 7.5 kHz throughout.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.detector.capture.chain import Chain

SETTLE = SAMPLE_RATE // 2
LENGTH = SAMPLE_RATE
"""Samples that are analysed, one second: bins are 1 Hz, so whole hertz are coherent."""

LEVELS = (-80.0, -70.0, -60.0, -50.0, -40.0, -30.0, -20.0, -10.0, -6.0, -3.0, -2.0, -1.0, 0.0)
TONE_HZ = 1000
BAND = (20, 7500)
_HARMONICS = 7
_LOBE = 5  # bins on each side of a line that the window spreads it over

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tone:
    """A tone at one level: ratios in decibels, distortion and noise relative to the tone (negative)."""

    level_dbfs: float
    gain_db: float
    snr_db: float
    thd_db: float
    thd_n_db: float


@dataclass(frozen=True)
class Measurement:
    """Everything that was measured; frequencies in Hz, spectra per bin of 1 Hz."""

    response: list[tuple[float, float]]  #: frequency, gain in dB
    silence_dbfs: float  #: RMS of silence; -200 is digital zero, which a modulator that idles regularly gives
    noise_dbfs: float  #: RMS of everything beside a tone of -60 dBFS (AES17), full scale 1.0
    noise_a_dbfs: float  #: the same, A-weighted
    noise_density: list[tuple[float, float]]  #: frequency, dBFS per root hertz, in third octaves
    tones: list[Tone]  #: TONE_HZ over level
    difference_tone_db: float  #: 6 and 7 kHz at -6 dBFS together: the product at 1 kHz, relative to both
    modulation_db: float  #: 60 Hz and 7 kHz 4:1, at -6 dBFS together: side bands of 7 kHz relative to it
    spectrum: list[float]  #: of the TONE_HZ tone at -6 dBFS, dBFS, bins of 1 Hz from 0

    @property
    def dynamic_range_db(self) -> float:
        """SNR of a tone at -60 dBFS, plus 60."""
        return next(tone.snr_db for tone in self.tones if tone.level_dbfs == -60.0) + 60.0

    @property
    def ripple_db(self) -> float:
        """Largest departure of the response from that at TONE_HZ, 100 Hz to 7 kHz."""
        inside = [gain for hz, gain in self.response if 100 <= hz <= 7000]
        reference = float(np.interp(TONE_HZ, *np.array(self.response).T))
        return max(abs(gain - reference) for gain in inside)

    def corner(self, upper: bool) -> float | None:
        """Frequency at which the response has fallen by 3 dB, below or above the band; None when it does not."""
        points = self.response if upper else self.response[::-1]
        reference = float(np.interp(TONE_HZ, *np.array(self.response).T))
        start = next(i for i, (hz, _) in enumerate(points) if (hz >= TONE_HZ) == upper)
        for (hz0, g0), (hz1, g1) in itertools.pairwise(points[start:]):
            if g1 <= reference - 3.0 < g0:
                return float(hz0 + (hz1 - hz0) * (g0 - reference + 3.0) / (g0 - g1))
        return None


def db(power: float) -> float:
    """Decibels of a power ratio, -200 at most low."""
    return float(10 * np.log10(max(power, 1e-20)))


def blackman_harris(length: int) -> Array:
    """The four-term window (Harris 1978) with side lobes below -92 dB."""
    phase = 2 * np.pi * np.arange(length) / length
    return np.asarray(0.35875 - 0.48829 * np.cos(phase) + 0.14128 * np.cos(2 * phase) - 0.01168 * np.cos(3 * phase))


def power_spectrum(samples: Array) -> Array:
    """Power per bin, so that sums over bins are mean squares (the window's noise bandwidth is taken off)."""
    window = blackman_harris(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window)) ** 2 * 2 / (len(samples) * float(np.sum(window**2)))
    spectrum[0] /= 2
    return np.asarray(spectrum)


def _line(spectrum: Array, hz: float) -> float:
    """Power of a line; the bins are 1 Hz."""
    at = round(hz)
    return float(spectrum[max(0, at - _LOBE) : at + _LOBE + 1].sum())


def _without(spectrum: Array, lines: list[float]) -> Array:
    rest = spectrum.copy()
    rest[: BAND[0]] = 0
    rest[BAND[1] :] = 0
    for hz in lines:
        rest[max(0, round(hz) - _LOBE) : round(hz) + _LOBE + 1] = 0
    return rest


def sine(hz: float, level_dbfs: float) -> Array:
    """A tone of settling time and measured length; 0 dBFS has peaks at full scale."""
    phase = 2 * np.pi * hz * np.arange(SETTLE + LENGTH) / SAMPLE_RATE
    return np.asarray(10 ** (level_dbfs / 20) * np.sin(phase))


def _heard(chain: Chain, sound: Array) -> Array:
    return chain.hear(sound)[SETTLE:].astype(np.float64) / 32768.0


def measure_tone(chain: Chain, hz: float, level_dbfs: float) -> tuple[Tone, Array]:
    """Gain, SNR, THD and THD+N of one tone, and its power spectrum."""
    spectrum = power_spectrum(_heard(chain, sine(hz, level_dbfs)))
    harmonics = [hz * n for n in range(2, _HARMONICS + 1) if hz * n < BAND[1]]
    signal = _line(spectrum, hz)
    distortion = sum(_line(spectrum, harmonic) for harmonic in harmonics)
    noise = float(_without(spectrum, [hz, *harmonics]).sum())
    # Harmonics hidden in the noise are noise; what the noise puts into their bins is taken off.
    hidden = noise / (BAND[1] - BAND[0]) * (2 * _LOBE + 1) * len(harmonics)
    distortion = max(distortion - hidden, 0.0)
    tone = Tone(
        level_dbfs,
        db(signal * 2) - level_dbfs,
        db(signal / noise),
        db(distortion / signal),
        db((distortion + noise) / signal),
    )
    return tone, spectrum


def measure_response(chain: Chain, level_dbfs: float = -12.0) -> list[tuple[float, float]]:
    """Gain over frequency, from lines all played at once, with phases that keep the peaks low (Schroeder 1970)."""
    lines = np.unique(np.round(np.concatenate([np.geomspace(10, 7000, 60), np.arange(7100, 7991, 90)]))).astype(int)
    n = np.arange(SETTLE + LENGTH)
    index = np.arange(len(lines))
    phases = -np.pi * index * (index - 1) / len(lines)
    sound = np.zeros(len(n))
    for hz, phase in zip(lines, phases, strict=True):
        sound += np.sin(2 * np.pi * hz * n / SAMPLE_RATE + phase)
    sound *= 10 ** (level_dbfs / 20) / np.abs(sound).max()
    # Coherent lines: no window is needed, and neighbours 1 Hz apart stay apart.
    given = np.abs(np.fft.rfft(sound[SETTLE:]))
    heard = np.abs(np.fft.rfft(_heard(chain, sound)))
    return [(float(hz), float(20 * np.log10(heard[hz] / given[hz]))) for hz in lines]


def a_weighting(hz: Array) -> Array:
    """Power gain of A-weighting (IEC 61672-1), 1 at 1 kHz."""
    f2 = np.square(np.maximum(hz, 1e-3))
    gain = 12194**2 * f2**2 / ((f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194**2))
    return np.asarray((gain * 10 ** (2.0 / 20)) ** 2)


def measure_silence(chain: Chain) -> float:
    """RMS of what the chain makes of silence, dBFS."""
    return db(float(_without(power_spectrum(_heard(chain, np.zeros(SETTLE + LENGTH))), []).sum()))


def measure_noise(chain: Chain) -> tuple[float, float, list[tuple[float, float]]]:
    """RMS of the noise beside a tone of -60 dBFS, the same A-weighted, and its density in third octaves."""
    spectrum = _without(power_spectrum(_heard(chain, sine(TONE_HZ, -60.0))), [TONE_HZ])
    hz = np.arange(len(spectrum), dtype=np.float64)
    edges = np.geomspace(20, BAND[1], 27)
    density = []
    for low, high in itertools.pairwise(edges):
        bins = spectrum[round(low) : max(round(low) + 1, round(high))]
        density.append((float(np.sqrt(low * high)), db(float(bins.mean()))))
    return db(float(spectrum.sum())), db(float((spectrum * a_weighting(hz)).sum())), density


def measure_intermodulation(chain: Chain) -> tuple[float, float]:
    """Difference tone (IEC 60268-3, 6 and 7 kHz) and modulation distortion (60 Hz and 7 kHz, 4:1), in dB."""
    twin = power_spectrum(_heard(chain, sine(6000, -12.0) + sine(7000, -12.0)))
    difference = _line(twin, 1000) / (_line(twin, 6000) + _line(twin, 7000))
    low, high = 20 * np.log10(0.8 * 10 ** (-6 / 20)), 20 * np.log10(0.2 * 10 ** (-6 / 20))
    mixed = power_spectrum(_heard(chain, sine(60, float(low)) + sine(7000, float(high))))
    sides = sum(_line(mixed, 7000 + k * 60) for k in (-2, -1, 1, 2))
    return db(difference), db(sides / _line(mixed, 7000))


def measure(chain: Chain, on_progress: Callable[[int, int], None] = lambda done, total: None) -> Measurement:
    """All measurements, about 30 s of sound."""
    total = len(LEVELS) + 4
    response = measure_response(chain)
    on_progress(1, total)
    silence = measure_silence(chain)
    noise, noise_a, density = measure_noise(chain)
    on_progress(3, total)
    tones, shown = [], np.zeros(0)
    for index, level in enumerate(LEVELS):
        tone, spectrum = measure_tone(chain, TONE_HZ, level)
        tones.append(tone)
        if level == -6.0:
            shown = spectrum
        on_progress(4 + index, total)
    difference, modulation = measure_intermodulation(chain)
    on_progress(total, total)
    return Measurement(
        response, silence, noise, noise_a, density, tones, difference, modulation, [round(db(2 * p), 2) for p in shown]
    )
