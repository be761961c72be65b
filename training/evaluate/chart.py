"""Line charts as data for inline SVG: axes, ticks and points in the plot's own coordinates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH, HEIGHT = 460, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 10, 36


@dataclass(frozen=True)
class Axis:
    """A linear or logarithmic axis from ``low`` to ``high``; what lies beyond is drawn at its end."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False
    zero: bool = False  #: the low end of a logarithmic axis stands for zero

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        at = math.log(max(value, self.low)) if self.log else value
        return min(1.0, max(0.0, (at - low) / (high - low)))

    def name(self, tick: float) -> str:
        """Text of a tick."""
        return "0" if self.zero and tick <= self.low else f"{tick:g}"


@dataclass(frozen=True)
class Line:
    """One line of a chart: points ``x,y x,y ...``, marks, error bars (x, upper y, lower y)."""

    name: str
    points: str
    marks: list[tuple[float, float, str]]
    bars: list[tuple[float, float, float]]


@dataclass
class Chart:
    """A chart to draw with the template's macro of that name."""

    title: str
    note: str
    x: Axis
    y: Axis
    lines: list[Line] = field(default_factory=list)

    def add(
        self,
        name: str,
        points: Sequence[tuple[float, float]],
        marks: Sequence[tuple[float, float, str]] = (),
        bars: Sequence[tuple[float, float, float]] = (),
    ) -> None:
        """Add a line.

        Args:
            name: for the legend.
            points: x and y.
            marks: x, y and what a pointer over the mark is told.
            bars: x, lower and upper end of an interval.
        """
        self.lines.append(
            Line(
                name,
                " ".join(f"{self.x_of(x)},{self.y_of(y)}" for x, y in points),
                [(self.x_of(x), self.y_of(y), text) for x, y, text in marks],
                [(self.x_of(x), self.y_of(high), self.y_of(low)) for x, low, high in bars],
            )
        )

    def x_of(self, value: float) -> float:
        """Horizontal place of a value."""
        return round(LEFT + self.x.share(value) * (WIDTH - LEFT - RIGHT), 1)

    def y_of(self, value: float) -> float:
        """Vertical place of a value; up is more."""
        return round(TOP + (1 - self.y.share(value)) * (HEIGHT - TOP - BOTTOM), 1)

    @property
    def x_ticks(self) -> list[tuple[float, str]]:
        """Place and text of each tick."""
        return [(self.x_of(tick), self.x.name(tick)) for tick in self.x.ticks]

    @property
    def y_ticks(self) -> list[tuple[float, str]]:
        """Place and text of each tick."""
        return [(self.y_of(tick), self.y.name(tick)) for tick in self.y.ticks]


def decades(label: str, low: float, high: float) -> Axis:
    """A logarithmic axis with a tick at every power of ten; its low end stands for zero."""
    first, last = round(math.log10(low)), round(math.log10(high))
    return Axis(label, low, high, tuple(10.0**n for n in range(first, last + 1)), log=True, zero=True)


def shares(label: str) -> Axis:
    """0 to 1."""
    return Axis(label, 0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))


def spread(label: str, values: Sequence[float]) -> Axis:
    """A linear axis with a tick at each of the given values and a little room beside them."""
    low, high = min(values), max(values)
    room = max(1.0, (high - low) * 0.06)
    return Axis(label, low - room, high + room, tuple(sorted(set(values))))
