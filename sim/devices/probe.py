"""A probe of a logic analyser: every change of one pin, with its time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from emberwatch.base.units import PICO
from emberwatch.devices.base import Device, Edge


@dataclass(frozen=True)
class Signal:
    """What a pin did for a while: `changes` are (picoseconds, level), the first at its beginning; it ended at `end`."""

    changes: list[tuple[int, bool]]
    end: int

    @property
    def _rises(self) -> list[int]:
        return [ps for ps, level in self.changes[1:] if level]

    @property
    def hertz(self) -> float:
        """Frequency from the first rising edge to the last; 0 with fewer than two."""
        rises = self._rises
        return (len(rises) - 1) * PICO / (rises[-1] - rises[0]) if len(rises) > 1 else 0.0

    @property
    def duty(self) -> float:
        """Share of whole periods for which it was high, 0..1; of all the time with fewer than one period."""
        rises = self._rises
        begin, end = (rises[0], rises[-1]) if len(rises) > 1 else (self.changes[0][0], self.end)
        if end <= begin:
            return float(self.changes[-1][1])
        high = 0
        for (start, level), (stop, _) in pairwise([*self.changes, (self.end, False)]):
            if level:
                high += max(0, min(stop, end) - max(start, begin))
        return high / (end - begin)

    @property
    def pulses_us(self) -> list[float]:
        """Lengths of the complete high pulses, in microseconds."""
        return [(stop - start) / 1e6 for (start, level), (stop, _) in pairwise(self.changes) if level][
            int(self.changes[0][1]) :
        ]


class Probe(Device):
    """Watches a pin and drives nothing."""

    lines = ("pin",)
    watched = ("pin",)

    def __init__(self) -> None:
        self.history: list[tuple[int, bool]] = []

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.history = [(self.port.now, self.port.level("pin"))]

    def edges(self, changes: list[Edge]) -> None:
        """See `Device.edges`."""
        self.history += [(ps, level) for _, level, ps in changes]

    def signal(self) -> Signal:
        """What the pin did since power-on or since the probe was attached."""
        level = self.port.level("pin")  # brings the pin up to date
        self.settle()
        del level
        return Signal(list(self.history), self.port.now)
