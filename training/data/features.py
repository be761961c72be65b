"""Features of whole recordings, with the firmware's own arithmetic, framed as the firmware frames them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FRAME = 256
HOP = 128
BANDS = 32
FRAMES_PER_BLOCK = 4
BLOCK_SAMPLES = 512
SILENT = -128  # feature byte of digital silence


def whole_blocks(pcm: NDArray[np.int16]) -> NDArray[np.int16]:
    """Pad with zeros to a whole number of blocks of 512 samples."""
    return np.pad(pcm, (0, -len(pcm) % BLOCK_SAMPLES))


def block_features(pcm: NDArray[np.int16]) -> NDArray[np.int8]:
    """Feature bytes ``[4 * blocks, 32]`` of PCM that starts at the first sample after reset.

    Frame k covers the 256 samples that end with sample ``128 * (k + 1) - 1``; before the first sample lie zeros, as
    in the firmware after reset. The length must be a multiple of 512.
    """
    from emberwatch.training.dsp import native

    if len(pcm) % BLOCK_SAMPLES:
        raise ValueError(f"{len(pcm)} samples are not whole blocks of {BLOCK_SAMPLES}")
    return native.features(np.concatenate([np.zeros(FRAME - HOP, np.int16), pcm]))
