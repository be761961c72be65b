"""Lowering of the operators that multiply by weights: convolutions and fully connected layers."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.depthwise import Window, window_code
from emberwatch.training.compiler.emit import constant_text
from emberwatch.training.compiler.fixedpoint import Scale, activation_range, quantize_multiplier
from emberwatch.training.compiler.ir import Constant, Lowering
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.requantise import layer_rows
from emberwatch.training.compiler.schema import ACTIVATIONS, PADDINGS
from emberwatch.training.compiler.unroll import make_blocks

FLASH_CACHE = 16384  # bytes of the RP2040's XIP cache, in lines of 8
MISS_CYCLES = 80  # to fetch one line, about; it only decides between forms of code
SRAM_CODE_LIMIT = 6144  # straight-line code of a layer up to this size lives in SRAM
PAIR_BUFFER = 16384  # bytes for the packed pixels of a layer in straight-line code
WEIGHT_CHUNK = 8192  # bytes of weights that are used for all pixels in turn: half of the RP2040's flash cache
DEPTHWISE_SUMS = 1024  # sums of a depthwise layer that are kept before they are requantised


def activation_limits(low: Lowering, output: Tensor) -> tuple[int, int]:
    """Int8 limits of the operator's fused activation."""
    scale, zero = low.int8(output)
    code = int(low.op.options["activation"])
    name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
    try:
        return activation_range(name, scale, zero)
    except KeyError:
        low.fail(f"fused activation {name} is not supported", output)


