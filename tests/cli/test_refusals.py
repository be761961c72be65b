"""One line for what cannot be used: the file, the place in it, the value, the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import FIRMWARE, emberwatch, should_refuse

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")


@pytest.fixture(autouse=True)
def built() -> None:
    if not FIRMWARE.is_file():
        pytest.skip(f"{FIRMWARE} is missing; run: make firmware")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('do = "press"', "step 2: step 'do' is not known"),
        ("expect_pin = 4", "step 2: step 'expect_pin' needs 'level'"),
        ('wait = "soon"', "step 2: "),
    ],
)
def test_a_wrong_step_is_named_with_its_file_and_line(tmp_path: Path, step: str, said: str) -> None:
    scenario = tmp_path / "door.toml"
    scenario.write_text(f"duration_s = 2\n[[step]]\nwait = 0.1\n\n[[step]]\n{step}\n")
    should_refuse(emberwatch("run", FIRMWARE, "--scenario", scenario), f"{scenario}, line 5: {said}")


@pytest.mark.parametrize(
    ("diagram", "said"),
    [
        ('{"version": 1,\n"parts"', "line 2: no JSON"),
        ('{"parts": [{"id": "a"}]}', "no diagram.json of Wokwi: a part or wire has no 'type'"),
    ],
)
def test_a_broken_diagram_is_told_without_names_of_ours(tmp_path: Path, diagram: str, said: str) -> None:
    path = tmp_path / "diagram.json"
    path.write_text(diagram)
    refusal = emberwatch("run", FIRMWARE, "--board", path)
    should_refuse(refusal, said)
    assert "Error" not in refusal.stderr


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        ("0x200000", "where the board has no memory (flash 0x10000000..0x101fffff"),
        ("0x1000000", "0x1000000 is beyond 0x1000000, the end of any flash"),
        ("far", "must be FILE@OFFSET"),
    ],
)
def test_a_second_image_must_fit_the_flash_of_the_board(offset: str, said: str) -> None:
    should_refuse(emberwatch("run", FIRMWARE, "--flash", f"{FIRMWARE}@{offset}"), said)
