"""PDM to PCM: signal-to-noise ratio, ripple, alias rejection, gain, DC and overload, measured on the native build."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from modulator import modulate, sines
from spectrum import amplitude, snr_db

from emberwatch.training.dsp import native, tables

SETTLED = 2560
"""Samples after which the DC blocker's start has died out (5 time constants of 512 samples)."""
SECONDS = 0.4
RIPPLE_HZ = (50.0, 300.0, 1000.0, 2500.0, 4000.0, 5500.0, 7000.0)
ALIAS_HZ = (9000.0, 9500.0, 11_300.0, 14_000.0, 25_000.0, 31_000.0, 39_000.0, 57_100.0, 250_900.0)
LEVELS = ((100.0, 0.5), (520.0, 0.5), (3100.0, 0.5), (6000.0, 0.5), (3100.0, 0.05))

Recordings = dict[tuple[float, float, float], npt.NDArray[np.int16]]


def db(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-12)))


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    """PCM of sines by frequency, amplitude and DC offset; one run of the modulator for all."""
    wanted = {(f, 0.5, 0.0) for f in (*RIPPLE_HZ, *ALIAS_HZ)} | {(f, a, 0.0) for f, a in LEVELS} | {(1000.0, 0.3, 0.25)}
    keys = sorted(wanted)
    signals = sines([f for f, _, _ in keys], [a for _, a, _ in keys], SECONDS + SETTLED / 16_000)
    words = modulate(signals + np.array([offset for _, _, offset in keys]))
    return {key: native.decimate(stream)[SETTLED:] for key, stream in zip(keys, words, strict=True)}


def linear_gain(frequency_hz: float) -> float:
    """Gain at one frequency of the filters as such, to wherever below 8 kHz the frequency is folded."""
    taps = tables.fir_taps()
    fir = np.abs(np.sum(taps * np.exp(-2j * np.pi * frequency_hz / 1_024_000 * np.arange(128)))) / 65536
    narrow = frequency_hz % 32_000
    z2 = np.exp(-2j * np.pi * narrow / 16_000)
    a = np.prod([(c / 256 + z2) / (1 + c / 256 * z2) for c in tables.HALFBAND_A])
    b = np.prod([(c / 256 + z2) / (1 + c / 256 * z2) for c in tables.HALFBAND_B])
    half_band = abs(a + np.exp(-2j * np.pi * narrow / 32_000) * b) / 2
    droop = tables.DROOP_B / 256
    corrector = (1 + droop) / abs(1 + droop * z2)
    blocker = abs((1 - z2) / (1 - (1 - 2**-9) * z2))
    return float(fir * half_band * corrector * blocker)


def folded(frequency_hz: float) -> float:
    """Where a frequency comes out at a rate of 16 kHz."""
    return abs(frequency_hz - 16_000 * round(frequency_hz / 16_000))


def test_signal_to_noise_ratio_at_1_khz(recordings: Recordings) -> None:
    ratio = snr_db(recordings[1000.0, 0.5, 0.0], 1000)
    assert ratio >= 66  # the requirement
    assert ratio >= 76  # what the filter has been designed for


@pytest.mark.parametrize(("frequency", "level"), LEVELS)
def test_signal_to_noise_ratio(recordings: Recordings, frequency: float, level: float) -> None:
    assert snr_db(recordings[frequency, level, 0.0], frequency) >= 74 + db(level / 0.5)


def test_passband_ripple() -> None:
    gains = [db(linear_gain(f)) for f in np.arange(100, 7001, 10)]
    assert max(gains) - min(gains) <= 0.5
    assert abs(db(linear_gain(1000))) <= 0.1
    assert db(linear_gain(20)) >= -0.5


@pytest.mark.parametrize("frequency", RIPPLE_HZ)
def test_measured_gain_equals_the_filters(recordings: Recordings, frequency: float) -> None:
    measured = amplitude(recordings[frequency, 0.5, 0.0], frequency) / 0.5
    assert db(measured) == pytest.approx(db(linear_gain(frequency)), abs=0.02)


def test_alias_rejection_of_the_filters() -> None:
    """Every frequency from 9 kHz to the PDM rate's half that lands in 0 .. 7 kHz."""
    frequencies = np.arange(9000, 512_001, 50.0)
    worst = max(db(linear_gain(f)) for f in frequencies if folded(f) <= 7000)
    assert worst <= -60  # the requirement
    assert worst <= -64


@pytest.mark.parametrize("frequency", ALIAS_HZ)
def test_measured_alias_rejection(recordings: Recordings, frequency: float) -> None:
    assert folded(frequency) <= 7000
    assert db(amplitude(recordings[frequency, 0.5, 0.0], folded(frequency)) / 0.5) <= -60


def test_dc_is_removed(recordings: Recordings) -> None:
    pcm = recordings[1000.0, 0.3, 0.25]
    cycles = pcm[: pcm.size // 16 * 16]  # whole periods of 1 kHz
    assert abs(cycles[-1600:].mean()) < 3
    assert amplitude(pcm, 1000) == pytest.approx(0.3, rel=0.01)


def test_silence_is_silent_from_the_first_sample() -> None:
    pcm = native.decimate(np.full(4096, 0x55555555, dtype=np.uint32))
    assert np.abs(pcm).max() <= 1


def test_overload_saturates() -> None:
    """A full-scale square wave overshoots after band limiting; it must clip, not wrap."""
    period = 64 * 40  # bits of a 400 Hz square wave
    bits = (np.arange(64 * 16_000) % period) < period // 2
    pcm = native.decimate(np.packbits(bits, bitorder="little").view("<u4")).astype(np.int64)
    assert pcm.max() == 32767 and pcm.min() == -32768
    # Wrapping would show as a jump across the range between neighbours of one half-wave.
    for start in range(0, 15_960, 20):
        middle = pcm[start + 10 : start + 16]
        assert (middle > 20_000).all() or (middle < -20_000).all()
