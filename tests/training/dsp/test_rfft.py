"""The firmware's FFT: equal to the reference to the bit, and no less accurate than CMSIS-DSP's."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emberwatch.training.dsp import native, rfft, tables

HANN = tables.hann_q15()
HALF = np.full(256, 16384)
"""A rectangular window; 0.5 because of the bound in rfft.h."""
N = np.arange(256)


def frames_of(seed: int, count: int = 64) -> npt.NDArray[np.int16]:
    """Noise of many levels, tones, steps and impulses."""
    rng = np.random.default_rng(seed)
    level = 2 ** rng.uniform(0, 15, (count, 1))
    kinds = [
        rng.uniform(-1, 1, (count, 256)),
        np.sin(2 * np.pi * rng.uniform(0, 0.5, (count, 1)) * N + rng.uniform(0, 6.28, (count, 1))),
        np.where(rng.random((count, 256)) < 0.5, -1.0, 1.0),
        np.where(rng.integers(0, 256, (count, 1)) < N, 1.0, -1.0),
        np.where(rng.integers(0, 256, (count, 1)) == N, 1.0, 0.0),
    ]
    chosen = np.choose(rng.integers(0, len(kinds), (count, 1)), kinds)
    return np.clip(np.rint(chosen * level), -32768, 32767).astype(np.int16)


def assert_equal(frames: npt.NDArray[np.int16], window: npt.NDArray[np.int64]) -> None:
    out, exponent = rfft.rfft_q15_256(frames, window)
    power, power_exponent = rfft.rfft_q15_256_power(frames, window)
    unsigned = window.astype(np.uint16)
    for i, frame in enumerate(frames):
        got, got_exponent = native.rfft_q15_256(frame, unsigned)
        np.testing.assert_array_equal(got, out[i])
        assert got_exponent == exponent[i]
        got_power, got_exponent = native.rfft_q15_256_power(frame, unsigned)
        np.testing.assert_array_equal(got_power, power[i])
        assert got_exponent == power_exponent[i]


@given(seed=st.integers(0, 2**32 - 1), rectangular=st.booleans())
@settings(max_examples=20)
def test_native_equals_reference(seed: int, rectangular: bool) -> None:
    assert_equal(frames_of(seed), HALF if rectangular else HANN)


@given(samples=st.lists(st.integers(-32768, 32767), min_size=256, max_size=256))
@settings(max_examples=20)
def test_native_equals_reference_on_any_frame(samples: list[int]) -> None:
    assert_equal(np.array([samples], dtype=np.int16), HANN)


def worst_frames() -> npt.NDArray[np.int16]:
    """Full-scale frames that line up with a bin of the transform, of its even or of its odd half."""
    frames = []
    for k in (0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 96, 127, 128):
        for phase in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
            sign = np.where(np.cos(2 * np.pi * k * N / 256 + phase) >= 0, 1, -1)
            frames += [np.where(sign > 0, 32767, -32768), np.where(sign > 0, -32768, 32767)]
            frames += [np.where(N % 2, frames[-1], 0), np.where(N % 2, 0, frames[-1])]
    frames += [np.full(256, v) for v in (0, 1, -1, 32767, -32768)]
    return np.array(frames, dtype=np.int16)


@pytest.mark.parametrize("window", [HANN, HALF], ids=["hann", "rectangle"])
def test_native_equals_reference_in_the_worst_cases(window: npt.NDArray[np.int64]) -> None:
    assert_equal(worst_frames(), window)


@pytest.mark.parametrize("window", [HANN, HALF], ids=["hann", "rectangle"])
def test_nothing_overflows(window: npt.NDArray[np.int64]) -> None:
    """Against the exact transform: an overflow anywhere would be an error of thousands."""
    frames = np.concatenate([worst_frames(), frames_of(1, 500), frames_of(2, 500)])
    re, im, exponent = rfft.rfft_bins(frames, window)
    exact = np.fft.rfft(frames * window / 32768) / 2.0 ** exponent[:, np.newaxis]
    assert np.abs(re + 1j * im - exact).max() < 4
    assert max(np.abs(re).max(), np.abs(im).max()) <= 32768 + 2


def test_power_of_silence_is_zero() -> None:
    power, _ = native.rfft_q15_256_power(np.zeros(256, dtype=np.int16), HANN.astype(np.uint16))
    assert not power.any()


def comparison_inputs() -> Iterator[tuple[str, npt.NDArray[np.int16]]]:
    """Q15 frames over which both transforms are measured."""
    rng = np.random.default_rng(7)
    for level_db in (0, -6, -20, -40, -60):
        peak = 32767 * 10 ** (level_db / 20)
        yield f"white noise {level_db} dB", np.rint(rng.uniform(-peak, peak, (40, 256))).astype(np.int16)
        gaussian = rng.normal(0, peak / 4, (40, 256))
        yield f"gaussian noise {level_db} dB", np.rint(np.clip(gaussian, -32768, 32767)).astype(np.int16)
        frequency, phase = rng.uniform(0.5, 127.5, (40, 1)), rng.uniform(0, 6.28, (40, 1))
        tones = peak * np.sin(2 * np.pi * frequency * N / 256 + phase)
        yield f"tones {level_db} dB", np.rint(tones).astype(np.int16)
        on_bin = peak * np.cos(2 * np.pi * np.arange(1, 128, 3)[:, np.newaxis] * N / 256)
        yield f"tones on a bin {level_db} dB", np.rint(on_bin).astype(np.int16)
    time = np.arange(256 * 40)
    sweep = 32767 * np.sin(np.pi * 0.5 * time**2 / time.size)
    yield "full-scale sweep", np.rint(sweep).astype(np.int16).reshape(40, 256)


@pytest.mark.parametrize(("name", "frames"), [pytest.param(n, f, id=n) for n, f in comparison_inputs()])
def test_error_is_within_that_of_cmsis_dsp(name: str, frames: npt.NDArray[np.int16]) -> None:
    """Error against the float transform of the same Q15 input, rms and largest, over all bins of all frames."""
    cmsis = pytest.importorskip("cmsisdsp", reason="cmsisdsp is not installed; run: pip install cmsisdsp")
    instance = cmsis.arm_rfft_instance_q15()
    assert cmsis.arm_rfft_init_q15(instance, 256, 0, 1) == 0
    exact = np.fft.rfft(frames.astype(np.float64))
    theirs = np.empty_like(exact)
    ours = np.empty_like(exact)
    for i, frame in enumerate(frames):
        raw = np.asarray(cmsis.arm_rfft_q15(instance, frame.copy()), dtype=np.float64)[:258]
        theirs[i] = (raw[0::2] + 1j * raw[1::2]) * 256  # its output is the transform scaled by 1/256
        packed, exponent = native.rfft_q15_256(frame, HALF.astype(np.uint16))
        bins = packed.astype(np.float64) * 2.0 ** (exponent + 1)  # + 1: the window is 0.5
        ours[i, 0], ours[i, 128] = bins[0], bins[1]
        ours[i, 1:128] = bins[2::2] + 1j * bins[3::2]
    our_error, their_error = np.abs(ours - exact), np.abs(theirs - exact)
    assert np.sqrt((our_error**2).mean()) <= np.sqrt((their_error**2).mean())
    assert our_error.max() <= their_error.max()
