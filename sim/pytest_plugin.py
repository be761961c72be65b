"""Fixtures for pytest: `rp2040`, an emulated board with your program.

::

    @pytest.mark.rp2040("build/blink.elf", board="board.toml")
    def test_it_blinks(rp2040):
        rp2040.expect("ready")
        rp2040.expect_frequency("GP25", 2.0, over=2)

The firmware comes from the marker, else from ``--rp2040-firmware``, else from ``rp2040_firmware`` in pytest's settings;
files are relative to the folder of pytest's settings. All methods of `emberwatch.Machine` are there; docs/steps.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options and settings."""
    group = parser.getgroup("rp2040", "emulated RP2040 boards")
    group.addoption("--rp2040-firmware", metavar="FILE", help="Program of the fixture rp2040.")
    group.addoption("--rp2040-board", metavar="BOARD", help="Board of the fixture rp2040: name or file.")
    parser.addini("rp2040_firmware", "Program of the fixture rp2040.", default="")
    parser.addini("rp2040_board", "Board of the fixture rp2040: name or file.", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Names the marker."""
    config.addinivalue_line(
        "markers", "rp2040(firmware, board=None, scenario=None, seed=1): what the fixture rp2040 is made of"
    )


@pytest.fixture
def rp2040_factory(request: pytest.FixtureRequest) -> Iterator[Callable[..., Machine]]:
    """Makes machines, `rp2040_factory(firmware, board=..., scenario=..., seed=...)`, and closes them after the test."""
    from emberwatch.audio import scenario as scenarios
    from emberwatch.machine.machine import Machine
    from emberwatch.steps.calls import of_scenario

    made: list[Machine] = []
    root = request.config.rootpath

    def make(firmware: str | Path, **options: Any) -> Machine:
        scenario = options.pop("scenario", None)
        if isinstance(scenario, (str, Path)):
            options["scenario"] = scenarios.load(root / scenario)
        elif scenario is not None:
            options["scenario"] = scenario
        board = options.get("board")
        if isinstance(board, str) and board.endswith((".toml", ".json")):
            options["board"] = root / board
        machine = Machine(root / firmware, **options)
        machine.folder = (root / scenario).parent if isinstance(scenario, (str, Path)) else root
        made.append(machine)
        for call in of_scenario(machine.scenario):
            call(machine)
        return machine

    request.node.rp2040_machines = made
    yield make
    for machine in made:
        machine.close()


@pytest.fixture
def rp2040(request: pytest.FixtureRequest, rp2040_factory: Callable[..., Machine]) -> Machine:
    """An emulated board at power-on; the steps of its scenario, if it has one, have been taken."""
    marker = request.node.get_closest_marker("rp2040")
    arguments = marker.args if marker is not None else ()
    options = dict(marker.kwargs) if marker is not None else {}
    config = request.config
    firmware = arguments[0] if arguments else options.pop("firmware", None)
    firmware = firmware or config.getoption("--rp2040-firmware") or config.getini("rp2040_firmware")
    if not firmware:
        raise pytest.UsageError(
            "fixture rp2040 needs a program: @pytest.mark.rp2040('app.elf'), --rp2040-firmware or rp2040_firmware"
        )
    board = config.getoption("--rp2040-board") or config.getini("rp2040_board")
    if board:
        options.setdefault("board", board)
    return rp2040_factory(firmware, **options)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Shows the consoles of a test that failed."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when != "call" or not report.failed:
        return
    for machine in getattr(item, "rp2040_machines", []):
        from emberwatch.steps.console import console_text

        if text := console_text(machine):
            report.sections.append((f"rp2040: {machine.image.path.name}, {machine.time_s:.6f} s", text))
