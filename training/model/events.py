"""The firmware's event logic (firmware/apps/detector/events.c) in Python, equal to the bit, and its parameters.

Probabilities are integers 0..255, one per block of 32 ms. The parameters live in a TOML file next to the released
model; :func:`render_header` turns it into the C header that the firmware is built with.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from emberwatch.base.errors import EmberwatchError

BLOCK_SECONDS = 0.032

EVENT_NONE, EVENT_ALARM_ON, EVENT_ALARM_OFF, EVENT_ALARM_KIND = range(4)
KIND_UNKNOWN, KIND_T3, KIND_T4, KIND_CONTINUOUS, KIND_PULSED = range(5)
KIND_NAMES = ("unknown", "t3", "t4", "continuous", "pulsed")

_SATURATED = 0xFFFF
_HISTORY = 4
_T3_PERIOD = (25, 36)
_T3_PAUSE = (66, 90)
_T3_BURST = (9, 24)
_T4_PERIOD = (4, 9)
_T4_GROUP = (12, 34)
_T4_AGAIN_MIN = 8
_T4_REPEAT = (125, 188)
_CONTINUOUS_MIN = 63
_PULSE_PERIOD_MAX = 63
_PULSE_JITTER = 4


@dataclass(frozen=True)
class EventParameters:
    """What detector.toml may set; firmware/apps/detector/events.h has the meanings and the defaults."""

    neutral: int = 160
    rise: int = 90
    fall: int = 8
    on_score: int = 900
    max_score: int = 2700
    slow_neutral: int = 128
    slow_rise: int = 60
    slow_fall: int = 4
    slow_on_score: int = 4000
    active_on: int = 170
    active_off: int = 140
    hold_blocks: int = 188

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or not 0 <= value <= 32767:
                raise EmberwatchError(f"detector parameter {field.name} = {value!r}: use an integer 0..32767")
        if not self.active_off <= self.active_on <= 255:
            raise EmberwatchError(
                f"detector parameters active_off = {self.active_off}, active_on = {self.active_on}: "
                "use active_off <= active_on <= 255"
            )
        if self.on_score > self.max_score:
            raise EmberwatchError(
                f"detector parameter on_score = {self.on_score} is above max_score = {self.max_score}: lower it"
            )

    @classmethod
    def load(cls, path: Path) -> EventParameters:
        """Read the ``[events]`` table of a detector.toml. Raises EmberwatchError naming what is wrong."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("events", {})
        except FileNotFoundError:
            raise EmberwatchError(f"{path}: no such detector file; `emberwatch train` writes one") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise EmberwatchError(f"{path}: not a TOML file: {error}") from None
        known = {field.name for field in fields(cls)}
        for name in table:
            if name not in known:
                names = ", ".join(sorted(known))
                raise EmberwatchError(f"{path}: unknown parameter {name!r} in [events]; known: {names}")
        return cls(**table)

    def to_toml(self) -> str:
        """The ``[events]`` table as text."""
        return "[events]\n" + "".join(f"{field.name} = {getattr(self, field.name)}\n" for field in fields(self))


def render_header(parameters: EventParameters) -> str:
    """The text of detector_config.h: one ``#define EVENTS_<NAME>`` per parameter."""
    lines = ["/* Generated from detector.toml: parameters of the event logic, see app/events.h. */"]
    lines += ["#ifndef DETECTOR_CONFIG_H", "#define DETECTOR_CONFIG_H", ""]
    lines += [f"#define EVENTS_{field.name.upper()} {getattr(parameters, field.name)}" for field in fields(parameters)]
    return "\n".join([*lines, "", "#endif", ""])


def _within(value: int, limits: tuple[int, int]) -> bool:
    return limits[0] <= value <= limits[1]


