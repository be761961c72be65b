"""`sim/mic` compiled for this computer as a library of its own, for chains that need no chip around the microphone."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emberwatch.base.paths import PACKAGE
from emberwatch.program.host_library import shared_library


class Microphone:
    """One PDM microphone with its own clock input.

    Args:
        seed: seed of the modulator's dither, as that of the emulated board.
    """

    def __init__(self, seed: int = 1) -> None:
        self._lib = _load()
        self._self = ctypes.c_void_p(self._lib.microphone_new(seed))

    def __del__(self) -> None:
        if hasattr(self, "_self"):
            self._lib.microphone_delete(self._self)

    def push(self, samples: npt.NDArray[np.int32]) -> None:
        """Appends sound, Q23 at 16 kHz; the first sample ever sounds at time zero, beyond the last is silence."""
        samples = np.ascontiguousarray(samples, dtype=np.int32)
        self._lib.microphone_push(self._self, samples.ctypes.data, samples.size)

    def bits(self, edges_ps: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
        """One bit (0 or 1) for each clock edge; edges are ascending times in picoseconds."""
        edges_ps = np.ascontiguousarray(edges_ps, dtype=np.uint64)
        out = np.empty(edges_ps.size, dtype=np.uint8)
        self._lib.microphone_bits(self._self, edges_ps.ctypes.data, edges_ps.size, out.ctypes.data)
        return out


@functools.cache
def _load() -> ctypes.CDLL:
    lib = ctypes.CDLL(str(_build()))
    pointer, u64 = ctypes.c_void_p, ctypes.c_uint64
    lib.microphone_new.argtypes, lib.microphone_new.restype = [ctypes.c_uint32], pointer
    lib.microphone_delete.argtypes, lib.microphone_delete.restype = [pointer], None
    lib.microphone_push.argtypes, lib.microphone_push.restype = [pointer, pointer, u64], None
    lib.microphone_bits.argtypes, lib.microphone_bits.restype = [pointer, pointer, u64, pointer], None
    return lib


def _build() -> Path:
    sources = [Path(__file__).with_name("microphone.cpp"), PACKAGE / "mic" / "interpolator.cpp"]
    read = [*sorted((PACKAGE / "mic").glob("*.[hi]*")), PACKAGE / "rp2040" / "base" / "state.hpp"]
    flags = ("-std=c++20", f"-I{PACKAGE}", f"-I{PACKAGE / 'rp2040'}")
    return shared_library("microphone", sources, flags, read, "C++")
