"""The firmware's own signal processing (``firmware/dsp``), compiled for this machine and called on NumPy arrays.

The library is built once and kept in the user's cache; see `emberwatch.program.host_library`.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from emberwatch.base.paths import project_root
from emberwatch.program.host_library import shared_library

FRAME, HOP, BANDS, WORDS_PER_SAMPLE = 256, 128, 32, 2


class Decimator:
    """One stream of PDM turned into PCM by the firmware's code; state carries over from call to call."""

    def __init__(self) -> None:
        self._lib = load()
        self._state = ctypes.create_string_buffer(int(self._lib.native_pdm_state_size()))
        self._lib.pdm_init(self._state)

    def decimate(self, words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int16]:
        """Converts ``words`` (uint32, two a sample, oldest bit lowest) to PCM at 16 kHz.

        Raises:
            ValueError: not a one-dimensional uint32 array with an even number of words.
        """
        words = _checked(words, np.uint32, "words")
        if words.size % WORDS_PER_SAMPLE:
            raise ValueError(f"words: {words.size} is odd, PDM comes in {WORDS_PER_SAMPLE} words a sample")
        pcm = np.empty(words.size // WORDS_PER_SAMPLE, dtype=np.int16)
        self._lib.pdm_decimate(self._state, _pointer(words), _pointer(pcm), pcm.size)
        return pcm


def decimate(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.int16]:
    """PCM of a whole recording of PDM words, from a freshly started decimator."""
    return Decimator().decimate(words)


def features(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Features of every whole frame of ``pcm`` (int16, 16 kHz): int8 of shape (frames, 32), a frame every 8 ms.

    The firmware's first frame after start begins 128 samples before the first sample; prepend as many zeros to get it.
    """
    pcm = _checked(pcm, np.int16, "pcm")
    frames = max(0, (pcm.size - FRAME) // HOP + 1)
    bands = np.empty((frames, BANDS), dtype=np.int8)
    load().native_features(_pointer(pcm), frames, _pointer(bands))
    return bands


def rfft_q15_256(frame: npt.NDArray[np.int16], window: npt.NDArray[np.uint16]) -> tuple[npt.NDArray[np.int16], int]:
    """One windowed spectrum in the packing of ``rfft.h`` and its exponent; both arguments have 256 elements."""
    frame = _checked(frame, np.int16, "frame", FRAME)
    window = _checked(window, np.uint16, "window", FRAME)
    out = np.empty(FRAME, dtype=np.int16)
    return out, int(load().rfft_q15_256(_pointer(frame), _pointer(window), _pointer(out)))


def rfft_q15_256_power(
    frame: npt.NDArray[np.int16], window: npt.NDArray[np.uint16]
) -> tuple[npt.NDArray[np.uint32], int]:
    """Power of 32 bands of one windowed frame and the exponent; both arguments have 256 elements."""
    frame = _checked(frame, np.int16, "frame", FRAME)
    window = _checked(window, np.uint16, "window", FRAME)
    power = np.empty(BANDS, dtype=np.uint32)
    return power, int(load().rfft_q15_256_power(_pointer(frame), _pointer(window), _pointer(power)))


def log2_eighths(value: int) -> int:
    """``8 log2(value)`` as the firmware rounds it, for 1 .. 2^32 - 1."""
    if not 1 <= value < 1 << 32:
        raise ValueError(f"value: {value} is outside 1 .. 2^32 - 1")
    return int(load().log2_eighths(value))


@functools.cache
def load() -> ctypes.CDLL:
    """The compiled library, built first if the cache has none for these sources.

    Raises:
        MissingDependencyError: there is no C compiler.
        BuildError: the firmware's sources are missing, or the compiler fails.
    """
    lib = ctypes.CDLL(str(_build()))
    pointer, u32 = ctypes.c_void_p, ctypes.c_uint32
    lib.native_pdm_state_size.restype = u32
    lib.pdm_init.argtypes, lib.pdm_init.restype = [pointer], None
    lib.pdm_decimate.argtypes, lib.pdm_decimate.restype = [pointer, pointer, pointer, u32], None
    lib.native_features.argtypes, lib.native_features.restype = [pointer, u32, pointer], None
    for name in ("rfft_q15_256", "rfft_q15_256_power"):
        function = getattr(lib, name)
        function.argtypes, function.restype = [pointer, pointer, pointer], ctypes.c_int32
    lib.log2_eighths.argtypes, lib.log2_eighths.restype = [u32], ctypes.c_int32
    return lib


_Scalar = TypeVar("_Scalar", bound=np.generic)


def _checked(
    array: npt.NDArray[_Scalar], dtype: type[_Scalar], name: str, size: int | None = None
) -> npt.NDArray[_Scalar]:
    if array.dtype != dtype or array.ndim != 1 or (size is not None and array.size != size):
        wanted = f"{np.dtype(dtype)} of shape ({'n' if size is None else size},)"
        raise ValueError(f"{name}: got {array.dtype} of shape {array.shape}, need {wanted}")
    return np.ascontiguousarray(array)


def _pointer(array: npt.NDArray[np.generic]) -> int:
    return int(array.ctypes.data)


def _build() -> Path:
    firmware = project_root() / "firmware"
    sources = [*sorted((firmware / "dsp").glob("*.c")), Path(__file__).with_name("native.c")]
    included = [firmware / "hot.h", *sorted((firmware / "dsp").glob("*.h")), *sorted((firmware / "dsp").glob("*.inc"))]
    return shared_library("dsp", sources, ("-std=c11", f"-I{firmware}"), included)
