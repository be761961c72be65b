"""Operators that reduce axes: SUM, REDUCE_MAX, REDUCE_MIN, ARG_MAX, ARG_MIN; L2_NORMALIZATION and LOG_SOFTMAX."""

from __future__ import annotations

import math
from typing import Any

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import Lowering, Rule, same_shape
from emberwatch.training.compiler.movement import element_size, strides
from emberwatch.training.compiler.ops_move import axis_of


def _axes(low: Lowering) -> set[int]:
    return {axis_of(low, a, len(low.input(0).shape)) for a in low.integers(1, "the list of axes")}


def check_reduce(low: Lowering) -> None:
    """The axes are 1 or gone."""
    axes, keep = _axes(low), bool(low.op.options["keep_dims"])
    low.expect([1 if i in axes else n for i, n in enumerate(low.input(0).shape) if keep or i not in axes])


def _loops(low: Lowering, axes: set[int]) -> dict[str, Any]:
    pairs = list(zip(low.input(0).shape, strides(low.input(0).shape), strict=True))
    return {
        "kept": [pair for i, pair in enumerate(pairs) if i not in axes],
        "reduced": [pair for i, pair in enumerate(pairs) if i in axes],
    }


def sum_(low: Lowering) -> None:
    """SUM."""
    in_scale, in_zero = low.int8(low.input(0))
    out_scale, out_zero = low.int8(low.output())
    context = _loops(low, _axes(low))
    count = math.prod(n for n, _ in context["reduced"])
    if count > 1 << 22:
        low.fail(f"a sum of {count} elements may leave 32 bits; reduce in two steps", low.input(0))
    context |= {
        "count": count, "in_zero": in_zero, "out_zero": out_zero, "ctype": "int8_t",
        "scale": fx.quantize_multiplier(in_scale / out_scale),
    }  # fmt: skip
    low.layer("mean", [low.input(0)], context, helpers={"clamp", "requantise"}, summary=f"over {count} elements")


def extremum(low: Lowering) -> None:
    """REDUCE_MAX and REDUCE_MIN."""
    low.int8(low.input(0))
    element_size(low, low.input(0), low.output())
    context = _loops(low, _axes(low))
    context["largest"] = low.op.name == "REDUCE_MAX"
    low.layer("extremum", [low.input(0)], context, summary=f"over axes {sorted(_axes(low))}")


def _arg_axis(low: Lowering) -> int:
    values = low.integers(1, "the axis")
    if len(values) != 1:
        low.fail(f"{len(values)} axes, one is needed", low.input(1))
    axis = axis_of(low, values[0], len(low.input(0).shape))
    if low.input(0).shape[axis] == 0:
        low.fail("there is no element to choose", low.input(0))
    return axis


def check_arg(low: Lowering) -> None:
    """The output lacks the axis."""
    axis = _arg_axis(low)
    low.expect([n for i, n in enumerate(low.input(0).shape) if i != axis])


def arg_extremum(low: Lowering) -> None:
    """ARG_MAX and ARG_MIN: the first of the extreme elements."""
    source, output, axis = low.input(0), low.output(), _arg_axis(low)
    if source.dtype not in ("INT8", "UINT8", "INT16", "INT32"):
        low.fail(f"type {source.dtype} is not supported, only INT8, UINT8, INT16 and INT32", source)
    if output.dtype not in ("INT32", "INT64"):
        low.fail(f"indices of type {output.dtype} are not supported, only INT32 and INT64", output)
    context = {
        "outer": math.prod(source.shape[:axis]), "length": source.shape[axis],
        "inner": math.prod(source.shape[axis + 1 :]), "largest": low.op.name == "ARG_MAX",
        "in_type": f"{source.dtype.lower()}_t", "out_type": f"{output.dtype.lower()}_t",
    }  # fmt: skip
    low.layer("arg_extremum", [source], context, summary=f"along axis {axis}")


def l2_normalization(low: Lowering) -> None:
    """L2_NORMALIZATION over the last dimension; the output scale is 1/128 with zero point 0."""
    source, output = low.input(0), low.output()
    _, zero = low.int8(source)
    if low.int8(output) != (1 / 128, 0):
        low.fail("the output must have scale 1/128 and zero point 0", output)
    if low.op.options["activation"]:
        low.fail("a fused activation is not supported", output)
    depth = source.shape[-1] if source.shape else 1
    if not 0 < depth <= 1 << 15:
        low.fail(f"a last dimension of {depth} is not supported, only 1 to 32768", source)
    context = {"rows": source.size // depth, "depth": depth, "zero": zero}
    helpers = {"requantise", "clamp", "inverse_root"}
    low.layer("l2_normalization", [source], context, helpers=helpers, summary=f"over {depth}")


def log_softmax(low: Lowering) -> None:
    """LOG_SOFTMAX over the last dimension; the output scale is 1/16 with zero point 127."""
    source, output = low.input(0), low.output()
    scale, _ = low.int8(source)
    if low.int8(output) != (1 / 16, 127):
        low.fail("the output must have scale 1/16 and zero point 127", output)
    depth = source.shape[-1] if source.shape else 1
    if not 0 < depth < 1 << 12:
        low.fail(f"a last dimension of {depth} is not supported, only 1 to 4095", source)
    multiplier = fx.quantize_multiplier(min(scale * 2.0**26, 2.0**31 - 1.0), 31)
    if multiplier.shift < 0:
        low.fail(f"input scale {scale:g} is too small", source)
    lowest = -math.floor(31.0 * 2.0**26 / 2.0**multiplier.shift)
    scaled, exponentials = [], []
    for difference in range(256):
        # Smaller differences are never looked up; what they would be does not fit 32 bits.
        value = fx.rescale(-difference, multiplier) if -difference >= lowest else fx.INT32_MIN
        scaled.append(value)
        exponential = fx.exp_on_negative_values(value, 5) if -difference >= lowest else 0
        exponentials.append(fx.rounding_shift(exponential, 12))
    reverse = fx.quantize_multiplier(2.0 ** (31 - multiplier.shift) / multiplier.multiplier)
    context = {
        "rows": source.size // depth, "depth": depth, "lowest": lowest, "reverse": reverse,
        "scaled": low.constant("scaled", "int32_t", scaled, "minus the difference from the largest input, Q5.26"),
        "table": low.constant("exp", "int32_t", exponentials, "exp(-difference from the largest input), Q12.19"),
    }  # fmt: skip
    helpers = {"requantise", "clamp", "reciprocal", "logarithm"}
    low.layer("log_softmax", [source], context, helpers=helpers, summary=f"over {depth}")


RULES = {
    "ARG_MAX": Rule((2, 2), check_arg, arg_extremum),
    "ARG_MIN": Rule((2, 2), check_arg, arg_extremum),
    "L2_NORMALIZATION": Rule((1, 1), same_shape, l2_normalization),
    "LOG_SOFTMAX": Rule((1, 1), same_shape, log_softmax),
    "REDUCE_MAX": Rule((2, 2), check_reduce, extremum),
    "REDUCE_MIN": Rule((2, 2), check_reduce, extremum),
    "SUM": Rule((2, 2), check_reduce, sum_),
}
