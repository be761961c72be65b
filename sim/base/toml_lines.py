"""Where a key stands in a TOML file: for messages, which the parser's result alone could not tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, key: str) -> int | None:
    """The line, from 1, on which a key is set.

    Args:
        text: a TOML file.
        key: as messages write it: ``led.pin``, ``sound[1].at_s``.

    Returns:
        The line of the key, else that of the table or list that it should stand in; None if there is neither.
    """
    lines = dict(_keys(text))
    while key:
        if key in lines:
            return lines[key]
        key = re.sub(r"(?:^|\.)[^.\[]+$|\[\d+\]$", "", key)
    return None


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """Every key and table with its line; the first of two that are equal comes last, so that it counts."""
    prefix = ""
    seen: Counter[str] = Counter()
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            name = _plain(table[2])
            prefix = f"{name}[{seen[name]}]" if table[1] == "[[" else name
            seen[name] += 1
            found.append((prefix, number))
        elif key := _KEY.match(line):
            found.append((f"{prefix}.{_plain(key[1])}".lstrip("."), number))
    yield from reversed(found)


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
