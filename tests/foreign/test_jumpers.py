"""Programs whose pins are joined by wires, on one chip or between two: buses with both ends, and their wave forms."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign import Run, build

from emberwatch import Bench, Machine, _native
from emberwatch.board.board import boards_folder
from emberwatch.detector.machine import DetectorMachine

_SLAVE_WIRES = ((6, 4), (7, 5), (19, 8), (17, 9), (18, 10), (16, 11), (2, 3))


def _judge_slaves(values: dict[str, int]) -> None:
    assert 500 <= values.pop("stretched_us") < 600
    assert values == {
        "nobody": 1,
        "written": 1,
        "read": 1,
        "requests": 7,
        "restarts": 1,
        "dones": 1,
        "stops": 2,
        "late": 1,
        "full": 16,
        "kept": 19,
        "none_lost": 1,
        "held": 1,
        "lost": 0xFF,
        "answers": 0xA0A1_A200,
        "heard": 0x1122_3344,
        "deselected": 0,
        "selected": 0x66,
        "overrun": 1,
        "levels": 0b1010,
    }


def test_slaves_on_jumpers() -> None:
    result = Run.of(build("slaves"))
    for a, b in _SLAVE_WIRES:
        result.chip.attach(_native.Jumper(f"wire{a}"), [("a", a), ("b", b)])
    assert result.run(1).ended(), result.text
    _judge_slaves(result.values)


def test_slaves_on_another_chip() -> None:
    """Each of two chips is the other's slave; from SRAM, where no instruction waits for flash while edges come."""
    with Machine(build("slaves", "no_flash")) as one, Machine(build("slaves", "no_flash")) as other:
        bench = Bench(one, other)
        for master, slave in ((one, other), (other, one)):
            for here, there in _SLAVE_WIRES:
                bench.wire(master, here, slave, there)
        one.run(0.1)
        for machine in (one, other):
            pairs = (line.split("=") for line in machine.uart.split())
            _judge_slaves({name: int(value, 0) for name, value in pairs})


def test_wave_forms_on_jumpers(tmp_path: Path) -> None:
    """The board file connects the pins, and the machine runs the program."""
    board = tmp_path / "wired.toml"
    board.write_text("wires = [[8, 9], [13, 10], [14, 15], [16, 19]]\n" + (boards_folder() / "pico.toml").read_text())
    with DetectorMachine(build("jumpers"), board=board) as machine:
        machine.run(0.2)
        lines = [line for _, line in machine.lines]
    values = dict(line.split("=") for line in lines)
    assert values == {
        "uart": "0x61626364",
        "broken": "0x05000031",
        "loop": "0x00005ac3",
        "pulls": "0x000000ff",
        "counted": "21",
        "source_edges": "21",
        "wire_edges": "21",
        "pulses": values["wire_pulses"],
        "wire_pulses": values["pulses"],
        "open_drain": "0x00003000",
    }
    pulses = 0.003 * 125e6 / (12 * (5 + 77 / 256))
    assert int(values["pulses"]) == pytest.approx(pulses, abs=10)


def test_slaves_without_jumpers_hear_nothing() -> None:
    result = Run.of(build("slaves")).run(0.1)
    assert result.stop is not None and result.stop.reason.name == "TIME"
    assert result.text.startswith("nobody=1")
    assert "written=1" not in result.text
