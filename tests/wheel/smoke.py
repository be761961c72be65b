"""What an installed wheel must do, wherever it is: no clone, no pytest, no Arm toolchain. Prints what it did.

python tests/wheel/smoke.py
"""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RAM = 0x20000000
# movs r0, #42; nop...; 1: adds r1, #1; b 1b
PROGRAM = struct.pack("<4H", 0x202A, 0x46C0, 0x3101, 0xE7FD)


def elf() -> bytes:
    """A program for SRAM: one segment, entry at its start."""
    header = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    header += struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, RAM + 1, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    return header + struct.pack("<8I", 1, 84, RAM, RAM, len(PROGRAM), len(PROGRAM), 5, 4) + PROGRAM


def runs() -> str:
    """The emulated chip computes, counts cycles, and a snapshot brings it back."""
    from emberwatch import Machine

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "smoke.elf"
        path.write_bytes(elf())
        with Machine(path) as machine:
            machine.run(0.001)
            before = machine.cycles
            snapshot = machine.save()
            machine.run(0.001)
            after = machine.cycles
            machine.restore(snapshot)
            machine.run(0.001)
            assert machine.cycles == after > before, (before, after, machine.cycles)
    return f"{after} cycles, the same after a snapshot was put back"


def knows_its_files() -> str:
    """Boards, the chip's description and the released model came with it."""
    from emberwatch.board.board import known_boards, load_board
    from emberwatch.chip import svd
    from emberwatch.training.compiler import compile_model  # noqa: F401

    boards = [load_board(name).name for name in known_boards()]
    assert "pico" in boards and svd is not None
    return f"boards {', '.join(boards)}"


def speaks() -> str:
    """The command line answers, and bad input ends with one line and exit code 2."""
    command = [sys.executable, "-m", "emberwatch"]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    refused = subprocess.run([*command, "run", "missing.elf"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused
    return f"{version}; {refused.stderr.strip()}"


def is_light() -> str:
    """The import loads nothing that only some need."""
    heavy = "('robot', 'matplotlib', 'tensorflow')"
    code = f"import sys, emberwatch; emberwatch.Machine; print([m for m in {heavy} if m in sys.modules])"
    began = time.perf_counter()
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == "[]", found
    return f"imported in {time.perf_counter() - began:.2f} s with a new interpreter"


def main() -> int:
    """Runs all of them."""
    for check in (runs, knows_its_files, speaks, is_light):
        with contextlib.redirect_stderr(io.StringIO()):
            print(f"{check.__name__}: {check()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
