"""`emberwatch flash` and the hardware engine, with a pseudo-terminal for a board and scripts for its tools."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in import StandIn

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
pytest.importorskip("serial", reason="pyserial is not installed; run: make setup-dev")
if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals that pyserial opens", allow_module_level=True)

from paths import FIRMWARE, ROOT

from emberwatch import DetectorMachine, Scenario
from emberwatch.base.errors import EmulationTimeout, EngineError, MissingDependencyError, NotPossibleError, UsageError
from emberwatch.cli.main import run_command
from emberwatch.engines.hardware import engine as hardware
from emberwatch.engines.hardware import flashers
from emberwatch.program.elf import Image, load_image
from emberwatch.program.uf2 import read_uf2

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="the firmware is not built; run: make firmware")


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    stand_in = StandIn(tmp_path)
    monkeypatch.setenv("PATH", f"{stand_in.bin}:/usr/bin:/bin")
    monkeypatch.setenv("EMBERWATCH_PORT", stand_in.port)
    monkeypatch.setattr(flashers, "_mounted", lambda: iter(()))
    monkeypatch.setattr(hardware, "_flashed", {})
    yield stand_in
    stand_in.close()


# Tools


@pytest.mark.parametrize(
    ("tool", "body", "last"),
    [
        ("picotool", "exit 0", "picotool load -f -v -x {file}"),
        ("probe-rs", "echo '[0]: Debug Probe -- 2e8a:000c (CMSIS-DAP)'", "probe-rs reset --chip RP2040"),
        (
            "openocd",
            "exit 0",
            "openocd -f interface/cmsis-dap.cfg -f target/rp2040.cfg -c adapter speed 5000 "
            "-c program {{{file}}} verify reset exit",
        ),
    ],
)
def test_the_tool_that_is_there_flashes(
    board: StandIn, capsys: pytest.CaptureFixture[str], tool: str, body: str, last: str
) -> None:
    board.tool(tool, body)
    assert run_command("flash", [str(FIRMWARE)]) == 0
    assert board.calls[-1] == last.format(file=FIRMWARE)
    assert f"flashed by {tool}" in capsys.readouterr().out


def test_a_tool_without_a_board_is_passed_over(board: StandIn) -> None:
    board.tool("picotool", "echo 'No accessible RP2040 devices in BOOTSEL mode were found.'; exit 249")
    board.tool("probe-rs", "echo 'No debug probes were found.'")
    board.tool("openocd")
    assert flashers.flasher().name == "openocd"


def test_the_drive_gets_a_uf2_of_the_same_program(board: StandIn, tmp_path: Path) -> None:
    drive = tmp_path / "RPI-RP2"
    drive.mkdir()
    with pytest.raises(EngineError, match="no drive of an RP2040"):
        run_command("flash", [str(FIRMWARE), "--drive", str(drive)])
    (drive / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n")
    assert run_command("flash", [str(FIRMWARE), "--drive", str(drive)]) == 0
    (written,) = drive.glob("*.uf2")
    image = load_image(FIRMWARE)
    (start, data), *_ = read_uf2(written.read_bytes()).items()
    assert start == image.segments[0].address
    assert data.startswith(image.segments[0].data)


def test_nothing_to_flash_with_is_said_with_the_remedy(board: StandIn) -> None:
    with pytest.raises(MissingDependencyError, match=r"no board can be reached; hold BOOTSEL .* picotool"):
        run_command("flash", [str(FIRMWARE)])
    with pytest.raises(UsageError, match="auto, drive, picotool"):
        flashers.flasher("jtag")
    with pytest.raises(MissingDependencyError, match="openocd is not on PATH"):
        flashers.flasher("openocd").reset()


def test_what_a_tool_says_when_it_fails_is_shown(board: StandIn) -> None:
    board.tool("openocd", "echo 'Error: unable to find a matching CMSIS-DAP device' >&2; exit 1")
    with pytest.raises(EngineError, match=r"exit code 1: Error: unable to find a matching CMSIS-DAP device"):
        flashers.flasher("openocd").flash(load_image(FIRMWARE))
    with pytest.raises(UsageError, match="braces"):
        flashers.OpenOcd().flash(load_image_named("a{b.elf", board.bin))


def load_image_named(name: str, folder: Path) -> Image:
    (folder / name).write_bytes(FIRMWARE.read_bytes())
    return load_image(folder / name)


# The engine


def test_a_board_is_flashed_once_then_reset_and_heard(board: StandIn) -> None:
    board.tool("probe-rs", "echo '[0]: Debug Probe'")
    for run in range(2):
        with DetectorMachine(FIRMWARE, engine="hardware") as machine:
            machine.run_until(lambda m: m.log.alarm_on, timeout_s=10)
            assert machine.log.alarms[0].kind == "t3"
            assert machine.log.banner is not None
            assert 0 <= machine.lines[0][0] < machine.time_s < 10
            machine.send(b"hello\n")
            assert machine.result().functions == {}
            assert sum("download" in call for call in board.calls) == 1, run
    assert board.calls[-1] == "probe-rs reset --chip RP2040"
    assert b"hello\n" in board.received


def test_what_a_board_cannot_do_is_refused_as_a_reason_to_skip(board: StandIn, tmp_path: Path) -> None:
    board.tool("openocd")
    with DetectorMachine(FIRMWARE, engine="hardware") as machine:
        for attempt in (
            machine.save,
            lambda: machine.pin(25),
            lambda: machine.read(0x20000000, 4),
            lambda: machine.microphone_fault("missing"),
            lambda: machine.functions,
            lambda: machine.send_usb(b"x"),
        ):
            with pytest.raises(NotPossibleError, match=r"--engine embedded|no USB host") as refused:
                attempt()
            assert refused.value.ROBOT_SKIP_EXECUTION
        with pytest.raises(EngineError, match="no RTT"):
            machine.send_rtt(b"x")
        with DetectorMachine(FIRMWARE, engine="hardware"), pytest.raises(NotPossibleError, match="another machine has"):
            machine.run(0.1)
    sound = Scenario.from_file(_silence(tmp_path))
    with pytest.raises(NotPossibleError, match="has no sound"):
        DetectorMachine(FIRMWARE, sound, engine="hardware")


def _silence(folder: Path) -> Path:
    from emberwatch.audio import files

    files.save(folder / "silence.wav", [0.0] * 1600)
    return folder / "silence.wav"


def test_a_suite_runs_on_the_board_and_skips_the_rest(board: StandIn, tmp_path: Path) -> None:
    board.tool("probe-rs", "echo '[0]: Debug Probe'")
    (tmp_path / "suite.robot").write_text(
        f"""*** Settings ***
