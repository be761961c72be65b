"""One fault as plain data: enough to make it again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from emberwatch.base.errors import UsageError

KINDS = {
    "sram": "a bit of data in SRAM",
    "stack": "a bit of the stack in use",
    "code": "a bit of code that runs from SRAM",
    "flash": "a bit of flash",
    "register": "a bit of a processor's register",
    "peripheral": "a bit of a register that configures a peripheral",
    "dma": "a bit of a DMA channel: where from, where to, how much, how",
    "pin_stuck": "a pin shorted to ground or to the supply, for good",
    "pin_noise": "a pin that is disturbed for microseconds, again and again",
    "glitch": "a clock edge too early: instructions are left out",
    "drift": "a crystal that runs at another frequency, for good",
    "stumble": "a crystal that runs slower for a moment",
    "brown_out": "the supply falls until the chip is reset; memories keep their content",
    "power_cut": "the supply is gone for a moment; memories hold chance, a flash page is half written",
    "microphone": "a microphone unplugged, shorted, deaf, saturated, with an offset",
    "usb": "the USB cable is pulled, and plugged in again",
    "uart_break": "the console's line is held low for a moment",
}
"""Every kind with what it is."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: one of `KINDS`.
        at_s: when, in emulated seconds since power-on.
        place: register, pin (GPIO2), state of the microphone, or side of the console (rx, tx).
        address: of the byte in memory, or of the peripheral's register.
        bit: of that byte, register or word.
        amount: what a kind needs besides: the share of the stack in use, counted from its pointer; the level of a pin;
            disturbances a second; instructions left out; ppm of the crystal; the share of its frequency that is left;
            what a register holds that cannot be read.
        seconds: how long a passing one lasts.
        busy_s: it waits until the processor is awake, and so long besides; None: it comes at `at_s`.
        function: it waits until the program enters this function, and for `steps` instructions in it.
        steps: see there.
    """

    kind: str
    at_s: float
    place: str = ""
    address: int | None = None
    bit: int = 0
    amount: float = 0.0
    seconds: float = 0.0
    busy_s: float | None = None
    function: str = ""
    steps: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"fault kind {self.kind!r} is not known; there are: {', '.join(KINDS)}")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: what differs from the defaults."""
        defaults = {column.name: column.default for column in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}
