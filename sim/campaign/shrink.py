"""The shortest scenario that still fails: what is not needed for the failure goes.

First whole sounds and steps (delta debugging: A. Zeller and R. Hildebrandt, "Simplifying and isolating failure-inducing
input", IEEE Transactions on Software Engineering 28, 2002), then optional keys, then time: the scenario's length, and
how long each sound and each wait lasts. Each try is a run; none is made twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from emberwatch.base.errors import UsageError

Table = dict[str, Any]
"""A scenario as TOML has it."""

_LISTS = ("sound", "step")
_NEEDED = ("file", "generate")
_TIMES = {"sound": ("duration_s", "at_s", "offset_s"), "step": ("wait", "seconds", "held")}
"""Keys whose numbers are times, which may become less."""
_FINEST_S = 0.01


@dataclass
class Shrunk:
    """What is left, and what it took.

    Attributes:
        table: the scenario.
        runs: how many were made.
        log: what could go, in words, in order.
    """

    table: Table
    runs: int = 0
    log: list[str] = field(default_factory=list)


def shrink(
    scenario: Mapping[str, Any],
    fails: Callable[[Table], bool],
    *,
    most_runs: int = 500,
    on_run: Callable[[int, Table, bool], None] = lambda runs, table, failed: None,
) -> Shrunk:
    """Makes a failing scenario as short as it can be.

    Args:
        scenario: as TOML has it, with [[sound]] and [[step]] lists.
        fails: runs one and says whether it fails in the same way; one that cannot be run does not.
        most_runs: after which what has been reached is given back.
        on_run: called after each run with how many were made, what was tried and whether it failed.

    Raises:
        UsageError: it does not fail as it is.
    """
    return _Shrinker(fails, most_runs, on_run).shrink(_copy(scenario))


class _Spent(Exception):
    """No more runs."""


class _Shrinker:
    def __init__(
        self, fails: Callable[[Table], bool], most_runs: int, on_run: Callable[[int, Table, bool], None]
    ) -> None:
        self._fails, self._most, self._on_run = fails, most_runs, on_run
        self._known: dict[str, bool] = {}
        self._best = Shrunk({})

    def shrink(self, table: Table) -> Shrunk:
        if not self._failing(table):
            raise UsageError("the scenario does not fail as it is; there is nothing to shrink")
        self._best.table = table
        try:
            before = None
            while before != self._best.table:  # what one pass makes short another may now do without
                before = _copy(self._best.table)
                self._drop_entries()
                self._drop_keys()
                self._shorten()
        except _Spent:
            self._best.log.append(f"stopped after {self._best.runs} runs")
        return self._best

    def _failing(self, table: Table) -> bool:
        key = json.dumps(table, sort_keys=True, default=str)
        if key not in self._known:
            if self._best.runs >= self._most:
                raise _Spent
            self._best.runs += 1
            self._known[key] = self._fails(_copy(table))
            self._on_run(self._best.runs, table, self._known[key])
        return self._known[key]

    def _keep_if_failing(self, table: Table, what: str) -> bool:
        if not self._failing(table):
            return False
        self._best.table = table
        self._best.log.append(what)
        return True

    def _drop_entries(self) -> None:
        """Zeller and Hildebrandt's ddmin over sounds and steps together: none of what is left can go alone."""
        entries = [(name, i) for name in _LISTS for i in range(len(self._best.table.get(name, [])))]
        base, parts = self._best.table, 2
        while len(entries) >= 1:
            chunks = _split(entries, min(parts, len(entries)))
            for chunk in chunks:
                rest = [entry for entry in entries if entry not in chunk]
                what = f"without {', '.join(f'{name} {i + 1}' for name, i in chunk)}"
                if self._keep_if_failing(_with_entries(base, rest), what):
                    entries, parts = rest, max(parts - 1, 2)
                    break
            else:
                if parts >= len(entries):
                    return
                parts *= 2

    def _drop_keys(self) -> None:
        for name in _LISTS:
            for i, entry in enumerate(self._best.table.get(name, [])):
                for key in [k for k in entry if k not in _NEEDED and not (name == "step" and k == next(iter(entry)))]:
                    table = _copy(self._best.table)
                    del table[name][i][key]
                    self._keep_if_failing(table, f"{name} {i + 1} without {key}")

    def _shorten(self) -> None:
        if isinstance(self._best.table.get("duration_s"), (int, float)):
            self._less(("duration_s",))
        for name in _LISTS:
            for i, entry in enumerate(self._best.table.get(name, [])):
                for key in _TIMES[name]:
                    if isinstance(entry.get(key), (int, float)):
                        self._less((name, i, key))

    def _less(self, path: tuple[str | int, ...]) -> None:
        """The least number that still fails, found by halving what is left: it need not be the least of all."""
        high = float(_get(self._best.table, path))
        low = 0.0
        what = " ".join(str(p + 1) if isinstance(p, int) else p for p in path)
        while high - low > max(_FINEST_S, high / 64):
            middle = round((low + high) / 2, 3)
            if middle in (low, high):
                return
            if self._keep_if_failing(_set(self._best.table, path, middle), f"{what} = {middle:g}"):
                high = middle
            else:
                low = middle


def _split(entries: Sequence[tuple[str, int]], parts: int) -> list[list[tuple[str, int]]]:
    cuts = [round(i * len(entries) / parts) for i in range(parts + 1)]
    return [list(entries[a:b]) for a, b in pairwise(cuts) if b > a]


def _with_entries(base: Table, entries: Sequence[tuple[str, int]]) -> Table:
    table = {key: value for key, value in _copy(base).items() if key not in _LISTS}
    for name in _LISTS:
        if kept := [_copy(base[name][i]) for listed, i in entries if listed == name]:
            table[name] = kept
    return table


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(v) for key, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, (list, tuple)) else value


def _get(table: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        table = table[step]
    return table


def _set(table: Table, path: tuple[str | int, ...], value: float) -> Table:
    copied: Table = _copy(table)
    _get(copied, path[:-1])[path[-1]] = value
    return copied
