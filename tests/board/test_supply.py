"""What a program learns of the board's supply: the Pico's GPIO 24 and ADC input 3."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emberwatch.board.board import Board, SupplyConfig, load_board
from emberwatch.devices.button import Button
from emberwatch.engines.embedded import EmbeddedEngine

RESETS_CLEAR, ADC_CS, ADC_RESULT, CLK_ADC_CTRL = 0x4000_F000, 0x4004_C000, 0x4004_C004, 0x4000_8060
ENABLE, START_ONCE, ROSC = 1, 1 << 2, 2 << 5


def _convert(engine: EmbeddedEngine, channel: int) -> int:
    chip = engine.chip
    chip.write_bus(RESETS_CLEAR, 4, 1)
    chip.write_bus(CLK_ADC_CTRL, 4, 1 << 11 | ROSC)
    chip.write_bus(ADC_CS, 4, ENABLE | START_ONCE | channel << 12)
    chip.run_until(chip.cycles + 1000)
    return int.from_bytes(chip.read_memory(ADC_RESULT, 4), "little")


@pytest.mark.parametrize(("volts", "code"), [(4.7, 1945), (5.5, 2276), (3.0, 1241), (0.0, 0)])
def test_a_program_sees_its_supply(volts: float, code: int) -> None:
    pico = load_board("pico")
    engine = EmbeddedEngine(replace(pico, supply=replace(pico.supply, vsys_volts=volts)), 1)
    engine.chip.reset(0x2000_0001)
    assert engine.chip.pin_level(24)
    assert _convert(engine, 3) == code
    assert _convert(engine, 2) == 0


def test_a_board_that_says_nothing_has_none() -> None:
    engine = EmbeddedEngine(Board("bare"), 1)
    assert Board("bare").supply == SupplyConfig()
    engine.chip.reset(0x2000_0001)
    assert not engine.chip.pin_level(24)
    assert _convert(engine, 3) == 0


def test_a_button_on_the_pin_wins() -> None:
    engine = EmbeddedEngine(load_board("pico"), 1)
    button = Button(pull=True)
    engine.attach(button, {"pin": 24})
    engine.chip.reset(0x2000_0001)
    assert engine.chip.pin_level(24)
    button.press()
    engine.chip.run_until(engine.chip.cycles + 10)
    assert not engine.chip.pin_level(24)
