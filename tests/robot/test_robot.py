"""The Robot libraries and the summary: claims that hold, claims that do not, and what is left behind for the reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")

SUITE = f"""
*** Settings ***
Resource    {ROOT}/robot/resources/emberwatch.resource
Test Setup    Forget Board

*** Test Cases ***
The Board Boots
    Power On Board
    Wait For Line    emberwatch    500 ms

Silence Is An Alarm
    Power On Board
    Alarm Should Go On Within    1 s

The Alarm Is Slow Work
    Use Budgets    ${{CURDIR}}/budgets.toml
    Power On Board
    Run For    300 ms
    Cycles Should Be Within Budget    pdm_decimate

No Sound Means A Skip
    Skip    nothing to hear
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("robot")
    (folder / "claims.robot").write_text(SUITE)
    (folder / "budgets.toml").write_text("[cycles.pdm_decimate]\nmax = 1000\n")
    command = [sys.executable, "-m", "robot", "--pythonpath", ROOT, "--outputdir", folder, "--console", "none"]
    done = subprocess.run([*command, folder / "claims.robot"], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr  # Robot's exit code is the number of failures
    return folder


def summary(output: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "summary", output]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_failed_detection_leaves_sound_and_plot(results: Path) -> None:
    samples, rate = soundfile.read(results / "evidence/Silence_Is_An_Alarm.wav")
    assert rate == 16000
    assert len(samples) > 8000
    assert (results / "evidence/Silence_Is_An_Alarm.png").read_bytes().startswith(b"\x89PNG")
    log = (results / "output.xml").read_text()  # log.html holds the same, compressed
    assert "evidence/Silence_Is_An_Alarm.wav" in log


def test_summary_tells_what_happened_and_fails(results: Path) -> None:
    done = summary(results / "output.xml")
    assert done.returncode == 1
    assert "1 passed, 2 failed, 1 skipped" in done.stdout
    assert "alarms heard      0 of 1" in done.stdout
    assert "No alarm within 1 s" in done.stdout
    assert "Over budget by" in done.stdout
    assert str(results / "log.html") in done.stdout


def test_suites_and_keywords_fit_together() -> None:
    command = [sys.executable, "-m", "robot", "--pythonpath", ROOT, "--dryrun", "--output", "NONE", "--log", "NONE"]
    command += ["--exclude", "renode"]  # its keywords come from Renode
    done = subprocess.run([*command, "--report", "NONE", ROOT / "robot"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
