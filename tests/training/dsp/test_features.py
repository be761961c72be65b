"""Features: equal to the reference to the bit, and what their definition says, from -90 dBFS to full scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emberwatch.training.dsp import features, native

RATE = 16_000


def exact_features(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    """The definition in features.h, in floating point, neither rounded nor clamped."""
    n = np.arange(256)
    window = (1 - np.cos(2 * np.pi * n / 256)) / 2
    spectra = np.fft.rfft(features.split_frames(pcm) * window)[:, :128]
    power = (np.abs(spectra) ** 2).reshape(-1, 32, 4).sum(axis=2)
    return 8 * np.log2(np.maximum(power, 1e-9) / 2**11) - 128


def sine(frequency_hz: float, level_dbfs: float, samples: int = 2048) -> npt.NDArray[np.int16]:
    signal = 32767 * 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * frequency_hz * np.arange(samples) / RATE)
    return np.rint(signal).astype(np.int16)


@given(seed=st.integers(0, 2**32 - 1), level=st.floats(0, 15), samples=st.integers(0, 3000))
@settings(max_examples=60)
def test_native_equals_reference(seed: int, level: float, samples: int) -> None:
    rng = np.random.default_rng(seed)
    peak = 2**level
    signal = rng.uniform(-peak, peak, samples) + peak * np.sin(np.arange(samples) * rng.uniform(0, np.pi))
    pcm = np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
    np.testing.assert_array_equal(native.features(pcm), features.features(pcm))


@pytest.mark.parametrize("value", [0, 1, -1, 32767, -32768])
def test_native_equals_reference_on_constants(value: int) -> None:
    pcm = np.full(1024, value, dtype=np.int16)
    np.testing.assert_array_equal(native.features(pcm), features.features(pcm))


def test_shapes() -> None:
    for samples, frames in ((0, 0), (255, 0), (256, 1), (383, 1), (384, 2), (16_000, 124)):
        pcm = np.zeros(samples, dtype=np.int16)
        assert native.features(pcm).shape == features.features(pcm).shape == (frames, 32)


def test_silence_is_the_lowest_value() -> None:
    assert (native.features(np.zeros(256, dtype=np.int16)) == -128).all()


@pytest.mark.parametrize("frequency", [520.0, 1000.0, 3100.0, 6437.5])
def test_definition_within_the_frame_s_dynamic_range(frequency: float) -> None:
    """Bands less than 45 dB below the loudest are within a step of the exact value, less than 60 dB within three steps
    (1.1 dB), at every level of the sound."""
    for level in range(-84, 1, 3):
        pcm = sine(frequency, level)
        exact = exact_features(pcm)
        difference = np.abs(native.features(pcm) - np.clip(exact, -128, 127))
        for range_db, steps in ((45, 1.0), (60, 3.0)):
            loud = (exact > exact.max() - range_db / 0.376) & (exact > -128)
            assert loud.any()
            assert difference[loud].max() <= steps, level


def test_level_is_smooth_from_90_db_below_full_scale() -> None:
    """The loudest band follows a swept level step by step: 8 steps per 3.01 dB, no jump where the exponent changes."""
    levels = np.arange(-90, 0.01, 0.25)
    rng = np.random.default_rng(1)
    noise = rng.uniform(-0.5, 0.5, 256) + rng.uniform(-0.5, 0.5, 256)  # dither, as microphone noise is
    tone = np.sin(2 * np.pi * 3125 * np.arange(256) / RATE)
    loudest = []
    for level in levels:
        pcm = np.clip(np.rint(32767 * 10 ** (level / 20) * tone + noise), -32768, 32767).astype(np.int16)
        loudest.append(int(native.features(pcm)[0].max()))
    ideal = 8 * np.log2(10 ** (levels / 10)) + loudest[-1]
    audible = levels > -84
    assert np.abs(np.array(loudest) - ideal)[audible].max() <= 2
    assert np.abs(np.array(loudest) - ideal).max() <= 8
    assert loudest[-1] >= 120 and loudest[0] < -100


def test_band_of_a_frequency() -> None:
    for band in range(32):
        assert native.features(sine(250 * band + 125, -20)).mean(axis=0).argmax() == band


def test_unaligned_frames_give_the_same() -> None:
    pcm = np.random.default_rng(2).integers(-3000, 3000, 1025).astype(np.int16)
    np.testing.assert_array_equal(native.features(pcm[1:]), native.features(pcm[1:].copy()))


def test_wrong_type_is_refused() -> None:
    with pytest.raises(ValueError, match="pcm: got float64 of shape"):
        native.features(np.zeros(256))  # type: ignore[arg-type]
