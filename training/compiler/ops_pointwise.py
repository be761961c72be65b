"""Lowering of the operators that work element by element, and of SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import C_TYPES, Lowering, Rule, same_shape
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.weights import activation_limits

MAX_SOFTMAX = 4095  # elements: the sum of their exponentials, Q12.19, stays below 2^31


def _table(low: Lowering, function: Callable[[int], int], summary: str) -> None:
    """A function of one int8 as a table of 256."""
    source = low.input(0)
    values = [min(127, max(-128, function(x))) for x in range(-128, 128)]
    context = {"size": source.size, "table": low.constant("table", "int8_t", values, "output for inputs -128..127")}
    low.layer("table", [source], context, in_place=(0,), summary=summary)


def relu(low: Lowering) -> None:
    """RELU: rescales from the input's to the output's quantisation."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    scale = fx.quantize_multiplier(in_scale / out_scale)
    lower, upper = fx.activation_range("RELU", out_scale, out_zero)
    _table(low, lambda x: min(max(fx.wrap32(out_zero + fx.rescale(x - in_zero, scale)), lower), upper), "table")


def relu6(low: Lowering) -> None:
    """RELU6: limits in the input's quantisation, which the output has to share."""
    scale, zero = low.int8(low.input(0))
    if (scale, zero) != low.int8(low.output()):
        low.fail("input and output must have the same scale and zero point", low.output())
    six = min(127, zero + fx.quantize_limit(6.0, scale))
    _table(low, lambda x: min(max(x, zero), six), "table")


def _fixed_point_input(
    scale: float, zero: int, function: Callable[[int], int], low: int, high: int
) -> Callable[[int], int]:
    """Evaluate a gemmlowp function with 4 integer bits; outside of +-16 the result is `low` or `high`."""
    fraction, shift = math.frexp(scale * 2.0**27)
    multiplier = fx.Scale(fx.round_half_away(fraction * 2.0**31), shift)
    radius = math.floor(15.0 * 2.0**27 / 2.0**shift)

    def evaluate(x: int) -> int:
        centred = x - zero
        if centred <= -radius:
            return low
        if centred >= radius:
            return high
        return function(fx.rescale(centred, multiplier))

    return evaluate


def logistic(low: Lowering) -> None:
    """LOGISTIC; the output scale is 1/256 with zero point -128, as the runtime demands."""
    scale, zero = low.int8(low.input(0))
    if low.int8(low.output()) != (1 / 256, -128):
        low.fail("the output must have scale 1/256 and zero point -128", low.output())
    _table(
        low,
        _fixed_point_input(scale, zero, lambda v: min(fx.rounding_shift(fx.logistic(v, 4), 23), 255) - 128, -128, 127),
        "table",
    )


def tanh(low: Lowering) -> None:
    """TANH; the output scale is 1/128 with zero point 0, as the runtime demands."""
    scale, zero = low.int8(low.input(0))
    if low.int8(low.output()) != (1 / 128, 0):
        low.fail("the output must have scale 1/128 and zero point 0", low.output())
    evaluate = _fixed_point_input(scale, zero, lambda v: min(fx.rounding_shift(fx.tanh(v, 4), 24), 127), -128, 127)
    _table(low, evaluate, "table")


def quantize(low: Lowering) -> None:
    """QUANTIZE: FLOAT32 to INT8, or INT8/UINT8 to INT8 or UINT8 with another quantisation."""
    source, output = low.input(0), low.output()
    out_scale, out_zero = low.quantisation(output, ("INT8", "UINT8"))
    lower, upper = (-128, 127) if output.dtype == "INT8" else (0, 255)
    if source.dtype == "FLOAT32":
        context: dict[str, Any] = {
            "size": source.size, "scale": float_literal(out_scale), "zero": out_zero, "low": lower, "high": upper,
            "ctype": "int8_t" if output.dtype == "INT8" else "uint8_t",
        }  # fmt: skip
        low.layer("quantize", [source], context, summary="float to int8")
        return
    in_scale, in_zero = low.quantisation(source, ("INT8", "UINT8"))
    scale = fx.quantize_multiplier(in_scale / out_scale)
    first = -128 if source.dtype == "INT8" else 0
    values = [
        min(upper, max(lower, fx.wrap32(fx.rescale(x - in_zero, scale) + out_zero))) for x in range(first, first + 256)
    ]
    context = {
        "size": source.size, "in_type": "int8_t" if first else "uint8_t", "first": first,
        "out_type": "int8_t" if output.dtype == "INT8" else "uint8_t",
        "table": low.constant("table", "int8_t" if lower else "uint8_t", values, f"output for inputs from {first}"),
    }  # fmt: skip
    low.layer("requantize", [source], context, summary="table")


