"""speedscope (https://www.speedscope.app): one sampled profile per core, a sample per place in the call tree.

Samples are aggregated, so speedscope's views "Left Heavy" and "Sandwich" are the ones to look at.
"""

from __future__ import annotations

import json
from typing import Any

from emberwatch import __version__
from emberwatch.inspect.profiling.model import Profile

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def write(profile: Profile) -> str:
    """JSON by speedscope's file format schema; weights are cycles."""
    frames: list[dict[str, Any]] = []
    index: dict[tuple[str, int], int] = {}
    profiles = []
    for core in profile.cores:
        sources = {f.address: f.source for f in core.functions}
        numbers: list[int] = []
        for node in core.nodes:
            key = (node.name, node.address)
            if key not in index:
                index[key] = len(frames)
                source = sources.get(node.address) if node.is_function else None
                place = {"file": source.file, "line": source.line} if source else {}
                frames.append({"name": node.name, **place})
            numbers.append(index[key])
        stacks: list[list[int]] = []
        for number, node in zip(numbers, core.nodes, strict=True):
            stacks.append([*(stacks[node.parent] if node.parent is not None else []), number])
        used = [i for i, node in enumerate(core.nodes) if node.own.cycles]
        weights = [core.nodes[i].own.cycles for i in used]
        profiles.append(
            {
                "type": "sampled",
                "name": f"core {core.core}",
                "unit": "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": [stacks[i] for i in used],
                "weights": weights,
            }
        )
    return json.dumps(
        {
            "$schema": _SCHEMA,
            "name": profile.firmware,
            "exporter": f"emberwatch@{__version__}",
            "activeProfileIndex": 0,
            "shared": {"frames": frames},
            "profiles": profiles,
        }
    )
