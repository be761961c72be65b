"""Random models of one operator each: shapes, strides, scales and zero points from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tflite_builder import Builder

Rng = np.random.Generator
SAME, VALID = 0, 1


def scale(rng: Rng, low: float = -2.5, high: float = 0.0) -> float:
    """A random quantisation scale."""
    return float(np.float32(10 ** rng.uniform(low, high)))


def zero(rng: Rng) -> int:
    """A zero point; the extremes often."""
    return int(rng.choice([-128, 0, 127, int(rng.integers(-128, 128))]))


def out_size(rng: Rng, size: int, filter_size: int, stride: int, dilation: int, padding: int) -> int:
    """Output size of a sliding window."""
    reach = (filter_size - 1) * dilation + 1
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def _window(rng: Rng, one_d: bool) -> dict[str, int]:
    p: dict[str, int] = {"padding": int(rng.integers(2))}
    for axis in "hw":
        flat = one_d and axis == "w"
        p["k" + axis] = 1 if flat else int(rng.integers(1, 6))
        p["s" + axis] = 1 if flat else int(rng.integers(1, 4))
        p["d" + axis] = 1 if flat or p["s" + axis] > 1 else int(rng.choice([1, 1, 2, 3]))
        reach = (p["k" + axis] - 1) * p["d" + axis] + 1
        p["n" + axis] = 1 if flat else int(rng.integers(reach if p["padding"] == VALID else 1, reach + 9))
        if rng.random() < 0.25:  # often a single window
            p["n" + axis] = 1 if flat else reach
        p["o" + axis] = out_size(rng, p["n" + axis], p["k" + axis], p["s" + axis], p["d" + axis], p["padding"])
    return p


def _weights(rng: Rng, shape: tuple[int, ...]) -> Any:
    style = int(rng.integers(4))
    if style == 0:
        w = rng.integers(-127, 128, shape)
    elif style == 1:
        w = np.clip(np.round(rng.normal(0, 30, shape)), -127, 127)
    elif style == 2:
        w = rng.integers(-127, 128, shape) * (rng.random(shape) < 0.2)  # mostly zero
    else:
        w = rng.choice([-127, 127, -128], shape)
    return w.astype(np.int8)


def _rescaled(rng: Rng, in_scale: float, channels: int, terms: int, per_channel: bool) -> tuple[Any, float]:
    """Weight scales, and an output scale that keeps the result mostly in range."""
    w = np.float32(10 ** rng.uniform(-3, -1, channels if per_channel else 1))
    return w, float(np.float32(in_scale * float(np.mean(w)) * 60 * np.sqrt(terms) * 10 ** rng.uniform(-0.7, 0.7)))


def conv_2d(rng: Rng) -> bytes:
    """CONV_2D."""
    b, p = Builder(), _window(rng, rng.random() < 0.3)
    n, depth, channels = int(rng.choice([1, 1, 1, 2])), int(rng.integers(1, 9)), int(rng.integers(1, 10))
    if rng.random() < 0.3:  # pointwise
        p |= {"kh": 1, "kw": 1, "sh": 1, "sw": 1, "dh": 1, "dw": 1, "oh": p["nh"], "ow": p["nw"]}
    groups = 1
    if rng.random() < 0.15:
        groups, depth, channels = 2, 2 * depth, 2 * channels
    terms = p["kh"] * p["kw"] * depth // groups
    s = scale(rng)
    w_scale, out = _rescaled(rng, s, channels, terms, True)
    x = b.tensor((n, p["nh"], p["nw"], depth), s, zero(rng))
    w = b.constant(_weights(rng, (channels, p["kh"], p["kw"], depth // groups)), w_scale)
    inputs = [x, w, b.constant(rng.integers(-9999, 9999, channels).astype(np.int32), s * w_scale)]
    y = b.tensor((n, p["oh"], p["ow"], channels), out, zero(rng))
    b.operator(
        "CONV_2D", inputs, [y], "Conv2DOptions", padding=p["padding"], strideH=p["sh"], strideW=p["sw"],
        dilationHFactor=p["dh"], dilationWFactor=p["dw"], fusedActivationFunction=int(rng.choice([0, 1, 2, 3])),
    )  # fmt: skip
    return b.build([x], [y])


def depthwise_conv_2d(rng: Rng) -> bytes:
    """DEPTHWISE_CONV_2D."""
    b, p = Builder(), _window(rng, rng.random() < 0.3)
    n, depth, multiplier = int(rng.choice([1, 1, 2])), int(rng.integers(1, 9)), int(rng.choice([1, 1, 2, 3]))
    if rng.random() < 0.4:
        depth, multiplier = 4 * depth, 1
    s, channels = scale(rng), depth * multiplier
    w_scale, out = _rescaled(rng, s, channels, p["kh"] * p["kw"], True)
    x = b.tensor((n, p["nh"], p["nw"], depth), s, zero(rng))
    w = b.constant(_weights(rng, (1, p["kh"], p["kw"], channels)), w_scale, axis=3)
    bias = b.constant(rng.integers(-9999, 9999, channels).astype(np.int32), s * w_scale)
    y = b.tensor((n, p["oh"], p["ow"], channels), out, zero(rng))
    b.operator(
        "DEPTHWISE_CONV_2D", [x, w, bias], [y], "DepthwiseConv2DOptions", padding=p["padding"], strideH=p["sh"],
        strideW=p["sw"], dilationHFactor=p["dh"], dilationWFactor=p["dw"], depthMultiplier=multiplier,
        fusedActivationFunction=int(rng.choice([0, 1, 3])),
    )  # fmt: skip
    return b.build([x], [y])


def fully_connected(rng: Rng) -> bytes:
    """FULLY_CONNECTED."""
    b = Builder()
    rows, terms, channels = int(rng.choice([1, 1, 3])), int(rng.integers(1, 70)), int(rng.integers(1, 20))
    s = scale(rng)
    w_scale, out = _rescaled(rng, s, channels, terms, False)
    x = b.tensor((rows, terms), s, zero(rng))
    w = b.constant(_weights(rng, (channels, terms)), w_scale)
    inputs = [x, w, b.constant(rng.integers(-9999, 9999, channels).astype(np.int32), s * w_scale)]
    if rng.random() < 0.2:
        inputs[2] = -1
    y = b.tensor((rows, channels), out, zero(rng))
    b.operator(
        "FULLY_CONNECTED", inputs, [y], "FullyConnectedOptions", fusedActivationFunction=int(rng.choice([0, 1, 3]))
    )
    return b.build([x], [y])


def _pool(rng: Rng, name: str) -> bytes:
    b, p = Builder(), _window(rng, False)
    for axis in "hw":
        p["d" + axis] = 1
        p["o" + axis] = out_size(rng, p["n" + axis], p["k" + axis], p["s" + axis], 1, p["padding"])
    n, depth, s, z = int(rng.choice([1, 2])), int(rng.integers(1, 9)), scale(rng), zero(rng)
    x, y = b.tensor((n, p["nh"], p["nw"], depth), s, z), b.tensor((n, p["oh"], p["ow"], depth), s, z)
    b.operator(
        name, [x], [y], "Pool2DOptions", padding=p["padding"], strideH=p["sh"], strideW=p["sw"], filterHeight=p["kh"],
        filterWidth=p["kw"], fusedActivationFunction=int(rng.choice([0, 1, 3])),
    )  # fmt: skip
    return b.build([x], [y])


def max_pool_2d(rng: Rng) -> bytes:
    """MAX_POOL_2D."""
    return _pool(rng, "MAX_POOL_2D")


def average_pool_2d(rng: Rng) -> bytes:
    """AVERAGE_POOL_2D."""
    return _pool(rng, "AVERAGE_POOL_2D")


def mean(rng: Rng) -> bytes:
    """MEAN over random axes, with and without a change of scale."""
    b = Builder()
    rank = int(rng.integers(2, 5))
    shape = tuple(int(v) for v in rng.integers(1, 8, rank))
    axes = sorted(int(a) for a in rng.choice(rank, int(rng.integers(1, rank + 1)), replace=False))
    if rank == 4 and rng.random() < 0.5:
        axes = [1, 2]
    keep = bool(rng.integers(2))
    out = tuple(1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes)
    s, z = scale(rng), zero(rng)
    s2, z2 = (s, z) if rng.random() < 0.4 else (float(np.float32(s * 10 ** rng.uniform(-0.7, 0.3))), zero(rng))
    x, y = b.tensor(shape, s, z), b.tensor(out, s2, z2)
    listed = np.array([a - rank if rng.random() < 0.2 else a for a in axes], np.int32)
    b.operator("MEAN", [x, b.constant(listed)], [y], "ReducerOptions", keepDims=keep)
    return b.build([x], [y])


def _arithmetic(rng: Rng, name: str) -> bytes:
    b = Builder()
    shape = tuple(int(v) for v in rng.integers(1, 6, int(rng.integers(1, 5))))
    first, second = list(shape), list(shape)
    if rng.random() < 0.4:
        for i in range(len(shape)):
            which = rng.integers(3)
            if which == 0:
                first[i] = 1
            elif which == 1:
                second[i] = 1
    s1, s2 = scale(rng), scale(rng)
    factor = s1 * s2 * 100 if name == "MUL" else max(s1, s2)
    out = float(np.float32(factor * 10 ** rng.uniform(-0.4, 0.6)))
    x = b.tensor(first, s1, zero(rng))
    inputs = [x]
    if rng.random() < 0.25:
        other = b.constant(rng.integers(-128, 128, second).astype(np.int8), s2, zero(rng))
    else:
        other = b.tensor(second, s2, zero(rng))
        inputs.append(other)
    y = b.tensor(np.broadcast_shapes(tuple(first), tuple(second)), out, zero(rng))
    kind = name.capitalize() + "Options"
    b.operator(name, [x, other], [y], kind, fusedActivationFunction=int(rng.choice([0, 0, 1, 3])))
    return b.build(inputs, [y])


def add(rng: Rng) -> bytes:
    """ADD."""
    return _arithmetic(rng, "ADD")


def sub(rng: Rng) -> bytes:
    """SUB."""
    return _arithmetic(rng, "SUB")


def mul(rng: Rng) -> bytes:
    """MUL."""
    return _arithmetic(rng, "MUL")


def _unary(rng: Rng, name: str, in_q: tuple[float, int], out_q: tuple[float, int]) -> bytes:
    b = Builder()
    shape = (1, 256, int(rng.integers(1, 3)))
    x, y = b.tensor(shape, *in_q), b.tensor(shape, *out_q)
    b.operator(name, [x], [y])
    return b.build([x], [y])


def relu(rng: Rng) -> bytes:
    """RELU with a change of quantisation."""
    return _unary(rng, "RELU", (scale(rng), zero(rng)), (scale(rng), zero(rng)))


def relu6(rng: Rng) -> bytes:
    """RELU6."""
    q = (scale(rng), zero(rng))
    return _unary(rng, "RELU6", q, q)


def logistic(rng: Rng) -> bytes:
    """LOGISTIC."""
    return _unary(rng, "LOGISTIC", (scale(rng, -3.5, 0), zero(rng)), (1 / 256, -128))


def tanh(rng: Rng) -> bytes:
    """TANH."""
    return _unary(rng, "TANH", (scale(rng, -3.5, 0), zero(rng)), (1 / 128, 0))


def softmax(rng: Rng) -> bytes:
    """SOFTMAX."""
    b = Builder()
    shape = (int(rng.integers(1, 20)), int(rng.integers(1, 30)))
    x, y = b.tensor(shape, scale(rng, -3, 0), zero(rng)), b.tensor(shape, 1 / 256, -128)
    b.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=float(rng.choice([1.0, 0.5, 2.0])))
    return b.build([x], [y])


def resize_nearest_neighbor(rng: Rng) -> bytes:
    """RESIZE_NEAREST_NEIGHBOR."""
    b = Builder()
    n, depth, h, w, oh, ow = (int(v) for v in rng.integers(1, [3, 5, 20, 20, 30, 30]))
    q = (scale(rng), zero(rng))
    x, y = b.tensor((n, h, w, depth), *q), b.tensor((n, oh, ow, depth), *q)
    half = bool(rng.integers(2))
    b.operator(
        "RESIZE_NEAREST_NEIGHBOR", [x, b.constant(np.array([oh, ow], np.int32))], [y], "ResizeNearestNeighborOptions",
        halfPixelCenters=half, alignCorners=bool(rng.integers(2)) and not half,
    )  # fmt: skip
    return b.build([x], [y])


def pad(rng: Rng) -> bytes:
    """PAD."""
    b = Builder()
    shape = rng.integers(1, 6, int(rng.integers(2, 5)))
    pairs = rng.integers(0, 4, (len(shape), 2)).astype(np.int32)
    q = (scale(rng), zero(rng))
    x, y = b.tensor(shape, *q), b.tensor(shape + pairs.sum(axis=1), *q)
    b.operator("PAD", [x, b.constant(pairs)], [y], "PadOptions")
    return b.build([x], [y])


def concatenation(rng: Rng) -> bytes:
    """CONCATENATION of two to four tensors, some constant."""
    b = Builder()
    shape = [int(v) for v in rng.integers(1, 5, int(rng.integers(1, 5)))]
    axis, q = int(rng.integers(len(shape))), (scale(rng), zero(rng))
    tensors, inputs, total = [], [], 0
    for i in range(int(rng.integers(2, 5))):
        mine = list(shape)
        mine[axis] = int(rng.integers(1, 6))
        total += mine[axis]
        if i and rng.random() < 0.2:
            tensors.append(b.constant(rng.integers(-128, 128, mine).astype(np.int8), *q))
        else:
            tensors.append(b.tensor(mine, *q))
            inputs.append(tensors[-1])
    shape[axis] = total
    y = b.tensor(shape, *q)
    listed = axis - len(shape) if rng.random() < 0.3 else axis
    b.operator("CONCATENATION", tensors, [y], "ConcatenationOptions", axis=listed)
    return b.build(inputs, [y])


def strided_slice(rng: Rng) -> bytes:
    """STRIDED_SLICE with masks and negative strides."""
    b = Builder()
    shape = [int(v) for v in rng.integers(2, 8, int(rng.integers(1, 5)))]
    q = (scale(rng), zero(rng))
    begin, end, step, out, shrink, begin_mask, end_mask = [], [], [], [], 0, 0, 0
    for i, n in enumerate(shape):
        if rng.random() < 0.2 and len(out) + len(shape) - i > 1:
            at = int(rng.integers(-n, n))
            begin.append(at)
            end.append(at % n + 1)
            step.append(1)
            shrink |= 1 << i
            continue
        while True:
            first, last = (int(v) for v in rng.integers(-n, n + 1, 2))
            stride = int(rng.choice([1, 1, 2, 3, -1, -2]))
            masks = rng.integers(2), rng.integers(2)
            chosen = slice(None if masks[0] else first, None if masks[1] else last, stride)
            count = len(range(*chosen.indices(n)))
            if count:
                break
        begin.append(first)
        end.append(last)
        step.append(stride)
        out.append(count)
        begin_mask |= int(masks[0]) << i
        end_mask |= int(masks[1]) << i
    x, y = b.tensor(shape, *q), b.tensor(out, *q)
    lists = [b.constant(np.array(v, np.int32)) for v in (begin, end, step)]
    b.operator(
        "STRIDED_SLICE", [x, *lists], [y], "StridedSliceOptions",
        beginMask=begin_mask, endMask=end_mask, shrinkAxisMask=shrink,
    )  # fmt: skip
    return b.build([x], [y])


def transpose(rng: Rng) -> bytes:
    """TRANSPOSE."""
    b = Builder()
    shape = [int(v) for v in rng.integers(1, 7, int(rng.integers(2, 5)))]
    order = rng.permutation(len(shape)).astype(np.int32)
    q = (scale(rng), zero(rng))
    x, y = b.tensor(shape, *q), b.tensor([shape[i] for i in order], *q)
    b.operator("TRANSPOSE", [x, b.constant(order)], [y], "TransposeOptions")
    return b.build([x], [y])


def quantize_edges(rng: Rng) -> bytes:
    """FLOAT32 -> QUANTIZE -> RELU -> DEQUANTIZE -> FLOAT32."""
    b = Builder()
    q, shape = (scale(rng), zero(rng)), (1, 600)
    x, xq, yq, y = b.tensor(shape, dtype="f4"), b.tensor(shape, *q), b.tensor(shape, *q), b.tensor(shape, dtype="f4")
    b.operator("QUANTIZE", [x], [xq])
    b.operator("RELU", [xq], [yq])
    b.operator("DEQUANTIZE", [yq], [y])
    return b.build([x], [y])


def requantize(rng: Rng) -> bytes:
    """QUANTIZE from INT8 or UINT8 to INT8, or from INT8 to UINT8."""
    b = Builder()
    s = scale(rng)
    kind, result = [("i1", "i1"), ("u1", "i1"), ("i1", "u1")][int(rng.integers(3))]
    x = b.tensor((1, 300), s, zero(rng) + (128 if kind == "u1" else 0), kind)
    other = float(np.float32(s * 10 ** rng.uniform(-1, 1)))
    y = b.tensor((1, 300), other, zero(rng) + (128 if result == "u1" else 0), result)
    b.operator("QUANTIZE", [x], [y])
    return b.build([x], [y])


def reshape(rng: Rng) -> bytes:
    """EXPAND_DIMS, RESHAPE and SQUEEZE around a RELU, with a second output that is an alias of the input."""
    b = Builder()
    q = (scale(rng), zero(rng))
    n, m = int(rng.integers(1, 9)), int(rng.integers(1, 9))
    x, e, r, f, s = (b.tensor(v, *q) for v in ((n, m), (1, n, m), (1, n, m), (1, n * m), (n * m,)))
    b.operator("EXPAND_DIMS", [x, b.constant(np.array([0], np.int32))], [e], "ExpandDimsOptions")
    b.operator("RELU", [e], [r])
    b.operator("RESHAPE", [r, b.constant(np.array([1, n * m], np.int32))], [f], "ReshapeOptions", newShape=[1, n * m])
    b.operator("SQUEEZE", [f], [s], "SqueezeOptions", squeezeDims=[0])
    return b.build([x], [s, e] if rng.random() < 0.5 else [s])


CASES: dict[str, Callable[[Rng], bytes]] = {
    f.__name__: f
    for f in (
        conv_2d, depthwise_conv_2d, fully_connected, max_pool_2d, average_pool_2d, mean, add, sub, mul, relu, relu6,
        logistic, tanh, softmax, resize_nearest_neighbor, pad, concatenation, strided_slice, transpose, quantize_edges,
        requantize, reshape,
    )
}  # fmt: skip
