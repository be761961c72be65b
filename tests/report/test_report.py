"""The HTML pages about runs: complete, self-contained, and honest about what happened."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Clip, DetectorMachine, Scenario
from emberwatch.audio import generate
from emberwatch.report.page import RunRecorder
from emberwatch.report.suite_page import TestEntry, write_suite_page

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"
needs_firmware = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")


@pytest.fixture(scope="module")
def page() -> str:
    with DetectorMachine(FIRMWARE, Scenario([Clip(generate("t3"), seconds=3.0)])) as machine:
        recorder = RunRecorder(machine)
        machine.run(3.0)
        return recorder.render("A <loud> T3")


@needs_firmware
def test_page_needs_no_network_and_no_script(page: str) -> None:
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<script" not in page


@needs_firmware
def test_page_shows_every_part(page: str) -> None:
    for part in ("polygon", "data:image/png;base64,", "polyline", "pdm_decimate", "SRAM", "emberwatch 0."):
        assert part in page, part


@needs_firmware
def test_title_is_escaped(page: str) -> None:
    assert "A &lt;loud&gt; T3" in page
    assert "<loud>" not in page


@needs_firmware
def test_silence_shows_no_alarm() -> None:
    with DetectorMachine(FIRMWARE, Scenario.silence(1.0)) as machine:
        recorder = RunRecorder(machine)
        machine.run(1.0)
        page = recorder.render()
    assert 'class="alarm"' not in page
    assert "<dd>none</dd>" in page


@needs_firmware
def test_what_a_file_is_decides_not_its_name(tmp_path: Path) -> None:
    uf2, elf = tmp_path / "a.elf", tmp_path / "b.firmware"
    uf2.write_bytes(FIRMWARE.with_suffix(".uf2").read_bytes())
    elf.write_bytes(FIRMWARE.read_bytes())
    for path, has_sections in ((uf2, False), (elf, True)):
        with DetectorMachine(path) as machine:
            assert (".bss" in RunRecorder(machine).render()) == has_sections


@needs_firmware
def test_report_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    command = [sys.executable, "-m", "emberwatch.cli.main", "run", str(FIRMWARE), "--seconds", "0.1"]
    done = subprocess.run([*command, "--report", str(blocker / "run.html")], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "run.html" in done.stderr


def test_suite_page_links_runs_and_tells_reasons(tmp_path: Path) -> None:
    entries = [
        TestEntry("Robot.Boot", "The Board Boots", "PASS", "", "runs/boot.html"),
        TestEntry("Robot.Quiet", "Silence Is Silence", "FAIL", "False alarm at 1.0 s\nmore", ""),
    ]
    write_suite_page(tmp_path / "runs.html", entries)
    page = (tmp_path / "runs.html").read_text(encoding="utf-8")
    assert '<a href="runs/boot.html">The Board Boots</a>' in page
    assert "False alarm at 1.0 s" in page
    assert "1 hold, 1 do not, 0 could not" in page
