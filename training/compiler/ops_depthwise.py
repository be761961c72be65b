"""Lowering of DEPTHWISE_CONV_2D."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.dense import (
    BURST_COST,
    BURST_CYCLES,
    CHANNELS,
    FETCH_CYCLES,
    ROW_CYCLES,
    ROW_WORDS,
    narrow_stream,
)
from emberwatch.training.compiler.depthwise import Window, window_code
from emberwatch.training.compiler.geometry import Geometry, check_reach, geometry, image
from emberwatch.training.compiler.ir import Form, Lowering, Rule, aligned
from emberwatch.training.compiler.ops_matmul import convolution, refuse_weights
from emberwatch.training.compiler.weights import Output, bias_values, halves, output_rows, weight_scales

SUMS = 1024  # that are kept before they are requantised
NARROW_BURST = 2048  # bytes of weights and constants that are fetched at once where there are one or two windows
DEPTHWISE_CYCLES, NARROW_CYCLES = 5.5, 14.0  # of a product, about: with the window's weights in registers, or not


def _depthwise_geometry(low: Lowering) -> Geometry:
    weights = low.input(1)
    depth, shape = image(low, low.input(0))[3], image(low, weights)
    channels = shape[3]
    if shape[0] != 1 or channels % depth:
        refuse_weights(low, weights, depth, channels)
    if int(low.op.options["depth_multiplier"]) != channels // depth:
        low.fail(f"depth multiplier {low.op.options['depth_multiplier']} from {depth} to {channels} channels", weights)
    return geometry(low, weights.shape[1], weights.shape[2], channels)


def check_depthwise_conv_2d(low: Lowering) -> None:
    """One window of the image for each output pixel, channels as many as the filter has."""
    windows = _depthwise_geometry(low)
    check_reach(low, windows)
    low.expect(windows.output)


def depthwise_conv_2d(low: Lowering) -> None:
    """DEPTHWISE_CONV_2D: any filter, stride, dilation, padding and channel multiplier."""
    g, tensor = _depthwise_geometry(low), low.input(1)
    weights = low.constant_of(tensor, "weights", ("INT8",))
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, _ = low.int8(low.output())
    factors = [low.factor(in_scale, s, out_scale) for s in weight_scales(low, tensor, g.channels, 3)]
    if g.depth == 1:  # one input channel for all: an ordinary convolution
        convolution(low, g, weights.transpose(3, 1, 2, 0), factors)
        return
    taps = weights.astype(np.int64).reshape(-1, g.channels)
    bias, absolute = bias_values(low, 2, g.channels), np.abs(taps).sum(axis=0)
    data = low.constant("weights", "int8_t", taps.T, f"weights [{g.channels}][{g.rows.kernel}][{g.columns.kernel}]")
    macs = g.batch * g.windows * taps.size
    narrow = g.batch == 1 and g.windows <= 2 and not g.padded
    # Where a plane is copied, activations are offset by 128 to 0..255: bytes load without sign extension.
    output = output_rows(low, bias - (in_zero + (0 if narrow else 128)) * taps.sum(axis=0), factors,
                         absolute * (128 if narrow else 255))  # fmt: skip
    shared = frozenset({"requantise", "clamp", "store"})
    context: dict[str, Any] = {
        "g": g, "multiplicity": g.channels // g.depth, "taps": len(taps), "in_zero": in_zero,
        "output": output, "weights": data, "cores": 1,
    }  # fmt: skip
    tables = (output.rows, output.exact, data)
    forms = []
    if narrow:
        for chunk in [c for c in halves(g.channels) if c >= 16] or [g.channels]:
            cycles = macs * NARROW_CYCLES + 60.0 * -(-g.channels // chunk)
            fetched = cycles + taps.size * FETCH_CYCLES + g.channels * ROW_CYCLES
            extra = {"chunk": chunk, "stream": None}
            forms.append(Form("depthwise_conv_2d_narrow", context | extra, fetched, 4 * chunk, tables, shared))
        forms.append(_narrow_bursts(low, context, taps, output, macs))
    else:
        context["code"] = window_code(f"{low.symbol}_window", _sliding(g))
        for rows in halves(min(g.rows.out, max(1, SUMS // g.columns.out))):
            plane = ((rows - 1) * g.rows.stride + g.rows.reach) * g.columns.field
            bands = -(-g.rows.out // rows)
            cycles = macs * DEPTHWISE_CYCLES + g.batch * g.depth * bands * (6.0 * plane + 200.0)
            scratch = 4 * rows * g.columns.out + aligned(plane)
            extra = {"band": rows}
            helpers = shared | {"fill"}
            form = Form("depthwise_conv_2d", context | extra, cycles, scratch, tables, helpers)
            forms.append(form)
            if g.depth > 1:
                forms.append(form.on_two_cores(-(-g.depth // 2), g.depth))
    low.formed([low.input(0)], forms, macs=macs, summary=g.summary())


def _narrow_bursts(
    low: Lowering, context: dict[str, Any], taps: npt.NDArray[np.int64], output: Output, macs: int
) -> Form:
    """The form of a narrow layer whose weights and constants come by DMA, some channels at a time."""
    channels = taps.shape[1]
    chunk = min(channels, max(CHANNELS, NARROW_BURST // (taps.shape[0] + 4 * ROW_WORDS) // CHANNELS * CHANNELS))
    words = narrow_stream(low, taps.T, output, chunk)
    text = f"for each {chunk} channels the weights and low, range, factor, offset of each"
    stream, longest = low.constant("stream", "uint32_t", words, text), aligned(chunk * taps.shape[0]) + 16 * chunk
    windows = macs // taps.size
    fetched = 4 * words.size * BURST_CYCLES + (60.0 + BURST_COST) * -(-channels // chunk)
    cycles = macs * NARROW_CYCLES + windows * fetched
    return Form(
        "depthwise_conv_2d_narrow", context | {"chunk": chunk, "stream": stream}, cycles, 4 * chunk + longest,
        (output.exact, stream), frozenset({"requantise", "clamp", "store", "bursts"}), note="weights by DMA", dma=True,
    )  # fmt: skip


def _sliding(g: Geometry) -> Window:
    """The window over one channel's padded plane."""
    return Window(
        offsets=tuple(
            ky * g.rows.dilation * g.columns.field + kx * g.columns.dilation
            for ky in range(g.rows.kernel)
            for kx in range(g.columns.kernel)
        ),
        step=g.columns.stride,
        skip=g.rows.stride * g.columns.field - g.columns.out * g.columns.stride,
        width=g.columns.out,
    )


RULES = {"DEPTHWISE_CONV_2D": Rule((2, 3), check_depthwise_conv_2d, depthwise_conv_2d)}
