"""Convolutions and fully connected layers beyond int8 by symmetric int8: 16-bit activations, weights with a zero point.

Also TRANSPOSE_CONV. One plain loop nest serves all: weights as [channels][rows][columns][depth of a group].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import C_TYPES, Lowering, Rule
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.schema import ACTIVATIONS, PADDINGS

Array = npt.NDArray[np.int64]


def activation_limits(low: Lowering) -> tuple[int, int]:
    """Limits of the fused activation in the output's type."""
    output = low.output()
    scale, zero = low.quantisation(output, ("INT8", "INT16"))
    lowest, highest = (-128, 127) if output.dtype == "INT8" else (-32768, 32767)
    code = int(low.op.options.get("activation", 0))
    name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
    bounds = {"NONE": (None, None), "RELU": (0.0, None), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
    if name not in bounds:
        low.fail(f"fused activation {name} is not supported", output)
    lower, upper = bounds[name]
    low_limit = lowest if lower is None else max(lowest, zero + fx.quantize_limit(lower, scale))
    return low_limit, highest if upper is None else min(highest, zero + fx.quantize_limit(upper, scale))


def has_zero_point(low: Lowering) -> bool:
    """Whether an operator's weights have a zero point that counts.

    In the runtime it counts for FULLY_CONNECTED with one scale; convolutions of int8 ignore it. It counts in all
    networks of uint8.
    """
    if low.op.options.get("asymmetric"):
        return True
    if low.op.name != "FULLY_CONNECTED" or len(low.op.inputs) < 2:
        return False
    weights = low.input(1)
    return weights.scale.size == 1 and weights.zero_point.size == 1 and int(weights.zero_point[0]) != 0


@dataclass(frozen=True)
class Weights:
    """Weights with their zero points taken off, and the factors that bring sums to the output."""

    values: Array
    scales: list[fx.Scale]
    bias: Array
    wide: bool


def read_weights(low: Lowering, channels: int, axis: int, bias_at: int, weights_at: int = 1) -> Weights:
    """Weights, factors and bias of a layer.

    Args:
        low: the operator.
        channels: output channels.
        axis: the weights' axis of channels.
        bias_at: position of the bias.
        weights_at: position of the weights.
    """
    source, output, tensor = low.input(0), low.output(), low.input(weights_at)
    if low.op.name == "TRANSPOSE_CONV":
        source = low.input(2)
    data = low.constant_of(tensor, "weights", ("INT8",)).astype(np.int64)
    in_scale, in_zero = low.quantisation(source, ("INT8", "INT16"))
    out_scale, out_zero = low.quantisation(output, ("INT8", "INT16"))
    if source.dtype != output.dtype:
        low.fail(f"{source.dtype} cannot become {output.dtype} here", output)
    if source.dtype == "INT16" and (in_zero or out_zero):
        low.fail("16-bit activations need zero point 0", output)
    scale, zero = tensor.scale, tensor.zero_point if tensor.zero_point.size else np.zeros(1, np.int64)
    if scale.size not in (1, channels) or not np.all(scale > 0) or zero.size not in (1, channels):
        low.fail(f"{scale.size} scales and {zero.size} zero points for {channels} channels", tensor)
    if scale.size > 1 and tensor.axis != axis:
        low.fail(f"weights quantised along axis {tensor.axis}, not {axis}", tensor)
    shape = [1] * data.ndim
    shape[axis] = zero.size
    values = data - zero.reshape(shape) if has_zero_point(low) else data
    wide = source.dtype == "INT16"
    bias = np.zeros(channels, np.int64)
    if len(low.op.inputs) > bias_at and low.op.inputs[bias_at] >= 0:
        given = low.input(bias_at)
        bias = low.constant_of(given, "bias", ("INT32", "INT64") if wide else ("INT32",)).astype(np.int64).ravel()
        wide = given.dtype == "INT64"
        if bias.size != channels:
            low.fail(f"{bias.size} bias values for {channels} channels", given)
    scales = [
        fx.quantize_multiplier(in_scale * float(s) / out_scale, 7 if wide else fx.MAX_SHIFT)
        for s in np.broadcast_to(scale, (channels,))
    ]
    most = int(np.abs(values).sum(axis=tuple(i for i in range(values.ndim) if i != axis)).max(initial=0))
    reach = most * (32768 if source.dtype == "INT16" else 255) + int(np.abs(bias).max(initial=0))
    if reach >= (2**47 if wide else 2**31):
        low.fail(f"the sums may leave {48 if wide else 32} bits", tensor)
    return Weights(values, scales, bias, wide)


def context_of(low: Lowering, weights: Weights, values: Array) -> dict[str, Any]:
    """What all templates of this file need."""
    source = low.input(2) if low.op.name == "TRANSPOSE_CONV" else low.input(0)
    limits = activation_limits(low)
    small = values.size == 0 or (values.min() >= -128 and values.max() <= 127)
    most = int(np.abs(values).max(initial=1)) * (32768 if source.dtype == "INT16" else 255)
    scales = [word for s in weights.scales for word in (s.multiplier, s.shift)]
    return {
        "in_type": C_TYPES[source.dtype], "weight_type": "int8_t" if small else "int16_t",
        "sum_type": "int64_t" if weights.wide else "int32_t",
        "part": max(1, (2**31 - 1) // max(1, most)),  # products whose sum fits 32 bits
        "in_zero": low.quantisation(source, ("INT8", "INT16"))[1],
        "out_zero": low.quantisation(low.output(), ("INT8", "INT16"))[1], "low": limits[0], "high": limits[1],
        "weights": low.constant("weights", "int8_t" if small else "int16_t", values, "weights"),
        "bias": low.constant("bias", "int64_t" if weights.wide else "int32_t", weights.bias, "bias"),
        "scales": low.constant("scales", "int32_t", scales, "multiplier and shift of every channel"),
    }  # fmt: skip


def helpers(weights: Weights) -> set[str]:
    """Runtime helpers of the templates."""
    return {"clamp", "requantise"} | ({"requantise64"} if weights.wide else set())


def image(low: Lowering, tensor: Tensor) -> tuple[int, int, int, int]:
    """A shape of 4 dimensions."""
    if len(tensor.shape) != 4:
        low.fail(f"shape {list(tensor.shape)} does not have 4 dimensions", tensor)
    return tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]


def window(low: Lowering, size: int, kernel: int, letter: str) -> tuple[int, int]:
    """Output size and padding in front of a sliding window."""
    options = low.op.options
    stride, dilation = int(options[f"stride_{letter}"]), int(options.get(f"dilation_{letter}", 1))
    code = int(options["padding"])
    if not 0 <= code < len(PADDINGS) or stride < 1 or dilation < 1 or kernel < 1:
        low.fail(f"padding {code}, filter {kernel}, stride {stride}, dilation {dilation} do not belong together")
    reach = (kernel - 1) * dilation + 1
    out = -(-size // stride) if PADDINGS[code] == "SAME" else (size - reach + stride) // stride
    front = max(0, (out - 1) * stride + reach - size) // 2 if PADDINGS[code] == "SAME" else 0
    if out < 1:
        low.fail(f"a filter of {reach} does not fit {size}", low.input(0))
    return out, front


def convolution(low: Lowering) -> None:
    """CONV_2D and DEPTHWISE_CONV_2D."""
    source, output, tensor = low.input(0), low.output(), low.input(1)
    batch, height, width, depth = image(low, source)
    channels = image(low, output)[3]
    deep = low.op.name == "DEPTHWISE_CONV_2D"
    shape = image(low, tensor)
    kernel_h, kernel_w = shape[1:3]
    group_depth = 1 if deep else shape[3]
    if (deep and (shape[0] != 1 or shape[3] != channels or channels % depth)) or (
        not deep and (shape[0] != channels or not group_depth or depth % group_depth)
    ):
        low.fail(f"weights of shape {list(shape)} for {depth} input and {channels} output channels", tensor)
    groups = depth // group_depth
    if channels % groups:
        low.fail(f"{channels} output channels do not divide into {groups} groups", tensor)
    (out_h, top), (out_w, left) = window(low, height, kernel_h, "h"), window(low, width, kernel_w, "w")
    low.expect([batch, out_h, out_w, channels])
    weights = read_weights(low, channels, 3 if deep else 0, 2)
    values = weights.values.transpose(3, 1, 2, 0) if deep else weights.values
    options = low.op.options
    context = context_of(low, weights, values) | {
        "batch": batch, "height": height, "width": width, "depth": depth, "out_h": out_h, "out_w": out_w,
        "channels": channels, "kernel_h": kernel_h, "kernel_w": kernel_w, "group_depth": group_depth,
        "per_group": channels // groups, "top": top, "left": left,
        **{k: options[k] for k in ("stride_h", "stride_w", "dilation_h", "dilation_w")},
    }  # fmt: skip
    summary = f"{kernel_h}x{kernel_w} filter, {source.dtype.lower()}, weights of {context['weight_type']}"
    macs = batch * out_h * out_w * values.size
    low.layer("conv_wide", [source], context, macs=macs, helpers=helpers(weights), summary=summary)


def fully_connected(low: Lowering) -> None:
    """FULLY_CONNECTED, as a convolution of single pixels."""
    source, output, tensor = low.input(0), low.output(), low.input(1)
    if len(tensor.shape) != 2 or 0 in tensor.shape or source.size % tensor.shape[1]:
        low.fail(f"weights of shape {list(tensor.shape)} for input {list(source.shape)}", tensor)
    channels, terms = tensor.shape
    if output.size * terms != source.size * channels:
        low.fail(f"weights of shape {list(tensor.shape)} for output {list(output.shape)}", tensor)
    weights = read_weights(low, channels, 0, 2)
    context = context_of(low, weights, weights.values) | {
        "batch": source.size // terms, "height": 1, "width": 1, "depth": terms, "out_h": 1, "out_w": 1,
        "channels": channels, "kernel_h": 1, "kernel_w": 1, "group_depth": terms, "per_group": channels,
        "top": 0, "left": 0, "stride_h": 1, "stride_w": 1, "dilation_h": 1, "dilation_w": 1,
    }  # fmt: skip
    macs = context["batch"] * weights.values.size
    low.layer(
        "conv_wide",
        [source],
        context,
        macs=macs,
        helpers=helpers(weights),
        summary=f"{terms} terms, {channels} outputs",
    )


def check_transpose_conv(low: Lowering) -> None:
    """The output's shape gives the input's, as that of a convolution; a shape computed at run time is not looked at."""
    output, tensor, source = low.output(), low.input(1), low.input(2)
    if low.input(0).data is not None:
        low.expect(low.integers(0, "the output's shape"))
    _, kernel_h, kernel_w, depth = image(low, tensor)
    batch, height, width, channels = image(low, output)
    shape = [batch, window(low, height, kernel_h, "h")[0], window(low, width, kernel_w, "w")[0], depth]
    if list(source.shape) != shape or tensor.shape[0] != channels:
        low.fail(f"shape {list(output.shape)} needs an input of shape {shape}, not {list(source.shape)}", source)


def transpose_conv(low: Lowering) -> None:
    """TRANSPOSE_CONV: for each output, the taps that fall on an input."""
    source, output = low.input(2), low.output()
    batch, height, width, depth = image(low, source)
    _, out_h, out_w, channels = image(low, output)
    _, kernel_h, kernel_w, _ = image(low, low.input(1))
    weights = read_weights(low, channels, 0, 3)
    context = context_of(low, weights, weights.values) | {
        "batch": batch, "height": height, "width": width, "depth": depth, "out_h": out_h, "out_w": out_w,
        "channels": channels, "kernel_h": kernel_h, "kernel_w": kernel_w,
        "top": window(low, out_h, kernel_h, "h")[1], "left": window(low, out_w, kernel_w, "w")[1],
        "stride_h": low.op.options["stride_h"], "stride_w": low.op.options["stride_w"],
    }  # fmt: skip
    macs = batch * height * width * weights.values.size
    summary = f"{kernel_h}x{kernel_w} filter, stride {context['stride_h']}x{context['stride_w']}"
    low.layer("transpose_conv", [source], context, macs=macs, helpers=helpers(weights), summary=summary)


def plain(low: Lowering) -> None:
    """The lowering of these operators checks as it goes."""


RULES = {"TRANSPOSE_CONV": Rule((3, 4), check_transpose_conv, transpose_conv)}

WIDE_RULES = {
    "CONV_2D": Rule((2, 3), plain, convolution),
    "DEPTHWISE_CONV_2D": Rule((2, 3), plain, convolution),
    "FULLY_CONNECTED": Rule((2, 3), plain, fully_connected),
}
