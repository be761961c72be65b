"""A light-emitting diode with its resistor."""

from __future__ import annotations

from emberwatch.devices.base import Device, Edge


class Led(Device):
    """Shows how bright it is, whoever drives it: PWM, PIO or a program.

    Args:
        active: the level at which it is lit, "high" or "low".
        window_ms: the eye averages over so long.
    """

    lines = ("pin",)
    watched = ("pin",)
    parameters = ("active", "window_ms")

    def __init__(self, active: str = "high", window_ms: float = 20) -> None:
        if active not in ("low", "high"):
            raise ValueError(f"active is {active!r}; it must be 'low' or 'high'")
        if not 0 < window_ms <= 1000:
            raise ValueError(f"window_ms is {window_ms:g}; it must be more than 0 and at most 1000")
        self.active, self.window_ms = active, window_ms
        self.history: list[tuple[int, bool]] = []

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.history = [(self.port.now, self.port.level("pin"))]

    def edges(self, changes: list[Edge]) -> None:
        """See `Device.edges`."""
        self.history += [(ps, level) for _, level, ps in changes]
        oldest = self.history[-1][0] - round(self.window_ms * 1e9)
        first = next(i for i, (ps, _) in enumerate(self.history) if ps >= oldest or i + 1 == len(self.history))
        del self.history[: max(0, first - 1)]  # the level before the window belongs to it

    @property
    def lit(self) -> bool:
        """Whether current flows now."""
        return self.port.level("pin") == (self.active == "high")

    @property
    def brightness(self) -> float:
        """Share of the last `window_ms` for which it was lit, 0..1; since power-on if that is shorter ago."""
        self.settle()
        now = self.port.now
        begin = max(now - round(self.window_ms * 1e9), self.history[0][0])
        if now <= begin:
            return float(self.lit)
        lit = 0
        for (start, level), (end, _) in zip(self.history, [*self.history[1:], (now, False)], strict=True):
            if level == (self.active == "high"):
                lit += max(0, min(end, now) - max(start, begin))
        return lit / (now - begin)
