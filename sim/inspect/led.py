"""Brightness of a board's LED, from the registers that drive its pin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from emberwatch.chip import block
from emberwatch.chip.facts import Field
from emberwatch.machine.machine import Machine


def led_brightness(machine: Machine) -> float:
    """Brightness of the board's LED, 0..1: the duty of a running PWM slice on its pin, else the pin's level.

    Raises:
        BoardError: the board has no LED.
    """
    engine, led = machine.engine, machine.board.needed_led
    places = _places(led.pin)

    def word(address: int) -> int:
        return int.from_bytes(engine.read_memory(address, 4), "little")

    active_low = led.active == "low"
    control = word(places.control)
    if places.function.of(word(places.function_at)) != places.pwm or not places.running.of(control):
        return float(engine.pin(led.pin) != active_low)  # a slice that stands holds its level
    duty = min(1.0, places.compare.of(word(places.compare_at)) / (word(places.top) + 1))
    inverted = bool(places.inverted.of(control))
    return 1.0 - duty if inverted != active_low else duty


@dataclass(frozen=True)
class _Places:
    """Addresses of the registers that drive a pin, and their fields."""

    function_at: int
    control: int
    compare_at: int
    top: int
    function: Field
    running: Field
    compare: Field
    inverted: Field
    pwm: int


@cache
def _places(pin: int) -> _Places:
    """Looked up once; a live view asks many times a second."""
    io, pwm = block("io_bank0"), block("pwm")
    number, output = pin >> 1 & 7, "B" if pin & 1 else "A"  # datasheet 4.5.2
    return _Places(
        io.address(f"GPIO{pin}_CTRL"),
        *(pwm.address(f"CH{number}_{name}") for name in ("CSR", "CC", "TOP")),
        io.field("GPIO%_CTRL.FUNCSEL"),
        pwm.field("CH%_CSR.EN"),
        pwm.field(f"CH%_CC.{output}"),
        pwm.field(f"CH%_CSR.{output}_INV"),
        io.values["GPIO%_CTRL.FUNCSEL"]["PWM"],
    )
