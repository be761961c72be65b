"""Lowering of the operators that take tensors apart, put them together or repeat them."""

from __future__ import annotations

import math

from emberwatch.training.compiler.ir import Lowering, Rule
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.movement import copy, element_size, element_sizes, fill_byte, strides


def axis_of(low: Lowering, axis: int, rank: int) -> int:
    """An axis counted from the front; refuses one that is not there."""
    if not -rank <= axis < rank:
        low.fail(f"axis {axis} of a tensor with {rank} dimensions")
    return axis % rank


def _outputs(low: Lowering) -> list[Tensor]:
    return [low.output(i) for i in range(len(low.op.outputs))]


def _divide(low: Lowering, source: Tensor, axis: int, counts: list[int]) -> None:
    """Copy consecutive pieces along an axis to the outputs."""
    outputs = _outputs(low)
    size = element_sizes(low, outputs, source)
    inner = math.prod(source.shape[axis + 1 :]) * size
    context = {"outer": math.prod(source.shape[:axis]), "runs": [count * inner for count in counts]}
    low.layer("split", [source], context, raw=True, summary=f"axis {axis} into {counts}")


def _split_parts(low: Lowering) -> tuple[Tensor, int, list[int]]:
    """Source, axis and sizes of SPLIT and SPLIT_V."""
    sizes: list[int] = []
    if low.op.name == "SPLIT":
        (axis,), source = low.integers(0, "the axis"), low.input(1)
    else:
        source, sizes, (axis,) = low.input(0), low.integers(1, "the sizes"), low.integers(2, "the axis")
    axis = axis_of(low, axis, len(source.shape))
    length, count = source.shape[axis], len(low.op.outputs)
    if low.op.name == "SPLIT":
        if not count or length % count:
            low.fail(f"{length} elements along axis {axis} do not divide into {count} outputs", source)
        return source, axis, [length // count] * count
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = length - sum(sizes) - 1
    if len(sizes) != count or min(sizes, default=-1) < 0 or sum(sizes) != length:
        low.fail(f"sizes {sizes} do not divide {length} elements into {count} outputs", source)
    return source, axis, sizes


def check_split(low: Lowering) -> None:
    """Each output has its size along the axis."""
    source, axis, sizes = _split_parts(low)
    for i, size in enumerate(sizes):
        low.expect([*source.shape[:axis], size, *source.shape[axis + 1 :]], i)


def split(low: Lowering) -> None:
    """SPLIT into equal pieces and SPLIT_V into given ones."""
    source, axis, sizes = _split_parts(low)
    _divide(low, source, axis, sizes)


def check_unpack(low: Lowering) -> None:
    """Each output lacks the axis."""
    shape = low.input(0).shape
    axis = axis_of(low, int(low.op.options["axis"]), len(shape))
    if len(low.op.outputs) != shape[axis]:
        low.fail(f"{len(low.op.outputs)} outputs for {shape[axis]} elements along axis {axis}", low.input(0))
    for i in range(shape[axis]):
        low.expect([*shape[:axis], *shape[axis + 1 :]], i)


def unpack(low: Lowering) -> None:
    """UNPACK along an axis."""
    source = low.input(0)
    axis = axis_of(low, int(low.op.options["axis"]), len(source.shape))
    _divide(low, source, axis, [1] * source.shape[axis])


def check_pack(low: Lowering) -> None:
    """The inputs have one shape, to which the axis is added."""
    shape = low.input(0).shape
    axis = axis_of(low, int(low.op.options["axis"]), len(shape) + 1)
    for i in range(len(low.op.inputs)):
        if low.input(i).shape != shape:
            low.fail(f"shape {list(low.input(i).shape)} is not that of the first input, {list(shape)}", low.input(i))
    low.expect([*shape[:axis], len(low.op.inputs), *shape[axis:]])


def pack(low: Lowering) -> None:
    """PACK along a new axis."""
    output, sources = low.output(), [low.input(i) for i in range(len(low.op.inputs))]
    axis = axis_of(low, int(low.op.options["axis"]), len(output.shape))
    size = element_sizes(low, sources, output)
    run = math.prod(output.shape[axis + 1 :]) * size
    context = {"outer": math.prod(output.shape[:axis]), "runs": [run] * len(sources)}
    low.layer("concatenation", sources, context, raw=True, summary=f"axis {axis}")


def _slice_parts(low: Lowering) -> tuple[list[int], list[int]]:
    """First element and count of every dimension."""
    shape, begin, size = low.input(0).shape, low.integers(1, "begin"), low.integers(2, "the size")
    if len(begin) != len(shape) or len(size) != len(shape):
        low.fail(f"begin {begin} and size {size} for {len(shape)} dimensions")
    counts = [n - b if s == -1 else s for n, b, s in zip(shape, begin, size, strict=True)]
    if any(b < 0 or s < 0 or b + s > n for n, b, s in zip(shape, begin, counts, strict=True)):
        low.fail(f"begin {begin} and size {size} reach outside of shape {list(shape)}", low.input(0))
    return begin, counts


def check_slice(low: Lowering) -> None:
    """The output has the counts."""
    low.expect(_slice_parts(low)[1])


def slice_(low: Lowering) -> None:
    """SLICE with constant begin and size."""
    source, output = low.input(0), low.output()
    begin, counts = _slice_parts(low)
    steps = strides(source.shape)
    first = sum(b * s for b, s in zip(begin, steps, strict=True))
    copy(low, source, output, counts, steps, strides(counts), first, summary=f"from {begin}")


def _multiples(low: Lowering) -> list[int]:
    multiples = low.integers(1, "the multiples")
    if len(multiples) != len(low.input(0).shape) or any(m < 0 for m in multiples):
        low.fail(f"multiples {multiples} for {len(low.input(0).shape)} dimensions", low.input(1))
    return multiples


def check_tile(low: Lowering) -> None:
    """The output is a multiple of the input in every dimension."""
    low.expect([n * m for n, m in zip(low.input(0).shape, _multiples(low), strict=True)])


def tile(low: Lowering) -> None:
    """TILE with constant multiples."""
    source, output, multiples = low.input(0), low.output(), _multiples(low)
    sizes: list[int] = []
    sources: list[int] = []
    targets: list[int] = []
    steps, to = strides(source.shape), strides(output.shape)
    for n, m, a, b in zip(source.shape, multiples, steps, to, strict=True):
        sizes += [m, n]
        sources += [0, a]
        targets += [n * b, b]
    copy(low, source, output, sizes, sources, targets, summary=f"multiples {multiples}")


def check_broadcast_to(low: Lowering) -> None:
    """The output has the given shape, to which the input's extends."""
    shape, source = low.integers(1, "the shape"), low.input(0)
    low.expect(shape)
    padded = [1] * (len(shape) - len(source.shape)) + list(source.shape)
    if len(padded) != len(shape) or any(a not in (1, b) for a, b in zip(padded, shape, strict=True)):
        low.fail(f"shape {list(source.shape)} does not broadcast to {shape}", source)


def broadcast_to(low: Lowering) -> None:
    """BROADCAST_TO a constant shape."""
    source, output = low.input(0), low.output()
    padded = [1] * (len(output.shape) - len(source.shape)) + list(source.shape)
    steps = [s if n > 1 else 0 for n, s in zip(padded, strides(padded), strict=True)]
    copy(low, source, output, output.shape, steps, strides(output.shape), summary=f"to {list(output.shape)}")


def _gather_parts(low: Lowering) -> tuple[int, int]:
    """Axis and number of leading dimensions that indices and source share."""
    source, indices = low.input(0), low.input(1)
    axis = axis_of(low, int(low.op.options["axis"]), len(source.shape))
    batch = int(low.op.options["batch_dims"])
    batch += len(indices.shape) if batch < 0 else 0
    if not 0 <= batch <= min(axis, len(indices.shape)) or source.shape[:batch] != indices.shape[:batch]:
        low.fail(f"batch_dims {batch} for shapes {list(source.shape)} and {list(indices.shape)}", indices)
    return axis, batch


def check_gather(low: Lowering) -> None:
    """The indices' dimensions take the axis' place."""
    axis, batch = _gather_parts(low)
    source, indices = low.input(0), low.input(1)
    if indices.dtype != "INT32":
        low.fail(f"indices of type {indices.dtype} are not supported, only INT32", indices)
    if source.shape[axis] == 0:
        low.fail("there is nothing to gather from", source)
    if indices.data is not None and any(not 0 <= int(i) < source.shape[axis] for i in indices.data.ravel()):
        low.fail(f"an index is outside of 0..{source.shape[axis] - 1}", indices)
    low.expect([*source.shape[:axis], *indices.shape[batch:], *source.shape[axis + 1 :]])


def gather(low: Lowering) -> None:
    """GATHER along an axis; an index computed at run time is limited to what is there."""
    axis, batch = _gather_parts(low)
    source, indices, output = low.input(0), low.input(1), low.output()
    size = element_size(low, source, output)
    context = {
        "batch": math.prod(source.shape[:batch]), "outer": math.prod(source.shape[batch:axis]),
        "count": math.prod(indices.shape[batch:]), "length": source.shape[axis],
        "run": math.prod(source.shape[axis + 1 :]) * size,
    }  # fmt: skip
    low.layer("gather", [source, indices], context, raw=True, helpers={"clamp"}, summary=f"axis {axis}")


def _block(low: Lowering) -> tuple[int, list[int]]:
    """Block size of DEPTH_TO_SPACE and SPACE_TO_DEPTH, and the shape of the tensor in space."""
    block = int(low.op.options["block_size"])
    deep, flat = (low.input(0), low.output()) if low.op.name == "DEPTH_TO_SPACE" else (low.output(), low.input(0))
    if len(deep.shape) != 4 or len(flat.shape) != 4 or block < 1:
        low.fail(f"block size {block} for shape {list(low.input(0).shape)}; 4 dimensions are needed", low.input(0))
    return block, list(flat.shape)


def check_block(low: Lowering) -> None:
    """Height and width by the block size, the depth by its square."""
    block, _ = _block(low)
    n, h, w, c = low.input(0).shape
    if low.op.name == "DEPTH_TO_SPACE":
        if c % (block * block):
            low.fail(f"depth {c} is no multiple of {block * block}", low.input(0))
        low.expect([n, h * block, w * block, c // (block * block)])
    else:
        if h % block or w % block:
            low.fail(f"height {h} and width {w} are no multiples of {block}", low.input(0))
        low.expect([n, h // block, w // block, c * block * block])


def depth_to_space(low: Lowering) -> None:
    """DEPTH_TO_SPACE and SPACE_TO_DEPTH."""
    block, (n, height, width, depth) = _block(low)
    sizes = [n, height // block, block, width // block, block, depth]
    row = width * depth
    flat = [height * row, block * row, row, block * depth, depth, 1]
    cell = block * block * depth
    deep = [height * row, width // block * cell, block * depth, cell, depth, 1]
    sources, targets = (deep, flat) if low.op.name == "DEPTH_TO_SPACE" else (flat, deep)
    copy(low, low.input(0), low.output(), sizes, sources, targets, summary=f"blocks of {block}")


def _mirror_parts(low: Lowering) -> list[tuple[int, int]]:
    """Elements added before and after, per dimension."""
    values, shape = low.integers(1, "the paddings"), low.input(0).shape
    edge = 0 if int(low.op.options["mode"]) == 1 else 1  # REFLECT leaves the edge out, SYMMETRIC repeats it
    pairs = list(zip(values[::2], values[1::2], strict=False))
    if len(values) != 2 * len(shape) or any(
        p < 0 or p > n - edge for n, q in zip(shape, pairs, strict=False) for p in q
    ):
        low.fail(f"paddings {values} for shape {list(shape)}", low.input(1))
    return pairs


def check_mirror_pad(low: Lowering) -> None:
    """The output grows by the paddings."""
    low.expect([a + n + b for n, (a, b) in zip(low.input(0).shape, _mirror_parts(low), strict=True)])


def mirror_pad(low: Lowering) -> None:
    """MIRROR_PAD, with a table of source offsets for every dimension that grows."""
    source, output, pairs = low.input(0), low.output(), _mirror_parts(low)
    size = element_size(low, source, output)
    edge = 0 if int(low.op.options["mode"]) == 1 else 1
    dimensions: list[tuple[int, str]] = []
    run = size
    for i in reversed(range(len(source.shape))):
        n, (before, after), step = source.shape[i], pairs[i], strides(source.shape)[i] * size
        if not dimensions and not before and not after:
            run *= n
            continue
        order = [*range(before - 1 + edge, edge - 1, -1), *range(n), *range(n - 1 - edge, n - 1 - edge - after, -1)]
        table = low.constant(f"from{i}", "int32_t", [j * step for j in order], f"source offset along dimension {i}")
        dimensions.insert(0, (len(order), table))
    context = {"dimensions": dimensions, "run": run}
    low.layer("indexed_copy", [source], context, raw=True, summary=f"paddings {[list(p) for p in pairs]}")


def check_zeros_like(low: Lowering) -> None:
    """The output has the input's shape."""
    low.expect(low.input(0).shape)


def zeros_like(low: Lowering) -> None:
    """ZEROS_LIKE: bytes of 0, whatever the zero point."""
    output = low.output()
    size = element_size(low, low.input(0), output)
    low.layer("zeros", [], {"size": output.size * size}, raw=True, helpers={"fill"})


def _reverse_axes(low: Lowering) -> set[int]:
    return {axis_of(low, a, len(low.input(0).shape)) for a in low.integers(1, "the list of axes")}


def check_reverse(low: Lowering) -> None:
    """The output has the input's shape."""
    _reverse_axes(low)
    low.expect(low.input(0).shape)


def reverse(low: Lowering) -> None:
    """REVERSE_V2 along constant axes."""
    source, axes = low.input(0), _reverse_axes(low)
    steps = strides(source.shape)
    turned = [-s if i in axes else s for i, s in enumerate(steps)]
    first = sum((source.shape[i] - 1) * steps[i] for i in axes)
    copy(low, source, low.output(), source.shape, turned, steps, first, summary=f"axes {sorted(axes)}")


def _space_parts(low: Lowering) -> tuple[list[int], list[tuple[int, int]]]:
    """Block sizes, and what is added or cut before and after, of the batch operators."""
    source, block, values = low.input(0), low.integers(1, "the block shape"), low.integers(2, "paddings or crops")
    if len(block) not in (1, 2) or len(values) != 2 * len(block) or len(source.shape) != len(block) + 2:
        low.fail(f"block shape {block} for shape {list(source.shape)}; 3 or 4 dimensions are supported", source)
    if any(b < 1 for b in block) or any(v < 0 for v in values):
        low.fail(f"block shape {block} with {values} holds a number that is too small", low.input(1))
    return block, list(zip(values[::2], values[1::2], strict=True))


def check_space(low: Lowering) -> None:
    """Space by the block sizes, the batch by their product."""
    block, pairs = _space_parts(low)
    n, *space, depth = low.input(0).shape
    if low.op.name == "SPACE_TO_BATCH_ND":
        grown = [a + s + b for s, (a, b) in zip(space, pairs, strict=True)]
        if any(g % b for g, b in zip(grown, block, strict=True)):
            low.fail(f"{grown} is no multiple of the block shape {block}", low.input(0))
        low.expect([n * math.prod(block), *(g // b for g, b in zip(grown, block, strict=True)), depth])
    else:
        if n % math.prod(block):
            low.fail(f"batch {n} is no multiple of {math.prod(block)}", low.input(0))
        low.expect(
            [n // math.prod(block), *(s * b - x - y for s, b, (x, y) in zip(space, block, pairs, strict=True)), depth]
        )


def space_to_batch(low: Lowering) -> None:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND over one or two dimensions."""
    block, pairs = _space_parts(low)
    source, output = low.input(0), low.output()
    size = element_size(low, source, output)
    to_batch = low.op.name == "SPACE_TO_BATCH_ND"
    packed, flat = (output, source) if to_batch else (source, output)
    two = len(block) == 2
    context = {
        "to_batch": to_batch, "fill": fill_byte(low, output), "size": output.size * size,
        "batch": flat.shape[0], "packed": packed.shape[0], "run": flat.shape[-1] * size,
        "height": flat.shape[1], "width": flat.shape[2] if two else 1,
        "small_h": packed.shape[1], "small_w": packed.shape[2] if two else 1,
        "block_h": block[0], "block_w": block[1] if two else 1,
        "top": pairs[0][0], "left": pairs[1][0] if two else 0,
    }  # fmt: skip
    low.layer("space_to_batch", [source], context, raw=True, helpers={"fill"}, summary=f"blocks of {block}")


RULES = {
    "BATCH_TO_SPACE_ND": Rule((3, 3), check_space, space_to_batch),
    "BROADCAST_TO": Rule((2, 2), check_broadcast_to, broadcast_to),
    "DEPTH_TO_SPACE": Rule((1, 1), check_block, depth_to_space),
    "GATHER": Rule((2, 2), check_gather, gather),
    "MIRROR_PAD": Rule((2, 2), check_mirror_pad, mirror_pad),
    "PACK": Rule((1, 1024), check_pack, pack),
    "REVERSE_V2": Rule((2, 2), check_reverse, reverse),
    "SLICE": Rule((3, 3), check_slice, slice_),
    "SPACE_TO_BATCH_ND": Rule((3, 3), check_space, space_to_batch),
    "SPACE_TO_DEPTH": Rule((1, 1), check_block, depth_to_space),
    "SPLIT": Rule((2, 2), check_split, split, None),
    "SPLIT_V": Rule((3, 3), check_split, split, None),
    "TILE": Rule((2, 2), check_tile, tile),
    "UNPACK": Rule((1, 1), check_unpack, unpack, None),
    "ZEROS_LIKE": Rule((1, 1), check_zeros_like, zeros_like),
}
