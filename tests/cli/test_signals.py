"""Ctrl-C and SIGTERM at any moment: the documented exit code, no traceback, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from paths import ROOT

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


def started(folder: Path, *words: object) -> subprocess.Popen[str]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "emberwatch", *map(str, words)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,
    )


def _heed_interrupts() -> None:
    """A test run in the background of a shell ignores Ctrl-C, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("after_s", [0.3, 1.5])
def test_a_run_ends_quietly(tmp_path: Path, number: signal.Signals, after_s: float) -> None:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    (tmp_path / "r.html").write_text("old")
    process = started(tmp_path, "run", FIRMWARE, "--seconds", "100000", "--report", "r.html")
    time.sleep(after_s)  # in the middle of the imports, and in the middle of the run: both must do
    process.send_signal(number)
    _, error = process.communicate(timeout=300)
    assert "Traceback" not in error
    # Before the interpreter has come to our first line, a signal ends it as the system does.
    assert process.returncode in (CODES[number], -number)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert (tmp_path / "r.html").stat().st_size > 0


WITHIN_EXEC = """
import os, signal, sys
from emberwatch.cli import main as commands, start

def run(*_):
    exec("import os, signal; os.kill(os.getpid(), signal.SIGTERM); [0 for _ in range(10**6)]")

commands.run_command = run
sys.argv = ["emberwatch", "run"]
start.main()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM for one process")
def test_a_signal_while_a_dataclass_is_made_keeps_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "within.py").write_text(WITHIN_EXEC)
    command = [sys.executable, "-m", "within"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "")


PROGRAM = """
import os, signal, sys, tempfile, time
from pathlib import Path
from emberwatch.base.workers import Crew

def start(folder):
    global kept
    kept = tempfile.TemporaryDirectory(dir=folder)

def work(folder):
    Path(folder, f"pid{os.getpid()}").touch()
    time.sleep(600)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    with Crew(2, work, start, (sys.argv[1],)) as crew:
        list(crew.run([sys.argv[1]] * 2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has ended")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent_and_leave_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    script, folder = tmp_path / "script.py", tmp_path / "work"
    script.write_text(PROGRAM)
    folder.mkdir()
    process = subprocess.Popen([sys.executable, str(script), str(folder)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while len(list(folder.glob("pid*"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    process.wait(300)
    workers = [int(path.name[3:]) for path in folder.glob("pid*")]
    while any(Path(f"/proc/{worker}").exists() and _runs(worker) for worker in workers):
        assert time.monotonic() < deadline, "workers live on"
        time.sleep(0.1)
    assert [path.name for path in folder.iterdir() if not path.name.startswith("pid")] == []


def _runs(worker: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{worker}/status").read_text()
    except OSError:
        return False
