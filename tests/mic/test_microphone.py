"""The C++ microphone against its Python reference, and the reference against what a PDM microphone must do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from paths import ROOT

from emberwatch.audio import reference

PDM_HZ = 1_024_000


@pytest.fixture(scope="session")
def native(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpolator and modulator of sim/mic, compiled for the host."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler; install g++")
    program = tmp_path_factory.mktemp("mic") / "mic_host"
    command = [
        compiler,
        "-std=c++20",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-I",
        ROOT / "sim",
        "-I",
        ROOT / "sim/rp2040",
    ]
    sources = [ROOT / "tests/mic/mic_host.cpp", ROOT / "sim/mic/interpolator.cpp"]
    subprocess.run([*command, "-o", program, *sources], check=True)
    return program


def native_bits(program: Path, samples: npt.NDArray[np.int32], edges: npt.NDArray[np.uint64], seed: int) -> np.ndarray:
    data = program.parent / "input.bin"
    header = np.array([seed, len(samples), len(edges)], dtype=np.uint32)
    data.write_bytes(header.tobytes() + samples.astype(np.int32).tobytes() + edges.astype(np.uint64).tobytes())
    return np.frombuffer(subprocess.run([program, data], check=True, capture_output=True).stdout, dtype=np.uint8)


def steady_edges(count: int, start_ps: int = 0) -> npt.NDArray[np.uint64]:
    """Edges as a fractional PIO divider makes them: whole cycles of 8 ns, 122.0703125 on average."""
    cycles = np.arange(count, dtype=np.uint64) * 31250 // 256
    return np.uint64(start_ps) + cycles * np.uint64(8000)


def sine(amplitude: float, frequency: float, seconds: float) -> npt.NDArray[np.int32]:
    t = np.arange(round(16000 * seconds)) / 16000
    return np.round(amplitude * (1 << 23) * np.sin(2 * np.pi * frequency * t)).astype(np.int32)


@pytest.mark.parametrize("seed", [1, 12345])
@pytest.mark.parametrize(
    "samples",
    [
        sine(0.5, 1000.0, 0.03),
        sine(1.0, 3100.0, 0.03),
        np.random.default_rng(1).integers(-(1 << 25), 1 << 25, 480).astype(np.int32),
        np.full(480, 1 << 23, dtype=np.int32),
        np.zeros(480, dtype=np.int32),
    ],
    ids=["sine", "overload", "noise beyond full scale", "constant full scale", "silence"],
)
def test_bits_equal_the_reference(native: Path, samples: npt.NDArray[np.int32], seed: int) -> None:
    edges = steady_edges(20_000)
    expected = reference.pdm_bits(samples, [int(edge) for edge in edges], seed)
    assert np.array_equal(native_bits(native, samples, edges, seed), expected)


def test_bits_equal_the_reference_when_the_clock_wanders_and_stops(native: Path) -> None:
    gaps = np.random.default_rng(2).integers(1, 3_000_000, 4000).astype(np.uint64)
    gaps[2000] = 20_000_000_000
    edges = np.cumsum(gaps)
    samples = sine(0.7, 2000.0, 0.05)
    assert np.array_equal(native_bits(native, samples, edges, 3), reference.pdm_bits(samples, edges.tolist(), 3))


def test_committed_taps_are_the_designed_ones() -> None:
    rows = (ROOT / "sim/mic/interpolator_taps.inc").read_text().split("{")[1:]
    committed = np.array([[int(n) for n in row.split("}")[0].split(",")] for row in rows])
    designed = reference.design_taps()
    assert committed.shape == (reference.PHASES, reference.TAPS_PER_PHASE)
    # A last-bit difference of a platform's sin() may move a rounded tap by one.
    assert np.max(np.abs(committed - designed)) <= 1
    assert np.array_equal(committed.sum(axis=1), np.full(reference.PHASES, 1 << reference.TAP_BITS))


def spectrum(bits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies and power (full-scale sine = 1) per bin of a Blackman window, and noise bandwidth correction."""
    signal = bits.astype(np.float64) * 2 - 1
    window = np.blackman(len(signal))
    power = np.abs(np.fft.rfft(signal * window)) ** 2 / (window.sum() / 2) ** 2
    bandwidth = len(signal) * np.sum(window**2) / window.sum() ** 2
    return np.fft.rfftfreq(len(signal), 1 / PDM_HZ), power / bandwidth


@pytest.mark.parametrize(("level_db", "noise_db"), [(-60.0, -95.0), (-6.0, -95.0), (-3.0, -95.0), (-2.0, -80.0)])
def test_in_band_noise_and_gain(native: Path, level_db: float, noise_db: float) -> None:
    count = 1 << 19
    frequency = 512 * PDM_HZ / count  # 1 kHz, on a bin
    bits = native_bits(native, sine(10 ** (level_db / 20), frequency, 0.6), steady_edges(count + 20_000), 1)[20_000:]
    hz, power = spectrum(bits)
    near = np.abs(hz - frequency) < 50
    assert 10 * np.log10(power[near].sum()) == pytest.approx(level_db, abs=0.02)
    assert 10 * np.log10(power[(hz > 20) & (hz < 8000) & ~near].sum()) < noise_db


@pytest.mark.parametrize("frequency", [100.0, 1000.0, 3100.0, 6000.0, 7300.0])
def test_interpolator_is_flat_and_free_of_images(frequency: float) -> None:
    count = 1 << 12
    sound = reference.Interpolator(sine(0.5, frequency, 0.1))
    values = np.array([sound.at(20_000_000_000 + n * 976_562) for n in range(count)])
    values = values / reference.FULL_SCALE
    t = 0.02 + np.arange(count) * 976_562e-12
    basis = np.stack([np.sin(2 * np.pi * frequency * t), np.cos(2 * np.pi * frequency * t)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, values, rcond=None)
    assert 20 * np.log10(np.hypot(*fit) / 0.5) == pytest.approx(0.0, abs=0.02)
    residue = values - basis @ fit
    assert 20 * np.log10(np.sqrt(np.mean(residue**2)) / 0.5) < -75


def test_overload_recovers(native: Path) -> None:
    samples = np.concatenate([np.full(1600, 1 << 26), np.zeros(4800)]).astype(np.int32)
    bits = native_bits(native, samples, steady_edges(380_000), 1)
    hz, power = spectrum(bits[130_000:])
    assert 10 * np.log10(power[(hz > 20) & (hz < 8000)].sum()) < -90
