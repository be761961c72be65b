"""What commands write: never over what they read, checked before the work, named when it cannot be written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command_line import FIRMWARE, emberwatch, should_refuse
from paths import ROOT

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, write_file

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Firmware, sound and scenario side by side."""
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    (tmp_path / "e.elf").write_bytes(FIRMWARE.read_bytes())
    soundfile.write(tmp_path / "a.wav", 0.3 * np.sin(np.arange(16000) * 0.5), 16000)
    (tmp_path / "s.toml").write_text('[[sound]]\nfile = "a.wav"\n')
    (tmp_path / "link").symlink_to("a.wav")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        "run e.elf --audio a.wav --pcm a.wav",
        "run e.elf --audio a.wav --pcm link",
        "run e.elf --scenario s.toml --pcm a.wav",
        "run e.elf --scenario s.toml --report s.toml",
        "profile e.elf --out e.elf",
        "profile e.elf --audio a.wav --out a.wav",
        "trace e.elf --vcd e.elf",
        "trace e.elf --audio a.wav --vcd x.vcd --uart-log a.wav",
    ],
)
def test_inputs_are_not_overwritten(inputs: Path, arguments: str) -> None:
    before = {path: path.read_bytes() for path in inputs.iterdir()}
    words = [str(inputs / word) if (inputs / word).exists() or "." in word else word for word in arguments.split()]
    should_refuse(emberwatch(*words), "would overwrite its own input", "give another name")
    assert {path: path.read_bytes() for path in inputs.iterdir()} == before


def test_recordings_are_not_overwritten_by_their_own_pass(inputs: Path) -> None:
    (inputs / "alarm").mkdir()
    (inputs / "a.wav").rename(inputs / "alarm" / "a.wav")
    should_refuse(
        emberwatch("data", "through-device", "--manifest", inputs, "--out", inputs), "would overwrite the recording"
    )


def test_outputs_are_checked_before_the_work(inputs: Path) -> None:
    trace = ("trace", inputs / "e.elf", "--vcd")
    should_refuse(emberwatch(*trace, "-"), "/dev/stdout")
    should_refuse(emberwatch(*trace, inputs), "is a folder")
    should_refuse(emberwatch(*trace, inputs / "a.wav" / "x.vcd"), "is no folder")
    should_refuse(emberwatch(*trace, inputs / "x", "--uart-log", inputs / "x"), "is the file of --vcd, too")


def test_check_outputs_lets_through_what_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "old.html").touch()
    check_outputs(
        {"--a": tmp_path / "old.html", "--b": tmp_path / "new" / "x", "--c": None}, [tmp_path / "absent", None]
    )
    check_outputs({"--a": Path(os.devnull), "--b": Path(os.devnull)}, [Path(os.devnull)])
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if not os.access(locked, os.W_OK):  # root may write anywhere
        with pytest.raises(UsageError, match="locked may not be written to"):
            check_outputs({"--a": locked / "x"})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a device of Linux")
def test_full_disk_is_one_line_with_the_file(inputs: Path) -> None:
    with pytest.raises(UsageError, match=r"^--out /dev/full cannot be written: No space left on device$"):
        write_file(Path("/dev/full"), b"x", "--out")
    elf = inputs / "e.elf"
    should_refuse(emberwatch("profile", elf, "--seconds", 0.2, "--out", "/dev/full"), "--out /dev/full", "No space")
    should_refuse(emberwatch("trace", elf, "--to", 0.1, "--vcd", "/dev/full"), "--vcd /dev/full", "No space")


def _no_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limited(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process in which every write to a file fails, as on a full disk."""
    return subprocess.run(
        [sys.executable, "-B", "-m", "emberwatch.cli.main", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_no_files,
    )


def test_coverage_that_cannot_be_written_is_an_error(inputs: Path) -> None:
    folder = inputs / "coverage"
    result = _limited("run", inputs / "e.elf", "--seconds", 0.2, EMBERWATCH_COVERAGE=str(folder))
    assert result.returncode == 2
    assert "blocks missed" in result.stdout
    assert result.stderr.startswith(f"emberwatch: coverage (EMBERWATCH_COVERAGE): {folder}/")
    assert result.stderr.count("\n") == 1


def test_compiled_network_that_cannot_be_written_names_the_folder(tmp_path: Path) -> None:
    model = ROOT / "training/released/emberwatch.tflite"
    should_refuse(_limited("compile", model, "--out", tmp_path / "c"), f"--out {tmp_path / 'c'} cannot be written")


def test_triggers_are_resolved_before_the_run(inputs: Path) -> None:
    trace = ("trace", inputs / "e.elf", "--vcd", inputs / "x.vcd", "--trigger")
    should_refuse(emberwatch(*trace, "model_stream_psh"), "did you mean 'model_stream_push'?")
    should_refuse(emberwatch(*trace, "nofunc", "--pins", "x"), "--pins")
    should_refuse(emberwatch(*trace, "nofunc", "--functions", "nobody"), "nobody")
    should_refuse(emberwatch(*trace, "nofunc", "--signals", "nothing"), "nothing")


def test_cycles_to_run_to_are_bounded(inputs: Path) -> None:
    should_refuse(emberwatch("gdb", inputs / "e.elf", "--at-cycle", 10**26), "--at-cycle", "outside")
    should_refuse(emberwatch("gdb", inputs / "e.elf", "--at-cycle", -1), "--at-cycle", "outside")


@pytest.mark.parametrize(
    "scenario",
    ['[[sound]]\nfile = "a.wav"\noffset_s = 1.0\n', 'duration_s = 2.0\n[[sound]]\nfile = "a.wav"\nat_s = 2.0\n'],
)
def test_sounds_that_are_never_heard_are_refused(inputs: Path, scenario: str) -> None:
    (inputs / "s.toml").write_text(scenario)
    should_refuse(emberwatch("run", inputs / "e.elf", "--scenario", inputs / "s.toml"), "s.toml", "sound 1: ", "_s = ")
