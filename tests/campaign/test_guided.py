"""Scenarios guided by coverage: changed ones reach what plain ones do not, and a run repeats."""

from __future__ import annotations

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.campaign.faults import Fault
from emberwatch.campaign.guided import Stimulus, directions, explore
from emberwatch.inspect.coverage.program import read_program

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"


@pytest.fixture(autouse=True)
def firmware() -> None:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")


def test_a_fault_reaches_what_no_sound_does() -> None:
    program = read_program(FIRMWARE)
    sounds = ({"generate": "t3", "at_s": 0.0, "level_dbfs": -20.0},)
    plain = directions(FIRMWARE, Stimulus(sounds, seconds=1.0), program)
    broken = directions(FIRMWARE, Stimulus(sounds, (Fault("microphone", 0.5, "missing"),), 1.0), program)
    assert broken - plain, "the check of the microphone has a branch that was never taken"
    assert plain == directions(FIRMWARE, Stimulus(sounds, seconds=1.0), program)


def test_exploring_repeats_keeps_what_is_new_and_names_what_is_left() -> None:
    found = explore(FIRMWARE, 2)
    assert found.runs == 2 and found.kept[0].new and all(kept.new for kept in found.kept)
    assert found.seen == set().union(*(kept.new for kept in found.kept))
    assert [kept.stimulus for kept in explore(FIRMWARE, 2).kept] == [kept.stimulus for kept in found.kept]
    assert any(function == "health_name" for _, _, function, _ in found.unreached)