Resource        {ROOT}/robot/resources/emberwatch.resource
Test Setup      Forget Board

*** Test Cases ***
Boots And Hears An Alarm
    Power On Board
    Block Should Be Judged    3
    Alarm Should Go On Within    5 s    kind=t3
    Banner Should Have Come Once

Microphone Is Broken
    Power On Board
    Break Microphone    missing

Recorded Alarm
    Board Hears    t3    -25
"""
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "robot", "--outputdir", tmp_path / "out", "--variable", "ENGINE:hardware"),
            *("--variable", f"FIRMWARE:{FIRMWARE}", tmp_path / "suite.robot"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 tests, 1 passed, 0 failed, 2 skipped" in done.stdout, done.stdout + done.stderr


def test_run_and_expect_on_the_board(board: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    board.tool("openocd")
    command = [str(FIRMWARE), "--engine", "hardware", "--seconds", "2", "--json", "--expect", "ALARM on"]
    assert run_command("run", command) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["engine"], result["alarm"]) == ("hardware", True)
    assert result["cycles"]["functions"] == {}


def test_a_silent_board_fails_and_is_not_skipped(board: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBERWATCH_FLASHER", "none")
    with DetectorMachine(FIRMWARE, engine="hardware") as machine:
        with pytest.raises(EmulationTimeout, match="the console is silent"):
            machine.run_until_line("emberwatch ", timeout_s=0.2)
        assert "was not reset" in machine.engine.notes()[0]
        assert "hardware" in repr(machine)


def test_a_port_must_be_named_or_be_the_only_one(board: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBERWATCH_PORT", "/dev/tty-that-is-not-there")
    with pytest.raises(UsageError, match=r"/dev/tty-that-is-not-there cannot be opened"):
        DetectorMachine(FIRMWARE, engine="hardware")
    monkeypatch.delenv("EMBERWATCH_PORT")
    with pytest.raises(EngineError, match=r"set EMBERWATCH_PORT="):
        DetectorMachine(FIRMWARE, engine="hardware")
