"""The LED's brightness from the registers that drive its pin."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.board.board import load_board
from emberwatch.chip import block
from emberwatch.engines.embedded import EmbeddedEngine
from emberwatch.inspect.led import led_brightness

BOARD = load_board("pico")  # LED on GPIO 25: slice 4, output B


def put(engine: EmbeddedEngine, name: str, register: str, value: int) -> None:
    engine.chip.write_bus(block(name).address(register), 4, value)


def lit(engine: EmbeddedEngine) -> float:
    return led_brightness(SimpleNamespace(engine=engine, board=BOARD))  # type: ignore[arg-type]


@pytest.fixture
def engine() -> EmbeddedEngine:
    engine = EmbeddedEngine(BOARD, 1)
    engine.chip.reset(0x2000_0001)
    put(engine, "resets", "RESET", 0)
    put(engine, "io_bank0", f"GPIO{BOARD.led.pin}_CTRL", 4)
    put(engine, "pwm", "CH4_TOP", 99)
    put(engine, "pwm", "CH4_CC", 25 << 16)
    return engine


def test_duty_while_the_slice_runs(engine: EmbeddedEngine) -> None:
    put(engine, "pwm", "CH4_CSR", 1)
    assert lit(engine) == 0.25
    put(engine, "pwm", "CH4_CSR", 1 | 1 << 3)
    assert lit(engine) == 0.75


def test_a_slice_that_is_seen_to_blink_has_a_level(engine: EmbeddedEngine) -> None:
    """65536 counts of 255 cycles are more than a second of any clk_sys of ours; one of 4096 is none that is seen."""
    put(engine, "pwm", "CH4_TOP", 0xFFFF)
    put(engine, "pwm", "CH4_DIV", 255 << 4)
    put(engine, "pwm", "CH4_CC", 0x4000 << 16)
    put(engine, "pwm", "CH4_CSR", 1)
    engine.run_until(engine.cycle + 0x3000 * 255)
    assert lit(engine) == 1.0
    engine.run_until(engine.cycle + 0x2000 * 255)
    assert lit(engine) == 0.0
    put(engine, "pwm", "CH4_DIV", 1 << 4)
    assert lit(engine) == 0.25


def test_a_slice_that_stopped_high_keeps_the_led_on(engine: EmbeddedEngine) -> None:
    put(engine, "pwm", "CH4_CSR", 1)
    put(engine, "pwm", "CH4_CSR", 0)
    assert engine.pin(BOARD.led.pin)
    assert lit(engine) == 1.0


def test_level_of_a_pin_without_pwm(engine: EmbeddedEngine) -> None:
    put(engine, "io_bank0", f"GPIO{BOARD.led.pin}_CTRL", 5)
    assert lit(engine) == 0.0
