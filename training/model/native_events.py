"""The firmware's own event logic, compiled for this machine: what `emberwatch.training.model.events` does, and faster.

The twin in Python also tells which cadences were met and not believed; this one tells events alone.
"""

from __future__ import annotations

import ctypes
import functools
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.paths import project_root
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.program.host_library import shared_library
from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK
from emberwatch.training.model.events import KIND_NAMES, Event, EventParameters

_EVENT = np.dtype([("block", np.uint32), ("type", np.uint8), ("kind", np.uint8), ("unused", np.uint8, (2,))])


def find_events(
    features: NDArray[np.int8], probabilities: NDArray[np.uint8], parameters: EventParameters
) -> list[Event]:
    """Events of a stream, from reset: feature bytes ``[4 * blocks, 32]`` and a probability per block.

    Raises:
        ValueError: shapes or types are others.
        MissingDependencyError: there is no C compiler.
    """
    blocks = len(probabilities)
    if features.shape != (FRAMES_PER_BLOCK * blocks, BANDS) or features.dtype != np.int8:
        raise ValueError(f"features: {features.dtype} {features.shape} is not int8 of {blocks} blocks")
    if probabilities.dtype != np.uint8:
        raise ValueError(f"probabilities: {probabilities.dtype} is not uint8")
    heard, believed = np.ascontiguousarray(features), np.ascontiguousarray(probabilities)
    out = np.empty(blocks, _EVENT)
    count = _load(parameters).native_events(heard.ctypes.data, believed.ctypes.data, blocks, out.ctypes.data)
    return [
        Event((int(found["block"]) + 1) * BLOCK_SECONDS, int(found["type"]), KIND_NAMES[int(found["kind"])])
        for found in out[:count]
    ]


@functools.cache
def _load(parameters: EventParameters) -> ctypes.CDLL:
    firmware, here = project_root() / "firmware", Path(__file__).parent
    app = firmware / "apps/detector"
    sources = [*(app / f"{name}.c" for name in ("bursts", "cadence", "events")), here / "native_events.c"]
    included = [*(app / f"{name}.h" for name in ("bursts", "cadence", "events")), firmware / "hot.h"]
    included += [firmware / "dsp/features.h"]
    # The parameters come one by one, so the header that the firmware's build generates may be any.
    flags = ["-std=c11", f"-I{firmware}", "-DEVENTS_CONFIG_HEADER=<stdint.h>"]
    flags += [f"-DEVENTS_{name.upper()}={value}" for name, value in asdict(parameters).items()]
    library = ctypes.CDLL(str(shared_library("events", sources, flags, included)))
    pointer = ctypes.c_void_p
    library.native_events.argtypes = [pointer, pointer, ctypes.c_uint32, pointer]
    library.native_events.restype = ctypes.c_uint32
    return library
