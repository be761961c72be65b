"""Chrome's trace event JSON, which https://ui.perfetto.dev opens: calls, exceptions and sleep in time."""

from __future__ import annotations

import json
from typing import Any

from emberwatch.inspect.profiling.model import Profile

_CORES, _MICROSECONDS = 1, 1e6


def write(profile: Profile) -> str:
    """One track of calls, one of exceptions and one of sleep per core; times are microseconds since power-on."""
    first_ps, last_ps = profile.picoseconds
    cycles = profile.end - profile.start
    per_cycle = (last_ps - first_ps) / cycles / _MICROSECONDS if cycles else 0.0
    tracks = sorted({s.track for s in profile.slices})
    events: list[dict[str, Any]] = [
        {"ph": "M", "pid": _CORES, "name": "process_name", "args": {"name": profile.firmware}}
    ]
    for number, track in enumerate(tracks):
        events.append({"ph": "M", "pid": _CORES, "tid": number, "name": "thread_name", "args": {"name": track}})
    for s in sorted(profile.slices, key=lambda s: (s.start, s.depth)):
        events.append(
            {
                "ph": "X",
                "pid": _CORES,
                "tid": tracks.index(s.track),
                "name": s.name,
                "ts": round(first_ps / _MICROSECONDS + (s.start - profile.start) * per_cycle, 4),
                "dur": round((s.end - s.start) * per_cycle, 4),
                "args": {"cycles": s.end - s.start, "cycle": s.start},
            }
        )
    return json.dumps({"displayTimeUnit": "ns", "traceEvents": events})
