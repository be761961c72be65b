"""A push button between a pin and ground (or the supply), and a switch that bounces as contacts do."""

from __future__ import annotations

from emberwatch.base.errors import DeviceError
from emberwatch.devices.base import Device


class Button(Device):
    """Pulls its line low while it is pressed; the pull-up is the chip's or the board's.

    Args:
        active: "low" for a button to ground, "high" for one to the supply.
        pull: whether the board has a resistor to the other side; False leaves that to the chip's pads.
        bounce_us: for so long contacts chatter, eight edges evenly spread; 0 is a clean edge.
    """

    lines = ("pin",)
    parameters = ("active", "pull", "bounce_us")

    def __init__(self, active: str = "low", pull: bool = False, bounce_us: float = 0) -> None:
        if active not in ("low", "high"):
            raise ValueError(f"active is {active!r}; it must be 'low' or 'high'")
        if not 0 <= bounce_us <= 1e6:
            raise ValueError(f"bounce_us is {bounce_us:g}; it must be 0 to 1000000")
        self.active, self.pull, self.bounce_us = active, pull, bounce_us
        self.pressed = False

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self._contact(self.pressed, self.port.now)

    def set_control(self, control: str, value: object) -> None:
        """`pressed`: 1 or 0."""
        if control != "pressed" or value not in (0, 1):
            raise DeviceError(f"device {self.title!r}: {control} = {value!r}; a button has pressed = 1 or 0")
        self._move(bool(value))

    def press(self) -> None:
        """Presses it now."""
        self._move(True)

    def release(self) -> None:
        """Lets it go now."""
        self._move(False)

    def _move(self, pressed: bool) -> None:
        if pressed == self.pressed:
            return
        self.pressed = pressed
        now, step = self.port.now, round(self.bounce_us * 1_000_000 / 8)
        for edge in range(9 if step else 1):
            self._contact(pressed == (edge % 2 == 0), now + edge * step)

    def _contact(self, closed: bool, at: int) -> None:
        high = self.active == "high"
        self.port.drive("pin", high if closed else not high if self.pull else None, at)
