"""Profiles as files: each module writes one format, `write(profile) -> str`."""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.inspect.profiling.formats import callgrind, flamegraph, json_dump, perfetto, speedscope, table
from emberwatch.inspect.profiling.model import Profile

FORMATS: dict[str, Callable[[Profile], str]] = {
    "table": table.write,
    "speedscope": speedscope.write,
    "callgrind": callgrind.write,
    "perfetto": perfetto.write,
    "flamegraph": flamegraph.write,
    "json": json_dump.write,
}
"""Names on the command line."""
