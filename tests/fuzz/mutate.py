"""Seeded mutation of inputs: the same seed gives the same inputs everywhere."""

from __future__ import annotations

import random

_INTERESTING = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    0x10000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    0x1000_0000,
)


def mutate(rng: random.Random, corpus: list[bytes]) -> bytes:
    """One new input: a seed, or two spliced, with one to eight changes; sometimes nothing but noise."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(2000))
    data = bytearray(rng.choice(corpus))
    if rng.random() < 0.2:
        other = rng.choice(corpus)
        data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other) + 1) :]
    for _ in range(rng.randint(1, 8)):
        if not data:
            data += rng.randbytes(16)
        at = rng.randrange(len(data))
        change = rng.randrange(7)
        if change == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            data[at] = rng.randrange(256)
        elif change == 2:
            width = rng.choice((1, 2, 4))
            data[at : at + width] = (rng.choice(_INTERESTING) & (1 << 8 * width) - 1).to_bytes(width, "little")
        elif change == 3:
            del data[at : at + rng.choice((1, 2, 4, 8, 64, len(data)))]
        elif change == 4:
            data[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8, 64)))
        elif change == 5:
            piece = data[at : at + rng.choice((4, 8, 32, 512))]
            to = rng.randrange(len(data) + 1)
            data[to:to] = piece
        else:
            data[at : at + 4] = rng.randbytes(4)
    return bytes(data)