def dequantize(low: Lowering) -> None:
    """DEQUANTIZE: INT8 or UINT8 to FLOAT32."""
    source, output = low.input(0), low.output()
    scale, zero = low.quantisation(source, ("INT8", "UINT8"))
    if output.dtype != "FLOAT32":
        low.fail(f"output of type {output.dtype} is not supported, only FLOAT32", output)
    context = {
        "size": source.size, "scale": float_literal(scale), "zero": zero,
        "ctype": "int8_t" if source.dtype == "INT8" else "uint8_t",
    }  # fmt: skip
    low.layer("dequantize", [source], context, summary="int8 to float")


def float_literal(value: float) -> str:
    """A float32 as a C literal that reads back to the same bits."""
    text = repr(float(value)) if float(np.float32(value)) == value else repr(float(np.float32(value)))
    return (text if "." in text or "e" in text else text + ".0") + "f"


def _broadcast(low: Lowering, tensor: Tensor, output: Tensor) -> list[int]:
    """Stride of a tensor in every dimension of the output; 0 where it is repeated."""
    rank = len(output.shape)
    if len(tensor.shape) > rank:
        low.fail(f"shape {list(tensor.shape)} does not broadcast to {list(output.shape)}", tensor)
    shape = (1,) * (rank - len(tensor.shape)) + tensor.shape
    strides, step = [0] * rank, 1
    for i in reversed(range(rank)):
        if shape[i] not in (1, output.shape[i]):
            low.fail(f"shape {list(tensor.shape)} does not broadcast to {list(output.shape)}", tensor)
        strides[i] = 0 if shape[i] == 1 else step
        step *= shape[i]
    return strides


def _merge(shape: tuple[int, ...], first: list[int], second: list[int]) -> list[tuple[int, int, int]]:
    """Join neighbouring dimensions that both operands walk through alike: (size, stride, stride)."""
    merged: list[tuple[int, int, int]] = []
    for size, a, b in zip(shape, first, second, strict=True):
        if size == 1:
            continue
        if merged:
            last_size, last_a, last_b = merged[-1]
            if last_a == a * size and last_b == b * size:
                merged[-1] = (last_size * size, a, b)
                continue
        merged.append((size, a, b))
    return merged or [(1, 0, 0)]


def check_broadcast(low: Lowering) -> None:
    """The output has the shape that both operands broadcast to."""
    first, second = low.input(0), low.input(1)
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        low.fail(f"shapes {list(first.shape)} and {list(second.shape)} do not broadcast", second)
    low.expect(shape)


def arithmetic(low: Lowering) -> None:
    """ADD, SUB and MUL with broadcasting."""
    first, second, output = low.input(0), low.input(1), low.output()
    (scale1, zero1), (scale2, zero2) = low.int8(first), low.int8(second)
    out_scale, out_zero = low.int8(output)
    low_limit, high_limit = activation_limits(low, output)
    loops = _merge(output.shape, _broadcast(low, first, output), _broadcast(low, second, output))
    context: dict[str, Any] = {
        "loops": loops, "zero1": zero1, "zero2": zero2, "out_zero": out_zero, "low": low_limit, "high": high_limit,
        "size": output.size,
    }  # fmt: skip
    if low.op.name == "MUL":
        context["scale"] = fx.quantize_multiplier(scale1 * scale2 / out_scale)
        low.layer("mul", [first, second], context, helpers={"requantise", "clamp"}, summary="")
        return
    largest = 2 * max(scale1, scale2)
    for operand, scale, zero in (("1", scale1, zero1), ("2", scale2, zero2)):
        factor = _smaller_than_one(low, scale / largest)
        values = [fx.rescale((x - zero) << 20, factor) for x in range(-128, 128)]
        if operand == "2" and low.op.name == "SUB":
            values = [-v for v in values]
        text = "operand on the common scale for -128..127"
        context[f"table{operand}"] = low.constant(f"table{operand}", "int32_t", values, text)
    context["scale"] = _smaller_than_one(low, largest / ((1 << 20) * out_scale))
    low.layer("add", [first, second], context, helpers={"requantise", "clamp"}, summary="")


