"""Programs that others bring: every ELF, UF2, HEX or BIN file under EMBERWATCH_PROGRAMS, with what it must print.

Beside NAME.elf (or .uf2, .hex, .bin) stands NAME.txt. Each of its lines must appear in the console's text, in that
order and as part of a line; blank lines count for nothing. Lines that start with `#:` set the run:

    #: seconds 2.5        emulated time, 1 if not given
    #: board pico         a board of platforms/boards or a board file

A NAME.toml beside it is its scenario: what is pressed, sent and expected (docs/steps.md).
A program with neither must run for its second without an error of the chip.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDER = os.environ.get("EMBERWATCH_PROGRAMS", "")
KINDS = (".elf", ".uf2", ".hex", ".bin")


@dataclass
class Expectation:
    """What a .txt file says."""

    lines: list[str] = field(default_factory=list)
    seconds: str = "1"
    board: str | None = None

    @classmethod
    def read(cls, path: Path) -> Expectation:
        """Raises ValueError, naming the line, for a setting that does not exist."""
        found = cls()
        if not path.exists():
            return found
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.startswith("#:"):
                found.lines += [line] if line.strip() else []
                continue
            name, *values = shlex.split(line[2:])
            if name not in ("seconds", "board") or len(values) != 1:
                raise ValueError(f"{path}:{number}: {line!r} is not a setting; there are seconds and board")
            setattr(found, name, values[0])
        return found

    def missing(self, text: str) -> str | None:
        """The first line that does not appear after those before it, or None."""
        at = 0
        for line in self.lines:
            at = text.find(line, at)
            if at < 0:
                return line
            at += len(line)
        return None


def run(program: Path, expectation: Expectation) -> subprocess.CompletedProcess[str]:
    """Runs a program by the command line, as its owner would."""
    command = [sys.executable, "-m", "emberwatch", "run", str(program), "--seconds", expectation.seconds, "--uart"]
    if program.with_suffix(".toml").is_file():
        command += ["--scenario", str(program.with_suffix(".toml"))]
    if expectation.board:
        command += ["--board", expectation.board]
    return subprocess.run(command, capture_output=True, text=True, check=False, errors="replace")


def brought() -> list[Path]:
    """All programs under the folder, or none."""
    return sorted(p for p in Path(FOLDER).rglob("*") if p.suffix.lower() in KINDS) if FOLDER else []


@pytest.mark.parametrize("program", brought(), ids=lambda path: str(path.relative_to(FOLDER)))
def test_brought(program: Path) -> None:
    expectation = Expectation.read(program.with_suffix(".txt"))
    done = run(program, expectation)
    assert done.returncode == 0, done.stderr
    missing = expectation.missing(done.stdout)
    assert missing is None, f"{missing!r} does not come (any more) in:\n{done.stdout}"


def test_the_folder_is_there() -> None:
    if not FOLDER:
        pytest.skip("set EMBERWATCH_PROGRAMS to a folder of programs")
    assert brought(), f"EMBERWATCH_PROGRAMS={FOLDER} has no {', '.join(KINDS)} file"


def test_format_of_expectations(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("#: seconds 2.5\n#: board pico\none\n\ntwo\none\n")
    expectation = Expectation.read(path)
    assert (expectation.seconds, expectation.board) == ("2.5", "pico")
    assert expectation.missing("0 one\n1 two\n2 one") is None
    assert expectation.missing("0 one\n2 one\n1 two\n") == "one"
    path.write_text("#: second 2\n")
    with pytest.raises(ValueError, match=r"a\.txt:1: '#: second 2' is not a setting"):
        Expectation.read(path)


def test_a_program_is_run_and_compared(tmp_path: Path) -> None:
    from foreign import build

    program = tmp_path / "timer.elf"
    program.write_bytes(build("timer").read_bytes())
    program.with_suffix(".txt").write_text("fired=10\n")
    expectation = Expectation.read(program.with_suffix(".txt"))
    done = run(program, expectation)
    assert done.returncode == 0, done.stderr
    assert expectation.missing(done.stdout) is None
    assert Expectation(["fired=11"]).missing(done.stdout) == "fired=11"
    program.with_suffix(".toml").write_text('[[step]]\nexpect = "fired=11"\n')
    assert "fired=11" in (done := run(program, expectation)).stderr and done.returncode == 1
