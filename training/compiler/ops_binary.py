"""Operators of two int8 inputs with broadcasting: DIV, MAXIMUM, MINIMUM, PRELU, SQUARED_DIFFERENCE."""

from __future__ import annotations

from typing import Any

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import Lowering, Rule
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.movement import element_size, strides
from emberwatch.training.compiler.schema import ACTIVATIONS

TripleLoop = tuple[int, int, int]


def check_broadcast(low: Lowering) -> None:
    """The output has the shape to which both inputs extend."""
    first, second = low.input(0), low.input(1)
    rank = max(len(first.shape), len(second.shape))
    shapes = [(1,) * (rank - len(t.shape)) + t.shape for t in (first, second)]
    if any(a != b and 1 not in (a, b) for a, b in zip(*shapes, strict=True)):
        low.fail(f"shapes {list(first.shape)} and {list(second.shape)} do not broadcast", second)
    low.expect([b if a == 1 else a for a, b in zip(*shapes, strict=True)])


def broadcast_loops(shape: tuple[int, ...], first: Tensor, second: Tensor) -> list[TripleLoop]:
    """Loops (size, stride of the first, stride of the second) over an output, joinable neighbours joined."""
    steps = []
    for tensor in (first, second):
        padded = (1,) * (len(shape) - len(tensor.shape)) + tensor.shape
        steps.append([s if n > 1 else 0 for n, s in zip(padded, strides(padded), strict=True)])
    joined: list[TripleLoop] = []
    for size, a, b in zip(shape, *steps, strict=True):
        if size == 1:
            continue
        if joined and joined[-1][1] == a * size and joined[-1][2] == b * size:
            joined[-1] = (joined[-1][0] * size, a, b)
        else:
            joined.append((size, a, b))
    return joined or [(1, 0, 0)]


def _layer(low: Lowering, context: dict[str, Any], helpers: set[str]) -> None:
    first, second = low.input(0), low.input(1)
    context["loops"] = broadcast_loops(low.output().shape, first, second)
    low.layer("binary", [first, second], context, helpers=helpers)


def extremum(low: Lowering) -> None:
    """MAXIMUM and MINIMUM of tensors of one quantisation."""
    for position in (0, 1):
        if low.input(position).dtype not in ("INT8", "UINT8"):
            low.fail(f"type {low.input(position).dtype} is not supported, only INT8", low.input(position))
        element_size(low, low.input(position), low.output())
    _layer(low, {"kind": low.op.name.lower(), "ctype": f"{low.output().dtype.lower()}_t"}, set())


def _limits(low: Lowering) -> tuple[int, int]:
    scale, zero = low.int8(low.output())
    code = int(low.op.options.get("activation", 0))
    name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
    try:
        return fx.activation_range(name, scale, zero)
    except KeyError:
        low.fail(f"fused activation {name} is not supported", low.output())


def squared_difference(low: Lowering) -> None:
    """SQUARED_DIFFERENCE: both operands by a table on a common scale, 7 bits finer."""
    scales = [low.int8(low.input(i)) for i in (0, 1)]
    out_scale, out_zero = low.int8(low.output())
    twice = 2.0 * max(scale for scale, _ in scales)
    context: dict[str, Any] = {"kind": "squared_difference", "ctype": "int8_t", "out_zero": out_zero}
    for i, (scale, zero) in enumerate(scales):
        factor = fx.quantize_multiplier(scale / twice)
        values = [fx.rescale((x - zero) << 7, factor) for x in range(-128, 128)]
        text = "operand on the common scale for -128..127"
        context[f"table{i + 1}"] = low.constant(f"table{i + 1}", "int32_t", values, text)
    context["scale"] = fx.quantize_multiplier(twice * twice / ((1 << 14) * out_scale))
    context["low"], context["high"] = -128, 127
    _layer(low, context, {"requantise", "clamp"})


def prelu(low: Lowering) -> None:
    """PRELU: negative numbers times alpha."""
    low.expect(low.input(0).shape)
    (scale, zero), (alpha_scale, alpha_zero) = low.int8(low.input(0)), low.int8(low.input(1))
    out_scale, out_zero = low.int8(low.output())
    context = {
        "kind": "prelu", "ctype": "int8_t", "zero1": zero, "zero2": alpha_zero, "out_zero": out_zero,
        "identity": fx.quantize_multiplier(scale / out_scale), "low": -128, "high": 127,
        "scale": fx.quantize_multiplier(scale * alpha_scale / out_scale),
    }  # fmt: skip
    _layer(low, context, {"requantise", "clamp"})


def div(low: Lowering) -> None:
    """DIV: the divisor's reciprocal by a table; a divisor of 0, for which the runtime has no result, counts as 1.

    Quotients far below a step of the output are shifted by 32 bits and more. The runtime leaves that to the machine;
    the generated C does what its builds for x86-64 and ARM64 do, which take the shift modulo 32.
    """
    (scale1, zero1), (scale2, zero2) = low.int8(low.input(0)), low.int8(low.input(1))
    out_scale, out_zero = low.int8(low.output())
    scale = fx.quantize_multiplier(scale1 / (scale2 * out_scale))
    inverse, shifts = [], []
    for divisor in (abs(x - zero2) or 1 for x in range(-128, 128)):
        headroom = 32 - divisor.bit_length()
        inverse.append(fx.one_over_one_plus_x((divisor << headroom) - (1 << 31)))
        shifts.append(31 - headroom)
    lower, upper = _limits(low)
    context = {
        "kind": "div", "ctype": "int8_t", "zero1": zero1, "zero2": zero2, "out_zero": out_zero, "scale": scale,
        "low": lower, "high": upper,
        "inverse": low.constant("inverse", "int32_t", inverse, "reciprocal of the divisor's magnitude, Q0.31"),
        "shifts": low.constant("shifts", "int8_t", shifts, "bits of the divisor above 1"),
    }  # fmt: skip
    _layer(low, context, {"requantise", "clamp"})


RULES = {
    "DIV": Rule((2, 2), check_broadcast, div),
    "MAXIMUM": Rule((2, 2), check_broadcast, extremum),
    "MINIMUM": Rule((2, 2), check_broadcast, extremum),
    "PRELU": Rule((2, 2), check_broadcast, prelu),
    "SQUARED_DIFFERENCE": Rule((2, 2), check_broadcast, squared_difference),
}
