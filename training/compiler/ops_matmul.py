"""Lowering of the operators that multiply by weights: convolutions and fully connected layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.dense import FETCH_CYCLES, ROW_CYCLES, Gather, dense_forms, single_window
from emberwatch.training.compiler.emit import constant_text
from emberwatch.training.compiler.geometry import Axis, Geometry, check_reach, geometry, image
from emberwatch.training.compiler.ir import Constant, Form, Lowering, Rule, aligned
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.unroll import make_blocks
from emberwatch.training.compiler.weights import (
    Output,
    bias_values,
    fourths,
    halves,
    output_rows,
    padded_rows,
    weight_scales,
)

FLASH_CACHE = 16384  # bytes of the RP2040's XIP cache, in lines of 8
MISS_CYCLES = 100  # to fetch one line, about; it only decides between forms of code
SRAM_CODE_LIMIT = 6144  # straight-line code of a layer up to this size lives in SRAM
PAIR_BUFFERS = (32768, 16384, 8192, 4096, 2048, 1024, 0)  # bytes for packed pixels of a layer in straight-line code
WEIGHT_CHUNK = 8192  # bytes of weights that are used for all pixels in turn: half of the RP2040's flash cache

# Cycles, about: of a product when four pixels or one are multiplied, of a copied byte.
QUAD_CYCLES, SINGLE_CYCLES, COPY_CYCLES = 3.5, 5.3, 1.0


def refuse_weights(low: Lowering, weights: Tensor, depth: int, channels: int) -> NoReturn:
    """Refuse weights whose shape does not go with the channels."""
    low.fail(f"weights of shape {list(weights.shape)} for {depth} input and {channels} output channels", weights)


def _conv_geometry(low: Lowering) -> Geometry:
    weights = low.input(1)
    depth, channels = image(low, low.input(0))[3], image(low, weights)[0]
    group_depth = weights.shape[3]
    if depth % group_depth or channels % (depth // group_depth):
        refuse_weights(low, weights, depth, channels)
    return geometry(low, weights.shape[1], weights.shape[2], channels)


def check_conv_2d(low: Lowering) -> None:
    """One window of the image for each output pixel, one channel for each filter."""
    windows = _conv_geometry(low)
    check_reach(low, windows)
    low.expect(windows.output)


def conv_2d(low: Lowering) -> None:
    """CONV_2D: any filter, stride, dilation and padding, with groups."""
    windows, tensor = _conv_geometry(low), low.input(1)
    weights = low.constant_of(tensor, "weights", ("INT8",))
    in_scale, out_scale = low.int8(low.input(0))[0], low.int8(low.output())[0]
    scales = weight_scales(low, tensor, windows.channels, 0)
    convolution(low, windows, weights, [low.factor(in_scale, s, out_scale) for s in scales])


@dataclass(frozen=True)
class _Convolution:
    """What all forms of a convolution share."""

    low: Lowering
    g: Geometry
    weights: npt.NDArray[np.int64]
    groups: int
    output: Output
    context: dict[str, Any]

    @property
    def terms(self) -> int:
        """Products of one sum."""
        return int(self.weights.shape[1])

    @property
    def macs(self) -> int:
        """Products of one inference."""
        return self.g.batch * self.g.windows * self.weights.size

    def field(self, rows: int) -> int:
        """Bytes of the padded image that `rows` rows of windows look at; 0 without padding."""
        if not self.g.padded:
            return 0
        return aligned(((rows - 1) * self.g.rows.stride + self.g.rows.reach) * self.g.columns.field * self.g.depth)

    def band_cycles(self, rows: int, step: int) -> float:
        """Products that are computed for each that counts: bands rarely hold whole groups of `step` pixels."""
        pixels = rows * self.g.columns.out
        return -(-pixels // step) * step / pixels

    def form(
        self, template: str, extra: dict[str, Any], constants: tuple[str, ...], helpers: set[str], **cost: Any
    ) -> Form:
        """A form with the common context and helpers."""
        padding = {"fill"} if template == "conv_2d_gathered" else {"field", "fill"}
        shared = {"requantise", "clamp", "store"} | (padding if self.g.padded else set())
        tables = (self.output.rows, self.output.exact)
        return Form(
            template, self.context | extra, constants=(*tables, *constants), helpers=frozenset(shared | helpers), **cost
        )


def convolution(
    low: Lowering, windows: Geometry, weights: npt.NDArray[np.int8], factors: list[float], summary: str = ""
) -> None:
    """A convolution with weights [channels][rows][columns][depth of a group]."""
    _, in_zero = low.int8(low.input(0))
    flat = weights.astype(np.int64).reshape(windows.channels, -1)
    bias = bias_values(low, 2, windows.channels) - in_zero * flat.sum(axis=1)
    output = output_rows(low, bias, factors, np.abs(flat).sum(axis=1) * 128)
    group_depth = flat.shape[1] // (windows.rows.kernel * windows.columns.kernel)
    groups = windows.depth // group_depth
    row = windows.columns.field if windows.padded else windows.columns.size
    context: dict[str, Any] = {
        "g": windows, "groups": groups, "group_depth": group_depth, "in_zero": in_zero, "output": output,
        "terms": flat.shape[1], "row": row, "cores": 1,
    }  # fmt: skip
    # Bytes that lie together in every filter row, and how many such runs there are.
    if groups > 1 or windows.columns.dilation > 1:
        context |= {"run": group_depth, "run_h": windows.rows.kernel, "run_w": windows.columns.kernel}
    elif windows.columns.kernel == row and windows.rows.dilation == 1:
        context |= {"run": flat.shape[1], "run_h": 1, "run_w": 1}
    else:
        context |= {"run": windows.columns.kernel * windows.depth, "run_h": windows.rows.kernel, "run_w": 1}
    conv = _Convolution(low, windows, flat, groups, output, context)
    forms = [*_straight_forms(conv), *_looped_forms(conv), *_gathered_forms(conv), *_single_forms(conv)]
    low.formed([low.input(0)], forms, macs=conv.macs, summary=summary or windows.summary())


def _single_forms(conv: _Convolution) -> list[Form]:
    """Forms of a dense layer, which a convolution with one window is."""
    if conv.g.batch * conv.g.windows > 1 or conv.groups > 1:
        return []
    gather = single_window(conv.g, conv.context["in_zero"])
    return dense_forms(conv.low, conv.weights, conv.output, gather) if gather else []


def _bands(conv: _Convolution) -> list[tuple[int, int]]:
    """Cores, and rows of windows that share one padded image; only padding and two cores need bands."""
    rows, half = conv.g.rows.out, -(-conv.g.rows.out // 2)
    one = halves(rows) if conv.g.padded else [rows]
    two = [] if rows < 2 else halves(half) if conv.g.padded else [half]
    return [(1, band) for band in one] + [(2, band) for band in two]


def _divided(conv: _Convolution, form: Form, cores: int, fetches: float) -> Form:
    """A form on one core or two, which share its rows."""
    rows = conv.g.rows.out
    return form if cores == 1 else form.on_two_cores(-(-rows // 2), rows, fetches)


def _looped_forms(conv: _Convolution) -> list[Form]:
    """Forms with the weights as data: four pixels at a time, or one."""
    padded = padded_rows(conv.weights)
    channels, terms = padded.shape
    weights = conv.low.constant(
        "weights", "int8_t", padded, f"weights [{channels}][{terms}], {conv.terms} of each row used"
    )
    # Four pixels at a time need two products to fit 16 bits; for one or two pixels the packing does not pay.
    pairs = np.abs(padded).reshape(channels, -1, 2).sum(axis=2).max()
    portion = min(channels // conv.groups, max(8, WEIGHT_CHUNK // terms))
    forms = []
    for quads in (True, False):
        if quads and (conv.g.windows <= 2 or pairs > 255):
            continue
        for cores, rows in _bands(conv):
            for chunk in [c for c in halves(portion) if c >= 4] or [portion]:
                pixels = 4 if quads else 1
                cycles = conv.macs * (QUAD_CYCLES if quads else SINGLE_CYCLES) * conv.band_cycles(rows, pixels)
                cycles += -(-channels // chunk) * conv.g.windows * terms * COPY_CYCLES * (2 if quads else 3)
                fetches = padded.size * FETCH_CYCLES + channels * ROW_CYCLES
                cycles += -(-conv.g.rows.out // rows) * conv.field(rows) * COPY_CYCLES
                form = conv.form(
                    "conv_2d", {"band": rows, "chunk": chunk, "quads": quads, "padded_terms": terms,
                                "weights": weights},
                    (weights,), {"dot4" if quads else "dot1"}, cycles=cycles + fetches,
                    scratch=4 * ((2 if quads else 1) * terms + pixels * chunk) + conv.field(rows),
                )  # fmt: skip
                forms.append(_divided(conv, form, cores, fetches))
    return forms


def _gathered_forms(conv: _Convolution) -> list[Form]:
    """Forms for tight memory: one window at a time is gathered, and widened in blocks."""
    padded = padded_rows(conv.weights)
    channels, terms = padded.shape
    taps = conv.g.rows.kernel * conv.g.columns.kernel
    weights = conv.low.constant(
        "weights", "int8_t", padded, f"weights [{channels}][{terms}], {conv.terms} of each row used"
    )
    forms = []
    for block in [b for b in fourths(terms) if b >= 32] or [terms]:
        for chunk in [c for c in halves(channels // conv.groups) if c >= 8] or [channels // conv.groups]:
            chunks, blocks = -(-channels // chunk), -(-terms // block)
            # Weights that leave the cache before the next pixel are taken in portions, and windows gathered for each.
            portions = chunks > 1 and padded.size > FLASH_CACHE // 2
            gathered = conv.groups * taps * (60.0 + conv.terms / taps) * (chunks if portions else 1)
            cycles = conv.macs * SINGLE_CYCLES + conv.g.batch * conv.g.windows * (
                gathered + chunks * (3.0 * terms + 120.0 * blocks)
            )
            cycles += padded.size * FETCH_CYCLES + channels * ROW_CYCLES
            if chunk * terms > FLASH_CACHE // 2:
                cycles += conv.g.batch * conv.g.windows * padded.size / 8 * MISS_CYCLES
            form = conv.form(
                "conv_2d_gathered", {"block": block, "chunk": chunk, "padded_terms": terms, "weights": weights,
                                     "portions": portions},
                (weights,), {"dot1"}, cycles=cycles, scratch=4 * (block + chunk) + aligned(conv.terms),
            )  # fmt: skip
            forms.append(form)
            pixels = conv.g.batch * conv.g.windows
            if pixels > 1:
                forms.append(form.on_two_cores(-(-pixels // 2), pixels, padded.size * FETCH_CYCLES))
    return forms


def _straight_forms(conv: _Convolution) -> list[Form]:
    """Forms as straight-line code.

    It pays when the code runs for enough pixels each time it is fetched from flash; code of a few kilobytes goes to
    SRAM, where fetching costs nothing.
    """
    pixels, terms = conv.g.windows, conv.terms
    if pixels < 8 or conv.groups > 1 or not conv.low.program.unroll:
        return []
    blocks = make_blocks(conv.low.program.prefix, conv.low.symbol, conv.weights)
    size = sum(block.size for block in blocks)
    values = tuple(int(w) for w in conv.weights.ravel())
    text = constant_text(Constant(f"{conv.low.symbol}_data", "int8_t", values, "the same weights as data"))
    in_sram = size <= SRAM_CODE_LIMIT
    forms = []
    seen = set()
    for cores, rows in _bands(conv):
        inside = rows * conv.g.columns.out
        for buffer in PAIR_BUFFERS:
            pairs = min((inside + 1) // 2, max(1, buffer // (4 * terms)))
            if (cores, rows, pairs) in seen:
                continue
            seen.add((cores, rows, pairs))
            passes = -(-inside // (2 * pairs))
            runs = passes * -(-conv.g.rows.out // rows)
            # Code that does not stay in the cache is fetched anew for every buffer full of pixels.
            fetches = 0.0 if in_sram else size / 8 * MISS_CYCLES * (1 if size < FLASH_CACHE // 2 else runs)
            cycles = pixels / 2 * sum(b.cycles for b in blocks) * conv.band_cycles(rows, 2)
            cycles += fetches + conv.g.channels * ROW_CYCLES
            cycles += runs * len(blocks) * 120 + pixels * terms * 2 * COPY_CYCLES
            cycles += -(-conv.g.rows.out // rows) * conv.field(rows) * COPY_CYCLES
            form = conv.form(
                "conv_2d_unrolled",
                {"band": rows, "pairs": pairs, "passes": passes, "blocks": blocks, "weights_text": text,
                 "section": "ram_text" if in_sram else "flash_text"},
                (), {"unrolled"}, cycles=conv.g.batch * cycles, note="straight-line code",
                scratch=4 * (pairs * terms + 6 * pairs) + conv.field(rows), code=size,
                ram_code=size if in_sram else 0,
            )  # fmt: skip
            forms.append(_divided(conv, form, cores, 0.0))  # each fetches while the other computes
    return forms


def check_fully_connected(low: Lowering) -> None:
    """Whole rows of terms give whole rows of channels."""
    source, output, weights = low.input(0), low.output(), low.input(1)
    if len(weights.shape) != 2:
        low.fail(f"weights of shape {list(weights.shape)} do not have 2 dimensions", weights)
    channels, terms = weights.shape
    ends = output.shape[-1] if output.shape else 1
    if source.size % terms or output.size * terms != source.size * channels or ends != channels:
        shapes = f"input {list(source.shape)} and output {list(output.shape)}"
        low.fail(f"weights of shape {list(weights.shape)} for {shapes}", weights)


def fully_connected(low: Lowering) -> None:
    """FULLY_CONNECTED with constant weights."""
    source, tensor = low.input(0), low.input(1)
    in_scale, in_zero = low.int8(source)
    out_scale, _ = low.int8(low.output())
    weights = low.constant_of(tensor, "weights", ("INT8",))
    if low.op.options["weights_format"] != 0:
        low.fail("shuffled weights are not supported", tensor)
    channels, terms = weights.shape
    # In double, also with one scale for all: so the witness (see docs/compiler.md) multiplies.
    factors = [low.factor(in_scale, s, out_scale) for s in weight_scales(low, tensor, channels, 0)]
    rows, summary = source.size // terms, f"{terms} terms, {channels} outputs"
    if rows > 2:  # as good as pixels of an image
        one = Axis(1, 1, 1, 1, 1, 0)
        g = Geometry(1, Axis(rows, rows, 1, 1, 1, 0), one, terms, channels)
        convolution(low, g, weights.reshape(channels, 1, 1, terms), factors, f"{rows} rows of {summary}")
        return
    flat = weights.astype(np.int64)
    bias = bias_values(low, 2, channels) - in_zero * flat.sum(axis=1)
    output = output_rows(low, bias, factors, np.abs(flat).sum(axis=1) * 128)
    forms = dense_forms(low, flat, output, Gather(((0, 0, terms),), terms), rows)
    padded = padded_rows(flat)
    context: dict[str, Any] = {
        "row_count": rows, "terms": terms, "padded_terms": padded.shape[1], "channels": channels, "output": output,
    }  # fmt: skip
    forms += _words_forms(low, context, padded, output)
    low.formed([source], forms, macs=rows * flat.size, summary=summary)


def _words_forms(low: Lowering, context: dict[str, Any], weights: npt.NDArray[np.int64], output: Output) -> list[Form]:
    """Forms that compute a channel at a time, for any weights and few channels: inputs are widened in blocks."""
    channels, terms = weights.shape
    text = f"weights [{channels}][{terms}], {context['terms']} of each row used"
    symbol, forms = low.constant("weights", "int8_t", weights, text), []
    for block in [b for b in fourths(terms) if b >= 64] or [terms]:
        for chunk in [c for c in halves(channels) if c >= 8] or [channels]:
            chunks, blocks = -(-channels // chunk), -(-terms // block)
            cycles = weights.size * (SINGLE_CYCLES + FETCH_CYCLES) + (15.0 * blocks + ROW_CYCLES) * channels
            cycles += 120.0 * chunks * blocks
            cycles += terms * 3 * COPY_CYCLES * (chunks if blocks > 1 else 1)
            forms.append(
                Form(
                    "fully_connected", context | {"chunk": chunk, "block": block, "weights": symbol},
                    context["row_count"] * cycles, 4 * (block + chunk), (output.rows, output.exact, symbol),
                    frozenset({"requantise", "clamp", "store", "dot1"}),
                )
            )  # fmt: skip
    return forms


RULES = {
    "CONV_2D": Rule((2, 3), check_conv_2d, conv_2d),
    "FULLY_CONNECTED": Rule((2, 3), check_fully_connected, fully_connected),
}
