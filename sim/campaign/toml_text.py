"""Scenarios written as TOML: what a search has found, to be kept and run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_toml(table: Mapping[str, Any]) -> str:
    """A table whose values are text, numbers, truth values, lists of these, or lists of such tables.

    Raises:
        TypeError: a value is of another kind.
    """
    flat = {key: value for key, value in table.items() if not _is_tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in flat.items()]
    for name, entries in table.items():
        if _is_tables(entries):
            for entry in entries:
                lines += ["", f"[[{name}]]"] + [f"{key} = {_value(value)}" for key, value in entry.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and isinstance(value[0], Mapping)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(each) for each in value)}]"
    raise TypeError(f"{type(value).__name__} cannot be written as TOML")
