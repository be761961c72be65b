"""The real gdb-multiarch against the server in this process, and small programs to debug."""

from __future__ import annotations

import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Clip, Machine, Scenario
from emberwatch.audio import generate
from emberwatch.inspect.gdb.listen import serve
from emberwatch.program.toolchain import COMPILER, install_command

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
PROGRAMS = Path(__file__).parent / "programs"
GDB = shutil.which("gdb-multiarch")
PATIENT = "set remotetimeout 300"
"""GDB takes a server for dead that is silent for two seconds; on a busy host this one may be."""

Program = Callable[[str], Path]


class Session:
    """A machine served to GDB by a thread."""

    def __init__(self, machine: Machine, root: Path) -> None:
        self.machine = machine
        self.exit_code: int | None = None
        self.finished = threading.Event()
        targets: queue.Queue[str] = queue.Queue()

        def run() -> None:
            self.exit_code = serve(machine, 0, on_listening=targets.put, semihosting_dir=root)
            self.finished.set()

        threading.Thread(target=run, daemon=True).start()
        self.port = int(targets.get().rpartition(":")[2])

    def command(self, elf: Path | None, script: str) -> list[str]:
        assert GDB is not None
        lines = [
            "set pagination off",
            "set confirm off",
            "set width 0",
            PATIENT,
            f"target remote 127.0.0.1:{self.port}",
        ]
        lines += [line.strip() for line in script.strip().splitlines()]
        words = [GDB, "-q", "-nx", "-batch"]
        for line in lines:
            words += ["-ex", line]
        return words + ([str(elf)] if elf else [])

    def gdb(self, script: str, elf: Path | None = None) -> str:
        """Runs GDB commands, one a line, and returns what GDB printed."""
        done = subprocess.run(
            self.command(elf or self.machine.image.path, script),
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return done.stdout + done.stderr

    def gdb_interrupted(self, script: str, after: str) -> str:
        """As gdb(), with Ctrl-C once GDB has printed `after` and the machine has run on from there."""
        process = subprocess.Popen(
            self.command(self.machine.image.path, script),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if after in line:
                begun = self.machine.cycles
                while self.machine.cycles == begun and process.poll() is None:
                    time.sleep(0.01)
                process.send_signal(signal.SIGINT)
                break
        rest, _ = process.communicate()
        return text + rest


Debug = Callable[..., Session]


@pytest.fixture
def debug(tmp_path: Path) -> Debug:
    """Makes a machine and serves it: debug(firmware, scenario)."""
    if GDB is None:
        pytest.skip("gdb-multiarch is not installed; get it with: apt-get install gdb-multiarch")

    def make(firmware: Path, scenario: Scenario | None = None) -> Session:
        return Session(Machine(firmware, scenario), tmp_path)

    return make


@pytest.fixture
def firmware() -> Path:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    return FIRMWARE


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Compiles a program of this folder to an ELF that runs from RAM."""
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not installed; get it with: {install_command()}")
    folder = tmp_path_factory.mktemp("programs")

    def compile_program(name: str) -> Path:
        elf = folder / f"{name}.elf"
        if not elf.is_file():
            flags = ["-mcpu=cortex-m0plus", "-mthumb", "-g", "-Og", "-nostdlib", "-Wl,-e,start,--no-warn-rwx-segments"]
            sources = [PROGRAMS / "start.S", PROGRAMS / f"{name}.c"]
            command = [COMPILER, *flags, "-T", PROGRAMS / "ram.ld", "-o", elf, *sources, "-lgcc"]
            subprocess.run(list(map(str, command)), check=True)
        return elf

    return compile_program


@pytest.fixture(scope="session")
def alarm() -> Scenario:
    """A smoke alarm's T3 pattern that the firmware reports within a few seconds."""
    return Scenario([Clip(generate("t3", frequency_hz=3100.0), at_s=0.2, level_dbfs=-20.0, seconds=8.0)], seconds=8.2)
