"""Brightness of a board's LED, from the registers that drive its pin."""

from __future__ import annotations

from emberwatch.machine.machine import Machine

# RP2040 datasheet 2.19.6.1 and 4.5.3.
_IO_BANK0 = 0x40014000
_PWM = 0x40050000
_FUNCSEL_PWM = 4


def led_brightness(machine: Machine) -> float:
    """Brightness of the board's LED, 0..1: the PWM duty of its pin, or its level when PWM does not drive it."""
    engine, led = machine.engine, machine.board.led

    def word(address: int) -> int:
        return int.from_bytes(engine.read_memory(address, 4), "little")

    active_low = led.active == "low"
    if word(_IO_BANK0 + 8 * led.pin + 4) & 0x1F != _FUNCSEL_PWM:
        return float(engine.pin(led.pin) != active_low)
    slice_base = _PWM + 0x14 * ((led.pin >> 1) & 7)
    control, compare, top = (word(slice_base + offset) for offset in (0x00, 0x0C, 0x10))
    output_b = led.pin & 1
    duty = min(1.0, (compare >> (16 * output_b) & 0xFFFF) / (top + 1)) if control & 1 else 0.0
    inverted = bool(control & (0x8 if output_b else 0x4))
    return 1.0 - duty if inverted != active_low else duty
