"""Random models of one operator each, for operators beyond convolutional networks: movement, tables, reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tflite_builder import Builder
from tflite_cases import scale, zero

Rng = np.random.Generator


def _shape(rng: Rng, rank: int | None = None, largest: int = 6) -> list[int]:
    return [int(v) for v in rng.integers(1, largest, rank or int(rng.integers(1, 5)))]


def _quantisation(rng: Rng) -> tuple[float | None, int]:
    """A scale and zero point, or none: movement needs none."""
    return (scale(rng), zero(rng)) if rng.random() < 0.8 else (None, 0)


def split(rng: Rng) -> bytes:
    """SPLIT."""
    b, shape, count, q = Builder(), _shape(rng), int(rng.integers(1, 5)), _quantisation(rng)
    axis = int(rng.integers(len(shape)))
    part = list(shape)
    shape[axis] *= count
    listed = axis - len(shape) if rng.random() < 0.3 else axis
    x, outputs = b.tensor(shape, *q), [b.tensor(part, *q) for _ in range(count)]
    b.operator("SPLIT", [b.constant(np.array(listed, np.int32)), x], outputs, "SplitOptions", numSplits=count)
    return b.build([x], outputs)


def split_v(rng: Rng) -> bytes:
    """SPLIT_V."""
    b, shape, q = Builder(), _shape(rng), _quantisation(rng)
    axis = int(rng.integers(len(shape)))
    sizes = [int(v) for v in rng.integers(1, 5, int(rng.integers(1, 5)))]
    shape[axis] = sum(sizes)
    x = b.tensor(shape, *q)
    outputs = [b.tensor([*shape[:axis], n, *shape[axis + 1 :]], *q) for n in sizes]
    inputs = [x, b.constant(np.array(sizes, np.int32)), b.constant(np.array(axis, np.int32))]
    b.operator("SPLIT_V", inputs, outputs, "SplitVOptions", numSplits=len(sizes))
    return b.build([x], outputs)


def unpack(rng: Rng) -> bytes:
    """UNPACK."""
    b, shape, q = Builder(), _shape(rng), _quantisation(rng)
    axis = int(rng.integers(len(shape)))
    x = b.tensor(shape, *q)
    outputs = [b.tensor(shape[:axis] + shape[axis + 1 :], *q) for _ in range(shape[axis])]
    b.operator("UNPACK", [x], outputs, "UnpackOptions", num=shape[axis], axis=axis)
    return b.build([x], outputs)


def pack(rng: Rng) -> bytes:
    """PACK."""
    b, shape, q, count = Builder(), _shape(rng, int(rng.integers(1, 4))), _quantisation(rng), int(rng.integers(1, 5))
    axis = int(rng.integers(len(shape) + 1))
    inputs = [b.tensor(shape, *q) for _ in range(count)]
    y = b.tensor([*shape[:axis], count, *shape[axis:]], *q)
    b.operator("PACK", inputs, [y], "PackOptions", valuesCount=count, axis=axis)
    return b.build(inputs, [y])


def slice_(rng: Rng) -> bytes:
    """SLICE."""
    b, shape, q = Builder(), _shape(rng), _quantisation(rng)
    begin = [int(rng.integers(n)) for n in shape]
    size = [int(rng.integers(1, n - a + 1)) for n, a in zip(shape, begin, strict=True)]
    listed = [-1 if a + s == n and rng.random() < 0.5 else s for n, a, s in zip(shape, begin, size, strict=True)]
    x, y = b.tensor(shape, *q), b.tensor(size, *q)
    lists = [b.constant(np.array(v, np.int32)) for v in (begin, listed)]
    b.operator("SLICE", [x, *lists], [y], "SliceOptions")
    return b.build([x], [y])


def gather(rng: Rng) -> bytes:
    """GATHER with constant and computed indices."""
    b, shape, q = Builder(), _shape(rng), _quantisation(rng)
    axis, index_shape = int(rng.integers(len(shape))), _shape(rng, int(rng.integers(1, 3)), 4)
    x = b.tensor(shape, *q)
    indices = b.constant(rng.integers(0, shape[axis], index_shape).astype(np.int32))
    y = b.tensor([*shape[:axis], *index_shape, *shape[axis + 1 :]], *q)
    b.operator("GATHER", [x, indices], [y], "GatherOptions", axis=axis, batchDims=0)
    return b.build([x], [y])


def broadcast_to(rng: Rng) -> bytes:
    """BROADCAST_TO."""
    b, shape, q = Builder(), _shape(rng, int(rng.integers(2, 5))), _quantisation(rng)
    small = [1 if rng.random() < 0.4 else n for n in shape][int(rng.integers(2)) :]
    x, y = b.tensor(small, *q), b.tensor(shape, *q)
    b.operator("BROADCAST_TO", [x, b.constant(np.array(shape, np.int32))], [y], "BroadcastToOptions")
    return b.build([x], [y])


def zeros_like(rng: Rng) -> bytes:
    """ZEROS_LIKE."""
    b, shape, q = Builder(), _shape(rng), _quantisation(rng)
    x, y = b.tensor(shape, *q), b.tensor(shape, *q)
    b.operator("ZEROS_LIKE", [x], [y], "ZerosLikeOptions")
    return b.build([x], [y])


def mirror_pad(rng: Rng) -> bytes:
    """MIRROR_PAD."""
    b, shape, q, mode = Builder(), _shape(rng), _quantisation(rng), int(rng.integers(2))
    edge = 1 - mode
    pairs = np.array([[rng.integers(n - edge + 1), rng.integers(n - edge + 1)] for n in shape], np.int32)
    pairs[rng.random(len(shape)) < 0.3] = 0
    x, y = b.tensor(shape, *q), b.tensor(np.array(shape) + pairs.sum(axis=1), *q)
    b.operator("MIRROR_PAD", [x, b.constant(pairs)], [y], "MirrorPadOptions", mode=mode)
    return b.build([x], [y])


def depth_to_space(rng: Rng) -> bytes:
    """DEPTH_TO_SPACE."""
    b, (n, h, w, c), q, block = Builder(), _shape(rng, 4), _quantisation(rng), int(rng.integers(1, 4))
    x, y = b.tensor((n, h, w, c * block * block), *q), b.tensor((n, h * block, w * block, c), *q)
    b.operator("DEPTH_TO_SPACE", [x], [y], "DepthToSpaceOptions", blockSize=block)
    return b.build([x], [y])


def space_to_depth(rng: Rng) -> bytes:
    """SPACE_TO_DEPTH."""
    b, (n, h, w, c), q, block = Builder(), _shape(rng, 4), _quantisation(rng), int(rng.integers(1, 4))
    x, y = b.tensor((n, h * block, w * block, c), *q), b.tensor((n, h, w, c * block * block), *q)
    b.operator("SPACE_TO_DEPTH", [x], [y], "SpaceToDepthOptions", blockSize=block)
    return b.build([x], [y])


def space_to_batch_nd(rng: Rng) -> bytes:
    """SPACE_TO_BATCH_ND."""
    b, q, block = Builder(), (scale(rng), zero(rng)), rng.integers(1, 4, 2).astype(np.int32)
    n, c = _shape(rng, 2)
    grown = block * rng.integers(1, 4, 2)
    pads = np.zeros((2, 2), np.int32)  # what the runtime pads with is not initialised
    x = b.tensor((n, *grown, c), *q)
    y = b.tensor((n * int(block.prod()), *(grown // block), c), *q)
    b.operator("SPACE_TO_BATCH_ND", [x, b.constant(block), b.constant(pads)], [y], "SpaceToBatchNDOptions")
    return b.build([x], [y])


def batch_to_space_nd(rng: Rng) -> bytes:
    """BATCH_TO_SPACE_ND."""
    b, q, block = Builder(), (scale(rng), zero(rng)), rng.integers(1, 4, 2).astype(np.int32)
    n, h, w, c = _shape(rng, 4)
    crops = np.array([[rng.integers(0, k), 0] for k in block], np.int32)
    size = block * [h, w] - crops.sum(axis=1)
    x, y = b.tensor((n * int(block.prod()), h, w, c), *q), b.tensor((n, *size, c), *q)
    b.operator("BATCH_TO_SPACE_ND", [x, b.constant(block), b.constant(crops)], [y], "BatchToSpaceNDOptions")
    return b.build([x], [y])


def reverse_v2(rng: Rng) -> bytes:
    """REVERSE_V2."""
    b, shape, q = Builder(), _shape(rng), (scale(rng), zero(rng))
    axes = np.array([int(rng.integers(len(shape)))], np.int32)
    x, y = b.tensor(shape, *q), b.tensor(shape, *q)
    b.operator("REVERSE_V2", [x, b.constant(axes)], [y], "ReverseV2Options")
    return b.build([x], [y])


def _unary(rng: Rng, name: str, in_q: tuple[float, int], out_q: tuple[float, int], **options: Any) -> bytes:
    b = Builder()
    x, y = b.tensor((1, 256), *in_q), b.tensor((1, 256), *out_q)
    kind = {"LEAKY_RELU": "LeakyReluOptions"}.get(name, "")
    b.operator(name, [x], [y], kind, **options)
    return b.build([x], [y])


def abs_(rng: Rng) -> bytes:
    """ABS with and without a change of scale."""
    s = scale(rng)
    return _unary(rng, "ABS", (s, zero(rng)), (s if rng.random() < 0.3 else scale(rng), zero(rng)))


def elu(rng: Rng) -> bytes:
    """ELU."""
    s = scale(rng)
    return _unary(rng, "ELU", (s, zero(rng)), (float(np.float32(s * 10 ** rng.uniform(-0.5, 0.5))), zero(rng)))


def hard_swish(rng: Rng) -> bytes:
    """HARD_SWISH."""
    s = scale(rng)
    return _unary(rng, "HARD_SWISH", (s, zero(rng)), (float(np.float32(s * 10 ** rng.uniform(-1, 1))), zero(rng)))


def leaky_relu(rng: Rng) -> bytes:
    """LEAKY_RELU."""
    s, alpha = scale(rng), float(np.float32(rng.choice([0.01, 0.1, 0.2, 0.3, 1.5])))
    out = (float(np.float32(s * 10 ** rng.uniform(-0.5, 0.5))), zero(rng))
    return _unary(rng, "LEAKY_RELU", (s, zero(rng)), out, alpha=alpha)


def rsqrt(rng: Rng) -> bytes:
    """RSQRT of numbers from 0 up: the runtime refuses others."""
    return _unary(rng, "RSQRT", (scale(rng), -128), (scale(rng), zero(rng)))


def _binary(rng: Rng, name: str, kind: str, qs: list[tuple[float, int]], second: str = "", **options: Any) -> bytes:
    """Two operands of shapes that broadcast, the second perhaps constant."""
    b = Builder()
    shape = _shape(rng)
    shapes = [list(shape), list(shape)]
    if rng.random() < 0.5:
        for i in range(len(shape)):
            if rng.random() < 0.4:
                shapes[int(rng.integers(2)) if second != "alpha" else 1][i] = 1
    x, inputs = b.tensor(shapes[0], *qs[0]), []
    inputs.append(x)
    if second == "alpha" or rng.random() < 0.3:
        y = b.constant(_second(rng, shapes[1], qs[1], second), *qs[1])
    else:
        y = b.tensor(shapes[1], *qs[1])
        inputs.append(y)
    out = b.tensor(np.broadcast_shapes(tuple(shapes[0]), tuple(shapes[1])), *qs[2])
    b.operator(name, [x, y], [out], kind, **options)
    return b.build(inputs, [out])


def _second(rng: Rng, shape: list[int], q: tuple[float, int], second: str) -> Any:
    values = rng.integers(-128, 128, shape)
    if second == "divisor":
        values = np.where(values == q[1], q[1] + (1 if q[1] < 127 else -1), values)
    return values.astype(np.int8)


def maximum(rng: Rng) -> bytes:
    """MAXIMUM."""
    return _binary(rng, "MAXIMUM", "MaximumMinimumOptions", [(scale(rng), zero(rng))] * 3)


def minimum(rng: Rng) -> bytes:
    """MINIMUM."""
    return _binary(rng, "MINIMUM", "MaximumMinimumOptions", [(scale(rng), zero(rng))] * 3)


def squared_difference(rng: Rng) -> bytes:
    """SQUARED_DIFFERENCE."""
    s1 = scale(rng)
    s2 = float(np.float32(s1 * 10 ** rng.uniform(-1, 1)))
    out = float(np.float32(max(s1, s2) ** 2 * 128 * 10 ** rng.uniform(-0.5, 1)))
    return _binary(rng, "SQUARED_DIFFERENCE", "", [(s1, zero(rng)), (s2, zero(rng)), (out, zero(rng))])


def div(rng: Rng) -> bytes:
    """DIV by constants that are not 0."""
    s1, s2 = scale(rng), scale(rng)
    out = float(np.float32(s1 / s2 * 10 ** rng.uniform(-1.5, 0.5)))
    qs = [(s1, zero(rng)), (s2, zero(rng)), (out, zero(rng))]
    b, shape = Builder(), _shape(rng)
    divisor = [1 if rng.random() < 0.3 else n for n in shape]
    x, y = b.tensor(shape, *qs[0]), b.constant(_second(rng, divisor, qs[1], "divisor"), *qs[1])
    z = b.tensor(shape, *qs[2])
    b.operator("DIV", [x, y], [z], "DivOptions", fusedActivationFunction=int(rng.choice([0, 0, 1])))
    return b.build([x], [z])


def prelu(rng: Rng) -> bytes:
    """PRELU."""
    s = scale(rng)
    out = float(np.float32(s * 10 ** rng.uniform(-0.5, 0.5)))
    qs = [(s, zero(rng)), (float(np.float32(rng.uniform(0.001, 0.02))), zero(rng)), (out, zero(rng))]
    return _binary(rng, "PRELU", "", qs, "alpha")


def _reduction(rng: Rng, name: str, rescale: bool) -> bytes:
    b, shape = Builder(), _shape(rng)
    axes = sorted(int(a) for a in rng.choice(len(shape), int(rng.integers(1, len(shape) + 1)), replace=False))
    keep = bool(rng.integers(2)) or len(axes) == len(shape)
    out = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
    q = (scale(rng), zero(rng))
    to = (float(np.float32(q[0] * 10 ** rng.uniform(-0.3, 1.5))), zero(rng)) if rescale else q
    x, y = b.tensor(shape, *q), b.tensor(out, *to)
    b.operator(name, [x, b.constant(np.array(axes, np.int32))], [y], "ReducerOptions", keepDims=keep)
    return b.build([x], [y])


def sum_(rng: Rng) -> bytes:
    """SUM."""
    return _reduction(rng, "SUM", True)


def reduce_max(rng: Rng) -> bytes:
    """REDUCE_MAX."""
    return _reduction(rng, "REDUCE_MAX", False)


def reduce_min(rng: Rng) -> bytes:
    """REDUCE_MIN."""
    return _reduction(rng, "REDUCE_MIN", False)


def _arg(rng: Rng, name: str) -> bytes:
    b, shape = Builder(), _shape(rng, int(rng.integers(2, 5)), 9)
    axis = int(rng.integers(len(shape)))
    x = b.tensor(shape, scale(rng), zero(rng))
    y = b.tensor(shape[:axis] + shape[axis + 1 :], dtype="i4")
    kind = "ArgMaxOptions" if name == "ARG_MAX" else "ArgMinOptions"
    b.operator(name, [x, b.constant(np.array(axis, np.int32))], [y], kind, outputType=2)
    return b.build([x], [y])


def arg_max(rng: Rng) -> bytes:
    """ARG_MAX."""
    return _arg(rng, "ARG_MAX")


def arg_min(rng: Rng) -> bytes:
    """ARG_MIN."""
    return _arg(rng, "ARG_MIN")


def l2_normalization(rng: Rng) -> bytes:
    """L2_NORMALIZATION."""
    b, shape = Builder(), [int(rng.integers(1, 20)), int(rng.integers(1, 40))]
    x, y = b.tensor(shape, scale(rng), zero(rng)), b.tensor(shape, 1 / 128, 0)
    b.operator("L2_NORMALIZATION", [x], [y], "L2NormOptions", fusedActivationFunction=0)
    return b.build([x], [y])


def log_softmax(rng: Rng) -> bytes:
    """LOG_SOFTMAX."""
    b, shape = Builder(), [int(rng.integers(1, 20)), int(rng.integers(1, 40))]
    x, y = b.tensor(shape, scale(rng, -3, 0.3), zero(rng)), b.tensor(shape, 16 / 256, 127)
    b.operator("LOG_SOFTMAX", [x], [y], "LogSoftmaxOptions")
    return b.build([x], [y])


MORE_CASES: dict[str, Callable[[Rng], bytes]] = {
    f.__name__.rstrip("_"): f
    for f in (
        split, split_v, unpack, pack, slice_, gather, broadcast_to, mirror_pad, zeros_like, depth_to_space,
        space_to_depth, space_to_batch_nd, batch_to_space_nd, reverse_v2, abs_, elu, hard_swish, leaky_relu, rsqrt,
        maximum, minimum,
        squared_difference, div, prelu, sum_, reduce_max, reduce_min, arg_max, arg_min, l2_normalization, log_softmax,
    )
}  # fmt: skip
