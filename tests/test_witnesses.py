"""A witness that did not run is said, and fails a run that asked for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paths import ROOT
from witnesses import WITNESSES

SKIPPED = """
import pytest

def test_beside_it():
    pass

def test_with_it():
    pytest.skip("gdb-multiarch is not installed; get it with: apt-get install gdb-multiarch")
"""


def run(folder: Path, wanted: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(SKIPPED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "witnesses", "-p", "no:cacheprovider", str(folder)]
    environment = {"PATH": "", "PYTHONPATH": str(ROOT / "tests"), "EMBERWATCH_WITNESSES": wanted}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_missing_witness_is_said_and_only_fails_where_it_is_wanted(tmp_path: Path) -> None:
    done = run(tmp_path, "")
    assert done.returncode == 0, done.stdout
    assert "SILENT: gdb-multiarch (GDB server): 1 skipped for want of it" in done.stdout
    done = run(tmp_path, "gdb-multiarch")
    assert done.returncode == 1, done.stdout
    assert "ERROR: witness gdb-multiarch" in done.stdout


def test_a_misspelt_witness_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "unicron")
    assert done.returncode == 1
    assert "names 'unicron'; known: unicorn" in done.stdout


def test_a_witness_whose_tests_are_gone_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_nothing_of_it():\n    pass\n")
    done = run(tmp_path, "unicorn")
    assert done.returncode == 1, done.stdout
    assert "ERROR: witness unicorn: no test of it ran" in done.stdout


def test_the_files_that_ask_a_witness_exist() -> None:
    for witness in WITNESSES.values():
        assert all((ROOT / "tests" / file).is_file() for file in witness.files), witness.files
