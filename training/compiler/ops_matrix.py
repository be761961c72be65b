"""BATCH_MATMUL and RESIZE_BILINEAR."""

from __future__ import annotations

import math
from typing import Any

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import C_TYPES, Lowering, Rule
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.movement import element_size, strides

SCALE_BITS = 10  # of the interpolation's weights


def _matrix(low: Lowering, tensor: Tensor, transposed: bool) -> tuple[list[int], int, int]:
    """Leading dimensions, rows and columns."""
    if len(tensor.shape) < 2:
        low.fail(f"shape {list(tensor.shape)} has fewer than 2 dimensions", tensor)
    *batch, rows, columns = tensor.shape
    return (batch, columns, rows) if transposed else (batch, rows, columns)


def check_batch_matmul(low: Lowering) -> None:
    """Rows of the first, columns of the second, leading dimensions to which both extend."""
    options = low.op.options
    batch1, rows, terms = _matrix(low, low.input(0), bool(options["adj_x"]))
    batch2, terms2, columns = _matrix(low, low.input(1), bool(options["adj_y"]))
    rank = max(len(batch1), len(batch2))
    padded = [[1] * (rank - len(b)) + b for b in (batch1, batch2)]
    if terms != terms2 or any(a != b and 1 not in (a, b) for a, b in zip(*padded, strict=True)):
        low.fail(f"shapes {list(low.input(0).shape)} and {list(low.input(1).shape)} do not multiply", low.input(1))
    low.expect([*(b if a == 1 else a for a, b in zip(*padded, strict=True)), rows, columns])


def batch_matmul(low: Lowering) -> None:
    """BATCH_MATMUL of int8 or 16-bit activations."""
    first, second, output = low.input(0), low.input(1), low.output()
    kinds = ("INT8", "INT16")
    (scale1, zero1), (scale2, zero2) = low.quantisation(first, kinds), low.quantisation(second, kinds)
    out_scale, out_zero = low.quantisation(output, kinds)
    if not first.dtype == second.dtype == output.dtype:
        low.fail(f"types {first.dtype}, {second.dtype} and {output.dtype} differ", output)
    wide = first.dtype == "INT16"
    if wide and (zero1 or zero2 or out_zero):
        low.fail("16-bit activations need zero point 0", output)
    adjoint = [bool(low.op.options["adj_x"]), bool(low.op.options["adj_y"])]
    _, rows, terms = _matrix(low, first, adjoint[0])
    _, _, columns = _matrix(low, second, adjoint[1])
    if terms >= 1 << 15:
        low.fail(f"{terms} terms are not supported, at most 32767", first)
    batch = list(output.shape[:-2])
    steps: list[list[int]] = []
    for tensor in (first, second):
        shape = [1] * (len(output.shape) - len(tensor.shape)) + list(tensor.shape)
        steps.append([s if n > 1 else 0 for n, s in zip(shape[:-2], strides(shape)[:-2], strict=True)])
    context: dict[str, Any] = {
        "loops": list(zip(batch, *steps, strict=True)), "rows": rows, "columns": columns, "terms": terms,
        "row_step": 1 if adjoint[0] else terms, "left_step": rows if adjoint[0] else 1,
        "column_step": terms if adjoint[1] else 1, "right_step": 1 if adjoint[1] else columns,
        "ctype": C_TYPES[first.dtype], "sum_type": "int64_t" if wide else "int32_t", "zero1": zero1, "zero2": zero2,
        "out_zero": out_zero, "low": -32768 if wide else -128, "high": 32767 if wide else 127,
        "scale": fx.quantize_multiplier(scale1 * scale2 / out_scale, 7 if wide else fx.MAX_SHIFT),
    }  # fmt: skip
    low.layer(
        "batch_matmul", [first, second], context, macs=math.prod(batch) * rows * columns * terms,
        helpers={"requantise", "clamp"} | ({"requantise64"} if wide else set()),
        summary=f"{rows}x{terms} by {terms}x{columns}",
    )  # fmt: skip


def check_resize_bilinear(low: Lowering) -> None:
    """Height and width are the given ones."""
    source, size = low.input(0), low.integers(1, "the size")
    if len(source.shape) != 4 or len(size) != 2 or min(size) < 1 or 0 in source.shape:
        low.fail(f"size {size} for shape {list(source.shape)}", source)
    low.expect([source.shape[0], *size, source.shape[3]])


def resize_bilinear(low: Lowering) -> None:
    """RESIZE_BILINEAR; the two sources of every output row and column and their weights are tables."""
    source, output = low.input(0), low.output()
    low.int8(source)
    element_size(low, source, output)
    align, half = bool(low.op.options["align_corners"]), bool(low.op.options["half_pixel_centers"])
    if align and half:
        low.fail("align_corners and half_pixel_centers exclude each other", output)
    batch, height, width, depth = source.shape
    context: dict[str, Any] = {
        "batch": batch, "height": height, "width": width, "depth": depth,
        "out_h": output.shape[1], "out_w": output.shape[2],
        "rows": low.constant("rows", "int16_t", _taps(height, output.shape[1], align, half), "rows, weight"),
        "columns": low.constant("columns", "int16_t", _taps(width, output.shape[2], align, half), "columns, weight"),
    }  # fmt: skip
    low.layer("resize_bilinear", [source], context, summary=f"align {align}, half-pixel {half}")


def _taps(size: int, out: int, align: bool, half: bool) -> list[list[int]]:
    """First source, second source and the second's weight in 1024ths, for every output."""
    one = 1 << SCALE_BITS
    scale = (one * size + out // 2) // out
    if align and out > 1:
        scale = (one * (size - 1) + (out - 1) // 2) // (out - 1)
    taps = []
    for position in range(out):
        at = position * scale + (scale // 2 - one // 2 if half else 0)
        first = max(int(at / one), 0)  # C's division: towards zero
        second = min(int((at + one - 1) / one), size - 1)
        taps.append([min(first, size - 1), second, at - one * first])
    return taps


RULES = {
    "BATCH_MATMUL": Rule((2, 2), check_batch_matmul, batch_matmul),
    "RESIZE_BILINEAR": Rule((2, 2), check_resize_bilinear, resize_bilinear),
}
