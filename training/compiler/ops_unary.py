"""Operators of one int8 input, each a table of 256.

Where TensorFlow Lite Micro has an integer rule (ABS, HARD_SWISH, LEAKY_RELU, RSQRT) it is followed. ELU follows its
table: the function of the float32 value, in steps of the output, rounded to nearest with ties away from zero. EXP,
GELU, LOG and the others, which TensorFlow Lite Micro has for float32 only, follow the same rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import Lowering, Rule, same_shape

Function = Callable[[int], int]


def table_layer(low: Lowering, function: Function) -> None:
    """A function of one int8 as a table of 256; what it gives beyond int8 is limited."""
    values = [min(127, max(-128, function(x))) for x in range(-128, 128)]
    context = {
        "size": low.input(0).size,
        "table": low.constant("table", "int8_t", values, "output for inputs -128..127"),
    }
    low.layer("table", [low.input(0)], context, in_place=(0,), summary="table")


def _gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x * math.sqrt(0.5)))


def _gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _exp(x: float) -> float:
    return math.exp(x) if x < 88 else math.inf


_REAL: dict[str, Callable[[float], float]] = {
    "CEIL": math.ceil,
    "COS": math.cos,
    "ELU": lambda x: float(np.float32(_exp(x)) - np.float32(1)) if x < 0 else x,
    "EXP": _exp,
    "FLOOR": math.floor,
    "LOG": lambda x: math.log(x) if x > 0 else -math.inf,
    "NEG": lambda x: -x,
    "ROUND": lambda x: float(np.round(x)),  # ties to even, as in TensorFlow
    "SIGN": lambda x: float(np.sign(x)),
    "SIN": math.sin,
    "SQRT": lambda x: math.sqrt(x) if x >= 0 else -math.inf,
    "SQUARE": lambda x: float(np.float32(x) * np.float32(x)),
}


def real_table(low: Lowering, function: Callable[[float], float]) -> Function:
    """A real function between the quantised numbers of input and output, in float32 as the runtime does it."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    inverse = np.float32(1) / np.float32(out_scale)

    def evaluate(x: int) -> int:
        value = np.float32(function(float(np.float32(in_scale) * np.float32(x - in_zero))))
        with np.errstate(over="ignore", invalid="ignore"):
            steps = float(value * inverse)
        return out_zero + fx.round_half_away(min(max(steps, -512.0), 512.0))

    return evaluate


def real(low: Lowering) -> None:
    """Operators without an integer rule."""
    table_layer(low, real_table(low, _REAL[low.op.name]))


def gelu(low: Lowering) -> None:
    """GELU, exact or by tanh."""
    table_layer(low, real_table(low, _gelu_tanh if low.op.options["approximate"] else _gelu))


def absolute(low: Lowering) -> None:
    """ABS."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    scale = fx.quantize_multiplier(in_scale / out_scale)
    same = in_scale == out_scale
    table_layer(low, lambda x: (abs(x - in_zero) if same else fx.rescale(abs(x - in_zero), scale)) + out_zero)


def leaky_relu(low: Lowering) -> None:
    """LEAKY_RELU; the slope may be negative."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    slope = in_scale * float(low.op.options["alpha"]) / out_scale
    identity, below = fx.quantize_multiplier(in_scale / out_scale), fx.quantize_multiplier(abs(slope))
    sign = -1 if slope < 0 else 1

    def evaluate(x: int) -> int:
        value = x - in_zero
        return out_zero + (fx.rescale(value, identity) if value >= 0 else sign * fx.rescale(value, below))

    table_layer(low, evaluate)


def limited_relu(low: Lowering) -> None:
    """RELU_N1_TO_1 and RELU_0_TO_1: rescales, then limits."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    scale = fx.quantize_multiplier(in_scale / out_scale)
    lower = out_zero + (fx.quantize_limit(-1.0, out_scale) if low.op.name == "RELU_N1_TO_1" else 0)
    upper = out_zero + fx.quantize_limit(1.0, out_scale)
    table_layer(low, lambda x: min(max(out_zero + fx.rescale(x - in_zero, scale), max(lower, -128)), min(upper, 127)))


def _high_mul16(a: int, b: int) -> int:
    """High 16 bits of 2*a*b, rounded to nearest."""
    if a == b == -32768:
        return 32767
    product = a * b
    nudged = product + (1 << 14 if product >= 0 else 1 - (1 << 14))
    return abs(nudged) // (1 << 15) * (1 if nudged >= 0 else -1)


def _saturating_shift16(value: int, amount: int) -> int:
    return min(32767, max(-32768, value << amount))


def _multiplier16(multiplier: int) -> int:
    """The upper half of a 32-bit multiplier, rounded."""
    return 32767 if multiplier >= fx.INT32_MAX - (1 << 15) else (multiplier + (1 << 15)) >> 16


def hard_swish(low: Lowering) -> None:
    """HARD_SWISH in 16-bit fixed point."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    out = fx.quantize_multiplier(in_scale / 128 / out_scale)
    relu = fx.quantize_multiplier(in_scale / 128 / float(np.float32(3 / 32768)))
    if out.shift > 0:
        low.fail(f"input scale {in_scale:g} is more than 128 times the output's {out_scale:g}", low.output())

    def evaluate(x: int) -> int:
        value = (x - in_zero) * 128
        scaled = _high_mul16(value, _multiplier16(out.multiplier))
        gate = _saturating_shift16(value, relu.shift - 1) if relu.shift > 0 else value
        gate = _high_mul16(gate, _multiplier16(relu.multiplier))
        gate = _saturating_shift16(gate, 1) if relu.shift > 0 else fx.rounding_shift(gate, -relu.shift)
        gate = (gate + (1 << 15)) >> 1
        product = gate * scaled
        product = abs(product) // (1 << 15) * (1 if product >= 0 else -1)
        return fx.rounding_shift(product, -out.shift) + out_zero

    table_layer(low, evaluate)


def rsqrt(low: Lowering) -> None:
    """RSQRT; an input of 0 gives the largest output, and so does a negative one, which the runtime refuses."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    root = np.sqrt(np.float32(in_scale)) * np.float32(out_scale)
    scale = fx.quantize_multiplier(1.0 / float(root))
    shift = 20  # keeps the intermediate value an integer
    final = fx.Scale(scale.multiplier, scale.shift - shift)

    def evaluate(x: int) -> int:
        if x - in_zero <= 0:
            return 127
        multiplier, exponent = fx.inverse_root(x - in_zero)
        return fx.rescale(fx.rescale(1, fx.Scale(multiplier, exponent + shift)), final) + out_zero

    table_layer(low, evaluate)


RULES = {name: Rule((1, 1), same_shape, real) for name in _REAL} | {
    "ABS": Rule((1, 1), same_shape, absolute),
    "GELU": Rule((1, 1), same_shape, gelu),
    "HARD_SWISH": Rule((1, 1), same_shape, hard_swish),
    "LEAKY_RELU": Rule((1, 1), same_shape, leaky_relu),
    "RELU_0_TO_1": Rule((1, 1), same_shape, limited_relu),
    "RELU_N1_TO_1": Rule((1, 1), same_shape, limited_relu),
    "RSQRT": Rule((1, 1), same_shape, rsqrt),
}
