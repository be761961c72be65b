"""What people write for times, pins, levels and texts, in a scenario, a keyword or a command line."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

from emberwatch.base import toml
from emberwatch.base.errors import UsageError

_UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "m": 60.0, "min": 60.0, "h": 3600.0}
_NUMBER = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?)\s*([a-zµ]*)\s*", re.IGNORECASE)
_PINS = range(30)
_LEVELS: dict[str, bool | None] = {
    **dict.fromkeys(("high", "1", "true"), True),
    **dict.fromkeys(("low", "0", "false"), False),
    **dict.fromkeys(("float", "none"), None),
}
MAX_SECONDS = 1e6
"""Longest time that anything may take, in emulated seconds."""


def seconds(value: object, key: str = "time") -> float:
    """A time of zero or more in emulated seconds: a number, or text with a unit as in "200 ms" or "2 s".

    Raises:
        UsageError: it is something else.
    """
    found: float | None = None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str) and (match := _NUMBER.fullmatch(value)) and match[2].lower() in _UNITS:
        found = float(match[1]) * _UNITS[match[2].lower()]
    if found is None or not (math.isfinite(found) and 0 <= found <= MAX_SECONDS):
        raise UsageError(f"{key} = {value!r} must be a time of 0 to {MAX_SECONDS:.0f} s, as in 0.5 or '200 ms'")
    return found


def gpio(value: object, key: str = "pin") -> int:
    """A pin's number: 0 to 29, also written GP25 or GPIO25.

    Raises:
        UsageError: there is no such pin.
    """
    text = str(value).upper()
    digits = text.removeprefix("GPIO").removeprefix("GP")
    if isinstance(value, bool) or not digits.isdecimal() or len(digits) > 2 or int(digits) not in _PINS:
        raise UsageError(f"{key} = {value!r} must be a pin of the RP2040: 0 to 29, as in 25 or 'GP25'")
    return int(digits)


def level(value: object, key: str = "level") -> bool | None:
    """A level: true, 1 or "high"; false, 0 or "low"; "float" for nothing that drives the pin.

    Raises:
        UsageError: it is something else.
    """
    text = str(value).lower()
    if text not in _LEVELS:
        raise UsageError(f"{key} = {value!r} must be 'high', 'low' or 'float'")
    return _LEVELS[text]


Seconds = Annotated[float, toml.By(seconds)]
"""Emulated seconds, written as `seconds` takes them."""
Pin = Annotated[int, toml.By(gpio)]
"""A GPIO, written as `gpio` takes it."""
ButtonName = Annotated[str, toml.By(lambda value, key: str(value))]
"""A button's name, or the pin that it is on."""
Level = Annotated[bool | None, toml.By(level)]
"""A level from outside, written as `level` takes it."""


@dataclass(frozen=True)
class Pattern:
    """A text to wait for: as it stands, or between slashes a regular expression (`/temp=(\\d+)/`)."""

    source: str
    text: bytes
    expression: re.Pattern[bytes] | None

    @classmethod
    def of(cls, source: str) -> Pattern:
        """Reads it.

        Raises:
            UsageError: it is empty, or no regular expression.
        """
        if not source:
            raise UsageError("the text to expect is empty; give some of it, or /./ for anything")
        if len(source) < 3 or not (source.startswith("/") and source.endswith("/")):
            return cls(source, source.encode(), None)
        try:
            return cls(source, b"", re.compile(source[1:-1].encode()))
        except re.error as error:
            raise UsageError(f"{source} is no regular expression: {error}") from None

    def __str__(self) -> str:
        return self.source if self.expression is not None else repr(self.source)
