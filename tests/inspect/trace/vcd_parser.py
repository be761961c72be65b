"""A strict reader of value change dumps: IEEE 1364-2005, clause 18, four-state, nothing optional left unchecked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


class VcdError(Exception):
    pass


@dataclass
class Signal:
    name: str
    width: int
    changes: list[tuple[int, int]] = field(default_factory=list)
    """(time, value), the first one from $dumpvars."""

    def edges(self, value: int) -> list[int]:
        return [t for t, v in self.changes[1:] if v == value]


@dataclass
class Vcd:
    timescale: str
    signals: dict[str, Signal]
    start: int
    end: int


_IDENTIFIER = re.compile(r"[!-~]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.$]*")


def parse(text: str) -> Vcd:
    head, mark, body = text.partition("$enddefinitions $end\n")
    if not mark:
        raise VcdError("no $enddefinitions")
    scopes: list[str] = []
    codes: dict[str, Signal] = {}
    names: dict[str, Signal] = {}
    timescale = ""
    for keyword, content in re.findall(r"\$(\w+)\s*(.*?)\s*\$end\n", head, re.DOTALL):
        words = content.split()
        if keyword == "timescale":
            if timescale or not re.fullmatch(r"(1|10|100) (s|ms|us|ns|ps|fs)", content):
                raise VcdError(f"timescale {content!r}")
            timescale = content
        elif keyword == "scope":
            if len(words) != 2 or words[0] != "module" or not _NAME.fullmatch(words[1]):
                raise VcdError(f"scope {content!r}")
            scopes.append(words[1])
        elif keyword == "upscope":
            scopes.pop()
        elif keyword == "var":
            kind, width, code, name = words
            if kind != "wire" or not _IDENTIFIER.fullmatch(code) or code in codes or not scopes:
                raise VcdError(f"var {content!r}")
            full = ".".join([*scopes, name])
            if full in names:
                raise VcdError(f"{full} is declared twice")
            codes[code] = names[full] = Signal(full, int(width))
        elif keyword not in ("version", "date", "comment"):
            raise VcdError(f"keyword ${keyword}")
    if re.sub(r"\$(\w+)\s*(.*?)\s*\$end\n", "", head, flags=re.DOTALL).strip() or scopes or not timescale:
        raise VcdError("damaged header")
    return _changes(body, timescale, codes, names)


def _changes(body: str, timescale: str, codes: dict[str, Signal], names: dict[str, Signal]) -> Vcd:
    lines = body.splitlines()
    if len(lines) < 3 or not lines[0].startswith("#") or lines[1] != "$dumpvars":
        raise VcdError("the changes must begin with a time and $dumpvars")
    start = now = int(lines[0][1:])
    dumping = True
    changed: set[str] = set()
    for line in lines[2:]:
        if line == "$end" and dumping:
            dumping = False
            if changed != set(codes):
                raise VcdError("$dumpvars does not hold every variable")
        elif line.startswith("#"):
            if dumping or int(line[1:]) <= now:
                raise VcdError(f"time {line} after #{now}")
            now = int(line[1:])
            changed.clear()
        else:
            vector = re.fullmatch(r"b([01]+) ([!-~]+)", line)
            scalar = re.fullmatch(r"([01])([!-~]+)", line)
            match = vector or scalar
            if match is None or match[2] not in codes:
                raise VcdError(f"change {line!r}")
            signal = codes[match[2]]
            if bool(vector) != (signal.width > 1) or len(match[1]) > signal.width:
                raise VcdError(f"{line!r} for {signal.width} bits")
            value = int(match[1], 2)
            if signal.changes and signal.changes[-1][1] == value:
                raise VcdError(f"{signal.name} changes to what it is")
            signal.changes.append((now, value))
            changed.add(match[2])
    return Vcd(timescale, names, start, now)
