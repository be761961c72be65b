"""Brightness of a board's LED, from the registers that drive its pin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from emberwatch.base.units import PICO
from emberwatch.chip import Field, block
from emberwatch.engines import Engine
from emberwatch.machine.machine import Machine


@dataclass(frozen=True)
class _Wiring:
    """The registers of a pin's PWM output and their fields; to be looked up once, not each time that somebody looks."""

    control: int
    function: Field
    pwm: int
    csr: int
    compare: int
    top: int
    enabled: Field
    inverted: Field
    both_ways: Field
    divider: int
    share: Field


_SEEN_S = 1 / 25
"""Periods as long as this are seen as blinking, not as brightness."""


def led_brightness(machine: Machine) -> float:
    """Brightness of the board's LED, 0..1: the duty of a running PWM slice on its pin, else the pin's level.

    A slice that is so slow that one sees it blink has a level, no brightness.

    Raises:
        BoardError: the board has no LED.
    """
    engine, led = machine.engine, machine.board.needed_led
    wiring = _wiring(led.pin)

    def word(address: int) -> int:
        return int.from_bytes(engine.read_memory(address, 4), "little")

    active_low = led.active == "low"
    control = word(wiring.csr)
    if wiring.function.of(word(wiring.control)) != wiring.pwm or not wiring.enabled.of(control):
        return float(engine.pin(led.pin) != active_low)  # a slice that stands holds its level
    counts = word(wiring.top) + 1
    if counts * (2 if wiring.both_ways.of(control) else 1) * _divisor(word(wiring.divider)) >= _SEEN_S * _hertz(engine):
        return float(engine.pin(led.pin) != active_low)
    duty = min(1.0, wiring.share.of(word(wiring.compare)) / counts)
    inverted = bool(wiring.inverted.of(control))
    return 1.0 - duty if inverted != active_low else duty


def _divisor(register: int) -> float:
    """Of CH%_DIV, eight bits and four of fraction; no whole part stands for 256 (datasheet 4.5.2.6)."""
    return (register >> 4 or 256) + (register & 15) / 16


def _hertz(engine: Engine) -> int:
    """Of clk_sys as it is now."""
    return engine.cycle_at(engine.picoseconds(engine.cycle) + PICO) - engine.cycle


@cache
def _wiring(pin: int) -> _Wiring:
    """Slice and output of a pin: datasheet 4.5.2."""
    io, pwm = block("io_bank0"), block("pwm")
    number, output = pin >> 1 & 7, "B" if pin & 1 else "A"
    return _Wiring(
        io.address(f"GPIO{pin}_CTRL"),
        io.field("GPIO%_CTRL.FUNCSEL"),
        io.values["GPIO%_CTRL.FUNCSEL"]["PWM"],
        pwm.address(f"CH{number}_CSR"),
        pwm.address(f"CH{number}_CC"),
        pwm.address(f"CH{number}_TOP"),
        pwm.field("CH%_CSR.EN"),
        pwm.field(f"CH%_CSR.{output}_INV"),
        pwm.field("CH%_CSR.PH_CORRECT"),
        pwm.address(f"CH{number}_DIV"),
        pwm.field(f"CH%_CC.{output}"),
    )
