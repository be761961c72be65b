"""Features and probabilities by chance, as the event logic takes them."""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.int8]


def random_stream(rng: np.random.Generator, blocks: int) -> tuple[Features, NDArray[np.uint8]]:
    """Cadenced and random bursts in a few bands over a floor, and probabilities that follow them, loosely."""
    levels = rng.integers(-128, -90, (blocks, 1, 32)) + rng.integers(0, 12, (blocks, 4, 32))
    probabilities = rng.integers(0, 60, blocks)
    for _ in range(blocks // 300):
        start, band = int(rng.integers(blocks)), int(rng.integers(0, 24))
        style = int(rng.integers(6))
        gate: list[int]
        if style == 0:
            gate = ([1] * 16 + [0] * 15) * 3 + [0] * 32
        elif style == 1:
            gate = ([1] * 3 + [0] * 3) * 4 + [0] * 132
        elif style == 2:
            gate = [1] * int(rng.integers(1, 300))
        else:
            gate = [1] * int(rng.integers(1, 30)) + [0] * int(rng.integers(1, 40))
        shape = np.resize(np.array(gate, bool), min(blocks - start, len(gate) * int(rng.integers(1, 9))))
        sounding = start + np.flatnonzero(shape)
        loud = int(rng.integers(-60, 120))
        levels[sounding, :, band] = np.maximum(levels[sounding, :, band], loud + rng.integers(0, 9, (len(sounding), 4)))
        if style == 3:  # another pitch in the pauses
            other = start + np.flatnonzero(~shape)
            levels[other, :, band + 3] = loud
        if rng.random() < 0.8:
            probabilities[start : start + len(shape)] = rng.integers(0, 256)
    return np.clip(levels, -128, 127).astype(np.int8).reshape(-1, 32), probabilities.astype(np.uint8)
