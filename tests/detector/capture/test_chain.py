"""The PDM chain as a tool: emulated and native are equal, data sets pass through it, measurements measure."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.base.errors import EmulationError, UsageError
from emberwatch.board.board import load_board
from emberwatch.detector.build import build_firmware
from emberwatch.detector.capture import measure
from emberwatch.detector.capture.chain import EmulatedChain, NativeChain
from emberwatch.detector.capture.dataset import Item, pass_through_device, plan, verify_native
from emberwatch.program.toolchain import COMPILER, install_command


@pytest.fixture(scope="module")
def toolchain() -> None:
    for program, remedy in ((COMPILER, install_command()), ("c++", "sudo apt-get install g++")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed; get it with: {remedy}")


@pytest.fixture(scope="module")
def chain(toolchain: None) -> EmulatedChain:
    return EmulatedChain()


def noise(seconds: float, rms: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(round(seconds * 16000)) * rms


@pytest.mark.parametrize(
    "sound",
    [noise(0.7, 0.1), noise(0.3, 3.0), np.zeros(5000), np.full(3000, 0.5), np.sin(np.arange(16000) * 0.4) * 0.9],
    ids=["noise", "overload", "silence", "constant", "tone"],
)
def test_native_equals_emulated(chain: EmulatedChain, sound: np.ndarray) -> None:
    emulated, native = chain.hear(sound), NativeChain(chain).hear(sound)
    assert len(emulated) == len(sound)
    assert np.array_equal(emulated, native)


def test_right_channel_and_seed(toolchain: None, tmp_path: Path) -> None:
    text = (ROOT / "platforms/boards/pico.toml").read_text().replace('"left"', '"right"')
    (tmp_path / "right.toml").write_text(text)
    board = load_board(tmp_path / "right.toml")
    elf = build_firmware(board, out=tmp_path / "build", app="capture").elf
    right = EmulatedChain(board, elf, seed=5)
    sound = noise(0.2, 0.1)
    heard = right.hear(sound)
    assert np.array_equal(heard, NativeChain(right, seed=5).hear(sound))
    assert not np.array_equal(heard, NativeChain(right, seed=6).hear(sound))


def test_every_clip_starts_anew(chain: EmulatedChain) -> None:
    first = chain.hear(noise(0.2, 0.2))
    chain.hear(noise(0.3, 0.9, seed=2))
    assert np.array_equal(chain.hear(noise(0.2, 0.2)), first)


def test_a_clip_keeps_its_place_and_level(chain: EmulatedChain) -> None:
    sound = noise(1.0, 0.1)
    heard = chain.hear(sound) / 32768.0
    lags = range(-8, 9)
    match = [float(np.dot(sound[100:-100], np.roll(heard, -lag)[100:-100])) for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= 1
    n = np.arange(16000)
    tone = 0.2 * np.sin(2 * np.pi * 1000 * n / 16000)
    assert np.std(chain.hear(tone)[8000:] / 32768.0) / np.std(tone[8000:]) == pytest.approx(1.0, abs=0.01)


def test_the_detector_is_no_capture_application(toolchain: None, tmp_path: Path) -> None:
    firmware = ROOT / "build/firmware/pico/emberwatch.elf"
    if not firmware.is_file():
        pytest.skip("no firmware; run: make firmware")
    with pytest.raises(EmulationError, match=r"give the capture application|0 samples"):
        EmulatedChain(firmware=firmware).hear(np.zeros(1000))


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    made = []
    for index, (folder, label) in enumerate([("a", "alarm"), ("a", "other"), ("b", "other")]):
        path = tmp_path / "in" / folder / label / "clip.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(0.25 + 0.05 * index, 0.05, index), 16000)
        made.append(Item(path, label, "kitchen, loud", f"g{index}", "CC0"))
    return made


def test_a_data_set_through_the_device(toolchain: None, items: list[Item], tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    manifest = pass_through_device(items, tmp_path / "out", jobs=1, on_progress=lambda *step: progress.append(step))
    assert progress[0] == (0, 3) and progress[-1] == (3, 3)
    with manifest.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["file"] for row in rows] == ["alarm/clip.wav", "other/clip.wav", "other/clip-2.wav"]
    assert [row["seconds"] for row in rows] == ["0.250", "0.300", "0.350"]
    assert [row["group"] for row in rows] == ["g0", "g1", "g2"] and rows[0]["category"] == "kitchen, loud"

    from emberwatch.training.data.clips import load_dataset

    clips = load_dataset(manifest)
    assert [clip.label for clip in clips] == ["alarm", "other", "other"] and clips[0].licence == "CC0"

    native = pass_through_device(items, tmp_path / "native", native=True, jobs=2)
    for row in rows:
        assert (native.parent / row["file"]).read_bytes() == (manifest.parent / row["file"]).read_bytes()
    assert verify_native(items, "pico", 1, -30.0, 2) == 2


def test_only_what_is_missing_is_made(toolchain: None, items: list[Item], tmp_path: Path) -> None:
    out = tmp_path / "out"
    pass_through_device(items, out, native=True, jobs=1)
    times = {path: path.stat().st_mtime_ns for _, path in plan(items, out)}
    gone = out / "other/clip.wav"
    gone.unlink()
    soundfile.write(items[2].source, noise(0.1, 0.05), 16000)
    newer = max(times.values()) + 10**9  # than what was made of it, however coarse the file system's clock is
    os.utime(items[2].source, ns=(newer, newer))
    progress: list[tuple[int, int]] = []
    pass_through_device(items, out, native=True, jobs=1, on_progress=lambda *step: progress.append(step))
    assert progress[0] == (1, 3)
    changed = [path.name for path, before in times.items() if path.stat().st_mtime_ns != before]
    assert changed == ["clip.wav", "clip-2.wav"]
    with pytest.raises(UsageError, match=r"made with other settings .*--out"):
        pass_through_device(items, out, native=True, level_dbfs=-20)


def test_levels(toolchain: None, items: list[Item], tmp_path: Path) -> None:
    pass_through_device(items[:1], tmp_path / "out", native=True, level_dbfs=-30.0, jobs=1)
    heard, _ = soundfile.read(tmp_path / "out/alarm/clip.wav")
    assert 20 * np.log10(np.std(heard)) == pytest.approx(-30.0, abs=0.7)


def test_ctrl_c_and_resume(toolchain: None, tmp_path: Path) -> None:
    source = tmp_path / "in" / "other"
    source.mkdir(parents=True)
    for index in range(30):
        soundfile.write(source / f"{index:02}.wav", noise(2.0, 0.05, index), 16000)
    out = tmp_path / "out"
    arguments = ["data", "through-device", "--manifest", str(source.parent), "--out", str(out), "-j", "1"]
    command = [sys.executable, "-c", _INTERRUPTED, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, start_new_session=True)
    assert (done.returncode, done.stderr) == (130, "")
    made = list(out.glob("other/*.wav"))
    assert 0 < len(made) < 30 and not list(out.glob("other/*.partial.wav"))
    assert not (out / "manifest.csv").exists()
    assert all(soundfile.info(path).frames == 32000 for path in made)
    command = [sys.executable, "-m", "emberwatch.cli.main", *arguments, "--native", "--verify", "1"]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "bit for bit, on 1 of 30 clips" in again.stdout
    assert len((out / "manifest.csv").read_text().splitlines()) == 31


# Ctrl-C after the first clip, as a terminal sends it: the workers get it as well.
_INTERRUPTED = """
import os, signal, sys
from emberwatch.detector.capture import dataset
from emberwatch.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)
run = dataset.pass_through_device

