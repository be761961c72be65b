"""Every command of the pages and of the README is run as it stands, in a folder that holds what the page supposes.

Tutorials have their own test, which also compares what they show. A command that cannot be run here is in `NOT_RUN`
with the reason; one that nobody thought of is run, and fails until its files are put into the folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pages import command_lines
from paths import FIRMWARE, ROOT

from emberwatch.audio import files, generate

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BOARD, _HOURS = "needs a board at a serial port", "takes minutes to hours; tests/training has it on a small set"
_FETCHED = "needs what only a network brings; tests/training runs it against a server of its own"
_MICROPYTHON = "needs a UF2 of MicroPython or CircuitPython; tests/machine runs it where one is given"
_CAMPAIGN = "needs the campaign of another command; tests/campaign runs it"
NOT_RUN = {
    r"emberwatch run app.elf --(live|audio mic|interactive)": "needs a terminal or a microphone; tests/cli has them",
    r"emberwatch micropython |RPI_PICO.uf2": _MICROPYTHON,
    r"emberwatch usb |--tcp usb1": "needs a program that is that USB device; tests/cli and tests/foreign have one",
    r"emberwatch (flash|record) ": _BOARD,
    r"--engine renode|emberwatch renode monitor": "needs Renode; robot/engines and tests/renode run it",
    r"emberwatch train|--card|--map|--qat|measure-chain": _HOURS,
    r"data (fetch|select) ?\S": _FETCHED,
    r"data/esc50|build/device|--negatives": _HOURS,
    r"--level -40 --snr 10": "judges all recordings of a data set; tests/training has it on a small one",
    r"campaign (replay|compare)|--cluster|faults.toml|build/campaign/faults": _CAMPAIGN,
    r"compile (MODEL.tflite --out DIR|survey FOLDER)": "says what may be given, with brackets around it",
    r"coverage results/coverage": "needs the raw files of a Robot run; tests/inspect makes some",
    r"budget update": "writes robot/budgets.toml; tests/inspect runs it on a copy",
}
"""Pattern of a command to the reason why it is not run here."""

STAYS = {
    "emberwatch gdb": "127.0.0.1:3333",
    "emberwatch run app.uf2 --pty usb": "mpremote connect /dev/",
    "emberwatch run app.uf2 --tcp uart0=4000": "127.0.0.1:4000",
}
"""Beginnings of commands that go on until they are interrupted, and what they say when they are there."""

GO_ON = (
    "emberwatch run blink.elf",
    "emberwatch run app.elf --uart --realtime",
    "emberwatch run app.elf --expect ready --watch",
)
"""Commands that end by the clock of the host, or never, and say nothing before: interrupted after `_START_S`."""

JUDGES = ("emberwatch campaign run", "emberwatch campaign report")
"""Beginnings of commands whose exit code 1 is an answer: the example is there to find where alarms are lost."""

AFTER = {r"campaign (status|report)": "emberwatch campaign run examples/campaign.toml"}
"""Pattern of a command to the one that the page has before it: run first, and done at once where it was."""

_START_S, _PATIENCE_S = 3.0, 120.0
_LONGEST_S = 900.0
"""A command that has no end of its own, and is not among `STAYS`, must not hold up everything."""


def commands() -> list[str]:
    found: dict[str, None] = {}
    for path in PAGES:
        for line in command_lines(path):
            command = line.partition(" #")[0].partition(" | ")[0].rstrip()
            if not re.match(r"emberwatch (on|and|is) ", command):
                found[command] = None
    return list(found)


def reason_not_to(command: str) -> str | None:
    return next((why for pattern, why in NOT_RUN.items() if re.search(pattern, command)), None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages suppose to be there: firmware, a model, sounds, a board of one's own."""
    if not FIRMWARE.is_file():
        pytest.skip(f"{FIRMWARE} is missing; run: make firmware")
    here = tmp_path_factory.mktemp("reader")
    for name in ("firmware", "platforms", "robot", "examples"):
        (here / name).symlink_to(ROOT / name)
    (here / "training").mkdir()
    (here / "training/released").symlink_to(ROOT / "training/released")
    built = here / "build/firmware/pico"
    built.mkdir(parents=True)
    for name in ("emberwatch.elf", "emberwatch.uf2"):
        shutil.copy(FIRMWARE.with_name(name), built / name)
    for name in ("emberwatch.elf", "app.elf", "blink.elf", "build/app.elf"):
        shutil.copy(FIRMWARE, here / name)
    shutil.copy(FIRMWARE.with_suffix(".uf2"), here / "app.uf2")
    for name in ("my_model.tflite", "MODEL.tflite"):
        shutil.copy(ROOT / "training/released/emberwatch.tflite", here / name)
    shutil.copy(ROOT / "training/released/detector.toml", here / "detector.toml")
    pico = (ROOT / "platforms/boards/pico.toml").read_text(encoding="utf-8")
    (here / "my_board.toml").write_text(re.sub(r"^name = .*$", 'name = "my_board"', pico, count=1, flags=re.M))
    for name in ("my.wav", "smoke.wav", "firedrill_t3_3707hz.flac"):
        files.save(here / name, 0.2 * generate("t3", frequency_hz=3100).read(0, 8 * 16000))
    for name in ("my_recordings.csv", "clips.csv", "recordings.csv"):
        (here / name).write_text("file,label\nmy.wav,alarm\n")
    (here / "CMakeLists.txt").write_text("project(app C)\nadd_executable(app main.c)\n")
    (here / "test.scenario.yaml").write_text("name: boots\nversion: 1\nsteps:\n  - wait-serial: emberwatch\n")
    return here


def environment(folder: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "EMBERWATCH_ROOT": str(folder), "PYTHONUNBUFFERED": "1"}


@pytest.mark.parametrize("command", [c for c in commands() if reason_not_to(c) is None])
def test_it_runs_as_it_stands(command: str, folder: Path) -> None:
    up = next((said for start, said in STAYS.items() if command.startswith(start)), "")
    if up or command in GO_ON:
        interrupted(command, up, folder)
        return
    for pattern, before in AFTER.items():
        if re.search(pattern, command):
            run(before, folder)
    done = run(command, folder)
    answers = (0, 1) if command.startswith(JUDGES) else (0,)
    assert done.returncode in answers, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST_S,
    )


def hear_interrupts() -> None:
    """A shell's background jobs ignore Ctrl-C, and what they start would too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(command: str, up: str, folder: Path) -> None:
    """It starts, says what a reader waits for, and Ctrl-C ends it in order."""
    with subprocess.Popen(
        shlex.split(command),
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_interrupts,
    ) as process:
        assert process.stdout is not None
        patience = threading.Timer(_PATIENCE_S, process.kill)
        patience.start()
        said = ""
        if not up:
            time.sleep(_START_S)
        while up not in said and (line := process.stdout.readline()):
            said += line
        process.send_signal(signal.SIGINT)
        said += process.stdout.read()
        patience.cancel()
    assert up in said and "Traceback" not in said, said
    assert process.returncode in (0, 1, 130), f"{process.returncode}: {said}"


@pytest.mark.parametrize("pattern", NOT_RUN)
def test_what_is_not_run_is_on_a_page(pattern: str) -> None:
    assert any(re.search(pattern, command) for command in commands()), "nothing needs this exception any more"
