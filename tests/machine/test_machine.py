"""The shipped firmware on `Machine`: sound in, PCM and results out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Clip, DetectorMachine, Scenario
from emberwatch.audio import Recording, files, generate
from emberwatch.base.errors import EmulationTimeout, EngineError, ImageError, UsageError
from emberwatch.detector.protocol import Kind

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")


def tone(frequency: float, amplitude: float, seconds: float) -> Recording:
    t = np.arange(round(16000 * seconds)) / 16000
    return Recording((amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32))


@pytest.fixture(scope="module")
def tone_pcm() -> np.ndarray:
    """What the firmware decimates from 1 kHz at -6 dBFS."""
    with DetectorMachine(FIRMWARE, Scenario([Clip(tone(1000.0, 0.5, 2.0))])) as machine:
        capture = machine.capture_pcm()
        machine.run(1.5)
        return capture.samples


def test_pcm_has_the_level_and_purity_of_the_sound(tone_pcm: np.ndarray) -> None:
    pcm = tone_pcm[-16000:] / 32768.0
    t = np.arange(len(pcm)) / 16000
    basis = np.stack([np.sin(2 * np.pi * 1000 * t), np.cos(2 * np.pi * 1000 * t), np.ones_like(t)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, pcm, rcond=None)
    assert np.hypot(fit[0], fit[1]) == pytest.approx(0.5, rel=0.02)
    noise = pcm - basis @ fit
    assert 10 * np.log10(0.125 / np.mean(noise**2)) > 66


def test_blocks_come_every_32_ms(tone_pcm: np.ndarray) -> None:
    assert len(tone_pcm) % 512 == 0
    # 1.5 s less the boot and the block in progress.
    assert 40 <= len(tone_pcm) // 512 <= 46


def test_two_machines_do_the_same_and_seeds_differ() -> None:
    def pcm(seed: int) -> tuple[np.ndarray, bytes, int]:
        with DetectorMachine(
            FIRMWARE, Scenario([Clip(generate("pink_noise", seed=3), seconds=1.0)]), seed=seed
        ) as machine:
            capture = machine.capture_pcm()
            machine.run(0.3)
            return capture.samples, bytes(machine.uart_bytes), machine.cycles

    first, second, other = pcm(1), pcm(1), pcm(2)
    assert np.array_equal(first[0], second[0])
    assert first[1:] == second[1:]
    assert not np.array_equal(first[0], other[0])


def test_captures_cost_no_emulated_time() -> None:
    def cycles(capturing: bool) -> tuple[bytes, int]:
        with DetectorMachine(FIRMWARE) as machine:
            if capturing:
                machine.capture_pcm()
                machine.capture_features()
            machine.run(0.3)
            return bytes(machine.uart_bytes), machine.functions["app_process_block"].total

    assert cycles(False) == cycles(True)


def test_slicing_a_run_changes_nothing() -> None:
    def run(slices: int) -> tuple[bytes, int]:
        with DetectorMachine(FIRMWARE, Scenario([Clip(generate("t3"), seconds=2.0)])) as machine:
            for _ in range(slices):
                machine.run(0.6 / slices)
            return bytes(machine.uart_bytes), machine.functions["pdm_decimate"].total

    assert run(1) == run(60)


def test_snapshot_and_restore_are_exact() -> None:
    sound = Scenario([Clip(generate("t3"), seconds=5.0), Clip(generate("white_noise"), level_dbfs=-40)], seconds=5.0)
    with DetectorMachine(FIRMWARE, sound) as machine:
        machine.run(0.4)
        snapshot = machine.save()
        machine.run(0.5)
        expected = (bytes(machine.uart_bytes), machine.cycles)
        machine.restore(snapshot)
        machine.run(0.5)
        assert (bytes(machine.uart_bytes), machine.cycles) == expected


def test_line_and_condition_waits() -> None:
    with DetectorMachine(FIRMWARE) as machine:
        t, line = machine.run_until_line("emberwatch", timeout_s=0.5)
        assert 0 < t < 0.1
        assert "board=pico" in line
        machine.run_until(lambda m: len(m.log.windows) >= 3, timeout_s=0.5)
        with pytest.raises(EmulationTimeout, match=r"no console line 'ALARM' within 0\.2 s"):
            machine.run_until_line("ALARM", timeout_s=0.2)


def test_wrong_use_is_refused() -> None:
    with pytest.raises(ImageError, match="no symbol 'absent'"):
        DetectorMachine(FIRMWARE, trace=("absent",))
    with DetectorMachine(FIRMWARE) as machine:
        with pytest.raises(UsageError, match="seconds"):
            machine.run(0)
        with pytest.raises(UsageError, match="pin 30"):
            machine.pin(30)
        with pytest.raises(UsageError, match="fault"):
            machine.microphone_fault("tired")
    with pytest.raises(EngineError, match="closed"):
        machine.run(0.1)


def test_features_are_those_of_the_captured_pcm() -> None:
    from emberwatch.training.dsp.features import features

    with DetectorMachine(FIRMWARE, Scenario([Clip(generate("speechlike"), level_dbfs=-20, seconds=2.0)])) as machine:
        pcm, frames = machine.capture_pcm(), machine.capture_features()
        machine.run(0.8)
        samples, got = pcm.samples, frames.frames
    padded = np.concatenate([np.zeros(128, dtype=np.int16), samples])
    expected = features(padded)
    count = min(len(got), len(expected))  # the run may end within a block
    assert count > 80
    assert np.array_equal(got[:count], expected[:count])


def test_json_has_the_documented_shape(tmp_path: Path) -> None:
    sound = tmp_path / "short.wav"
    files.save(sound, 0.2 * generate("t3", frequency_hz=3100).read(0, 16000))
    command = [
        sys.executable,
        "-m",
        "emberwatch.cli.main",
        "run",
        FIRMWARE,
        "--audio",
        sound,
        "--json",
        "--seconds",
        "1.2",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert isinstance(result["alarm"], bool)
    for event in result["events"]:
        assert event["kind"] in get_args(Kind)
        assert event["state"] in ("possible", "on", "kind", "off", "clear")
    times = [window["t_s"] for window in result["windows"]]
    assert len(times) > 30
    assert np.diff(times) == pytest.approx(0.032, abs=1e-5)
    assert all(0 <= window["probability"] <= 1 for window in result["windows"])
    cycles = result["cycles"]
    assert 0 < cycles["busy"] < cycles["total"]
    assert 0 < cycles["loop_mean"] <= cycles["loop_max"]
    for name in ("pdm_decimate", "features_compute", "events_update", "app_process_block"):
        assert cycles["functions"][name]["calls"] > 0
        assert 0 < cycles["functions"][name]["mean"] <= cycles["functions"][name]["max"]
    assert result["missed_blocks"] == 0
    assert result["deadline_misses"] == 0
    assert result["real_time_factor"] > 0
    assert result["uart"].startswith("emberwatch ")
    assert result["protocol_errors"] == []


def test_hours_of_sound_need_no_memory() -> None:
    """Samples that were heard, or that nobody clocked out in time, are forgotten."""
    with DetectorMachine(FIRMWARE, Scenario.silence(3600.0)) as machine:
        machine.run(0.5)
        first = len(machine.save().engine)
        machine.run(5.0)
        assert len(machine.save().engine) < first + 4 * 17_000


def test_sound_that_nobody_clocks_is_forgotten() -> None:
    from emberwatch import _native

    chip = _native.Chip()
    microphone = _native.Microphone()
    chip.attach(microphone, [("clock", 3), ("data", 2)])
    chip.load(0x2000_0000, bytes.fromhex("fee7"))  # a program that does nothing: b .
    chip.reset(0x2000_0000)
    sizes = []
    for second in range(1, 6):
        microphone.push(np.zeros(16_000, dtype=np.int32))
        chip.run_until(chip.cycles_at(second * 10**12))
        sizes.append(len(chip.save()))
    assert microphone.bits == 0
    assert sizes[-1] < sizes[0] + 4 * 17_000


def test_captures_do_not_put_off_conditions() -> None:
    with DetectorMachine(FIRMWARE) as machine:
        machine.capture_pcm()
        machine.capture_features()
        times: list[float] = []
        machine.run(0.5, progress=times.append)
        assert len(times) >= 10
        machine.run_until(lambda m: m.time_s > 0.6, timeout_s=5.0)
        assert machine.time_s < 0.7
