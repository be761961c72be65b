"""Operators that change the type of numbers: CAST, and QUANTIZE and DEQUANTIZE of 16 and 32 bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import C_TYPES, Lowering, Rule, same_shape, same_size
from emberwatch.training.compiler.ops_pointwise import dequantize as dequantize8
from emberwatch.training.compiler.ops_pointwise import float_literal
from emberwatch.training.compiler.ops_pointwise import quantize as quantize8
from emberwatch.training.compiler.schema import NUMPY_TYPES

_INTEGERS = ("INT8", "UINT8", "INT16", "INT32")
_SAFE = 2.0**31 - 128  # the largest float32 that fits 32 bits


def quantize(low: Lowering) -> None:
    """QUANTIZE: float32 or an integer to an integer of another type or quantisation."""
    source, output = low.input(0), low.output()
    if source.dtype in ("FLOAT32", "INT8", "UINT8") and output.dtype in ("INT8", "UINT8"):
        quantize8(low)
        return
    out_scale, out_zero = low.quantisation(output, _INTEGERS)
    limits = np.iinfo(NUMPY_TYPES[output.dtype])
    context: dict[str, Any] = {
        "size": source.size, "out_zero": out_zero, "low": int(limits.min), "high": int(limits.max),
        "in_type": C_TYPES.get(source.dtype), "out_type": C_TYPES[output.dtype],
    }  # fmt: skip
    if source.dtype == "FLOAT32":
        if output.dtype != "INT16":
            low.fail(f"FLOAT32 to {output.dtype} is not supported, only to INT8, UINT8 and INT16", output)
        context["step"] = float_literal(out_scale)
        low.layer("quantize_wide", [source], context, summary="float to int16")
        return
    in_scale, in_zero = low.quantisation(source, _INTEGERS)
    context |= {"in_zero": in_zero, "scale": fx.quantize_multiplier(in_scale / out_scale)}
    low.layer("requantize_wide", [source], context, helpers={"requantise", "clamp"}, summary="rescale")


def dequantize(low: Lowering) -> None:
    """DEQUANTIZE: an integer to float32."""
    source, output = low.input(0), low.output()
    if source.dtype != "INT16":
        dequantize8(low)
        return
    if output.dtype != "FLOAT32":
        low.fail(f"output of type {output.dtype} is not supported, only FLOAT32", output)
    scale, zero = low.quantisation(source, ("INT16",))
    context = {"size": source.size, "scale": float_literal(scale), "zero": zero, "ctype": "int16_t"}
    low.layer("dequantize", [source], context, summary="int16 to float")


def cast(low: Lowering) -> None:
    """CAST between numbers, without regard to scales; a float beyond the integers' range is limited."""
    source, output = low.input(0), low.output()
    for tensor in (source, output):
        if tensor.dtype not in C_TYPES:
            low.fail(f"type {tensor.dtype} is not supported", tensor)
    context = {
        "size": source.size, "in_type": C_TYPES[source.dtype], "out_type": C_TYPES[output.dtype],
        "truth": output.dtype == "BOOL", "whole": source.dtype == "FLOAT32" and output.dtype != "FLOAT32",
        "safe": float_literal(_SAFE),
    }  # fmt: skip
    low.layer("cast", [source], context, summary=f"{source.dtype} to {output.dtype}")


RULES = {
    "CAST": Rule((1, 1), same_shape, cast),
    "DEQUANTIZE": Rule((1, 1), same_size, dequantize),
    "QUANTIZE": Rule((1, 1), same_size, quantize),
}
