"""The TOML reader: every annotation, and messages that name file, key, value and remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from emberwatch.base import toml
from emberwatch.base.errors import BoardError


@dataclass(frozen=True)
class Lamp:
    pin: Annotated[int, toml.Between(0, 29)]
    active: Literal["high", "low"] = "high"


@dataclass(frozen=True)
class House:
    name: str
    lamp: Lamp
    height_m: float = 3.0
    lit: bool = False
    floor: Annotated[int, toml.Between(0)] | None = None
    rooms: dict[str, Lamp] = field(default_factory=dict)
    wires: Annotated[tuple[tuple[int, int], ...], toml.Written("pairs of pins")] = ()
    doors: tuple[str, ...] = ()


def read(tmp_path: Path, text: str) -> House:
    path = tmp_path / "house.toml"
    path.write_text(text)
    return toml.read(House, path, "house file", BoardError, name="ours")


def test_every_kind_of_value(tmp_path: Path) -> None:
    text = (
        'name = "hut"\nheight_m = 4\nlit = true\nfloor = 0\nwires = [[1, 2], [3, 4]]\ndoors = ["front"]\n'
        '[lamp]\npin = 29\nactive = "low"\n[rooms.hall]\npin = 3\n'
    )
    house = read(tmp_path, text)
    assert house == House(
        "hut", Lamp(29, "low"), 4.0, True, 0, {"hall": Lamp(3)}, wires=((1, 2), (3, 4)), doors=("front",)
    )
    assert type(house.height_m) is float


def test_defaults_and_what_the_caller_gives(tmp_path: Path) -> None:
    assert read(tmp_path, "lamp = { pin = 1 }") == House("ours", Lamp(1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing key 'lamp'; add it: a table"),
        ("lamp = 3", "lamp = 3 must be a table; write [lamp]"),
        ("lamp = {}", "missing key 'lamp.pin'; add it: a whole number, 0 to 29"),
        ("lamp = { pin = 30 }", "lamp.pin = 30 must be a whole number, 0 to 29"),
        ("lamp = { pin = 1.0 }", "lamp.pin = 1.0 must be a whole number, 0 to 29"),
        ("lamp = { pin = true }", "lamp.pin = True must be a whole number"),
        ("lamp = { pin = 1, active = 1 }", "lamp.active = 1 must be one of 'high', 'low'"),
        ("lamp = { pin = 1, activ = 1 }", "unknown key 'lamp.activ'; did you mean 'lamp.active'?"),
        ("lamp = { pin = 1 }\nheight_m = nan", "height_m = nan must be finite"),
        ("lamp = { pin = 1 }\nheight_m = -inf", "height_m = -inf must be finite"),
        ("lamp = { pin = 1 }\nheight_m = false", "height_m = False must be a number"),
        ("lamp = { pin = 1 }\nheight_m = 1" + 30 * "0", "height_m = 1" + 30 * "0" + " must be a number"),
        ("lamp = { pin = 1 }\nfloor = 9223372036854775808", "floor = 9223372036854775808 must be a whole number"),
        ("lamp = { pin = 1 }\nfloor = -1", "floor = -1 must be a whole number, 0 or more"),
        ("lamp = { pin = 1 }\nfloor = 0x" + 9000 * "f", "floor = a number of thousands of digits must be"),
        ("lamp = { pin = 1 }\nfloor = 1" + 9000 * "0", "is not valid TOML"),
        ("lamp = { pin = 1 }\nlit = 1", "lit = 1 must be true or false"),
        ("lamp = { pin = 1 }\nname = 1", "name = 1 must be text in quotes"),
        ("lamp = { pin = 1 }\nrooms = 1", "rooms = 1 must be a table; write [rooms]"),
        ("lamp = { pin = 1 }\n[rooms]\nhall = 1", "rooms.hall = 1 must be a table; write [rooms.hall]"),
        ("lamp = { pin = 1 }\nwires = [[1, 2, 3]]", "wires = [[1, 2, 3]] must be pairs of pins"),
        ("lamp = { pin = 1 }\ndoors = [1]", "doors[0] = 1 must be text in quotes"),
        ("lamp = { pin = 1 }\ndoors = 1", "doors = 1 must be a list"),
        ("lamp = { pin = 1 ", "is not valid TOML"),
        ("doors = " + 20000 * "[", "is not valid TOML"),
    ],
)
def test_messages(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BoardError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"house file {tmp_path / 'house.toml'}")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_files_that_are_none(tmp_path: Path) -> None:
    def refusal(name: str) -> str:
        with pytest.raises(BoardError) as caught:
            toml.read(House, tmp_path / name, "house file", BoardError)
        return str(caught.value)

    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "does not exist; give" in refusal("absent")
    assert "is a folder; give" in refusal(".")
    assert "is not a text file in UTF-8" in refusal("binary")
