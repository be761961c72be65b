"""Convolutions as straight-line ARMv6-M code: weights are immediates, zero weights cost nothing.

Two pixels share a word, x = a + 65536 * b, so that one multiplication serves both. A sum of such products is taken
apart before its lower half can leave 16 bits, which depends on the weights alone: a group of terms may have absolute
weights of at most 255 in all, since |a| <= 128. Up to three channels share each load of x.

Taking apart costs four instructions: with the group's sum g = A + 65536 * B, |A| < 2^15, the code adds g to one
register and (g + 2^15) >> 16 = B to another; at the end the sum of all A is the first minus 65536 times the second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

GROUP_LIMIT = 255
CHANNELS_PER_BLOCK = 3
_ACCUMULATORS = ("r3", "r4", "r5")
_TOTALS = (("r8", "r9"), ("r10", "r11"), ("r12", "lr"))


@dataclass(frozen=True)
class Block:
    """Code for up to three channels.

    Attributes:
        symbol: name of the function.
        first: its first channel.
        count: how many channels.
        lines: assembly, one line for each term of the sum.
        size: bytes of code, about.
        cycles: cycles for two pixels, about.
    """

    symbol: str
    first: int
    count: int
    lines: tuple[str, ...]
    size: int
    cycles: int


def _cost(weight: int, first: bool) -> int:
    """Instructions of one term."""
    power = abs(weight) & (abs(weight) - 1) == 0
    if first:
        return (1 if power else 2) + (weight < 0)
    return 1 if abs(weight) == 1 else 2 if power else 3


def make_block(prefix: str, symbol: str, first: int, weights: npt.NDArray[np.int64]) -> Block:
    """Code for the channels `weights` [count][terms], the first of which has the number `first`."""
    count, terms = weights.shape
    lines: list[str] = []
    size = 2 * 40
    sums = [0] * count
    flushed = [False] * count

    def flush(c: int) -> str:
        nonlocal size
        size += 8
        low, high = _TOTALS[c]
        kind = "add" if flushed[c] else "set"
        flushed[c], sums[c] = True, 0
        return f"{prefix}_{kind} {_ACCUMULATORS[c]}, {low}, {high}"

    skipped = 0
    for k in range(terms):
        column = [int(w) for w in weights[:, k]]
        if not any(column):
            skipped += 1
            continue
        words = []
        while skipped:  # terms whose weights are all zero
            step = min(skipped, 63)
            words.append(f"adds r0, #{4 * step}")
            skipped -= step
            size += 2
        words.append("ldm r0!, {r1}")
        size += 2
        for c, weight in enumerate(column):
            if not weight:
                continue
            if sums[c] + abs(weight) > GROUP_LIMIT:
                words.append(flush(c))
            kind = "mac" if sums[c] else "first"
            size += 2 * _cost(weight, not sums[c])
            sums[c] += abs(weight)
            words.append(f"{prefix}_{kind} {_ACCUMULATORS[c]}, {weight}")
        lines.append("; ".join(words))
    words = []
    while skipped:
        step = min(skipped, 63)
        words.append(f"adds r0, #{4 * step}")
        skipped -= step
        size += 2
    for c in range(count):
        if sums[c]:
            words.append(flush(c))
        elif not flushed[c]:
            words.append(f"movs r1, #0; mov {_TOTALS[c][0]}, r1; mov {_TOTALS[c][1]}, r1")
    if words:
        lines.append("; ".join(words))
    return Block(symbol, first, count, tuple(lines), size, size // 2 + terms + 25)


def make_blocks(prefix: str, symbol: str, weights: npt.NDArray[np.int64]) -> list[Block]:
    """Code for all channels `weights` [channels][terms]."""
    channels = len(weights)
    blocks = []
    first = 0
    while first < channels:
        left = channels - first
        count = 2 if left in (2, 4) else min(CHANNELS_PER_BLOCK, left)
        blocks.append(make_block(prefix, f"{symbol}_{first}", first, weights[first : first + count]))
        first += count
    return blocks
