"""Lowering of pooling, MEAN and nearest-neighbour resizing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.fixedpoint import Scale, quantize_multiplier
from emberwatch.training.compiler.geometry import Geometry, geometry, image
from emberwatch.training.compiler.ir import C_TYPES, Lowering, Rule
from emberwatch.training.compiler.ops_conv_wide import activation_limits

MAX_ADDENDS = 1 << 23  # int8 values less a zero point whose sum fits 32 bits
MAX_ROWS = 65535  # rows or columns that the tables of RESIZE can name


def _windows(low: Lowering) -> Geometry:
    options = low.op.options
    depth = image(low, low.input(0))[3]
    return geometry(low, int(options["filter_h"]), int(options["filter_w"]), depth)


def check_pool(low: Lowering) -> None:
    """One window of the image for each output pixel."""
    windows = _windows(low)
    low.expect(windows.output)
    most = MAX_ADDENDS if low.input(0).dtype == "INT8" else MAX_ADDENDS >> 8
    if math.prod(min(axis.kernel, axis.size) for axis in (windows.rows, windows.columns)) > most:
        low.fail(f"windows of more than {most} elements", low.input(0))


def pool_2d(low: Lowering) -> None:
    """AVERAGE_POOL_2D and MAX_POOL_2D; windows are cut to the image, as the runtime does it."""
    source, output = low.input(0), low.output()
    kinds = ("INT8", "INT16")
    if low.quantisation(source, kinds) != low.quantisation(output, kinds) or source.dtype != output.dtype:
        low.fail("input and output must have the same type, scale and zero point", output)
    windows = _windows(low)
    low_limit, high_limit = activation_limits(low)
    context: dict[str, Any] = {
        "g": windows, "rows": windows.rows.clipped(), "columns": windows.columns.clipped(),
        "low": low_limit, "high": high_limit, "ctype": C_TYPES[source.dtype],
        "unsigned": bool(low.op.options.get("unsigned")),
    }  # fmt: skip
    low.layer(low.op.name.lower(), [source], context, helpers={"clamp"}, summary=windows.summary())


def _axes(low: Lowering) -> set[int]:
    rank, axes = len(low.input(0).shape), low.integers(1, "the list of axes")
    if any(not -rank <= a < rank for a in axes):
        low.fail(f"axes {axes} of a tensor with {rank} dimensions", low.input(1))
    return {a % rank for a in axes}


def check_mean(low: Lowering) -> None:
    """The output has the dimensions that are left, those over which the mean goes as 1 or not at all."""
    source, axes = low.input(0), _axes(low)
    if low.op.options["keep_dims"]:
        low.expect([1 if i in axes else n for i, n in enumerate(source.shape)])
    else:
        low.expect([n for i, n in enumerate(source.shape) if i not in axes])
    most = MAX_ADDENDS if source.dtype == "INT8" else MAX_ADDENDS >> 8
    if math.prod(source.shape[i] for i in axes) > most:
        low.fail(f"over more than {most} elements", source)


def mean(low: Lowering) -> None:
    """MEAN over any constant set of axes."""
    source, output = low.input(0), low.output()
    kinds = ("INT8", "INT16")
    (in_scale, in_zero), (out_scale, out_zero) = low.quantisation(source, kinds), low.quantisation(output, kinds)
    if source.dtype != output.dtype:
        low.fail(f"{source.dtype} cannot become {output.dtype}", output)
    chosen = _axes(low)
    kept = [(n, s) for i, (n, s) in enumerate(_strided(source.shape)) if i not in chosen]
    reduced = [(n, s) for i, (n, s) in enumerate(_strided(source.shape)) if i in chosen]
    count = math.prod(n for n, _ in reduced)
    context: dict[str, Any] = {
        "kept": kept, "reduced": reduced, "count": count, "in_zero": in_zero, "out_zero": out_zero,
        "scale": _mean_scale(quantize_multiplier(in_scale / out_scale), count), "ctype": C_TYPES[source.dtype],
    }  # fmt: skip
    low.layer("mean", [source], context, helpers={"clamp", "requantise"}, summary=f"over {count} elements")


def _mean_scale(scale: Scale, count: int) -> Scale:
    """Put the division by the number of elements into the rescale, as the runtime does."""
    shift = min(count.bit_length() - 1, 32, 31 + scale.shift)
    return Scale((scale.multiplier << shift) // count, scale.shift - shift)


def _strided(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Size and stride (in elements) of every dimension."""
    return [(size, math.prod(shape[i + 1 :])) for i, size in enumerate(shape)]


def check_resize(low: Lowering) -> None:
    """The output has the rows and columns that the second input says."""
    batch, height, width, depth = image(low, low.input(0))
    size = low.integers(1, "the size")
    if len(size) != 2 or not all(1 <= n <= MAX_ROWS for n in (*size, height, width)):
        low.fail(f"from {height}x{width} to {size}: two numbers of 1 to {MAX_ROWS} are needed", low.input(1))
    low.expect((batch, *size, depth))


def resize_nearest_neighbor(low: Lowering) -> None:
    """RESIZE_NEAREST_NEIGHBOR; the source rows and columns are tables."""
    source, output = low.input(0), low.output()
    low.int8(source)
    low.int8(output)
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


def _nearest(size: int, out: int, align: bool, half: bool) -> npt.NDArray[np.int64]:
    """Source position of every output position, in float32 as the runtime computes it."""
    scale = np.float32((size - 1) / np.float32(out - 1)) if align and out > 1 else np.float32(size) / np.float32(out)
    values = (np.arange(out, dtype=np.float32) + np.float32(0.5 if half else 0.0)) * scale
    positions = np.floor(values + np.float32(0.5) if align else values).astype(np.int64)
    limited: npt.NDArray[np.int64] = np.minimum(positions, size - 1)
    return limited


RULES = {
    "AVERAGE_POOL_2D": Rule((1, 1), check_pool, pool_2d),
    "MAX_POOL_2D": Rule((1, 1), check_pool, pool_2d),
    "MEAN": Rule((2, 2), check_mean, mean),
    "RESIZE_NEAREST_NEIGHBOR": Rule((2, 2), check_resize, resize_nearest_neighbor),
}
