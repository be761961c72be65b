"""Lowering of pooling, MEAN and nearest-neighbour resizing."""

from __future__ import annotations

from typing import Any

import numpy as np

from emberwatch.training.compiler.fixedpoint import Scale, quantize_multiplier
from emberwatch.training.compiler.ir import Lowering
from emberwatch.training.compiler.ops_matmul import activation_limits, window


def pool_2d(low: Lowering) -> None:
    """AVERAGE_POOL_2D and MAX_POOL_2D."""
    low.count((1, 1))
    source, output = low.input(0), low.output()
    if low.int8(source) != low.int8(output):
        low.fail("input and output must have the same scale and zero point", output)
    if len(source.shape) != 4 or len(output.shape) != 4:
        low.fail(f"shape {list(source.shape)} does not have 4 dimensions", source)
    batch, height, width, depth = source.shape
    _, out_h, out_w, _ = output.shape
    options = low.op.options
    top = window(low, 1, options["filter_h"], options["stride_h"])
    left = window(low, 2, options["filter_w"], options["stride_w"])
    low_limit, high_limit = activation_limits(low, output)
    context: dict[str, Any] = {
        "batch": batch, "height": height, "width": width, "depth": depth, "out_h": out_h, "out_w": out_w,
        "kernel_h": options["filter_h"], "kernel_w": options["filter_w"],
        "stride_h": options["stride_h"], "stride_w": options["stride_w"], "top": top, "left": left,
        "low": low_limit, "high": high_limit,
        "padded": top > 0 or left > 0
        or (out_h - 1) * options["stride_h"] + options["filter_h"] > height
        or (out_w - 1) * options["stride_w"] + options["filter_w"] > width,
    }  # fmt: skip
    low.layer(
        low.op.name.lower(), [source], context, helpers={"clamp"},
        summary=f"{options['filter_h']}x{options['filter_w']} window, "
        f"stride {options['stride_h']}x{options['stride_w']}",
    )  # fmt: skip


def mean(low: Lowering) -> None:
    """MEAN over any constant set of axes."""
    low.count((2, 2))
    source, output = low.input(0), low.output()
    in_scale, in_zero = low.int8(source)
    out_scale, out_zero = low.int8(output)
    rank = len(source.shape)
    axes = low.integers(1, "the list of axes")
    if any(not -rank <= a < rank for a in axes):
        low.fail(f"axes {axes} of a tensor with {rank} dimensions", source)
    chosen = {a % rank for a in axes}
    kept = [(n, s) for i, (n, s) in enumerate(_strided(source.shape)) if i not in chosen]
    reduced = [(n, s) for i, (n, s) in enumerate(_strided(source.shape)) if i in chosen]
    count = int(np.prod([n for n, _ in reduced], dtype=np.int64))
    if output.size * count != source.size:
        low.fail(f"mean over axes {axes} of {list(source.shape)} does not give {list(output.shape)}", output)
    context: dict[str, Any] = {
        "kept": kept, "reduced": reduced, "count": count, "in_zero": in_zero, "out_zero": out_zero,
        "scale": _mean_scale(quantize_multiplier(in_scale / out_scale), count),
    }  # fmt: skip
    low.layer("mean", [source], context, helpers={"clamp", "requantise"}, summary=f"over {count} elements")


def _mean_scale(scale: Scale, count: int) -> Scale:
    """Put the division by the number of elements into the rescale, as the runtime does."""
    shift = min(count.bit_length() - 1, 32, 31 + scale.shift)
    return Scale((scale.multiplier << shift) // count, scale.shift - shift)


def _strided(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Size and stride (in elements) of every dimension."""
    strides = [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]
    return list(zip(shape, strides, strict=True))


def resize_nearest_neighbor(low: Lowering) -> None:
    """RESIZE_NEAREST_NEIGHBOR; the source rows and columns are tables."""
    low.count((2, 2))
    source, output = low.input(0), low.output()
    low.int8(source)
    low.int8(output)
    if len(source.shape) != 4 or len(output.shape) != 4:
        low.fail(f"shape {list(source.shape)} does not have 4 dimensions", source)
    size = low.integers(1, "the size")
    if size != list(output.shape[1:3]):
        low.fail(f"size {size} does not agree with the output's shape {list(output.shape)}", output)
    align, half = bool(low.op.options["align_corners"]), bool(low.op.options["half_pixel_centers"])
    batch, height, width, depth = source.shape
    rows = _nearest(height, output.shape[1], align, half)
    columns = _nearest(width, output.shape[2], align, half)
    context: dict[str, Any] = {
        "batch": batch, "height": height, "width": width, "depth": depth,
        "out_h": output.shape[1], "out_w": output.shape[2],
        "rows": low.constant("rows", "uint16_t", rows, "source row of every output row"),
        "columns": low.constant("columns", "uint16_t", columns, "source column of every output column"),
    }  # fmt: skip
    low.layer("resize_nearest_neighbor", [source], context, summary=f"align {align}, half-pixel {half}")


def _nearest(size: int, out: int, align: bool, half: bool) -> list[int]:
    scale = np.float32((size - 1) / np.float32(out - 1)) if align and out > 1 else np.float32(size) / np.float32(out)
    offset = np.float32(0.5 if half else 0.0)
    result = []
    for position in range(out):
        value = np.float32(np.float32(np.float32(position) + offset) * np.float32(scale))
        index = int(np.floor(value + np.float32(0.5))) if align else int(np.floor(value))
        result.append(max(0, min(index, size - 1)))
    return result