class Events:
    """State of the event logic; one instance per stream. Mirrors ``events_t``."""

    def __init__(self, parameters: EventParameters | None = None) -> None:
        self.parameters = parameters or EventParameters()
        self.score = 0
        self.slow_score = 0
        self.since_onset = _SATURATED
        self.since_active = _SATURATED
        self.burst = 0
        self.lengths = [0] * _HISTORY
        self.periods = [0] * _HISTORY
        self.kind = KIND_UNKNOWN
        self.active = False
        self.alarm = False

    def _follow_activity(self, probability: int) -> None:
        p = self.parameters
        self.since_onset = min(self.since_onset + 1, _SATURATED)
        if not self.active and probability >= p.active_on:
            if self.burst != 0 and self.since_active <= p.hold_blocks:
                self.lengths = [self.burst, *self.lengths[:-1]]
                self.periods = [self.since_onset, *self.periods[:-1]]
            else:
                self.lengths = [0] * _HISTORY
                self.periods = [0] * _HISTORY
            self.active = True
            self.since_onset = 0
            self.burst = 0
        elif self.active and probability < p.active_off:
            self.active = False
        if self.active:
            self.burst = min(self.burst + 1, _SATURATED)
            self.since_active = 0
        else:
            self.since_active = min(self.since_active + 1, _SATURATED)

    def _is_t3(self) -> bool:
        if not _within(self.lengths[0], _T3_BURST) or not _within(self.burst, _T3_BURST):
            return False
        newer, older = self.periods[0], self.periods[1]
        if _within(newer, _T3_PERIOD):
            return _within(older, _T3_PERIOD) or _within(older, _T3_PAUSE)
        return _within(newer, _T3_PAUSE) and _within(older, _T3_PERIOD)

    def _is_t4(self) -> bool:
        again = _within(self.burst, (_T4_AGAIN_MIN, _T4_GROUP[1]))
        if _within(self.periods[0], _T4_REPEAT) and _within(self.lengths[0], _T4_GROUP) and again:
            return True
        beeps = all(_within(period, _T4_PERIOD) for period in self.periods[:3])
        return beeps and not self.active and self.since_active >= _T4_GROUP[0]

    def _is_pulsed(self) -> bool:
        newer, older = self.periods[0], self.periods[1]
        if _within(newer, _T3_PERIOD) or _within(newer, _T4_PERIOD):
            return False
        if not (0 < newer <= _PULSE_PERIOD_MAX and 0 < older <= _PULSE_PERIOD_MAX):
            return False
        return abs(newer - older) <= _PULSE_JITTER

    def _classify(self) -> int:
        if self.burst >= _CONTINUOUS_MIN:
            return KIND_CONTINUOUS
        if self._is_t4():
            return KIND_T4
        if self._is_t3():
            return KIND_T3
        return KIND_PULSED if self._is_pulsed() else KIND_UNKNOWN

    def update(self, probability: int) -> tuple[int, int]:
        """Take the newest block's probability (0..255); return (event type, kind), (EVENT_NONE, 0) mostly."""
        p = self.parameters
        self._follow_activity(probability)
        step = max(-p.fall, min(p.rise, probability - p.neutral))
        self.score = max(0, min(p.max_score, self.score + step))
        step = max(-p.slow_fall, min(p.slow_rise, probability - p.slow_neutral))
        self.slow_score = max(0, min(p.slow_on_score, self.slow_score + step))
        kind = self._classify()
        if not self.alarm:
            in_time = self.active and kind in (KIND_T3, KIND_T4)
            if self.score >= p.on_score or self.slow_score >= p.slow_on_score or in_time:
                self.alarm = True
                self.kind = kind
                return EVENT_ALARM_ON, kind
        elif self.since_active > p.hold_blocks:
            ended = self.kind
            self.alarm = False
            self.kind = KIND_UNKNOWN
            self.score = 0
            self.slow_score = 0
            return EVENT_ALARM_OFF, ended
        elif self.kind == KIND_UNKNOWN and kind != KIND_UNKNOWN:
            self.kind = kind
            return EVENT_ALARM_KIND, kind
        return EVENT_NONE, KIND_UNKNOWN


@dataclass(frozen=True)
class Event:
    """One event of a stream: seconds from its start to the end of the block that caused it."""

    t_s: float
    type: int
    kind: str


def find_events(probabilities: Iterable[int], parameters: EventParameters | None = None) -> list[Event]:
    """Run the event logic over a stream of block probabilities."""
    events = Events(parameters)
    found = []
    for block, probability in enumerate(probabilities):
        kind_of_event, kind = events.update(int(probability))
        if kind_of_event != EVENT_NONE:
            found.append(Event((block + 1) * BLOCK_SECONDS, kind_of_event, KIND_NAMES[kind]))
    return found
