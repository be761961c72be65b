"""The whole profile as one JSON object, for scripts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from emberwatch.inspect.profiling.model import CoreProfile, Profile


def write(profile: Profile) -> str:
    """Cores with functions, lines, calling context tree and stack; numbers are cycles and bytes."""
    return (
        json.dumps(
            {
                "firmware": profile.firmware,
                "clock_hz": profile.clock_hz,
                "start": profile.start,
                "end": profile.end,
                "cores": [_core(core) for core in profile.cores],
            },
            indent=1,
        )
        + "\n"
    )


def _core(core: CoreProfile) -> dict[str, Any]:
    functions = [{**asdict(f), "source": str(f.source) if f.source else None} for f in core.functions]
    lines = [{**asdict(line), "source": str(line.source)} for line in core.lines]
    return {
        "core": core.core,
        "busy": asdict(core.busy),
        "sleep_cycles": core.sleep_cycles,
        "high_water": {**asdict(core.high_water), "used": core.high_water.used},
        "functions": functions,
        "lines": lines,
        "tree": [asdict(node) for node in core.nodes],
    }
