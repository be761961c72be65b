"""Wokwi's scenarios and diagrams as they are written there, on a program of ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from command_line import emberwatch
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch.base.errors import BoardError, ScenarioError
from emberwatch.board.board import load_board
from emberwatch.board.wokwi import read_diagram
from emberwatch.steps.wokwi import load

DIAGRAM = {
    "version": 1,
    "parts": [
        {"type": "board-pi-pico-w", "id": "pico", "attrs": {}},
        {"type": "wokwi-pushbutton", "id": "btn1", "attrs": {"bounce": "0"}},
        {"type": "wokwi-resistor", "id": "r1", "attrs": {"value": "1000"}},
        {"type": "wokwi-led", "id": "led1", "attrs": {"color": "red"}},
        {"type": "wokwi-potentiometer", "id": "pot1"},
        {"type": "board-ssd1306", "id": "oled1"},
        {"type": "wokwi-breadboard-half", "id": "bb1"},
        {"type": "wokwi-hc-sr04", "id": "sonar"},
    ],
    "connections": [
        ["btn1:1.l", "bb1:3t.a", "", []],
        ["bb1:3t.e", "pico:GP10", "green", []],
        ["btn1:2.r", "pico:GND.3", "black", []],
        ["r1:1", "pico:GP14", "red", []],
        ["led1:A", "r1:2", "red", []],
        ["led1:C", "pico:GND.1", "black", []],
        ["pot1:SIG", "pico:GP26", "", []],
        ["oled1:SDA", "pico:GP4", "", []],
        ["oled1:SCL", "pico:GP5", "", []],
        ["pico:GP0", "$serialMonitor:RX", "", []],
        ["sonar:TRIG", "pico:GP20", "", []],
    ],
}
SCENARIO = """\
name: 'The button'
version: 1
author: 'somebody'
steps:
  - wait-serial: 'ready'
  - name: 'press it'
    set-control:
      part-id: btn1
      control: pressed
      value: 1
  - delay: 10ms
  - set-control: {part-id: btn1, control: pressed, value: 0}
  - wait-serial: 'pressed=1'
  - write-serial: "adc\\n"
  - wait-serial: 'adc=20'
  - set-control: {part-id: pot1, control: position, value: 0.25}
  - write-serial: [97, 100, 99, 10]
  - wait-serial: 'adc=10'
  - expect-pin: {part-id: pico, pin: GP11, value: 0}
  - wait-pin: {part-id: led1, name: A, value: 1}
  - take-screenshot: {part-id: oled1, save-to: shown.png}
  - take-screenshot: {part-id: oled1, compare-with: shown.png}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "diagram.json").write_text(json.dumps(DIAGRAM))
    (tmp_path / "test.yaml").write_text(SCENARIO)
    return tmp_path


def test_a_diagram_is_a_board(project: Path) -> None:
    diagram = read_diagram(project / "diagram.json")
    assert diagram.devices == {
        "btn1": {"type": "Button", "pin": 10, "active": "low", "bounce_us": 0.0},
        "led1": {"type": "Led", "pin": 14, "active": "high"},
        "pot1": {"type": "Potentiometer", "adc": 26},
        "oled1": {"type": "Ssd1306", "sda": 4, "scl": 5},
    }
    assert diagram.unknown == ["sonar (wokwi-hc-sr04)"]
    assert diagram.gpio("led1", "A") == 14
    with pytest.raises(BoardError, match="pin 'C' of part 'led1' is not connected to a GPIO"):
        diagram.gpio("led1", "C")
    board = load_board(project / "diagram.json")
    assert [device.name for device in board.devices] == ["btn1", "led1", "pot1", "oled1"]
    assert board.led is not None


def test_a_scenario_runs_as_it_is(project: Path) -> None:
    done = emberwatch("run", build("bystep"), "--scenario", project / "test.yaml", "--json", "--seconds", "0.2")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert [step["result"] for step in result["steps"]] == ["passed"] * 14
    assert result["steps"][1]["title"] == "press it"
    assert (project / "shown.png").is_file()


def test_a_text_that_does_not_come_fails(project: Path) -> None:
    (project / "test.yaml").write_text("name: x\nversion: 1\nsteps:\n  - wait-serial: never\n")
    done = emberwatch("run", build("bystep"), "--scenario", project / "test.yaml", "--seconds", "0.1")
    assert done.returncode == 1
    assert "text 'never' did not come within 0.1 s" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: 3", "no list of steps"),
        ("name: x\nversion: 2\nsteps: []", "version = 2; only version 1"),
        ("stepps: []\nsteps: []", "unknown key 'stepps'; did you mean 'steps'?"),
        ("steps: [{dellay: 1s}]", "step 1: step 'dellay' is not known; did you mean 'delay'?"),
        ("steps: [{touch: {x: 1}}]", "step 1: step 'touch' is not known"),
        ("steps: [{delay: soon}]", "step 1: seconds = 'soon' must be a time"),
        ("steps: [{set-control: {part-id: b}}]", "step 1: set-control needs control and value"),
        ("steps: [{write-serial: [300]}]", "step 1: write-serial: [300] must be a text or a list of bytes"),
        ("steps: [{expect-pin: {part-id: pico, pin: GP99, value: 1}}]", "step 1: pin = 'GP99' must be a pin"),
        ("steps: [{delay: 1s, wait-serial: x}]", "step 1: a step has one name, not delay, wait-serial"),
        ("steps: [1]", "step 1: 1 is no step"),
        ("a: [", "is not valid YAML"),
        ("x: &x [*x]\nsteps: [*x]", "more than 100000 values once its aliases are written out"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"{x}: &{x} [{','.join(['*' + y] * 10)}]\n" for y, x in zip("abcdefg", "bcdefgh", strict=True))
            + "steps: [{write-serial: *h}]",
            "more than 100000 values once its aliases are written out",
        ),
    ],
)
def test_refusals_name_the_step(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as refusal:
        load(path, None, 1.0)
    assert message in str(refusal.value)


@pytest.mark.parametrize("text", ["", "[]", '{"parts": 3}', '{"parts": [{"id": 1}]}', '{"parts": []}', "{" * 9999])
def test_what_is_no_diagram_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "diagram.json"
    path.write_text(text)
    with pytest.raises(BoardError, match="diagram"):
        read_diagram(path)


def test_a_file_without_an_end_is_not_read() -> None:
    with pytest.raises(ScenarioError, match="/dev/zero is a device"):
        load(Path("/dev/zero"), None, 1.0)
    with pytest.raises(BoardError, match="/dev/zero is a device"):
        read_diagram(Path("/dev/zero"))
