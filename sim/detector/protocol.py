"""The line protocol that the firmware speaks on its console (docs/protocol.md), parsed strictly.

``parse_line`` turns one line into one object; kinds of line and fields that it does not know are passed over, as the
protocol asks of readers. Lines that begin like one of its own but lack what belongs there raise `ProtocolError`, so
that a garbled console never passes unseen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from emberwatch.base.errors import ProtocolError

Kind = Literal["t3", "t4", "continuous", "pulsed", "hi-lo", "unknown"]


@dataclass(frozen=True)
class Banner:
    """Boot banner: what runs, on which board, with which model."""

    version: str
    board: str
    model: str
    clk_hz: int
    pdm_hz: int
    rate_hz: int
    block: int
    image_intact: bool = True
    """The flash holds what the build wrote: crc=ok."""


@dataclass(frozen=True)
class Window:
    """One 32 ms block: network output, level and alarm state after it."""

    number: int
    probability: float
    level_dbfs: float
    alarm: bool


@dataclass(frozen=True)
class Alarm:
    """An alarm became possible or was cleared, went on or off, or another cadence was recognised while it was on."""

    t_s: float
    state: Literal["possible", "on", "kind", "off", "clear"]
    kind: Kind = "unknown"

    @property
    def label(self) -> str:
        """The state, with the kind where the line has one."""
        return f"{self.state} {self.kind}" if self.state in _NAMED else self.state


@dataclass(frozen=True)
class Statistics:
    """Counters since capture began; `busy` and `max` are cycles of work per block."""

    blocks: int
    missed: int
    late: int
    busy: int
    max: int
    stack: int
    dropped: int = 0
    """Console bytes that found no room."""


@dataclass(frozen=True)
class Fault:
    """Something the firmware found wrong: microphone, overrun, watchdog."""

    t_s: float
    what: str


@dataclass(frozen=True)
class Other:
    """A line outside the protocol."""

    text: str


Message = Banner | Window | Alarm | Statistics | Fault | Other

_KINDS = ("t3", "t4", "continuous", "pulsed", "hi-lo", "unknown")
KINDS = _KINDS[:-1]
"""Cadences that an alarm can be named after."""
FAULTS = (
    "none",
    "mic-stuck-low",
    "mic-stuck-high",
    "mic-dc",
    "mic-clipping",
    "mic-deaf",
    "pdm-clock",
    "pdm-overrun",
    "flash",
    "oscillator",
    "code",
    "stack",
    "config",
    "sequence",
    "watchdog",
    "hardfault",
)
"""What the firmware calls its faults, without the address that follows some (docs/protocol.md)."""
_STATES = ("possible", "on", "kind", "off", "clear")
_NAMED = ("on", "kind")
_FIELD = re.compile(r"([a-z]+)=(\S+)")


def _fields(line: str, names: tuple[str, ...], start: int) -> dict[str, str]:
    found = dict(_FIELD.findall(" ".join(line.split(" ")[start:])))
    missing = [name for name in names if name not in found]
    if missing:
        raise ProtocolError(f"console line {line!r} lacks {missing[0]}=")
    return found


def _integer(line: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ProtocolError(f"console line {line!r}: {text!r} is not a whole number") from None


def _seconds(line: str, text: str) -> float:
    if not re.fullmatch(r"\d+\.\d{3}", text):
        raise ProtocolError(f"console line {line!r}: time {text!r} is not <seconds>.<milliseconds>")
    return float(text)


def parse_line(line: str) -> Message:
    """Parses one console line without its line end.

    Raises:
        ProtocolError: the line begins like a protocol line but does not follow it.
    """
    word = line.split(" ", 1)[0]
    if word == "emberwatch":
        parts = line.split(" ")
        if len(parts) < 2:
            raise ProtocolError(f"console line {line!r} lacks the version")
        f = _fields(line, ("board", "model", "clk", "pdm", "rate", "block"), 2)
        clk, pdm, rate, block = (_integer(line, f[name]) for name in ("clk", "pdm", "rate", "block"))
        crc = dict(_FIELD.findall(line)).get("crc", "ok")
        if crc not in ("ok", "bad"):
            raise ProtocolError(f"console line {line!r}: crc must be ok or bad")
        return Banner(parts[1], f["board"], f["model"], clk, pdm, rate, block, crc == "ok")
    if word == "W":
        f = _fields(line, ("p", "l", "a"), 2)
        probability = _integer(line, f["p"])
        if not 0 <= probability <= 255 or f["a"] not in ("0", "1"):
            raise ProtocolError(f"console line {line!r}: p must be 0..255 and a 0 or 1")
        number = _integer(line, line.split(" ")[1])
        return Window(number, probability / 256.0, -abs(float(_integer(line, f["l"]))), f["a"] == "1")
    if word == "ALARM":
        parts = line.split(" ")
        state = parts[1] if len(parts) > 1 else ""
        if state not in _STATES:
            raise ProtocolError(f"console line {line!r}: after ALARM comes one of {', '.join(_STATES)}")
        f = _fields(line, ("t", "kind") if state in _NAMED else ("t",), 2)
        kind = f.get("kind", "unknown")
        if kind not in _KINDS:
            raise ProtocolError(f"console line {line!r}: kind {kind!r} is not one of {', '.join(_KINDS)}")
        return Alarm(_seconds(line, f["t"]), state, kind)  # type: ignore[arg-type]
    if word == "S":
        names = ("blocks", "missed", "late", "busy", "max", "stack")
        f = _fields(line, names, 1)
        return Statistics(*(_integer(line, f.get(name, "0")) for name in (*names, "dropped")))
    if word == "FAULT":
        f = _fields(line, ("t",), 2)
        return Fault(_seconds(line, f["t"]), line.split(" ")[1])
    return Other(line)
