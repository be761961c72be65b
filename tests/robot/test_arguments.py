"""No claim is true of nothing: each of these suites must fail, and for the reason given."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")

CASES = {
    "Every Recording Should Raise The Alarm    ${EMPTY_LIST}": "Judged nothing",
    "No Recording Should Raise The Alarm    ${EMPTY_LIST}": "Judged nothing",
    "Board Should Stay Quiet For    0 s": "must be more than 0",
    "Run For    -1 s": "must be more than 0",
    "Run For    1000000000 s": "must be more than 0",
    "LED Should Be Darker Than    nan": "must be 0.001 to 1",
    "LED Should Be Darker Than    0.5": "Judged nothing",
    "LED Should Be Brighter Than    nan": "must be 0 to 0.999",
    "LED Should Be Brighter Than    -1": "must be 0 to 0.999",
    "Console Should Follow Protocol": "no window line",
    "Windows Should Come Every Block    1 ms": "Judged nothing",
    "Windows Should Come Every Block    32 ms": "as long as a block",
    "No Fault Should Be Reported": "Judged nothing",
    "Break Microphone    explode": "use one of: missing",
    "Break Microphone    none": "use one of: missing",
    "Set Microphone    gain=nan": "gain nan",
    "Sound    t3    nan": "must be -150 to 60",
    "Real Negatives    0": "must be 1 to",
    "Alarm Should Go On Within    8 s    kind=t99": "Alarm kind 't99' is not known",
    "Alarm Should Go Off Within    1 s": "No alarm has gone on",
    "Fault Should Be Reported Within    mic-explodes    1 s": "is not known",
    "Uart Should Not Carry Sound    -1": "must be 1 to",
    "Wait For Line    ${SPACE}    1 s": "Judged nothing",
    "Processor Load Should Be Below    nan": "must be 0.01 to 100",
    "Stack Should Have Unused    0": "must be 1 to 4096",
}


def test_claims_about_nothing_fail(tmp_path: Path) -> None:
    lines = [
        "*** Settings ***",
        f"Resource    {ROOT}/robot/resources/emberwatch.resource",
        "Test Setup    Power On Board",
    ]
    lines += ["*** Variables ***", "@{EMPTY_LIST}", "*** Test Cases ***"]
    for number, keyword in enumerate(CASES):
        lines += [f"Case {number}", f"    {keyword}"]
    (tmp_path / "claims.robot").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "robot", "--outputdir", tmp_path, "--console", "none", tmp_path / "claims.robot"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == len(CASES), done.stdout + done.stderr
    tests = ET.parse(tmp_path / "output.xml").getroot().iter("test")
    for (keyword, reason), test in zip(CASES.items(), tests, strict=True):
        status = test.find("status")
        assert status is not None and status.get("status") == "FAIL", keyword
        assert reason in (status.text or ""), f"{keyword}: {status.text}"
