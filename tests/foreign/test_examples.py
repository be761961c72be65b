"""The example projects, built and tested as their README says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import emberwatch
from foreign import PREFIX
from paths import ROOT

EXAMPLES = ROOT / "examples"


def test_the_projects_build_and_their_tests_pass(tmp_path: Path) -> None:
    if shutil.which(PREFIX + "gcc") is None or shutil.which("cmake") is None:
        pytest.skip("arm-none-eabi-gcc or cmake is not installed")
    program = Path(sys.executable).parent / "emberwatch"
    for command in (
        ["cmake", "-S", EXAMPLES, "-B", tmp_path, f"-DEMBERWATCH_COMMAND={program}"],
        ["cmake", "--build", tmp_path],
        ["ctest", "--test-dir", tmp_path, "--output-on-failure"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"100% tests passed.* out of 4", done.stdout), done.stdout


def test_the_script_runs_on_micropython() -> None:
    if not os.environ.get("EMBERWATCH_MICROPYTHON"):
        pytest.skip("set EMBERWATCH_MICROPYTHON to a UF2 file of MicroPython")
    done = emberwatch("micropython", EXAMPLES / "micropython/main.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:5] == [f"duty {percent}" for percent in range(0, 101, 25)]
