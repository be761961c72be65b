"""Operators on 16-bit activations (zero point 0) that work element by element, and SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.fixedpoint16 import input_factor
from emberwatch.training.compiler.ir import Lowering, Rule, same_shape
from emberwatch.training.compiler.ops_binary import broadcast_loops, check_broadcast
from emberwatch.training.compiler.ops_conv_wide import activation_limits


def symmetric(low: Lowering, position: int | None = None) -> float:
    """Scale of an input, or of the output, of 16 bits with zero point 0."""
    tensor = low.output() if position is None else low.input(position)
    scale, zero = low.quantisation(tensor, ("INT16",))
    if zero:
        low.fail(f"zero point {zero} of a 16-bit activation is not supported, only 0", tensor)
    return scale


def arithmetic(low: Lowering) -> None:
    """ADD, SUB and MUL."""
    scale1, scale2, out_scale = symmetric(low, 0), symmetric(low, 1), symmetric(low)
    lower, upper = activation_limits(low)
    context: dict[str, Any] = {"ctype": "int16_t", "low": lower, "high": upper, "out_zero": 0, "zero1": 0, "zero2": 0}
    if low.op.name == "MUL":
        context |= {"kind": "mul", "scale": fx.quantize_multiplier(scale1 * scale2 / out_scale)}
    else:
        largest = 2 * max(scale1, scale2)
        context |= {
            "kind": "add", "sign": "-" if low.op.name == "SUB" else "+",
            "scale1": fx.quantize_multiplier(scale1 / largest), "scale2": fx.quantize_multiplier(scale2 / largest),
            "scale": fx.quantize_multiplier(largest / ((1 << 15) * out_scale)),
        }  # fmt: skip
        if context["scale"].shift > 0:
            low.fail(f"the output's scale {out_scale:g} is too small for the inputs'", low.output())
    context["loops"] = broadcast_loops(low.output().shape, low.input(0), low.input(1))
    low.layer("binary", [low.input(0), low.input(1)], context, helpers={"requantise", "clamp"})


def _unary(low: Lowering, kind: str, helpers: set[str], limits: tuple[int, int] = (0, 0), **context: Any) -> None:
    context |= {"low": limits[0], "high": limits[1]}
    context |= {"kind": kind, "size": low.input(0).size}
    low.layer("unary16", [low.input(0)], context, helpers=helpers, in_place=(0,))


def relu(low: Lowering) -> None:
    """RELU: rescales and limits."""
    ratio = symmetric(low, 0) / symmetric(low)
    _unary(low, "rescale", {"requantise", "clamp"}, scale=fx.quantize_multiplier(ratio), limits=(0, 32767))


def relu6(low: Lowering) -> None:
    """RELU6: limits in the input's quantisation, which the output has to share."""
    scale = symmetric(low, 0)
    if scale != symmetric(low):
        low.fail("input and output must have the same scale", low.output())
    _unary(low, "limit", {"clamp"}, limits=(0, min(32767, fx.quantize_limit(6.0, scale))))


def leaky_relu(low: Lowering) -> None:
    """LEAKY_RELU; the slope may be negative."""
    in_scale, out_scale = symmetric(low, 0), symmetric(low)
    slope = in_scale * float(low.op.options["alpha"]) / out_scale
    _unary(
        low, "leaky", {"requantise", "clamp"}, scale=fx.quantize_multiplier(in_scale / out_scale),
        below=fx.quantize_multiplier(abs(slope)), sign="-" if slope < 0 else "", limits=(-32768, 32767),
    )  # fmt: skip


def sigmoid(low: Lowering) -> None:
    """LOGISTIC and TANH; the output scale is 2^-15."""
    if symmetric(low) != 2.0**-15:
        low.fail("the output must have scale 1/32768 and zero point 0", low.output())
    tanh = low.op.name == "TANH"
    multiplier, shift = input_factor(symmetric(low, 0), (0, 1) if tanh else (0,))
    if multiplier > 32767:
        low.fail(f"input scale {symmetric(low, 0):g} is too large", low.input(0))
    function = "tanh16" if tanh else "sigmoid16"
    _unary(low, "table", {function}, function=function, multiplier=multiplier, shift=shift)


def _interpolated(function: Callable[[float], float], first: float, last: float) -> list[int]:
    """A function on 513 points for 16-bit interpolation, each moved by half the error in the middle of a step."""
    single = np.float32
    in_min, in_max = single(first), single(last)
    step = single((in_max - in_min) / single(512))
    half = single(step / single(2))
    scale = single(2.0) / single(65535)
    inverse = single(65536) / single(scale * single(32767) - scale * single(-32768))

    def at(x: np.float32) -> np.float32:
        return single(function(float(x)))

    def rounded(x: np.float32) -> np.float32:
        return single(fx.round_half_away(float(x)))

    values = []
    for i in range(512):
        here = single(in_min + single(i) * step)
        value, middle, after = at(here), at(single(here + half)), at(single(in_min + single(i + 1) * step))
        sample = rounded(single(value * inverse))
        between = rounded(single(single(single(after * inverse) + sample) / single(2)))
        error = single(between - rounded(single(middle * inverse)))
        values.append(sample - rounded(single(error / single(2))))
    values.append(rounded(single(at(in_max) * inverse)))
    return [min(32767, max(-32768, int(v))) for v in values]


def softmax(low: Lowering) -> None:
    """SOFTMAX over the last dimension; the output scale is 2^-15."""
    source, output = low.input(0), low.output()
    scale = symmetric(low, 0)
    if abs(symmetric(low) - 2.0**-15) > 0.001 * 2.0**-15:
        low.fail("the output must have scale 1/32768 and zero point 0", output)
    depth = source.shape[-1] if source.shape else 1
    if not 0 < depth < 1 << 16:
        low.fail(f"a last dimension of {depth} is not supported, only 1 to 65535", source)
    span = np.float32(65535)
    ten, one = float(np.float32(10) / span), float(np.float32(1) / span)
    exponentials = _interpolated(math.exp, float(np.float32(ten) * np.float32(-65535)), 0.0)
    reciprocals = _interpolated(
        lambda x: float(np.float32(1) / (np.float32(1) + np.float32(x))), 0.0, float(np.float32(one) * span)
    )
    context = {
        "rows": source.size // depth, "depth": depth,
        "scale": fx.quantize_multiplier(scale * float(np.float32(low.op.options["beta"])) / (10.0 / 65535.0)),
        "exp": low.constant("exp", "int16_t", exponentials, "exp(x) for x in -10..0, Q0.15"),
        "reciprocal": low.constant("reciprocal", "int16_t", reciprocals, "1 / (1 + x) for x in 0..1, Q0.15"),
    }  # fmt: skip
    low.layer("softmax16", [source], context, helpers={"requantise", "clamp", "interpolate"}, summary=f"over {depth}")


WIDE_RULES = {
    "ADD": Rule((2, 2), check_broadcast, arithmetic),
    "LEAKY_RELU": Rule((1, 1), same_shape, leaky_relu),
    "LOGISTIC": Rule((1, 1), same_shape, sigmoid),
    "MUL": Rule((2, 2), check_broadcast, arithmetic),
    "RELU": Rule((1, 1), same_shape, relu),
    "RELU6": Rule((1, 1), same_shape, relu6),
    "SOFTMAX": Rule((1, 1), same_shape, softmax),
    "SUB": Rule((2, 2), check_broadcast, arithmetic),
    "TANH": Rule((1, 1), same_shape, sigmoid),
}
