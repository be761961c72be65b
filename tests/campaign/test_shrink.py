"""Shrinking: what is left still fails, nothing of it can go, and nothing else was needed to know."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import ROOT

from emberwatch.base.errors import UsageError
from emberwatch.campaign.shrink import shrink
from emberwatch.campaign.toml_text import to_toml
from emberwatch.cli.main import run_command

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"


def scenario(sounds: int, steps: int) -> dict[str, Any]:
    return {
        "duration_s": 40.0,
        "sound": [{"generate": "tone", "at_s": float(i), "gain_db": -float(i)} for i in range(sounds)],
        "step": [{"wait": 2.0 + i} for i in range(steps)],
    }


def test_two_entries_of_twenty_are_found_and_time_is_halved_away() -> None:
    def fails(table: dict[str, Any]) -> bool:
        sounds = [sound.get("gain_db") for sound in table.get("sound", [])]
        waits = [step["wait"] for step in table.get("step", [])]
        return -3.0 in sounds and any(wait >= 1.5 for wait in waits) and table["duration_s"] >= 7.0

    left = shrink(scenario(12, 8), fails)
    assert len(left.table["sound"]) == 1 and left.table["sound"][0]["gain_db"] == -3.0
    assert "at_s" not in left.table["sound"][0], "what was not needed is gone"
    (step,) = left.table["step"]
    assert 1.5 <= step["wait"] < 1.6 and 7.0 <= left.table["duration_s"] < 7.2
    assert fails(left.table) and left.runs < 120


@pytest.mark.parametrize("seed", range(20))
def test_what_is_left_is_minimal(seed: int) -> None:
    chance = random.Random(seed)
    needed = set(chance.sample(range(15), chance.randint(0, 5)))

    def fails(table: dict[str, Any]) -> bool:
        return needed <= {-sound["gain_db"] for sound in table.get("sound", []) if "gain_db" in sound}

    left = shrink(scenario(15, 3), fails)
    assert {-sound["gain_db"] for sound in left.table.get("sound", [])} == needed and "step" not in left.table


def test_no_scenario_is_run_twice_and_the_most_runs_are_kept() -> None:
    seen: list[str] = []

    def fails(table: dict[str, Any]) -> bool:
        seen.append(to_toml(table))
        return len(table.get("sound", [])) >= 3

    shrink(scenario(10, 2), fails)
    assert len(seen) == len(set(seen))
    left = shrink(scenario(10, 2), fails, most_runs=4)
    assert left.runs == 4 and len(left.table["sound"]) >= 3 and "stopped after 4 runs" in left.log[-1]


def test_one_that_does_not_fail_is_refused() -> None:
    with pytest.raises(UsageError, match="does not fail as it is"):
        shrink(scenario(2, 0), lambda table: False)


_SCALARS = st.one_of(st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), st.text())
_KEYS = st.from_regex(r"\A[a-z_]{1,8}\Z")


_ENTRIES = st.lists(st.dictionaries(_KEYS, _SCALARS, min_size=1, max_size=3), max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(_KEYS, _SCALARS, max_size=3), _ENTRIES)
def test_what_is_written_is_read_back(table: dict[str, Any], entries: list[dict[str, Any]]) -> None:
    whole = {**table, **({"sound": entries} if entries else {})}
    assert tomllib.loads(to_toml(whole)) == whole


def test_the_command_finds_the_sound_that_raises_an_alarm(tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    long = tmp_path / "long.toml"
    long.write_text(
        """
duration_s = 7
[[sound]]
generate = "pink_noise"
level_dbfs = -60
[[sound]]
generate = "t3"
at_s = 0.3
level_dbfs = -20
[[sound]]
generate = "speechlike"
level_dbfs = -50
"""
    )
    short = tmp_path / "short.toml"
    words = ["shrink", FIRMWARE, "--scenario", long, "--expect-quiet", "--out", short, "--most-runs", "7"]
    assert run_command("campaign", [str(word) for word in words]) == 0
    left = tomllib.loads(short.read_text())
    assert [sound["generate"] for sound in left["sound"]] == ["t3"]
    assert short.read_text().startswith("# Fails: an alarm\n")
    with pytest.raises(UsageError, match="does not fail; there is nothing to shrink"):
        run_command("campaign", ["shrink", str(FIRMWARE), "--scenario", str(long), "--expect-alarm"])