def _smaller_than_one(low: Lowering, real: float) -> fx.Scale:
    scale = fx.quantize_multiplier(real)
    if scale.shift > 0:
        low.fail(f"the rescale factor {real:g} is not below 1", low.output())
    return scale


def check_softmax(low: Lowering) -> None:
    """The output has the input's shape; the sum of exponentials must fit 32 bits."""
    source = low.input(0)
    low.expect(source.shape)
    if source.shape and source.shape[-1] > MAX_SOFTMAX:
        low.fail(f"over {source.shape[-1]} elements; at most {MAX_SOFTMAX} are compiled", source)


def softmax(low: Lowering) -> None:
    """SOFTMAX over the last dimension; exp() is a table of 256, the reciprocal is computed in fixed point."""
    source, output = low.input(0), low.output()
    scale, _ = low.int8(source)
    wide = output.dtype == "INT16"
    if wide:
        out_scale, out_zero = low.quantisation(output, ("INT16",))
        if out_zero != -32768 or abs(out_scale - 2.0**-16) > 0.001 * 2.0**-16:
            low.fail("a 16-bit output must have scale 1/65536 and zero point -32768", output)
    elif low.int8(output) != (1 / 256, -128):
        low.fail("the output must have scale 1/256 and zero point -128", output)
    beta = float(low.op.options["beta"])
    if not (beta > 0 and math.isfinite(beta)):
        low.fail(f"beta {beta} is not a positive number", source)
    multiplier = fx.quantize_multiplier(min(beta * scale * 2.0**26, 2.0**31 - 1.0), 31)
    if multiplier.shift < 0:
        low.fail(f"input scale {scale} with beta {beta} is too small", source)
    lowest = -math.floor(31.0 * 2.0**26 / 2.0**multiplier.shift)
    values = []
    for difference in range(256):
        scaled = fx.doubling_high_mul(fx.wrap32(-difference << multiplier.shift), multiplier.multiplier)
        values.append(fx.exp_on_negative_values(scaled, 5) if -difference >= lowest else 0)
    depth = source.shape[-1] if source.shape else 1
    context = {
        "rows": source.size // depth, "depth": depth, "ctype": C_TYPES[output.dtype],
        "shift": 27 if wide else 35, "half": 32768 if wide else 128,
        "table": low.constant("exp", "int32_t", values, "exp(-difference from the largest input), Q0.31"),
    }  # fmt: skip
    low.layer("softmax", [source], context, helpers={"requantise", "clamp", "reciprocal"}, summary=f"over {depth}")


RULES = {
    "ADD": Rule((2, 2), check_broadcast, arithmetic),
    "DEQUANTIZE": Rule((1, 1), same_shape, dequantize),
    "LOGISTIC": Rule((1, 1), same_shape, logistic),
    "MUL": Rule((2, 2), check_broadcast, arithmetic),
    "QUANTIZE": Rule((1, 1), same_shape, quantize),
    "RELU": Rule((1, 1), same_shape, relu),
    "RELU6": Rule((1, 1), same_shape, relu6),
    "SOFTMAX": Rule((1, 1), check_softmax, softmax),
    "SUB": Rule((2, 2), check_broadcast, arithmetic),
    "TANH": Rule((1, 1), same_shape, tanh),
}
