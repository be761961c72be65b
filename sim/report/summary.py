"""The short account of a Robot run that `make demo` prints."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robot.api import ExecutionResult, ResultVisitor
from robot.errors import DataError

from emberwatch.base.errors import UsageError
from emberwatch.base.text import printable

METRIC = "emberwatch-metric "
"""Log messages of keywords that begin so carry one figure as JSON."""

_WIDTH = 18


_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "detection": {"expected": str, "alarm": bool},
    "cycles": {"function": str, "mean": (int, float), "max": int, "budget": int},
    "memory": {"memory": str, "used": int, "budget": int},
    "load": {"percent": (int, float)},
    "speed": {"real_time_factor": (int, float), "seconds": (int, float)},
    "clock": {"slowest_hz": int},
}
"""What the keywords log for each kind. A budget is more than zero."""


def metric_message(kind: str, test: str, **values: Any) -> str:
    """The log message that carries one figure: what `Summary.read` finds again.

    Raises:
        ValueError: the summary knows no such kind, or a value of it is missing or of another type.
    """
    text = json.dumps({"kind": kind, "test": test, **values})
    _metric(text)
    return METRIC + text


class _Collector(ResultVisitor):  # type: ignore[misc]
    """Walks the result tree and picks up metrics and failures."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, Any]] = []
        self.failures: list[tuple[str, str]] = []
        self.skipped: list[tuple[str, str]] = []

    def visit_test(self, test: Any) -> None:
        if test.status == "FAIL":
            self.failures.append((test.longname, test.message))
        elif test.status == "SKIP":
            self.skipped.append((test.longname, test.message))
        super().visit_test(test)

    def visit_message(self, message: Any) -> None:
        if message.message.startswith(METRIC):
            self.metrics.append(_metric(message.message.removeprefix(METRIC)))


def _metric(text: str) -> dict[str, Any]:
    """One figure; ValueError for what no keyword of ours has logged."""
    metric = json.loads(text)
    if not isinstance(metric, dict) or metric.get("kind") not in _FIELDS:
        raise ValueError(f"the figure {text[:80]!r} is of no known kind")
    for name, kind in _FIELDS[metric["kind"]].items():
        value = metric.get(name)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"the figure {text[:80]!r} has no proper {name!r}")
    if metric.get("budget", 1) <= 0 or not isinstance(metric.get("t_s", 0.0), (int, float, type(None))):
        raise ValueError(f"the figure {text[:80]!r} is out of range")
    return metric


@dataclass
class Summary:
    """Figures of one run."""

    output: Path
    passed: int
    failed: int
    elapsed_s: float
    metrics: list[dict[str, Any]]
    failures: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, output: Path) -> Summary:
        """Reads output.xml.

        Raises:
            UsageError: the file is missing, holds no test or was not written by Robot Framework.
        """
        if output.is_dir():
            raise UsageError(f"{output} is a folder; give the output.xml of a Robot run")
        if not output.exists():
            raise UsageError(f"{output} does not exist; run: robot --outputdir results robot/")
        if not output.is_file():
            raise UsageError(f"{output} is a device, which has no end; give the output.xml of a Robot run")
        collector = _Collector()
        try:
            result = ExecutionResult(str(output))
            result.visit(collector)
        except (DataError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise UsageError(f"{output} is not the output.xml of a Robot run: {printable(str(error))}") from None
        total = result.statistics.total
        if not total.passed + total.failed + total.skipped:
            raise UsageError(f"{output} holds no test; run: robot --outputdir results robot/")
        elapsed = result.suite.elapsed_time.total_seconds()
        return cls(
            output, total.passed, total.failed, elapsed, collector.metrics, collector.failures, collector.skipped
        )

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """All metrics of one kind."""
        return [metric for metric in self.metrics if metric["kind"] == kind]

    def render(self) -> str:
        """Text for a terminal."""
        lines = [self._tests(), *self._detection(), *self._cycles(), *self._memory(), *self._clock(), *self._speed()]
        lines += [
            f"{name:<{_WIDTH}}{self.output.parent / file}"
            for name, file in (("report", "report.html"), ("log", "log.html"), ("runs", "runs.html"))
            if (self.output.parent / file).is_file()
        ]
        for title, entries in (("FAILED", self.failures), ("skipped", self.skipped)):
            lines += [f"{title:<{_WIDTH}}{name}: {_first_line(message)}" for name, message in entries]
        return "\n".join(map(printable, lines))

    def _tests(self) -> str:
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        return f"{'tests':<{_WIDTH}}{self.passed} passed, {self.failed} failed{skipped} in {self.elapsed_s:.0f} s"

    def _detection(self) -> list[str]:
        found = []
        # Of a second of an alarm nobody can tell its cadence: the firmware says that it is possible.
        titles = {"alarm": "alarms heard", "possible": "possible alarms", "quiet": "stayed quiet"}
        for expected, title in titles.items():
            entries = [m for m in self.of_kind("detection") if m["expected"] == expected]
            right = [m for m in entries if m["alarm"] == (expected != "quiet")]
            if not entries:
                continue
            text = f"{title:<{_WIDTH}}{len(right)} of {len(entries)}"
            times = sorted(m["t_s"] for m in right if m.get("t_s") is not None)
            if times:
                text += f", median {times[len(times) // 2]:.1f} s after power-on, slowest {times[-1]:.1f} s"
            found.append(text)
        return found

    def _cycles(self) -> list[str]:
        return [
            f"{m['function']:<{_WIDTH}}{m['mean']:>9.0f} cycles mean, {m['max']:>9} max, budget {m['budget']:>9} "
            f"({100 * m['max'] / m['budget']:.0f} %)"
            for m in self.of_kind("cycles")
        ]

    def _memory(self) -> list[str]:
        found = [
            f"{m['memory']:<{_WIDTH}}{m['used']:>9} bytes, budget {m['budget']} ({100 * m['used'] / m['budget']:.0f} %)"
            for m in self.of_kind("memory")
        ]
        return found + [f"{'CPU load':<{_WIDTH}}{m['percent']:.1f} %" for m in self.of_kind("load")]

    def _clock(self) -> list[str]:
        return [f"{'slowest clock':<{_WIDTH}}{m['slowest_hz'] / 1e6:g} MHz" for m in self.of_kind("clock")]

    def _speed(self) -> list[str]:
        return [
            f"{'speed':<{_WIDTH}}{m['real_time_factor']:.2f} x real time over {m['seconds']:.0f} s"
            for m in self.of_kind("speed")
        ]


def _first_line(message: str) -> str:
    """The first line that says something: "Skipped in parent suite setup:" alone does not."""
    return next((line for line in message.splitlines() if line.strip() and not line.endswith(" setup:")), message)
