"""From a campaign file to cases: combinations, samples, identities, refusals, and the published schema."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.base.errors import UsageError
from emberwatch.campaign.case import case_of
from emberwatch.campaign.file import load
from emberwatch.campaign.plan import make_plan
from emberwatch.cli.schema import text

HEAD = 'firmware = ["a.elf"]\n'


def plan_of(folder: Path, text: str) -> list:
    (folder / "a.elf").write_bytes(b"not looked into by a plan")
    (folder / "c.toml").write_text(HEAD + text)
    return make_plan(load(folder / "c.toml"))


def test_a_grid_is_every_combination_in_the_order_of_the_file(tmp_path: Path) -> None:
    cases = plan_of(
        tmp_path,
        'seed = [1, 2]\n[[grid]]\ngenerate = ["t3", "white_noise"]\nlevel_dbfs = [-20, -40]\nsnr_db = [10]\n',
    )
    assert [case.number for case in cases] == list(range(8))
    assert [(c.label, c.level_dbfs, c.seed) for c in cases[:5]] == [
        ("t3", -20, 1),
        ("t3", -20, 2),
        ("t3", -40, 1),
        ("t3", -40, 2),
        ("other", -20, 1),
    ]
    assert {case.noise for case in cases} == {"pink_noise"}
    assert [case.expect for case in cases] == ["alarm"] * 4 + ["quiet"] * 4


def test_a_case_that_two_grids_ask_for_comes_once(tmp_path: Path) -> None:
    grid = '[[grid]]\ngenerate = ["t3"]\nlevel_dbfs = [{}]\n'
    assert len(plan_of(tmp_path, grid.format("-20, -30") + grid.format("-30, -40"))) == 3


def test_a_sample_is_a_function_of_its_seed(tmp_path: Path) -> None:
    grid = '[[grid]]\ngenerate = ["t3"]\nparameters = {{frequency_hz = [{}]}}\nsample = 5\nsample_seed = {}\n'
    pitches = ", ".join(str(hz) for hz in range(1000, 3000, 50))
    first, again, other = (plan_of(tmp_path, grid.format(pitches, seed)) for seed in (1, 1, 2))
    assert len(first) == 5 and [c.id for c in first] == [c.id for c in again] != [c.id for c in other]


def test_an_identity_is_of_contents_and_not_of_places(tmp_path: Path) -> None:
    case = plan_of(tmp_path, '[[grid]]\ngenerate = ["t3"]\n')[0]
    moved = replace(case, number=7, firmware=replace(case.firmware, name="b.elf", path="/elsewhere"))
    assert moved.id == case.id
    assert replace(case, firmware=replace(case.firmware, sha256="0" * 64)).id != case.id
    assert replace(case, seed=2).id != case.id
    assert case_of(case.as_json()) == case


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[grid]]\nlevel_dbfs = [-20]\n", "nothing sounds"),
        ('[[grid]]\ngenerate = ["t5"]\n', "grid 1: generate = 't5' is not known"),
        ('[[grid]]\ngenerate = ["t3"]\nnoise = ["white_noise"]\n', "noise needs snr_db"),
        ('[[grid]]\ngenerate = ["t3"]\nlevel_dbfs = [40]\n', "-120 to 20"),
        ('[[grid]]\nscenario = ["none.toml"]\n', "none.toml"),
        ('[[grid]]\ngenerate = ["t3"]\nfile = ["x.wav"]\n', "exclude each other"),
        ('[[grid]]\ngenerate = ["t3"]\nlevle_dbfs = [1]\n', "did you mean"),
        ("grid = []\n", "grid is empty"),
    ],
)
def test_a_file_is_refused_in_a_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError, match="campaign file") as refusal:
        plan_of(tmp_path, text)
    assert words in str(refusal.value)


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(text("campaign"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for example in sorted((ROOT / "examples").glob("*campaign*.toml")):
        jsonschema.validate(tomllib.loads(example.read_text()), schema)
        assert load(example).grid
