"""An electromechanical relay: a coil that a pin switches, a contact between two others."""

from __future__ import annotations

from emberwatch.devices.base import Device, Edge


class Relay(Device):
    """Its contact joins `common` and `contact` some milliseconds after the coil gets current.

    Args:
        active: level of the coil's line that lets current flow.
        operate_ms, release_ms: how long the armature takes (10 and 5 ms at most, data sheet of the Omron G5LE).
    """

    lines = ("coil", "common", "contact")
    optional_lines = ("common", "contact")
    watched = ("coil",)
    prompt = True
    parameters = ("active", "operate_ms", "release_ms")

    def __init__(self, active: str = "high", operate_ms: float = 10, release_ms: float = 5) -> None:
        if active not in ("low", "high"):
            raise ValueError(f"active is {active!r}; it must be 'low' or 'high'")
        if not (0 <= operate_ms <= 1000 and 0 <= release_ms <= 1000):
            raise ValueError(f"operate_ms = {operate_ms:g} and release_ms = {release_ms:g} must be 0 to 1000")
        self.active, self.operate_ms, self.release_ms = active, operate_ms, release_ms
        self.energised = self.closed = False
        self.switched = 0

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.energised = False
        self._move(False)

    def edges(self, changes: list[Edge]) -> int:
        """See `Device.edges`."""
        _, level, ps = changes[-1]
        self.energised = level == (self.active == "high")
        return ps + round((self.operate_ms if self.energised else self.release_ms) * 1e9)

    def wake(self, ps: int) -> None:
        """See `Device.wake`."""
        if self.energised != self.closed:
            self.switched += 1
            self._move(self.energised)

    def _move(self, closed: bool) -> None:
        self.closed = closed
        self.port.join("common", "contact", closed)
