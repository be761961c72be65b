"""The scripts in examples/ do what their first lines say."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Machine
from emberwatch.audio import files, generate

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")


def example(name: str, *arguments: object) -> str:
    command = [sys.executable, ROOT / "examples" / name, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_hear_a_wav(tmp_path: Path) -> None:
    alarm, quiet = tmp_path / "alarm.wav", tmp_path / "quiet.wav"
    files.save(alarm, 0.1 * generate("t3", frequency_hz=3100.0).read(0, 16000 * 6))
    files.save(quiet, 0.001 * generate("white_noise", seed=1).read(0, 16000))
    assert re.search(r"^ +\d\.\d{3} s  alarm on", example("hear_a_wav.py", alarm), re.M)
    assert re.search(r"^quiet; highest probability 0\.\d\d$", example("hear_a_wav.py", quiet), re.M)


def test_find_the_cycle_hog() -> None:
    rows = [line.split() for line in example("find_the_cycle_hog.py").splitlines()]
    assert rows[0] == ["function", "calls", "mean", "max", "of", "all"]
    cycles = [int(row[1]) * float(row[2]) for row in rows[1:]]
    assert {"app_process_block", "model_stream_push"} <= {row[0] for row in rows[1:]}
    assert all(first >= 0.99 * second for first, second in pairwise(cycles))


def test_noise_until_it_fails() -> None:
    lines = example("noise_until_it_fails.py").splitlines()
    verdicts = [line.split()[-1] for line in lines]
    assert verdicts[0] == "heard"
    assert verdicts[:-1] == ["heard"] * (len(verdicts) - 1)


def test_read_campaign(tmp_path: Path) -> None:
    for package in ("pyarrow", "pandas", "duckdb"):
        pytest.importorskip(package, reason=f"no {package}; get it with: pip install {package}")
    from emberwatch.campaign.rows import HostRow, Row, write_host, write_results

    heard, missed = Row("a" * 64, 0, label="t3", level_dbfs=-20.0, snr_db=10.0), Row("b" * 64, 1, label="t3")
    write_results(tmp_path, [replace(heard, verdict="pass", alarm=True, cycles={"model": 7}, emulated_s=4.0), missed])
    write_host(tmp_path, [HostRow("a" * 64, 0, 0.5, "one"), HostRow("b" * 64, 1, 0.5, "two")])
    shown = example("read_campaign.py", tmp_path)
    assert "2 runs: {'pass': 1, 'error': 1}" in shown and re.search(r"^-20.0 +1.00$", shown, re.M)
    assert re.search(r"model +7$", shown, re.M) and re.search(r"^ +2 +500.0 +4.0 +4.0$", shown, re.M)
    assert f"replay {'b' * 12}" in shown


def test_machine_shows_itself() -> None:
    from rich.console import Console

    with Machine(FIRMWARE) as machine:
        machine.run(0.1)
        assert re.fullmatch(r"<Machine emberwatch\.elf on pico, .* 0\.1000\d\d s, \d+ cycles, pc .*>", repr(machine))
        html = machine._repr_html_()
        console = Console(width=100, file=io.StringIO())
        console.print(machine)
    assert "<th>cycles</th>" in html
    assert isinstance(console.file, io.StringIO)
    assert re.search(r"program counter +│ \S+", console.file.getvalue())
