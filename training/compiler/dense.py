"""Forms of layers that use each weight once: dense layers, and convolutions with a single window.

Such a layer is as fast as its weights come. Four channels are computed at once: a word holds the weights of one term
for all four, offset by 128 to unsigned bytes, and a mask takes two of them apart as u0 + 65536 * u2, so that one
product serves two channels. The offset goes by a word per pair of terms, the same for all channels; it also keeps the
lower half from borrowing.

Weights are read where they are, in flash or in SRAM, or come from flash in bursts: the SSI reads on and on and a DMA
channel carries the words to one of two buffers, while the processor computes with the other. A word of a burst takes 8
clocks of the flash, one that the XIP cache or its stream fetches 20 and some cycles of clk_sys (docs/timing.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.geometry import Geometry
from emberwatch.training.compiler.ir import Form, Lowering, aligned
from emberwatch.training.compiler.weights import Output, fourths, halves

CHANNELS = 4  # that share a word of weights
PAIR_LIMIT = 255  # of two weights' magnitudes: their products with -128 must fit 16 bits
MOST_PIECES = 32  # of a window that is copied together

# Cycles, about: of a product; of a byte of a burst, of one that the XIP cache fetches; of a burst and of a call of the
# kernel beside that; of a channel's requantisation, and of fetching its constants; of an input that is widened.
DENSE_CYCLES, BURST_CYCLES, FETCH_CYCLES = 4.1, 4.0, 12.5
BURST_COST, CALL_COST, STORE_CYCLES, ROW_CYCLES, PACK_CYCLES = 160.0, 70.0, 32.0, 200.0, 9.0
ROW_WORDS = 4  # of a channel's constants
BURST_WORDS = (1024, 768, 512, 384, 320, 256, 192, 128, 64)  # of weights in one burst, at most


@dataclass(frozen=True)
class Gather:
    """How the inputs of one row of sums lie in memory: pieces (to, from, length) of a row of `size` bytes.

    Attributes:
        pieces: what is copied; one piece that covers the row is read in place.
        size: of the row.
        fill: value of what no piece covers.
    """

    pieces: tuple[tuple[int, int, int], ...]
    size: int
    fill: int = 0

    @property
    def in_place(self) -> bool:
        """Whether nothing has to be copied."""
        return len(self.pieces) == 1 and self.pieces[0][0] == 0 and self.pieces[0][2] == self.size

    @property
    def scratch(self) -> int:
        """Bytes for the copy."""
        return 0 if self.in_place else aligned(self.size)

    @property
    def gaps(self) -> bool:
        """Whether a byte is not covered."""
        return sum(length for _, _, length in self.pieces) < self.size


def single_window(g: Geometry, fill: int) -> Gather | None:
    """The only window of an image as a row; None when it would take too many copies, or lies beside the image."""
    pieces: list[tuple[int, int, int]] = []
    rows, columns = g.rows, g.columns
    for ky in range(rows.kernel):
        y = ky * rows.dilation - rows.pad
        for kx in range(columns.kernel):
            x = kx * columns.dilation - columns.pad
            if not (0 <= y < rows.size and 0 <= x < columns.size):
                continue
            to, at = (ky * columns.kernel + kx) * g.depth, (y * columns.size + x) * g.depth
            if pieces and (to, at) == tuple(pieces[-1][i] + pieces[-1][2] for i in (0, 1)):
                pieces[-1] = (*pieces[-1][:2], pieces[-1][2] + g.depth)
            else:
                pieces.append((to, at, g.depth))
            if len(pieces) > MOST_PIECES:
                return None
    if not pieces:
        return None
    return Gather(tuple(pieces), rows.kernel * columns.kernel * g.depth, fill)


def _packed(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Words of weights [groups of channels][terms], terms a multiple of 4; what is added counts as 0."""
    channels, terms = weights.shape
    full = np.pad(weights, ((0, -channels % CHANNELS), (0, -terms % 4))) + 128
    groups = full.reshape(-1, CHANNELS, full.shape[1])
    shifts = np.arange(0, 32, 8, dtype=np.int64)[None, :, None]
    words: npt.NDArray[np.int64] = (groups << shifts).sum(axis=1)
    return words


def _row_words(low: Lowering, symbol: str, groups: int) -> npt.NDArray[np.int64]:
    """The constants of the channels' requantisation as words [groups][4 * 4], to be sent with the weights."""
    values = np.array(low.program.constants[symbol].values, np.int64) & 0xFFFFFFFF
    padded = np.zeros(groups * CHANNELS * ROW_WORDS, np.int64)
    padded[: values.size] = values
    return padded.reshape(groups, CHANNELS * ROW_WORDS)


