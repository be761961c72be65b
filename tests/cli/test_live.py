"""The live view, driven by Textual's own pilot without a terminal."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("textual", reason="the extra live is not installed")
from command_line import FIRMWARE, emberwatch, should_refuse
from paths import ROOT
from textual.widgets import Input, RichLog, Static

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch import Clip, Machine, Scenario
from emberwatch.audio import generate
from emberwatch.base.errors import EmberwatchError
from emberwatch.cli.live_draw import COLUMN, SoundHistory
from emberwatch.cli.live_feed import LiveFeed
from emberwatch.cli.live_view import LiveView, Taken
from emberwatch.devices.button import Button
from emberwatch.steps.run import StepRun

LOOKS = 6000
"""Looks of 10 ms of the host before a view is taken for dead; a view that works never comes near."""

View = LiveView[StepRun]


def view_of(machine: Machine) -> View:
    run = StepRun(machine)

    def work() -> StepRun:
        run.run(3600)
        return run

    return LiveView(machine, work)


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(LOOKS):
        await asyncio.sleep(0.01)
        if condition():
            return
    raise AssertionError("it did not come")


def text(view: View, name: str) -> str:
    return str(view.query_one(f"#{name}", Static).render())


def console(view: View) -> str:
    return "\n".join(line.text for line in view.query_one(RichLog).lines)


def enter(view: View, line: str) -> None:
    """Types a line: at once, for the pilot's own typing waits after each key for a processor that idles."""
    view.query_one(Input).value = line
    view.simulate_key("enter")


def drive(view: View, script: Callable[[], Awaitable[None]]) -> None:
    """Runs a view with somebody at its keys, who ends it."""

    async def run() -> None:
        async with view.run_test(size=(140, 45)):
            try:
                await script()
            finally:
                view.action_leave()
                await until(lambda: view.result is not None)

    asyncio.run(run())
    assert view.error is None
    assert view.result is not None and view.result.ending == "passed"


def test_keys_press_buttons_and_type_and_stop_time() -> None:
    with Machine(build("bystep")) as machine:
        machine.attach(Button(), pin=10)
        view = view_of(machine)

        async def script() -> None:
            await until(lambda: "ready" in console(view) and text(view, "begun") == "> ")
            view.simulate_key("f1")
            await until(lambda: "pressed" in console(view))
            enter(view, "hello")
            await until(lambda: "echo hello" in console(view))
            assert view.query_one(Input).value == ""
            enter(view, "escape")
            await until(lambda: "red" in console(view))
            assert "\\x1b[31mred" in console(view), "what a program says does not steer the terminal"
            view.simulate_key("f9")
            await until(lambda: "PAUSED" in text(view, "status"))
            stood = machine.cycles
            await asyncio.sleep(0.3)
            assert machine.cycles == stood
            view.simulate_key("f9")
            await until(lambda: machine.cycles > stood)
            pins = text(view, "pins").splitlines()
            assert pins[0].startswith(" 0 ■ UART") and "■ SIO" in pins[0], pins[0]
            assert "■ PWM" in pins[4] or "□ PWM" in pins[4]

        drive(view, script)


def test_our_firmware_is_heard_and_its_alarm_seen() -> None:
    if not FIRMWARE.is_file():
        pytest.skip("the firmware is not built; run: make firmware")
    noise = Scenario([Clip(generate("white_noise", seed=1), level_dbfs=-20.0)], 3600)
    with Machine(FIRMWARE, noise) as machine:
        view = view_of(machine)

        async def script() -> None:
            await until(lambda: "quiet" in text(view, "status") and "█" in text(view, "wave"))
            assert text(view, "spectrogram").count("▀") == 64 * 12
            view.action_pause()  # no picture of its own comes in between
            await until(lambda: "PAUSED" in text(view, "status"))
            now = LiveFeed(machine, lambda _: None).picture()

            def alarm_is_shown() -> bool:
                # Again and again, for a picture that was on its way when the view paused may come after the first.
                view.post_message(Taken(dataclasses.replace(now, alarm="t3", led=0.5)))
                return all(said in text(view, "status") for said in ("ALARM t3", "LED ●  50 %"))

            await until(alarm_is_shown)

        drive(view, script)


def test_a_crash_ends_the_view_and_is_told() -> None:
    with Machine(build("bystep")) as machine:
        view = view_of(machine)

        async def run() -> None:
            async with view.run_test():
                await until(lambda: "ready" in console(view))
                enter(view, "crash")
                await until(lambda: view.result is not None)

        asyncio.run(run())
        assert view.result is not None and view.result.ending == "crashed"


def test_what_the_run_raises_is_raised_after_the_view() -> None:
    def work() -> StepRun:
        raise EmberwatchError("a reason")

    with Machine(build("bystep")) as machine:
        view: View = LiveView(machine, work)

        async def run() -> None:
            async with view.run_test():
                await until(lambda: view.error is not None)

        asyncio.run(run())
        assert str(view.error) == "a reason"


def test_a_tone_is_drawn_where_it_is() -> None:
    seconds, hertz = 2, 3100.0
    history = SoundHistory(64, 24)
    t = np.arange(seconds * 16 * COLUMN) / (16 * COLUMN)
    history.take(0.5 * np.sin(2 * np.pi * hertz * t))
    band = int(hertz / 8000 * 24)
    assert [int(np.argmax(column)) for column in history.levels[-16:]] == [band] * 16
    assert history.levels[-1, band] == pytest.approx(20 * np.log10(0.5), abs=0.2)
    assert history.peaks[-1] == pytest.approx([-0.5, 0.5], abs=1e-3)
    assert np.all(history.peaks[:32] == 0)
    rows = history.wave(8).plain.split("\n")
    assert rows[0].strip() == rows[-1].strip() == "", "half of full scale leaves the outer quarters empty"
    assert rows[3] == rows[4] == " " * 32 + "█" * 32 or "█" * 32 in rows[3]


def test_it_needs_a_terminal(tmp_path: Path) -> None:
    should_refuse(emberwatch("run", build("bystep"), "--live"), "--live needs a terminal", "--uart")
    should_refuse(emberwatch("run", build("bystep"), "--live", "--uart"), "--live excludes")
