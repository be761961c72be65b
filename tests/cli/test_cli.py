"""The command line as a user meets it: real invocations, one line per error, exit code 2, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import FIRMWARE, emberwatch, should_refuse
from paths import ROOT


def test_version_and_help() -> None:
    assert emberwatch("--version").stdout.startswith("emberwatch ")
    text = emberwatch("--help").stdout
    for command in ("run", "build", "train", "compile", "evaluate", "doctor", "summary"):
        assert f"\n  {command} " in text
    assert "Examples:" in text
    assert "Examples:" in emberwatch("run", "--help").stdout


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("train", "baseline transfer"),
        ("data", "through-device measure-chain fetch"),
        ("budget", "check update"),
        ("renode", "install generate monitor"),
    ],
)
def test_help_of_a_group_names_its_commands(group: str, words: str) -> None:
    done = emberwatch(group, "--help")
    assert done.returncode == 0
    for word in words.split():
        assert f"\n  {group} {word} " in done.stdout


@pytest.mark.parametrize("command", ["run", "build", "data fetch", "train", "train transfer", "evaluate", "selftest"])
def test_options_say_what_they_want(command: str) -> None:
    _, _, options = emberwatch(*command.split(), "--help").stdout.partition("Options:")
    assert "--help" in options
    assert "<" not in options  # Typer's own "<list[float]>"


def test_unknown_command_and_arguments() -> None:
    should_refuse(emberwatch("rnu"), "did you mean 'run'")
    should_refuse(emberwatch("run"), "FIRMWARE")
    should_refuse(emberwatch("run", "x.elf", "--seconds", "soon"), "--seconds")
    should_refuse(emberwatch("run", "x.elf", "--loud"), "--loud")
    should_refuse(emberwatch("run", "x.elf", "--gain-db", "3"), "--gain-db")
    should_refuse(emberwatch("run", "x.elf", "--audio", "a.wav", "--scenario", "b.toml"), "exclude each other")
    should_refuse(emberwatch("run", "x.elf", "--audio", "a.wav", "--lead-in", "-1"), "--lead-in")


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    tone = 0.3 * np.sin(np.arange(16000) * 0.5)
    soundfile.write(tmp_path / "good.wav", tone, 16000)
    soundfile.write(tmp_path / "eight_bit.wav", tone, 16000, subtype="PCM_U8")
    soundfile.write(tmp_path / "no_samples.wav", np.zeros(0), 16000)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("just text\n")
    (tmp_path / "bad.toml").write_text("duration_s = 3\nloudness = 11\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("eight_bit.wav", "8-bit"),
        ("no_samples.wav", "no samples"),
        ("empty.wav", "empty"),
        ("text.wav", "cannot be decoded"),
        ("absent.wav", "does not exist"),
    ],
)
def test_bad_audio(sounds: Path, name: str, fragment: str) -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--audio", sounds / name), name, fragment)


def test_bad_scenario(sounds: Path) -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--scenario", sounds / "bad.toml"), "bad.toml", "loudness")


def test_bad_firmware(tmp_path: Path) -> None:
    from elf_files import make_elf

    x86 = tmp_path / "x86.elf"
    x86.write_bytes(make_elf([(0x2000_0000, bytes(64))], machine=3))
    should_refuse(emberwatch("run", x86), "x86")
    should_refuse(emberwatch("run", tmp_path / "absent.elf"), "absent.elf")
    text = tmp_path / "text.elf"
    text.write_text("not an ELF\n")
    should_refuse(emberwatch("run", text), "neither ELF")


def test_truncated_firmware(tmp_path: Path) -> None:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    data = FIRMWARE.read_bytes()
    for size in (20, 60, 1000, len(data) // 2, len(data) - 1):
        cut = tmp_path / f"cut_{size}.elf"
        cut.write_bytes(data[:size])
        should_refuse(emberwatch("run", cut), "truncated")


def test_program_that_dies_is_explained_after_the_results(tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    from elf_files import make_elf

    crash = tmp_path / "crash.elf"
    # VTOR to a table of zeros, then an unaligned load: a fault without a handler.
    # ldr r0, [pc, #12]; ldr r1, [pc, #16]; str r1, [r0]; movs r0, #1; ldr r0, [r0]; b .; literals
    code = bytes.fromhex("0348 0449 0160 0120 0068 fee7 00000000 08ed00e0 00010020".replace(" ", ""))
    crash.write_bytes(make_elf([(0x2000_0000, code.ljust(0x200, b"\0"))], entry=0x2000_0001))
    result = emberwatch("run", crash, "--seconds", "0.1", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["alarm"] is False
    first, title = result.stderr.splitlines()[:2]
    assert first.startswith("emberwatch: the program stopped: ")
    assert "locked up" in first
    assert title.startswith("CRASH  Lockup after HardFault: read of 0x00000001, which is not aligned")


def test_unknown_board_and_engine() -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--board", "pcio"), "pcio", "pico")
    should_refuse(emberwatch("build", "--board", "pcio"), "pcio", "pico")
    if FIRMWARE.is_file():
        should_refuse(emberwatch("run", FIRMWARE, "--engine", "qemu"), "qemu", "embedded")


def test_summary_needs_a_robot_result(tmp_path: Path) -> None:
    should_refuse(emberwatch("summary", tmp_path / "output.xml"), "does not exist")
    (tmp_path / "output.xml").write_text("<html/>")
    should_refuse(emberwatch("summary", tmp_path / "output.xml"), "output.xml")


needs_firmware = pytest.mark.skipif(not FIRMWARE.exists(), reason="the Pico firmware is not built; run: make firmware")


def test_summary_of_no_test_is_no_success(tmp_path: Path) -> None:
    output = tmp_path / "output.xml"
    output.write_text("<robot></robot>")
    should_refuse(emberwatch("summary", output), "holds no test")


def test_hint_names_the_whole_command() -> None:
    should_refuse(emberwatch("budget", "check", "--loud"), "emberwatch budget check --help")


@needs_firmware
@pytest.mark.parametrize("seconds", ["-1", "0", "nan", "inf", "1e30"])
def test_refuses_impossible_lengths_before_it_runs(seconds: str) -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--seconds", seconds), "--seconds")


@needs_firmware
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a device of Linux")
def test_full_output_device() -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "emberwatch.cli.main", "run", str(FIRMWARE), "--seconds", "0.1", "--json"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr == "emberwatch: the output cannot be written: No space left on device\n"


@needs_firmware
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a device of Linux")
def test_results_come_even_when_the_recording_cannot_be_saved() -> None:
    result = emberwatch("run", FIRMWARE, "--seconds", "0.1", "--json", "--pcm", "/dev/full")
    assert result.returncode == 2
    assert json.loads(result.stdout)["alarm"] is False
    assert result.stderr == "emberwatch: --pcm /dev/full cannot be written: No space left on device\n"


@needs_firmware
def test_coverage_folder_that_cannot_be_made() -> None:
    result = emberwatch("run", FIRMWARE, "--seconds", "0.1", EMBERWATCH_COVERAGE=str(FIRMWARE))
    should_refuse(result, "EMBERWATCH_COVERAGE", "cannot be written")


@needs_firmware
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux file names may be any bytes")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    sound = tmp_path / os.fsdecode(b"k\xfcche.wav")
    soundfile.write(os.fsencode(sound), np.zeros(1600), 16000, format="WAV")
    firmware = tmp_path / os.fsdecode(b"h\xe9.elf")
    firmware.write_bytes(FIRMWARE.read_bytes())
    result = emberwatch("run", firmware, "--audio", sound, "--seconds", "0.1", "--pcm", tmp_path / "heard.wav")
    assert result.returncode == 0, result.stderr
    assert soundfile.info(tmp_path / "heard.wav").samplerate == 16000


def test_doctor_names_remedies() -> None:
    result = emberwatch("doctor", PATH=str(Path(sys.executable).parent))
    assert result.returncode == 1
    assert "arm-none-eabi-gcc" in result.stdout
    assert "apt-get install gcc-arm-none-eabi" in result.stdout


def test_doctor_tells_a_missing_library_from_a_missing_package(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    shown = emberwatch("doctor", PYTHONPATH=str(tmp_path)).stdout
    assert "absent   Python: sounddevice" in shown and "the package is there, PortAudio is not" in shown
    assert "apt-get install libportaudio2" in shown and "emberwatch[mic]" not in shown


@pytest.mark.parametrize("command", [("gdb", "x.elf"), ("selftest",), ("bench", __file__)])
def test_core_that_is_not_built(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['emberwatch._native'] = None\n")
    should_refuse(emberwatch(*command, PYTHONPATH=str(tmp_path)), "the emulator core is not built", "make setup")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        (b"\xff\xfe", "not a text file"),
        (b"cycles = 3\n", "cycles = 3 must be a table"),
        (b"[cycles]\nf = 3\n", "cycles.f = 3 must be a table"),
        (b"[baseline]\nfunctions = 3\n", "baseline.functions = 3 must be a table"),
        (b"[run]\nseconds = 'long'\n", "run.seconds = 'long' must be a number"),
    ],
)
@needs_firmware
def test_bad_budget_files(tmp_path: Path, text: bytes, fragment: str) -> None:
    (tmp_path / "b.toml").write_bytes(text)
    should_refuse(emberwatch("budget", "check", FIRMWARE, "--file", tmp_path / "b.toml"), "b.toml", fragment)


@needs_firmware
def test_things_of_another_kind(sounds: Path) -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--bootrom", sounds / "good.wav"), "is no boot ROM of the RP2040")
    should_refuse(emberwatch("build", "--out", sounds / "good.wav"), "good.wav", "a file")
    (sounds / "folder.toml").mkdir()
    should_refuse(emberwatch("run", FIRMWARE, "--board", sounds / "folder.toml"), "is a folder")
    should_refuse(emberwatch("summary", sounds), "is a folder")
    trace = ("trace", FIRMWARE, "--vcd", sounds / "x.vcd")
    should_refuse(emberwatch(*trace, "--trigger", "W", "--before", "nan"), "--before nan")
    should_refuse(emberwatch("profile", FIRMWARE, "--from", "nan"), "--from nan")


@needs_firmware
def test_no_progress_bar_where_stderr_is_no_terminal() -> None:
    assert emberwatch("run", FIRMWARE, "--seconds", "0.2", FORCE_COLOR="1").stderr == ""


@needs_firmware
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("command", ["run", "profile", "trace"])
def test_interruption_is_told_by_the_exit_code(tmp_path: Path, command: str) -> None:
    options = {"run": ["--uart"], "profile": ["--trigger", "W 0"], "trace": ["--vcd", str(tmp_path / "x.vcd")]}[command]
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, command, str(FIRMWARE), "--seconds", "100000", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate()
    assert process.returncode == 130, err
    assert out
    assert "Traceback" not in err


_INTERRUPTED = """
import os, signal, sys
from emberwatch.machine.machine import Machine
from emberwatch.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)
stops = Machine.stops

def interrupt(self, *args):
    for stop in stops(self, *args):
        if self.time_s > 1:
            os.kill(os.getpid(), signal.SIGINT)
        yield stop

Machine.stops = interrupt
main(sys.argv[1:])
"""


@needs_firmware
@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows break differently")
def test_reader_that_goes_away() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "emberwatch.cli.main", "run", str(FIRMWARE), "--seconds", "100000", "--uart"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    assert b"emberwatch" in process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