def interrupted(*given, on_progress, **options):
    return run(*given, on_progress=lambda done, total: done and os.killpg(0, signal.SIGINT), **options)

dataset.pass_through_device = interrupted
main(sys.argv[1:])
"""


class Ideal:
    """A chain with known faults."""

    def __init__(self, gain: float = 1.0, noise: float = 0.0, cubic: float = 0.0) -> None:
        self.gain, self.noise, self.cubic = gain, noise, cubic

    def hear(self, samples: object) -> np.ndarray:
        x = np.asarray(samples, np.float64)
        y = self.gain * x + self.cubic * x**3 + noise(len(x) / 16000, self.noise, 9)
        return np.clip(np.round(y * 32768), -32768, 32767).astype(np.int16)


def test_known_noise_is_measured() -> None:
    total, weighted, density = measure.measure_noise(Ideal(noise=1e-3))
    share = 10 * np.log10((7500 - 20) / 8000)
    assert total == pytest.approx(-60.0 + share, abs=0.3)
    assert density[-3][1] == pytest.approx(-60.0 - 10 * np.log10(8000), abs=1.0)
    assert weighted < total + 1.5


def test_known_distortion_is_measured() -> None:
    tone, _ = measure.measure_tone(Ideal(cubic=0.04), 1000, -1.0)
    # a sin + c (a sin)^3 makes a third harmonic of c a^3 / 4 and a fundamental of a + 3 c a^3 / 4.
    share = 0.04 * 10 ** (-2 / 20) / 4
    assert tone.thd_db == pytest.approx(20 * np.log10(share / (1 + 3 * share)), abs=0.1)
    assert tone.thd_n_db == pytest.approx(tone.thd_db, abs=0.1)
    clean, _ = measure.measure_tone(Ideal(gain=0.5), 1000, -6.0)
    assert clean.gain_db == pytest.approx(-6.02, abs=0.01)
    assert clean.snr_db > 75 and clean.thd_n_db < -75


def test_known_intermodulation_is_measured() -> None:
    class Squared(Ideal):
        def hear(self, samples: object) -> np.ndarray:
            x = np.asarray(samples, np.float64)
            return super().hear(x + 0.02 * x**2)

    difference, modulation = measure.measure_intermodulation(Squared())
    a = 10 ** (-12 / 20)
    # The product of two sines of amplitude a is a^2 at the difference; both lines together have twice their power.
    assert difference == pytest.approx(20 * np.log10(0.02 * a * a / (a * np.sqrt(2))), abs=0.1)
    assert measure.measure_intermodulation(Ideal())[1] < -60
    assert modulation > -45


def test_response_of_the_chain(chain: EmulatedChain) -> None:
    response = dict(measure.measure_response(NativeChain(chain)))
    assert all(abs(gain) < 0.6 for hz, gain in response.items() if 100 <= hz <= 7000)
    assert response[min(response)] < -0.5


def test_noise_and_distortion_of_the_chain(chain: EmulatedChain) -> None:
    native = NativeChain(chain)
    assert measure.measure_noise(native)[0] < -85
    tone, _ = measure.measure_tone(native, 1000, -6.0)
    assert tone.snr_db > 75 and tone.thd_n_db < -72 and abs(tone.gain_db) < 0.1
