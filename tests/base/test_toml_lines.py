"""Refusals of configuration files name the line; schemas say what the reader says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.audio import scenario
from emberwatch.base.errors import BoardError, EmberwatchError, ScenarioError
from emberwatch.base.toml_lines import line_of
from emberwatch.board.board import load_board
from emberwatch.cli import schema

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed; run: make setup-dev")

TEXT = """# a comment
top = 1
[led]
pin = 25  # pin = 3
"quoted" = 2
[[sound]]
at_s = 1
[[sound]]
generate = "t3"
at_s = -1
a.b = 3
"""
BOARD = (ROOT / "platforms/boards/pico.toml").read_text()


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("top", 2),
        ("led.pin", 4),
        ("led.quoted", 5),
        ("led.active", 3),
        ("sound[0].at_s", 7),
        ("sound[1].at_s", 10),
        ("sound[1].a.b", 11),
        ("sound[1].loop", 8),
        ("elsewhere.key", None),
    ],
)
def test_line_of(key: str, line: int | None) -> None:
    assert line_of(TEXT, key) == line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("pin = 25", "pin = 30", r"line 21: led\.pin = 30; the RP2040 has GPIO 0 to 29"),
        ("pin = 25", "pin = 25.5", r"line 21: led\.pin = 25\.5 must be a whole number"),
        ("pin = 25", "pim = 25", r"line 21: unknown key 'led\.pim'; did you mean 'led\.pin'\?"),
        ("pin = 25", "", r"line 20: missing key 'led\.pin'"),
        ('channel = "left"', 'channel = "top"', r"line 31: microphone\.channel = 'top' must be one of"),
    ],
)
def test_a_board_is_refused_with_file_line_key_and_remedy(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BOARD.replace(old, new))
    with pytest.raises(BoardError, match=rf"^board file {path}, {message}"):
        load_board(path)


def test_a_scenario_is_refused_with_the_line_of_its_sound(tmp_path: Path) -> None:
    path = tmp_path / "kitchen.toml"
    path.write_text('[[sound]]\ngenerate = "t3"\n\n[[sound]]\ngenerate = "t4"\nat_s = -1\n')
    with pytest.raises(ScenarioError, match=rf"^scenario {path}, line 6: sound 2: at_s = -1"):
        scenario.load(path)


def test_schemas_take_what_the_readers_take(tmp_path: Path) -> None:
    board = jsonschema.Draft202012Validator(json.loads(schema.text("board")))
    for path in sorted((ROOT / "platforms/boards").glob("*.toml")):
        board.validate(tomllib.loads(path.read_text()))
    sounds = jsonschema.Draft202012Validator(json.loads(schema.text("scenario")))
    for path in sorted((ROOT / "robot").glob("*scenario.toml")):
        sounds.validate(tomllib.loads(path.read_text()))
    for text in ('[led]\npin = "x"\n', "[led]\n", '[microphone]\ndata = 2\nclock = 3\nchannel = "top"\n', "what = 1\n"):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(EmberwatchError):
            load_board(tmp_path / "bad.toml")
        assert not board.is_valid(tomllib.loads(text)), text
    for text in ('[[sound]]\nfile = "a.wav"\ngenerate = "t3"\n', '[[sound]]\ngenerate = "t3"\nat_s = -1\n'):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(EmberwatchError):
            scenario.load(tmp_path / "bad.toml")
        assert not sounds.is_valid(tomllib.loads(text)), text
