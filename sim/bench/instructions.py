"""Host instructions of each emulated cycle: the figure of speed that neither load nor clock of the host changes.

What a process that runs a while executes less one that runs shorter, counted by perf, or by Valgrind where the host has
no counters (virtual machines often have none).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from emberwatch.board.board import load_board

SHORT_SECONDS, LONG_SECONDS = 0.1, 0.6
_RUN = (
    "import sys\n"
    "from emberwatch import Machine, Scenario\n"
    "from emberwatch.audio import generate\n"
    "from emberwatch.audio.scenario import Clip\n"
    "with Machine(sys.argv[1], Scenario([Clip(generate('t3'), seconds=1.0)])) as machine:\n"
    "    machine.run(float(sys.argv[2]))\n"
)


def instructions_per_cycle(elf: Path) -> tuple[float | None, str]:
    """Host instructions of a clk_sys cycle of the firmware with its microphone on, and what counted them.

    Returns:
        The figure, or None with the reason why nothing can count here.
    """
    for name, count in (("perf", _perf), ("valgrind", _valgrind)):
        if shutil.which(name) is None:
            continue
        short, long = count(elf, SHORT_SECONDS), count(elf, LONG_SECONDS)
        if short is not None and long is not None:
            cycles = (LONG_SECONDS - SHORT_SECONDS) * load_board("pico").clock.clk_sys_hz
            return (long - short) / cycles, f"counted by {name}"
    return None, "neither perf with hardware counters nor valgrind is installed"


def _perf(elf: Path, seconds: float) -> int | None:
    done = _run(["perf", "stat", "-x", ",", "-e", "instructions:u"], elf, seconds)
    found = re.search(r"^(\d+),", done.stderr, re.MULTILINE)
    return int(found[1]) if found else None


def _valgrind(elf: Path, seconds: float) -> int | None:
    with tempfile.TemporaryDirectory() as folder:
        done = _run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out"], elf, seconds)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found else None


def _run(tool: list[str], elf: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    command = [*tool, sys.executable, "-c", _RUN, str(elf), str(seconds)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
