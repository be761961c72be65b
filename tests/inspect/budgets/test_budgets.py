"""Budgets: figures against the ELF and the profiler, the baseline's file, verdicts, exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from programs import ROOT

from emberwatch.audio import Scenario
from emberwatch.base.errors import ImageError, UsageError
from emberwatch.inspect.budgets import Measurement, compare, load, measure, update
from emberwatch.inspect.profiling import Profile
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import load_image

BY_HAND = """# a remark that must stay
[run]
seconds = 0.01

[cycles.leaf]          # another one
max = 100_000
[stack.recurse]
max = 4000
[memory]
flash = 65_536
ram = 49_152
"""


@pytest.fixture(scope="module")
def measured(calls_elf: Path) -> Measurement:
    return measure(calls_elf, Scenario(), 0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "budgets.toml"
    path.write_text(BY_HAND)
    return path


def emberwatch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "budget", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


def test_figures_are_those_of_the_profile_and_the_elf(
    measured: Measurement, calls_elf: Path, calls_machine: tuple[Machine, Profile]
) -> None:
    recurse = calls_machine[1].function("recurse")
    assert recurse is not None
    figures = measured.functions["recurse"]
    assert (figures.max, figures.stack) == (recurse.max, recurse.stack)
    assert figures.mean == round(recurse.mean)
    size = load_image(calls_elf).symbols["recurse"].size
    assert (figures.flash, figures.ram) == (0, size), "linked to SRAM"
    assert measured.compiler.startswith("GCC ")


def test_firmware_without_symbols_is_refused(calls_elf: Path, tmp_path: Path) -> None:
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["arm-none-eabi-objcopy", "--strip-all", calls_elf, stripped], check=True)
    with pytest.raises(ImageError, match="has no symbols to measure functions by"):
        measure(stripped, Scenario(), 0.001)


def test_update_then_check_is_quiet_and_keeps_what_was_written_by_hand(file: Path, measured: Measurement) -> None:
    budgets = update(load(file), measured)
    assert file.read_text().startswith(BY_HAND)
    assert {"leaf", "recurse", "work"} <= set(budgets.functions)
    assert compare(budgets, measured) == []
    once = file.read_text()
    update(budgets, measured)
    assert file.read_text() == once


def test_update_makes_a_file_that_does_not_exist(tmp_path: Path, measured: Measurement) -> None:
    path = tmp_path / "new" / "budgets.toml"
    with pytest.raises(UsageError, match="does not exist; measure a baseline"):
        load(path)
    assert compare(update(load(path, new=True), measured), measured) == []


def test_worse_better_missing_and_new(file: Path, measured: Measurement) -> None:
    budgets = update(load(file), measured)
    functions = dict(measured.functions)
    leaf = functions["leaf"]
    functions["leaf"] = replace(leaf, max=leaf.max * 2, mean=leaf.mean - leaf.mean // 2)
    functions["grown"] = functions.pop("work")
    found = {(f.what, f.figure): f for f in compare(budgets, replace(measured, functions=functions))}
    assert found["leaf", "max"].verdict == "worse" and found["leaf", "max"].fails
    assert "+100.0 %" in str(found["leaf", "max"])
    assert found["leaf", "mean"].verdict == "better" and not found["leaf", "mean"].fails
    assert found["work", "max"].verdict == "missing" and found["work", "max"].fails
    assert found["grown", "max"].verdict == "new" and not found["grown", "max"].fails
    assert set(found) == {("leaf", "max"), ("leaf", "mean"), ("work", "max"), ("grown", "max")}


def test_tolerance(file: Path, measured: Measurement) -> None:
    budgets = update(load(file), measured)
    work = measured.functions["work"]
    for percent, fails in ((1.9, False), (2.5, True)):
        slower = {**measured.functions, "work": replace(work, max=int(work.max * (1 + percent / 100)))}
        assert any(f.fails for f in compare(budgets, replace(measured, functions=slower))) == fails


def test_limits_hold_without_a_baseline(file: Path, measured: Measurement) -> None:
    assert compare(load(file), measured) == []
    file.write_text(BY_HAND.replace("100_000", "10").replace("4000", "4").replace("49_152", "8"))
    found = {(f.what, f.figure): f.verdict for f in compare(load(file), measured)}
    assert found == {
        ("leaf", "max"): "over limit",
        ("recurse", "stack"): "over limit",
        ("firmware", "ram"): "over limit",
    }


def test_another_compiler_is_not_compared(file: Path, measured: Measurement) -> None:
    budgets = update(load(file), measured)
    slower = {name: replace(f, max=f.max * 3) for name, f in measured.functions.items()}
    assert compare(budgets, Measurement(slower, measured.memory, "GCC 99.0.0")) == []


def test_exit_codes_and_readable_difference(file: Path, calls_elf: Path) -> None:
    options = (calls_elf, "--file", file)
    first = emberwatch("check", *options)
    assert first.returncode == 0 and "baseline not compared" in first.stdout
    assert emberwatch("update", *options).returncode == 0
    assert emberwatch("check", *options).returncode == 0
    text = file.read_text()
    entry = next(line for line in text.splitlines() if line.startswith("work = "))
    value = entry.split("max = ")[1].split(",")[0]
    file.write_text(text.replace(entry, entry.replace(f"max = {value}", "max = 10")))
    worse = emberwatch("check", *options)
    assert worse.returncode == 1
    assert any(line.split()[:3] == ["worse", "work", "max"] for line in worse.stdout.splitlines()), worse.stdout


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("[cycles.leaf]\nmax = -1\n", "cycles.leaf.max = -1"),
        ("[cycles.leaf]\nmaximum = 1\n", "cycles.leaf.max = None"),
        ("[speed]\n", "[speed] is not known"),
        ("[memory]\nrom = 1\n", "no 'rom'"),
        ("[run]\nsecond = 1\n", "no key 'second'"),
        ("not toml", "is not TOML"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str, fragment: str) -> None:
    path = tmp_path / "budgets.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as refusal:
        load(path)
    assert fragment in str(refusal.value)


def test_a_file_that_promises_nothing_is_refused(tmp_path: Path, calls_elf: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("")
    done = emberwatch("check", calls_elf, "--file", empty)
    assert done.returncode == 2
    assert "neither limits nor a baseline" in done.stderr


def test_the_project_file_is_understood() -> None:
    budgets = load(ROOT / "robot/budgets.toml")
    assert budgets.scenario is not None and budgets.scenario.is_file()
    assert budgets.heard().seconds >= budgets.seconds
    assert {"pdm_decimate", "features_compute", "app_process_block"} <= set(budgets.limits["cycles"])
    assert set(budgets.limits["memory"]) == {"flash", "ram"}
