"""The fixture `rp2040` as a user's own test has it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

TESTS = """
import pytest

def test_ready(rp2040):
    rp2040.expect("ready")
    rp2040.click("GP10")
    rp2040.expect("pressed=1")

@pytest.mark.rp2040(seed=5)
def test_seed(rp2040, rp2040_factory):
    assert rp2040.seed == 5
    assert rp2040_factory({program!r}).seed == 1

def test_never(rp2040):
    rp2040.expect("never", timeout=0.02)
"""


def test_a_users_tests(tmp_path: Path) -> None:
    program = str(build("bystep"))
    (tmp_path / "test_it.py").write_text(TESTS.format(program=program))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    command = [sys.executable, "-m", "pytest", "-q", "--rp2040-firmware", program, "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout and "1 failed" in done.stdout, done.stdout + done.stderr
    assert "text 'never' did not come within 0.02 s" in done.stdout
    assert "rp2040: bystep-flash.elf" in done.stdout  # the console of the test that failed
    assert "ready" in done.stdout
    done = subprocess.run(command[:4], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "fixture rp2040 needs a program" in done.stdout
