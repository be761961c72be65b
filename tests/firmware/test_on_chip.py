"""The built firmware on the emulated chip: what it says and how it survives."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from emberwatch.base.paths import project_root
from emberwatch.detector.build import BuildResult, build_firmware

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
from emberwatch.audio.scenario import Clip, Scenario, generate
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.protocol import Banner, Fault, Statistics


def faults(machine: DetectorMachine) -> list[str]:
    return [fault.what for fault in machine.log.faults]


@pytest.fixture(scope="module")
def quiet_run(small_build: BuildResult) -> DetectorMachine:
    machine = DetectorMachine(small_build.elf)
    machine.run(2.2)
    return machine


def test_banner(quiet_run: DetectorMachine) -> None:
    banner = quiet_run.log.banner
    assert banner is not None
    assert (banner.board, banner.model, banner.clk_hz) == ("pico", "001122334455", 125_000_000)
    assert (banner.pdm_hz, banner.rate_hz, banner.block) == (1_024_000, 16_000, 512)
    assert quiet_run.uart.splitlines()[0].endswith(" crc=ok")
    assert isinstance(quiet_run.log.messages[0][1], Banner)


def test_every_block_has_its_line(quiet_run: DetectorMachine) -> None:
    assert not quiet_run.log.errors
    numbers = [window.number for window in quiet_run.log.windows]
    assert numbers == list(range(len(numbers))) and len(numbers) > 60
    assert faults(quiet_run) == []


def test_blocks_come_every_32_ms(quiet_run: DetectorMachine) -> None:
    times = [time for time, message in quiet_run.log.messages if type(message).__name__ == "Window"]
    per_block = (times[-1] - times[10]) / (len(times) - 11)
    # The line's length varies by a few characters of 87 us.
    assert per_block == pytest.approx(0.032, abs=5e-5)


def test_statistics(quiet_run: DetectorMachine) -> None:
    statistics = [m for _, m in quiet_run.log.messages if isinstance(m, Statistics)]
    assert [s.blocks for s in statistics] == [31 * (i + 1) for i in range(len(statistics))]
    last = statistics[-1]
    assert (last.missed, last.late) == (0, 0)
    assert 0 < last.busy <= last.max < 4_000_000
    assert 1024 < last.stack < 4096


def test_idle_chip_sleeps(quiet_run: DetectorMachine) -> None:
    last = quiet_run.log.statistics
    assert last is not None and last.busy < 0.032 * 125e6 / 2


def test_other_clocks_keep_the_sample_rate(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    build = build_firmware("pico", mean_model, tmp_path, clk_sys_hz=48_000_000)
    machine = DetectorMachine(build.elf)
    machine.run(1.3)
    banner = machine.log.banner
    assert banner is not None and (banner.clk_hz, banner.pdm_hz) == (48_000_000, 1_024_000)
    assert faults(machine) == []
    assert machine.log.statistics is not None and machine.log.statistics.missed == 0


def test_a_stall_is_counted_and_survived(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    build = build_firmware("pico", mean_model, tmp_path, {"INJECT_STALL_BLOCK": 20, "INJECT_STALL_US": 100_000})
    machine = DetectorMachine(build.elf)
    machine.run(2.4)
    numbers = [window.number for window in machine.log.windows]
    gaps = [b - a for a, b in itertools.pairwise(numbers) if b != a + 1]
    assert gaps == [3]  # 100 ms in block 20: 21 and 22 are gone, 23 is the newest complete one after the work
    last = machine.log.statistics
    assert last is not None
    assert last.late == 1
    assert last.missed == 2 + 1  # and block 20 itself, overwritten while the loop stood still
    assert "pdm-overrun" not in faults(machine)  # the capture never stopped
    assert len(machine.log.banners) == 1


def test_a_hang_ends_in_a_watchdog_restart(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    build = build_firmware("pico", mean_model, tmp_path, {"INJECT_STALL_BLOCK": 5, "INJECT_STALL_US": 10_000_000})
    machine = DetectorMachine(build.elf)
    machine.run(1.5)
    assert len(machine.log.banners) == 2
    assert faults(machine) == ["watchdog"]
    numbers = [window.number for window in machine.log.windows]
    assert numbers[:7] == [0, 1, 2, 3, 4, 0, 1] and numbers[-1] > 10


def test_a_crash_ends_in_a_restart_that_names_the_place(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    build = build_firmware("pico", mean_model, tmp_path, {"INJECT_CRASH_BLOCK": 5})
    machine = DetectorMachine(build.elf)
    machine.run(1.0)
    assert len(machine.log.banners) == 2
    (what,) = faults(machine)
    name, address = what.split("-")
    assert name == "hardfault"
    place = machine.image.symbols.at(int(address, 16))
    assert place is not None and place.startswith("app_process_block")


@pytest.mark.parametrize(
    ("fault", "what"),
    [("missing", "mic-stuck-low"), ("stuck_low", "mic-stuck-low"), ("stuck_high", "mic-stuck-high")],
)
def test_microphone_faults_are_reported_and_left(small_build: BuildResult, fault: str, what: str) -> None:
    machine = DetectorMachine(small_build.elf)
    machine.run(0.5)
    machine.microphone_fault(fault)
    machine.run(0.3)
    assert faults(machine) == [what]
    machine.microphone_fault("none")
    machine.run(0.6)
    assert faults(machine) == [what, "none"]
    assert isinstance(machine.log.faults[-1], Fault)
    assert len(machine.log.banners) == 1


def test_heavy_offset_is_a_fault(small_build: BuildResult) -> None:
    machine = DetectorMachine(small_build.elf)
    machine.microphone_analog(offset=0.8)
    machine.run(0.6)
    assert "mic-dc" in faults(machine)


def test_damaged_flash_is_told(small_build: BuildResult, tmp_path: Path) -> None:
    image = bytearray(small_build.bin.read_bytes())
    at = image.index(b"mic-dc")
    image[at] ^= 0x20
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(image)
    machine = DetectorMachine(damaged)
    machine.run(0.2)
    assert machine.uart.splitlines()[0].endswith(" crc=bad")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('channel = "left"', 'channel = "right"'),
        ('read = "quad"', 'read = "dual"'),
        ('read = "quad"', 'read = "serial"'),
        ("instance = 0\ntx = 0\nrx = 1", "instance = 1\ntx = 8\nrx = 9"),
        ("data = 2\nclock = 3", "data = 15\nclock = 14"),
    ],
)
def test_board_options_work(toolchain: None, mean_model: Path, tmp_path: Path, old: str, new: str) -> None:
    text = (project_root() / "platforms" / "boards" / "pico.toml").read_text()
    assert old in text
    board = tmp_path / "variant.toml"
    board.write_text(text.replace(old, new))
    build = build_firmware(board, mean_model, tmp_path / "out")
    machine = DetectorMachine(build.elf, Scenario([Clip(generate("tone"), gain_db=-17.0)], 1.0), board=board)
    machine.run(0.6)
    assert machine.log.banner is not None and machine.log.banner.board == "variant"
    assert faults(machine) == []
    levels = [window.level_dbfs for window in machine.log.windows[5:12]]
    assert levels == [-20.0] * 7