def dense_forms(
    low: Lowering, weights: npt.NDArray[np.int64], output: Output, gather: Gather, rows: int = 1
) -> list[Form]:
    """The forms of a layer, or none when two weights are both -128.

    Args:
        low: the operator.
        weights: [channels][terms].
        output: requantisation of the channels.
        gather: where a row's inputs are; rows of a batch lie one behind the other.
        rows: of the batch.
    """
    channels, terms = weights.shape
    even = np.pad(weights, ((0, 0), (0, terms % 2)))
    if np.abs(even).reshape(channels, -1, 2).sum(axis=2).max() > PAIR_LIMIT:
        return []
    words = _packed(weights)
    groups, padded = words.shape
    shared = {"requantise", "clamp", "store", "dense"} | ({"fill"} if gather.gaps else set())
    context: dict[str, Any] = {
        "rows": rows, "terms": terms, "padded": padded, "channels": channels, "output": output, "gather": gather,
        "cores": 1,
    }  # fmt: skip
    text = f"weights [{groups}][{padded}], four channels to a word, each + 128"
    pack = PACK_CYCLES * padded + gather.scratch
    stores = channels * STORE_CYCLES
    compute = DENSE_CYCLES * CHANNELS * groups * padded + groups * CALL_COST
    forms = []
    homes = [(low.constant("packed", "uint32_t", words, text), FETCH_CYCLES * 4 * words.size, 0)]
    homes.append((low.constant("fast_packed", "uint32_t", words, text, fast=True), 0.0, 4 * words.size))
    for symbol, fetches, ram in homes:
        for block in [b for b in fourths(padded) if b >= 64] or [padded]:
            half = aligned(-(-channels // 2))  # whole words of weights
            shares = [(1, c) for c in halves(channels) if c >= 8 and c % CHANNELS == 0] or [(1, channels)]
            for cores, chunk in [*shares, (2, half)] if ram and half < channels else shares:
                chunks, blocks = -(-channels // chunk), -(-padded // block)
                cycles = compute + stores + groups * CALL_COST * (blocks - 1) + channels * ROW_CYCLES + fetches
                cycles += 80.0 * chunks + pack * (chunks if blocks > 1 else 1)
                form = Form(
                    "dense", context | {"chunk": chunk, "block": block, "weights": symbol}, rows * cycles,
                    4 * (block + aligned(chunk)) + gather.scratch, (output.rows, output.exact, symbol),
                    frozenset(shared), ram_data=ram, note="weights in SRAM" if ram else "",
                )  # fmt: skip
                together = rows * (channels * ROW_CYCLES + pack)
                forms.append(form if cores == 1 else form.on_two_cores(half, channels, together))
    costs = (rows * compute, rows * (pack + stores))
    return forms + _burst_forms(low, words, output, gather, (context, shared, costs))


def _burst_forms(
    low: Lowering,
    words: npt.NDArray[np.int64],
    output: Output,
    gather: Gather,
    common: tuple[dict[str, Any], set[str], tuple[float, float]],
) -> list[Form]:
    """Forms whose weights come from flash in bursts: several groups of channels in each, or a part of one."""
    context, shared, (compute, between) = common
    groups, padded = words.shape
    stream = np.concatenate([words, _row_words(low, output.rows, groups)], axis=1)
    width = stream.shape[1]
    text = f"for each four channels {padded} words of weights, each + 128, and the channels' low, range, factor, offset"
    symbol = low.constant("stream", "uint32_t", stream, text)
    forms, seen = [], set()
    for most in BURST_WORDS:
        per = min(groups, most // width)
        block = padded if per else max(4, min(padded, most) // 4 * 4)
        if (per, block) in seen:
            continue
        seen.add((per, block))
        longest = per * width if per else max(block, padded % block or block) + ROW_WORDS * CHANNELS
        bursts = -(-groups // per) if per else groups * -(-padded // block)
        flash = 4 * BURST_CYCLES * stream.size * context["rows"]
        cycles = max(compute, flash) + between + context["rows"] * (bursts * BURST_COST + 4 * BURST_CYCLES * longest)
        forms.append(
            Form(
                "dense_bursts", context | {"per": per, "block": block, "width": width, "longest": longest,
                                           "groups": groups, "stream": symbol},
                cycles, 4 * (padded + 2 * longest + CHANNELS * max(per, 1)) + gather.scratch, (output.exact, symbol),
                frozenset(shared | {"bursts"}), note="weights by DMA", dma=True,
            )
        )  # fmt: skip
    return forms


def narrow_stream(low: Lowering, weights: npt.NDArray[np.int64], output: Output, chunk: int) -> npt.NDArray[np.int64]:
    """Words of weights [channels][terms] as bytes, and the constants of their channels, `chunk` channels at a time."""
    rows = np.array(low.program.constants[output.rows].values, np.int64) & 0xFFFFFFFF
    words = []
    for first in range(0, len(weights), chunk):
        part = weights[first : first + chunk].ravel()
        data = np.pad(part, (0, -part.size % 4)).astype(np.int8).tobytes()
        words += [np.frombuffer(data, "<u4").astype(np.int64), rows[ROW_WORDS * first : ROW_WORDS * (first + chunk)]]
    return np.concatenate(words)
