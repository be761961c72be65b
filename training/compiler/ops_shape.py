"""Lowering of the operators that move data: PAD, CONCATENATION, STRIDED_SLICE, TRANSPOSE and reshaping."""

from __future__ import annotations

from typing import Any

import numpy as np

from emberwatch.training.compiler.ir import ELEMENT_SIZE, Lowering
from emberwatch.training.compiler.model import Tensor


def _strides(shape: tuple[int, ...]) -> list[int]:
    return [int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(len(shape))]


def _same_quantisation(low: Lowering, source: Tensor) -> None:
    low.int8(source)
    if low.int8(source) != low.int8(low.output()):
        low.fail("input and output must have the same scale and zero point", low.output())


def _loops(shape: tuple[int, ...], from_strides: list[int], to_strides: list[int]) -> list[tuple[int, int, int]]:
    """Loops (size, source stride, target stride) with joinable neighbours joined; a last run of bytes stays last."""
    loops: list[tuple[int, int, int]] = []
    for size, a, b in zip(shape, from_strides, to_strides, strict=True):
        if size == 1:
            continue
        if loops and loops[-1][1] == a * size and loops[-1][2] == b * size:
            loops[-1] = (loops[-1][0] * size, a, b)
        else:
            loops.append((size, a, b))
    return loops or [(1, 1, 1)]


def reshape(low: Lowering) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""
    low.count((1, 2))
    if low.input(0).dtype not in ELEMENT_SIZE or low.input(0).dtype != low.output().dtype:
        low.fail(f"type {low.input(0).dtype} is not supported", low.input(0))
    low.alias()


def pad(low: Lowering) -> None:
    """PAD with the zero point, PADV2 with a constant."""
    low.count((2, 3))
    source, output = low.input(0), low.output()
    _same_quantisation(low, source)
    pairs = np.asarray(low.integers(1, "the paddings")).reshape(-1, 2)
    grown = [n + int(p.sum()) for n, p in zip(source.shape, pairs, strict=False)]
    if len(pairs) != len(source.shape) or grown != list(output.shape):
        low.fail(f"paddings {pairs.tolist()} of {list(source.shape)} do not give {list(output.shape)}", output)
    value = low.int8(output)[1]
    if len(low.op.inputs) == 3:
        value = int(low.constant_of(low.input(2), "the padding value", ("INT8",)).ravel()[0])
    to = _strides(output.shape)
    context: dict[str, Any] = {
        "loops": _loops(source.shape, _strides(source.shape), to),
        "start": int(sum(int(p[0]) * s for p, s in zip(pairs, to, strict=True))), "from": 0,
        "fill": value, "size": output.size,
    }  # fmt: skip
    low.layer("copy", [source], context, helpers={"fill"}, summary=f"paddings {pairs.tolist()}")


def strided_slice(low: Lowering) -> None:
    """STRIDED_SLICE with constant begin, end and strides."""
    low.count((4, 4))
    source, output = low.input(0), low.output()
    _same_quantisation(low, source)
    begin, end, step = (low.integers(i, what) for i, what in ((1, "begin"), (2, "end"), (3, "strides")))
    options, rank = low.op.options, len(source.shape)
    if options["ellipsis_mask"] or options["new_axis_mask"] or options["offset"]:
        low.fail("ellipsis, new axis and offset are not supported", output)
    if not len(begin) == len(end) == len(step) <= rank or 0 in step:
        low.fail(f"begin {begin}, end {end}, strides {step} for shape {list(source.shape)}", source)
    from_strides, offset, sizes, steps = _strides(source.shape), 0, [], []
    for i, size in enumerate(source.shape):
        if i >= len(begin):
            first, last, stride = 0, size, 1
        elif options["shrink_axis_mask"] >> i & 1:
            first, stride = begin[i] + (size if begin[i] < 0 else 0), 1
            last = first + 1
        else:
            chosen = slice(
                None if options["begin_mask"] >> i & 1 else begin[i],
                None if options["end_mask"] >> i & 1 else end[i],
                step[i],
            )
            first, last, stride = chosen.indices(size)
        sizes.append(len(range(first, last, stride)))
        steps.append(stride * from_strides[i])
        offset += first * from_strides[i]
    if int(np.prod(sizes, dtype=np.int64)) != output.size:
        low.fail(f"the slice has shape {sizes}, but the model says {list(output.shape)}", output)
    context = {
        "loops": _loops(tuple(sizes), steps, _strides(tuple(sizes))), "start": 0, "from": offset,
        "fill": None, "size": output.size,
    }  # fmt: skip
    low.layer("copy", [source], context, summary=f"begin {begin}, strides {step}")


def transpose(low: Lowering) -> None:
    """TRANSPOSE with a constant permutation."""
    low.count((2, 2))
    source, output = low.input(0), low.output()
    _same_quantisation(low, source)
    order = low.integers(1, "the permutation")
    rank = len(source.shape)
    order = [i % rank if -rank <= i < rank else i for i in order]
    if sorted(order) != list(range(rank)) or [source.shape[i] for i in order] != list(output.shape):
        low.fail(f"permutation {order} of {list(source.shape)} does not give {list(output.shape)}", output)
    from_strides = _strides(source.shape)
    context = {
        "loops": _loops(output.shape, [from_strides[i] for i in order], _strides(output.shape)),
        "start": 0, "from": 0, "fill": None, "size": output.size,
    }  # fmt: skip
    low.layer("copy", [source], context, summary=f"order {order}")


def concatenation(low: Lowering) -> None:
    """CONCATENATION of any number of inputs along any axis."""
    low.count((1, 64))
    output = low.output()
    if low.op.options["activation"]:
        low.fail("a fused activation is not supported", output)
    rank = len(output.shape)
    axis = int(low.op.options["axis"])
    if not -rank <= axis < rank:
        low.fail(f"axis {axis} of a tensor with {rank} dimensions", output)
    axis %= rank
    sources = [low.input(i) for i in range(len(low.op.inputs))]
    for source in sources:
        _same_quantisation(low, source)
        if [n for i, n in enumerate(source.shape) if i != axis] != [n for i, n in enumerate(output.shape) if i != axis]:
            low.fail(f"shape {list(source.shape)} does not fit {list(output.shape)}", source)
    if sum(s.shape[axis] for s in sources) != output.shape[axis]:
        low.fail(f"the inputs do not add up to {output.shape[axis]} along axis {axis}", output)
    inner = int(np.prod(output.shape[axis + 1 :], dtype=np.int64))
    context = {
        "outer": int(np.prod(output.shape[:axis], dtype=np.int64)),
        "runs": [s.shape[axis] * inner for s in sources], "total": output.shape[axis] * inner,
    }  # fmt: skip
    low.layer("concatenation", sources, context, summary=f"axis {axis}")
