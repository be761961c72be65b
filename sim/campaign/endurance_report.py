"""What a day of listening showed: alarms heard and missed, what was raised for nothing, worst cycles, wraps, seams."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from emberwatch.base.output import write_file
from emberwatch.base.text import printable
from emberwatch.campaign.endurance import Endurance, Seam, Segment
from emberwatch.campaign.plan import WITHIN_S, WITHIN_T4_S
from emberwatch.campaign.rows import Row, RowEvent, write_results
from emberwatch.campaign.soundscape import Placed
from emberwatch.detector.protocol import Alarm, Fault, parse_line
from emberwatch.training.evaluate.metrics import poisson_interval

REPORT = "endurance.json"
_LISTED = 10
_AFTER_S = 2.0
"""An alarm may still come so long after its sound."""
_TIMER_WRAP_S = 2**32 / 1e6


@dataclass(frozen=True)
class Heard:
    """One alarm of the day: what sounded, and after how many seconds which kind was named first; None: not at all."""

    placed: Placed
    latency_s: float | None
    kind: str

    @property
    def in_time(self) -> bool:
        """Whether it came within 8 s, T4 within 12: what a campaign allows."""
        limit = WITHIN_T4_S if self.placed.kind == "t4" else WITHIN_S
        return self.latency_s is not None and self.latency_s <= limit


@dataclass(frozen=True)
class FalseAlarm:
    """An alarm without one: when, which kind, and what sounded."""

    t_s: float
    kind: str
    sounded: str


@dataclass(frozen=True)
class EnduranceReport:
    """All of it.

    Attributes:
        clock_error_s: greatest difference between the times that the firmware gives its events and emulated time:
            it would be 71.6 minutes after a wrap that the firmware does not survive.
        counters: of the firmware, at the end.
        problems: faults, restarts, console lines that follow no protocol, gaps in its block numbers.
    """

    seconds: float
    heard: list[Heard]
    false_alarms: list[FalseAlarm]
    clock_error_s: float
    counters: dict[str, int]
    windows: int
    cycles: dict[str, int]
    most_busy: int
    worst_load_percent: float
    end_cycle: int
    problems: list[str]
    seams: list[Seam] = field(default_factory=list)

    @property
    def missed(self) -> list[Heard]:
        """Alarms that were not heard while they sounded."""
        return [one for one in self.heard if one.latency_s is None]

    @property
    def passed(self) -> bool:
        """Whether nothing was missed and every seam joins."""
        lost = self.counters.get("missed", 0) + self.counters.get("late", 0) + self.counters.get("dropped", 0)
        return not (self.missed or self.problems or lost or any(seam.differs for seam in self.seams))

    def lines(self) -> list[tuple[str, str]]:
        """For people: name and figure."""
        counters = ("blocks", "missed", "late", "dropped", "stack")
        wraps = int(self.seconds / _TIMER_WRAP_S), self.end_cycle // 2**32
        worst = ", ".join(f"{name} {cycles}" for name, cycles in self.cycles.items())
        in_time = sum(one.in_time for one in self.heard)
        joined = sum(not seam.differs for seam in self.seams)
        return [
            ("emulated", f"{self.seconds / 3600:.2f} h, {self.end_cycle} cycles, {self.windows} windows"),
            ("wraps passed", f"{wraps[0]} of 2^32 us, {wraps[1]} of 2^32 cycles"),
            ("alarms", f"{len(self.heard) - len(self.missed)} of {len(self.heard)} heard, {in_time} in time"),
            *self._by_kind(),
            *_first("missed", [_shown(one.placed) for one in self.missed]),
            *_first("late", [f"{_shown(one.placed)}: {one.latency_s} s" for one in self.heard if _late(one)]),
            *self._false(),
            ("blocks", ", ".join(f"{name} {self.counters.get(name)}" for name in counters)),
            ("clock of the firmware", f"off by at most {1000 * self.clock_error_s:.1f} ms"),
            ("worst cycles of a block", f"{self.counters.get('max')} ({worst})"),
            ("load", f"{self.worst_load_percent:.2f} % in the busiest segment"),
            ("problems", "; ".join(map(printable, self.problems)) or "none"),
            ("seams", f"{joined} of {len(self.seams)} join, {sum(s.whole for s in self.seams)} seen to their ends"),
            *(("  seam", f"segment {seam.number}: {seam.differs}") for seam in self.seams if seam.differs),
        ]

    def _by_kind(self) -> list[tuple[str, str]]:
        found = []
        for kind in sorted({one.placed.kind for one in self.heard}):
            these = [one for one in self.heard if one.placed.kind == kind]
            times = [one.latency_s for one in these if one.latency_s is not None]
            named = sum(one.kind == kind for one in these)
            when = f"{median(times):.2f} s, at most {max(times):.2f} s" if times else "never"
            found.append((f"  {kind}", f"{len(times)} of {len(these)} after {when}; {named} named so at once"))
        return found

    def _false(self) -> list[tuple[str, str]]:
        hours, count = self.seconds / 3600, len(self.false_alarms)
        low, high = (limit / hours for limit in poisson_interval(count))
        found = [("false alarms", f"{count}, {count / hours:.2f} an hour (95 %: {low:.2f} to {high:.2f})")]
        told = [f"{one.kind} at {one.t_s:.3f} s: {printable(one.sounded)}" for one in self.false_alarms]
        return found + _first("false", told)


def _first(name: str, told: list[str]) -> list[tuple[str, str]]:
    """The first of them; the file has all."""
    more = [("  ...", f"{len(told) - _LISTED} more; {REPORT} has them")] if len(told) > _LISTED else []
    return [(f"  {name}", one) for one in told[:_LISTED]] + more


def _late(one: Heard) -> bool:
    return one.latency_s is not None and not one.in_time


def _shown(placed: Placed) -> str:
    return f"{placed.kind} at {placed.at_s:.3f} s, {placed.level_dbfs:g} dBFS"


def judge(endurance: Endurance, segments: Sequence[Segment], seams: Sequence[Seam] = ()) -> EnduranceReport:
    """Holds what the firmware said beside what sounded."""
    soundscape = endurance.soundscape
    end_s = endurance.bounds(segments[-1].number)[1]
    said = [(t, parse_line(printable(line))) for segment in segments for t, line in segment.said]
    alarms = [(t, m) for t, m in said if isinstance(m, Alarm)]
    on = [(t, m.kind) for t, m in alarms if m.state == "on"]
    played = [placed for placed in soundscape.alarms if placed.end_s + _AFTER_S <= end_s]
    heard = []
    for placed in played:
        first = next(((t, kind) for t, kind in on if placed.at_s <= t <= placed.end_s + _AFTER_S), None)
        heard.append(Heard(placed, round(first[0] - placed.at_s, 6) if first else None, first[1] if first else ""))
    false = [
        FalseAlarm(t, kind, _sounding(soundscape.placed, t))
        for t, kind in on
        if not any(placed.at_s <= t <= placed.end_s + _AFTER_S for placed in soundscape.alarms)
    ]
    offset = min((t - m.t_s for t, m in alarms), default=0.0)  # the line is on the wire for milliseconds
    return EnduranceReport(
        seconds=end_s,
        heard=heard,
        false_alarms=false,
        clock_error_s=round(max((abs(t - m.t_s - offset) for t, m in alarms), default=0.0), 6),
        counters=next((s.counters for s in reversed(segments) if s.counters), {}),
        windows=sum(segment.windows[0] for segment in segments),
        cycles=_worst(segments),
        most_busy=max(segment.most_busy for segment in segments),
        worst_load_percent=max(segment.load_percent for segment in segments),
        end_cycle=segments[-1].end_cycle,
        problems=_problems(segments, said),
        seams=list(seams),
    )


def _worst(segments: Sequence[Segment]) -> dict[str, int]:
    names = sorted({name for segment in segments for name in segment.cycles})
    return {name: max(segment.cycles.get(name, 0) for segment in segments) for name in names}


def _problems(segments: Sequence[Segment], said: Sequence[tuple[float, Any]]) -> list[str]:
    found = [f"FAULT {m.what} at {t:.3f} s" for t, m in said if isinstance(m, Fault) and m.what != "none"]
    banners = sum(line.startswith("emberwatch ") for segment in segments for _, line in segment.said)
    if banners != 1:
        found.append(f"{banners} banners, one was due")
    found += [error for segment in segments for error in segment.errors]
    due = 0
    for segment in segments:
        count, first, last = segment.windows
        if count and (first != due or last - first + 1 != count):
            found.append(f"segment {segment.number}: windows {first} to {last} are {count}, {due} was next")
        due = last + 1
    return found


def _sounding(placed: Sequence[Placed], t_s: float) -> str:
    """What sounded in the ten seconds before a moment."""
    near = [one for one in placed if one.at_s < t_s and one.end_s > t_s - 10.0]
    return ", ".join(f"{one.file.name if one.file else one.generate} at {one.level_dbfs:g} dBFS" for one in near)


def write(endurance: Endurance, segments: Sequence[Segment], report: EnduranceReport) -> None:
    """results.parquet, a row for each segment, and endurance.json with every alarm.

    Raises:
        UsageError: they cannot be written.
    """
    identity = endurance.identity()
    write_results(endurance.folder, [_row(endurance, identity, segment, report) for segment in segments])
    figures = asdict(report) | {"passed": report.passed, "identity": identity}
    write_file(endurance.folder / REPORT, json.dumps(figures, indent=1, default=str) + "\n")


def _row(endurance: Endurance, identity: dict[str, Any], segment: Segment, report: EnduranceReport) -> Row:
    begin_s, end_s = endurance.bounds(segment.number)
    here = [one for one in report.heard if begin_s <= one.placed.at_s < end_s]
    times = [one.latency_s for one in here if one.latency_s is not None]
    false = [one for one in report.false_alarms if begin_s <= one.t_s < end_s]
    events = [(t, parse_line(printable(line))) for t, line in segment.said]
    wrong = [f"{one.placed.kind} at {one.placed.at_s:.3f} s missed" for one in here if one.latency_s is None]
    wrong += [
        f"segment differs when run again: {s.differs}" for s in report.seams if s.number == segment.number and s.differs
    ]
    return Row(
        id=hashlib.sha256(json.dumps([identity, segment.number], sort_keys=True).encode()).hexdigest(),
        number=segment.number,
        firmware=endurance.firmware.name,
        firmware_sha256=identity["firmware"],
        board=endurance.board,
        scenario=f"{begin_s:.0f} s to {end_s:.0f} s: {len(here)} alarms, {len(false)} false",
        seed=endurance.seed,
        verdict="fail" if wrong else "pass",
        alarm=bool(here),
        latency_s=max(times, default=None),
        events=tuple(RowEvent(t, m.state, m.kind) for t, m in events if isinstance(m, Alarm)),
        cycles=segment.cycles,
        load_percent=segment.load_percent,
        emulated_s=round(end_s - begin_s, 6),
        error="; ".join(wrong),
    )
