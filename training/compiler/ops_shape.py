"""Lowering of the operators that move data: PAD, CONCATENATION, STRIDED_SLICE, TRANSPOSE and reshaping."""

from __future__ import annotations

import math
from dataclasses import dataclass

from emberwatch.training.compiler.ir import ELEMENT_SIZE, Lowering, Rule, same_size
from emberwatch.training.compiler.movement import copy, element_sizes, fill_byte, strides


def reshape(low: Lowering) -> None:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape."""
    if low.input(0).dtype not in ELEMENT_SIZE or low.input(0).dtype != low.output().dtype:
        low.fail(f"type {low.input(0).dtype} is not supported", low.input(0))
    low.alias()


def _paddings(low: Lowering) -> list[tuple[int, int]]:
    """Elements before and after the source, per dimension."""
    values, rank = low.integers(1, "the paddings"), len(low.input(0).shape)
    if len(values) != 2 * rank:
        low.fail(f"{len(values)} paddings for {rank} dimensions; two of each are needed", low.input(1))
    if any(v < 0 for v in values):
        low.fail(f"paddings {values} hold a negative number", low.input(1))
    return list(zip(values[::2], values[1::2], strict=True))


def check_pad(low: Lowering) -> None:
    """The output grows by the paddings."""
    low.expect([n + a + b for n, (a, b) in zip(low.input(0).shape, _paddings(low), strict=True)])


def pad(low: Lowering) -> None:
    """PAD with the zero point, PADV2 with a constant."""
    source, output = low.input(0), low.output()
    pairs, value = _paddings(low), fill_byte(low, output)
    if len(low.op.inputs) == 3:
        given = low.constant_of(low.input(2), "the padding value", (output.dtype,))
        if given.size != 1 or len(set(given.tobytes())) != 1:
            low.fail(
                f"padding values {given.ravel().tolist()[:4]}: one is needed, all of whose bytes are equal",
                low.input(2),
            )
        value = int.from_bytes(given.tobytes()[:1], "little", signed=True)
    to = strides(output.shape)
    start = sum(before * step for (before, _), step in zip(pairs, to, strict=True))
    summary = f"paddings {[list(p) for p in pairs]}"
    copy(low, source, output, source.shape, strides(source.shape), to, start=start, fill=value, summary=summary)


@dataclass(frozen=True)
class _Slice:
    """What STRIDED_SLICE takes of one dimension."""

    first: int
    count: int
    step: int
    shrunk: bool


def _slices(low: Lowering) -> list[_Slice]:
    """What is taken of every dimension.

    As in the runtime, a bit of `begin_mask` makes the slice start at the dimension's end, also where
    `shrink_axis_mask` takes a single element.
    """
    source, output = low.input(0), low.output()
    begin, end, step = (low.integers(i, what) for i, what in ((1, "begin"), (2, "end"), (3, "strides")))
    options, rank = low.op.options, len(source.shape)
    if options["ellipsis_mask"] or options["new_axis_mask"] or options["offset"]:
        low.fail("ellipsis, new axis and offset are not supported", output)
    if not len(begin) == len(end) == len(step) <= rank or 0 in step:
        low.fail(f"begin {begin}, end {end}, strides {step} for shape {list(source.shape)}", source)
    slices = []
    for i, size in enumerate(source.shape):
        if i >= len(begin):
            slices.append(_Slice(0, size, 1, False))
            continue
        start = None if options["begin_mask"] >> i & 1 else begin[i]
        if options["shrink_axis_mask"] >> i & 1:
            at = start or 0
            at += size if at < 0 else 0
            if not 0 <= at < size or step[i] < 1:
                low.fail(f"element {start} with stride {step[i]} of a dimension of {size} is not there", low.input(1))
            slices.append(_Slice(at, 1, 1, True))
            continue
        chosen = slice(start, None if options["end_mask"] >> i & 1 else end[i], step[i])
        first, last, stride = chosen.indices(size)
        slices.append(_Slice(first, len(range(first, last, stride)), stride, False))
    return slices


def check_strided_slice(low: Lowering) -> None:
    """The output has what is taken of every dimension that is not shrunk."""
    low.expect([s.count for s in _slices(low) if not s.shrunk])


def strided_slice(low: Lowering) -> None:
    """STRIDED_SLICE with constant begin, end and strides."""
    source, output, slices = low.input(0), low.output(), _slices(low)
    steps, sizes = strides(source.shape), [s.count for s in slices]
    first = sum(s.first * n for s, n in zip(slices, steps, strict=True))
    summary = f"from {[s.first for s in slices]}, strides {[s.step for s in slices]}"
    taken = [s.step * n for s, n in zip(slices, steps, strict=True)]
    copy(low, source, output, sizes, taken, strides(sizes), first, summary=summary)


def _permutation(low: Lowering) -> list[int]:
    order, rank = low.integers(1, "the permutation"), len(low.input(0).shape)
    order = [i % rank if -rank <= i < rank else i for i in order]
    if sorted(order) != list(range(rank)):
        low.fail(f"permutation {order} of {rank} dimensions", low.input(1))
    return order


def check_transpose(low: Lowering) -> None:
    """The output has the dimensions in the order of the permutation."""
    low.expect([low.input(0).shape[i] for i in _permutation(low)])


def transpose(low: Lowering) -> None:
    """TRANSPOSE with a constant permutation."""
    source, output, order = low.input(0), low.output(), _permutation(low)
    steps = strides(source.shape)
    copy(low, source, output, output.shape, [steps[i] for i in order], strides(output.shape), summary=f"order {order}")


def check_concatenation(low: Lowering) -> None:
    """The inputs agree but for the axis, along which they add up."""
    sources = [low.input(i) for i in range(len(low.op.inputs))]
    shape, axis = list(sources[0].shape), int(low.op.options["axis"])
    if not -len(shape) <= axis < len(shape):
        low.fail(f"axis {axis} of a tensor with {len(shape)} dimensions", low.output())
    axis %= len(shape)
    for source in sources:
        if len(source.shape) != len(shape) or any(
            a != b for i, (a, b) in enumerate(zip(source.shape, shape, strict=True)) if i != axis
        ):
            low.fail(f"shape {list(source.shape)} does not fit {shape} along axis {axis}", source)
    shape[axis] = sum(source.shape[axis] for source in sources)
    low.expect(shape)


def concatenation(low: Lowering) -> None:
    """CONCATENATION of any number of inputs along any axis."""
    output = low.output()
    if low.op.options["activation"]:
        low.fail("a fused activation is not supported", output)
    axis = int(low.op.options["axis"]) % len(output.shape)
    sources = [low.input(i) for i in range(len(low.op.inputs))]
    size = element_sizes(low, sources, output)
    inner = math.prod(output.shape[axis + 1 :]) * size
    context = {
        "outer": math.prod(output.shape[:axis]),
        "runs": [s.shape[axis] * inner for s in sources], "total": output.shape[axis] * inner,
    }  # fmt: skip
    low.layer("concatenation", sources, context, raw=True, summary=f"axis {axis}")


RULES = {
    "CONCATENATION": Rule((1, 1024), check_concatenation, concatenation),
    "EXPAND_DIMS": Rule((1, 2), same_size, reshape),
    "PAD": Rule((2, 2), check_pad, pad),
    "PADV2": Rule((3, 3), check_pad, pad),
    "RESHAPE": Rule((1, 2), same_size, reshape),
    "SQUEEZE": Rule((1, 1), same_size, reshape),
    "STRIDED_SLICE": Rule((4, 4), check_strided_slice, strided_slice),
    "TRANSPOSE": Rule((2, 2), check_transpose, transpose),
}
