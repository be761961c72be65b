"""A potentiometer between ground and the supply, or any other voltage on an ADC input."""

from __future__ import annotations

from collections.abc import Sequence

from emberwatch.base.errors import DeviceError
from emberwatch.devices.base import Device


class Potentiometer(Device):
    """An analogue voltage on GPIO 26 to 29.

    Args:
        position: 0 (ground) to 1 (supply).
        supply: volts at the upper end; conversions saturate above 3.3 V.
    """

    lines = ("adc",)
    parameters = ("supply",)

    def __init__(self, position: float = 0.5, supply: float = 3.3) -> None:
        if not 0 <= supply <= 100:
            raise ValueError(f"supply is {supply:g}; it must be 0 to 100 volts")
        self.supply = supply
        self.position = 0.0
        self._check(position)
        self.position = position

    @staticmethod
    def _check(position: float) -> None:
        if not 0 <= position <= 1:
            raise ValueError(f"position is {position:g}; it must be 0 to 1")

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.port.volts("adc", self.position * self.supply)

    def set_control(self, control: str, value: object) -> None:
        """`position`, 0..1, or `volts`."""
        if control not in ("position", "volts") or isinstance(value, bool) or not isinstance(value, (int, float)):
            raise DeviceError(f"device {self.title!r}: {control} = {value!r}; it has position (0 to 1) and volts")
        try:
            self.turn(float(value) / (self.supply if control == "volts" else 1.0))
        except (ValueError, ZeroDivisionError) as error:
            raise DeviceError(f"device {self.title!r}: {control} = {value!r}: {error}") from None

    def turn(self, position: float) -> None:
        """Turns it at once, 0..1."""
        self._check(position)
        self.position = position
        self.port.volts("adc", position * self.supply)

    def wave(self, volts: Sequence[float], rate: float) -> None:
        """Voltages at `rate` per second from now on, straight between them; the last one stays."""
        if not volts or not rate > 0:
            raise ValueError("a wave needs at least one voltage and a rate above 0")
        now = self.port.now
        self.port.volts("adc", [(now + round(i * 1e12 / rate), v) for i, v in enumerate(volts)])
