"""Reference of ``firmware/dsp/features.c``: 32 log-power bytes per frame, equal to the bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from emberwatch.training.dsp import log2, rfft, tables

FRAME = 256
HOP = 128
BANDS = 32
UNIT_LOG2 = 11
STEPS = 8


def split_frames(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """All whole frames of ``pcm``, shape (n, 256), one every 128 samples; none when it is shorter than a frame."""
    if pcm.size < FRAME:
        return np.empty((0, FRAME), dtype=np.int16)
    return np.lib.stride_tricks.sliding_window_view(pcm, FRAME)[::HOP]


def features(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """Features of every whole frame of a recording at 16 kHz, shape (n, 32); the scale is given in ``features.h``."""
    frames = split_frames(pcm)
    power, exponent = rfft.rfft_q15_256_power(frames, tables.hann_q15())
    level = log2.log2_eighths(np.maximum(power, 1)) + (STEPS * (2 * exponent - UNIT_LOG2) - 128)[:, np.newaxis]
    return np.where(power == 0, -128, np.clip(level, -128, 127)).astype(np.int8)
