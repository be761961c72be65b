"""Brightness of a board's LED, from the registers that drive its pin."""

from __future__ import annotations

from emberwatch.chip import block
from emberwatch.machine.machine import Machine


def led_brightness(machine: Machine) -> float:
    """Brightness of the board's LED, 0..1: the duty of a running PWM slice on its pin, else the pin's level.

    Raises:
        BoardError: the board has no LED.
    """
    engine, led = machine.engine, machine.board.needed_led
    io, pwm = block("io_bank0"), block("pwm")

    def word(address: int) -> int:
        return int.from_bytes(engine.read_memory(address, 4), "little")

    active_low = led.active == "low"
    number, output = led.pin >> 1 & 7, "B" if led.pin & 1 else "A"  # datasheet 4.5.2
    function = io.field("GPIO%_CTRL.FUNCSEL").of(word(io.address(f"GPIO{led.pin}_CTRL")))
    control, compare, top = (word(pwm.address(f"CH{number}_{name}")) for name in ("CSR", "CC", "TOP"))
    running = pwm.field("CH%_CSR.EN").of(control)
    if function != io.values["GPIO%_CTRL.FUNCSEL"]["PWM"] or not running:  # a slice that stands holds its level
        return float(engine.pin(led.pin) != active_low)
    duty = min(1.0, pwm.field(f"CH%_CC.{output}").of(compare) / (top + 1))
    inverted = bool(pwm.field(f"CH%_CSR.{output}_INV").of(control))
    return 1.0 - duty if inverted != active_low else duty