def window(low: Lowering, axis: int, filter_size: int, stride: int, dilation: int = 1) -> int:
    """Rows (or columns) of padding in front of a sliding window.

    Args:
        low: the operator, for its padding option and messages.
        axis: 1 for rows, 2 for columns.
        filter_size: window size.
        stride: step of the window.
        dilation: distance of the window's elements.
    """
    code = int(low.op.options["padding"])
    if not 0 <= code < len(PADDINGS):
        low.fail(f"padding {code} is unknown")
    if stride < 1 or dilation < 1 or filter_size < 1:
        low.fail(f"filter {filter_size}, stride {stride}, dilation {dilation}: each must be 1 or more")
    size, out = low.input(0).shape[axis], low.output().shape[axis]
    reach = (filter_size - 1) * dilation + 1
    if "pads" in low.op.options:  # a layer cut down for streaming
        return int(low.op.options["pads"][axis - 1])
    same = PADDINGS[code] == "SAME"
    expected = -(-size // stride) if same else (size - reach + stride) // stride
    if expected != out:
        low.fail(f"input size {size} gives output size {expected}, but the model says {out}", low.output())
    return max(0, (out - 1) * stride + reach - size) // 2 if same else 0


def weight_scales(low: Lowering, weights: Tensor, channels: int, axis: int) -> npt.NDArray[np.float32]:
    """Weight scale of every output channel; refuses asymmetric weights."""
    if np.any(weights.zero_point != 0):
        low.fail("weights with a zero point other than 0 are not supported", weights)
    if weights.scale.size not in (1, channels) or not np.all(weights.scale > 0):
        low.fail(f"{weights.scale.size} weight scales for {channels} channels", weights)
    if weights.scale.size > 1 and weights.axis != axis:
        low.fail(f"weights quantised along axis {weights.axis}, not {axis}", weights)
    return np.broadcast_to(weights.scale, (channels,))


def bias_values(low: Lowering, position: int, channels: int) -> npt.NDArray[np.int64]:
    """The bias of every output channel, zeros when there is none."""
    if len(low.op.inputs) <= position or low.op.inputs[position] < 0:
        return np.zeros(channels, np.int64)
    tensor = low.input(position)
    data = low.constant_of(tensor, "bias", ("INT32",))
    if data.size != channels:
        low.fail(f"{data.size} bias values for {channels} channels", tensor)
    return data.astype(np.int64).ravel()


def output_rows(
    low: Lowering,
    context: dict[str, Any],
    bias: npt.NDArray[np.int64],
    scales: list[Scale],
    bounds: npt.NDArray[np.int64],
) -> None:
    """Add the constants of the requantisation to a layer's context.

    Args:
        low: the operator.
        context: with `out_zero`, `low` and `high`; `rows` and `band` are added.
        bias: bias of every channel with the input offset folded in.
        scales: rescale factor of every channel.
        bounds: largest magnitude of every channel's sum of products.
    """
    limits = [int(b) + abs(int(c)) for b, c in zip(bounds, bias, strict=True)]
    rows, band = layer_rows(
        [int(b) for b in bias], scales, context["out_zero"], context["low"], context["high"], limits
    )
    context["band"] = band << 8
    prefix = low.program.prefix
    fast, exact = [row.fast_words() for row in rows], [row.exact_words() for row in rows]
    context["rows"] = low.constant("rows", f"{prefix}_channel_t", fast, "low, range, factor, offset")
    context["exact"] = low.constant("exact", f"{prefix}_exact_t", exact, "bias, multiplier, shift")


def padded_rows(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Weights [channels][terms] with zeros appended so that the terms are a multiple of 4."""
    return np.pad(weights, ((0, 0), (0, -weights.shape[1] % 4)))


def _refuse_weights(low: Lowering, weights: Tensor, depth: int, channels: int) -> NoReturn:
    low.fail(f"weights of shape {list(weights.shape)} for {depth} input and {channels} output channels", weights)


def _image(low: Lowering, tensor: Tensor) -> tuple[int, int, int, int]:
    if len(tensor.shape) != 4:
        low.fail(f"shape {list(tensor.shape)} does not have 4 dimensions", tensor)
    return tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]


def conv_2d(low: Lowering) -> None:
    """CONV_2D: any filter, stride, dilation and padding, with groups."""
    low.count((2, 3))
    depth, channels = _image(low, low.input(0))[3], _image(low, low.output())[3]
    tensor = low.input(1)
    weights = low.constant_of(tensor, "weights", ("INT8",))
    if weights.ndim != 4 or weights.shape[0] != channels or weights.shape[3] == 0 or depth % weights.shape[3]:
        _refuse_weights(low, tensor, depth, channels)
    groups = depth // weights.shape[3]
    if channels % groups:
        low.fail(f"{channels} output channels do not divide into {groups} groups", tensor)
    _convolution(low, weights, weight_scales(low, tensor, channels, 0))


def _convolution(low: Lowering, weights: npt.NDArray[np.int8], weight_scale: npt.NDArray[np.float32]) -> None:
    """A convolution with weights [channels][rows][columns][depth of a group]."""
    source, output = low.input(0), low.output()
    in_scale, in_zero = low.int8(source)
    out_scale, out_zero = low.int8(output)
    batch, height, width, depth = _image(low, source)
    _, out_h, out_w, channels = _image(low, output)
    _, kernel_h, kernel_w, group_depth = weights.shape
    groups = depth // group_depth
    options = low.op.options
    top = window(low, 1, kernel_h, options["stride_h"], options["dilation_h"])
    left = window(low, 2, kernel_w, options["stride_w"], options["dilation_w"])
    scales = [quantize_multiplier(in_scale * float(s) / out_scale) for s in weight_scale]
    flat = weights.astype(np.int64).reshape(channels, -1)
    bias = bias_values(low, 2, channels) - in_zero * flat.sum(axis=1)
    low_limit, high_limit = activation_limits(low, output)
    weights_padded = padded_rows(flat)
    padded_terms = weights_padded.shape[1]
    field_h = (out_h - 1) * options["stride_h"] + (kernel_h - 1) * options["dilation_h"] + 1
    field_w = (out_w - 1) * options["stride_w"] + (kernel_w - 1) * options["dilation_w"] + 1
    padded = top > 0 or left > 0 or field_h > height or field_w > width
    # Four pixels at a time need two products to fit 16 bits; for one or two pixels the packing does not pay.
    pairs = np.abs(weights_padded).reshape(channels, -1, 2).sum(axis=2).max()
    quads = out_h * out_w > 2 and pairs <= 255
    chunk = min(channels // groups, max(8, WEIGHT_CHUNK // padded_terms))
    context: dict[str, Any] = {
        "batch": batch, "height": height, "width": width, "depth": depth,
        "out_h": out_h, "out_w": out_w, "channels": channels,
        "kernel_h": kernel_h, "kernel_w": kernel_w, "group_depth": group_depth, "groups": groups,
        "stride_h": options["stride_h"], "stride_w": options["stride_w"],
        "dilation_h": options["dilation_h"], "dilation_w": options["dilation_w"],
        "top": top, "left": left, "in_zero": in_zero, "out_zero": out_zero,
        "low": low_limit, "high": high_limit, "terms": flat.shape[1], "padded_terms": padded_terms,
        "field_h": field_h, "field_w": field_w, "padded": padded, "quads": quads, "chunk": chunk,
    }  # fmt: skip
    # Bytes that lie together in every filter row, and how many such runs there are.
    row = field_w if padded else width
    if groups > 1 or options["dilation_w"] > 1:
        context |= {"run": group_depth, "run_h": kernel_h, "run_w": kernel_w}
    elif kernel_w == row and options["dilation_h"] == 1:
        context |= {"run": flat.shape[1], "run_h": 1, "run_w": 1}
    else:
        context |= {"run": kernel_w * depth, "run_h": kernel_h, "run_w": 1}
    output_rows(low, context, bias, scales, np.abs(flat).sum(axis=1) * 128)
    summary = (
        f"{kernel_h}x{kernel_w} filter, stride {options['stride_h']}x{options['stride_w']}, "
        f"dilation {options['dilation_h']}x{options['dilation_w']}, padding {top},{left}"
    )
    macs = batch * out_h * out_w * flat.size
    field_size = (field_h * field_w * depth + 3) // 4 * 4 if padded else 0
    helpers = {"requantise", "clamp", "store"} | ({"fill"} if padded else set())
    if quads and groups == 1 and _unroll(low, context, flat):
        pairs, blocks = context["pairs"], context["blocks"]
        low.layer(
            "conv_2d_unrolled", [source], context, macs=macs, helpers=helpers | {"unrolled"},
            summary=summary + ", unrolled",
            scratch=4 * (pairs * flat.shape[1] + 6 * pairs) + field_size, code=sum(block.size for block in blocks),
        )  # fmt: skip
        return
    context["weights"] = low.constant(
        "weights", "int8_t", weights_padded, f"weights [{channels}][{padded_terms}], {flat.shape[1]} of each row used"
    )
    low.layer(
        "conv_2d", [source], context, macs=macs, helpers=helpers | {"dot4" if quads else "dot1"}, summary=summary,
        scratch=4 * ((2 if quads else 1) * padded_terms + (4 if quads else 1) * chunk) + field_size,
    )  # fmt: skip


def _unroll(low: Lowering, context: dict[str, Any], weights: npt.NDArray[np.int64]) -> bool:
    """Decide whether a convolution becomes straight-line code; if so, add it to the context.

    It pays when the code runs for enough pixels each time it is fetched from flash; code of a few kilobytes goes to
    SRAM, where fetching costs nothing.
    """
    terms = weights.shape[1]
    pixels = context["out_h"] * context["out_w"]
    budget = low.program.unroll_limit - sum(layer.code for layer in low.program.layers)
    if pixels < 8 or 6 * weights.size > 2 * budget:
        return False
    blocks = make_blocks(low.program.prefix, low.symbol, weights)
    size = sum(block.size for block in blocks)
    # Code that does not stay in the cache is fetched anew for every buffer full of pixels: then a larger buffer pays.
    buffer = PAIR_BUFFER if size < FLASH_CACHE // 2 else 2 * PAIR_BUFFER
    pairs = min((pixels + 1) // 2, max(1, buffer // (4 * terms)))
    passes = -(-((pixels + 1) // 2) // pairs)
    in_sram = size <= SRAM_CODE_LIMIT
    fetches = 0 if in_sram else size / 8 * MISS_CYCLES * (1 if size < FLASH_CACHE // 2 else passes)
    straight = (pixels + 1) // 2 * sum(block.cycles for block in blocks) + fetches
    looped = 3.5 * pixels * weights.size
    if size > budget or straight > looped:
        return False
    values = tuple(int(w) for w in weights.ravel())
    text = constant_text(Constant(f"{low.symbol}_weights", "int8_t", values, "the same weights as data"))
    context |= {
        "blocks": blocks, "pairs": pairs, "passes": passes, "weights_text": text,
        "section": "ram_text" if in_sram else "flash_text",
    }  # fmt: skip
    return True


def depthwise_conv_2d(low: Lowering) -> None:
    """DEPTHWISE_CONV_2D: any filter, stride, dilation, padding and channel multiplier."""
    low.count((2, 3))
    source, output = low.input(0), low.output()
    in_scale, in_zero = low.int8(source)
    out_scale, out_zero = low.int8(output)
    batch, height, width, depth = _image(low, source)
    _, out_h, out_w, channels = _image(low, output)
    weights_tensor = low.input(1)
    weights = low.constant_of(weights_tensor, "weights", ("INT8",))
    if weights.ndim != 4 or weights.shape[0] != 1 or weights.shape[3] != channels or channels % depth:
        _refuse_weights(low, weights_tensor, depth, channels)
    if depth == 1:  # one input channel for all: an ordinary convolution
        _convolution(low, weights.transpose(3, 1, 2, 0), weight_scales(low, weights_tensor, channels, 3))
        return
    _, kernel_h, kernel_w, _ = weights.shape
    options = low.op.options
    top = window(low, 1, kernel_h, options["stride_h"], options["dilation_h"])
    left = window(low, 2, kernel_w, options["stride_w"], options["dilation_w"])
    scales = [
        quantize_multiplier(in_scale * float(s) / out_scale) for s in weight_scales(low, weights_tensor, channels, 3)
    ]
    taps = weights.astype(np.int64).reshape(kernel_h * kernel_w, channels)
    low_limit, high_limit = activation_limits(low, output)
    field_h = (out_h - 1) * options["stride_h"] + (kernel_h - 1) * options["dilation_h"] + 1
    field_w = (out_w - 1) * options["stride_w"] + (kernel_w - 1) * options["dilation_w"] + 1
    rows_per_pass = min(out_h, max(1, DEPTHWISE_SUMS // out_w))
    context: dict[str, Any] = {
        "batch": batch, "height": height, "width": width, "depth": depth,
        "out_h": out_h, "out_w": out_w, "channels": channels, "multiplicity": channels // depth,
        "kernel_h": kernel_h, "kernel_w": kernel_w, "taps": kernel_h * kernel_w,
        "stride_h": options["stride_h"], "stride_w": options["stride_w"],
        "dilation_h": options["dilation_h"], "dilation_w": options["dilation_w"],
        "top": top, "left": left, "in_zero": in_zero, "out_zero": out_zero,
        "low": low_limit, "high": high_limit, "field_h": field_h, "field_w": field_w,
        "padded": top > 0 or left > 0 or field_h > height or field_w > width, "rows_per_pass": rows_per_pass,
        "weights": low.constant("weights", "int8_t", taps.T, f"weights [{channels}][{kernel_h}][{kernel_w}]"),
    }  # fmt: skip
    summary = (
        f"{kernel_h}x{kernel_w} filter, stride {options['stride_h']}x{options['stride_w']}, "
        f"dilation {options['dilation_h']}x{options['dilation_w']}, padding {top},{left}"
    )
    macs = batch * out_h * out_w * taps.size
    bias, absolute = bias_values(low, 2, channels), np.abs(taps).sum(axis=0)
    if batch == 1 and out_h * out_w <= 2 and not context["padded"]:
        output_rows(low, context, bias - in_zero * taps.sum(axis=0), scales, absolute * 128)
        low.layer(
            "depthwise_conv_2d_narrow", [source], context, macs=macs, summary=summary, scratch=4 * channels,
            helpers={"requantise", "clamp", "store"},
        )  # fmt: skip
        return
    sliding = Window(
        offsets=tuple(
            ky * options["dilation_h"] * field_w + kx * options["dilation_w"]
            for ky in range(kernel_h)
            for kx in range(kernel_w)
        ),
        step=options["stride_w"],
        skip=options["stride_h"] * field_w - out_w * options["stride_w"],
        width=out_w,
    )
    context["code"] = window_code(f"{low.symbol}_window", sliding)
    # Activations are offset by 128 to 0..255, so that single bytes load without sign extension.
    output_rows(low, context, bias - (in_zero + 128) * taps.sum(axis=0), scales, absolute * 255)
    low.layer(
        "depthwise_conv_2d", [source], context, macs=macs, summary=summary,
        scratch=4 * rows_per_pass * out_w + (field_h * field_w + 3) // 4 * 4,
        helpers={"requantise", "clamp", "store"} | ({"fill"} if context["padded"] else set()),
    )  # fmt: skip


def fully_connected(low: Lowering) -> None:
    """FULLY_CONNECTED with constant weights."""
    low.count((2, 3))
    source, output = low.input(0), low.output()
    in_scale, in_zero = low.int8(source)
    out_scale, out_zero = low.int8(output)
    weights_tensor = low.input(1)
    weights = low.constant_of(weights_tensor, "weights", ("INT8",))
    if low.op.options["weights_format"] != 0:
        low.fail("shuffled weights are not supported", weights_tensor)
    fits = weights.ndim == 2 and source.size % weights.shape[1] == 0
    if not fits or output.size * weights.shape[1] != source.size * weights.shape[0]:
        shapes = f"input {list(source.shape)} and output {list(output.shape)}"
        low.fail(f"weights of shape {list(weights.shape)} for {shapes}", weights_tensor)
    channels, terms = weights.shape
    weight_scale = weight_scales(low, weights_tensor, channels, 0)
    if weights_tensor.scale.size > 1:
        real = [in_scale * float(s) / out_scale for s in weight_scale]
    else:
        # One scale: the product of input and weight scale is rounded to float32 first, as the runtime does.
        real = [float(np.float32(in_scale) * s) / out_scale for s in weight_scale]
    flat = weights.astype(np.int64)
    bias = bias_values(low, 2, channels) - in_zero * flat.sum(axis=1)
    low_limit, high_limit = activation_limits(low, output)
    weights_padded = padded_rows(flat)
    padded_terms = weights_padded.shape[1]
    context: dict[str, Any] = {
        "row_count": source.size // terms, "terms": terms, "padded_terms": padded_terms, "channels": channels,
        "out_zero": out_zero, "low": low_limit, "high": high_limit,
        "weights": low.constant(
            "weights", "int8_t", weights_padded, f"weights [{channels}][{padded_terms}], {terms} of each row used"
        ),
    }  # fmt: skip
    output_rows(low, context, bias, [quantize_multiplier(r) for r in real], np.abs(flat).sum(axis=1) * 128)
    low.layer(
        "fully_connected", [source], context,
        macs=context["row_count"] * flat.size, scratch=4 * (padded_terms + channels),
        helpers={"requantise", "clamp", "store", "dot1"}, summary=f"{terms} terms, {channels} outputs",
    )  # fmt: skip
