"""Random models of one operator each on 16-bit activations, of matrices, and of changes of type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tflite_builder import Builder
from tflite_cases import scale, zero

Rng = np.random.Generator
POOL = {"padding": 1, "strideH": 2, "strideW": 1, "filterHeight": 2, "filterWidth": 2}


def _scale16(rng: Rng) -> float:
    return float(np.float32(10 ** rng.uniform(-5, -3)))


def _window(rng: Rng) -> tuple[dict[str, Any], list[int], list[int], list[int]]:
    """Options, input size, filter and output size of a convolution."""
    padding, kernel, stride = int(rng.integers(2)), rng.integers(1, 4, 2), rng.integers(1, 3, 2)
    size = kernel + rng.integers(0, 5, 2)
    out = [-(-n // s) if padding == 0 else (n - k) // s + 1 for n, k, s in zip(size, kernel, stride, strict=True)]
    options = {"padding": padding, "strideH": int(stride[0]), "strideW": int(stride[1])}
    return options, [int(n) for n in size], [int(k) for k in kernel], [int(n) for n in out]


def _layer(rng: Rng, name: str, bits: int, asymmetric: bool = False) -> bytes:
    """A layer with weights, of 8 or 16-bit activations."""
    b, (options, size, kernel, out) = Builder(), _window(rng)
    batch, depth, channels = (int(v) for v in rng.integers(1, [3, 7, 7]))
    kind, s = ("i1", scale(rng)) if bits == 8 else ("i2", _scale16(rng))
    w_scale = (10 ** rng.uniform(-3, -1, channels)).astype(np.float32)
    terms = depth * kernel[0] * kernel[1]
    if name == "FULLY_CONNECTED":
        w_scale, terms = w_scale[:1], depth
    if name == "DEPTHWISE_CONV_2D":
        depth, channels = channels, channels
        terms = kernel[0] * kernel[1]
    top = 60 if bits == 8 else 9000
    out_scale = float(np.float32(s * float(w_scale.mean()) * 70 * top * np.sqrt(terms) / top * 2))
    q_in = (s, zero(rng) if bits == 8 else 0, kind)
    q_out = (out_scale, zero(rng) if bits == 8 else 0, kind)
    shapes = {
        "CONV_2D": ((channels, *kernel, depth), (batch, *size, depth), (batch, *out, channels)),
        "DEPTHWISE_CONV_2D": ((1, *kernel, channels), (batch, *size, depth), (batch, *out, channels)),
        "TRANSPOSE_CONV": ((channels, *kernel, depth), (batch, *out, depth), (batch, *size, channels)),
        "FULLY_CONNECTED": ((channels, depth), (batch, depth), (batch, channels)),
    }[name]
    w = b.constant(
        rng.integers(-127, 128, shapes[0]).astype(np.int8), w_scale, int(rng.integers(-90, 90)) if asymmetric else 0,
        axis=3 if name == "DEPTHWISE_CONV_2D" else 0,
    )  # fmt: skip
    long = bits == 16 and (name in ("DEPTHWISE_CONV_2D", "TRANSPOSE_CONV") or rng.random() < 0.7)
    bias = b.constant(
        rng.integers(-9999, 9999, channels).astype(np.int64 if long else np.int32), np.float32(s) * w_scale
    )
    x, y = b.tensor(shapes[1], *q_in), b.tensor(shapes[2], *q_out)
    inputs = [x, w, bias]
    if name == "TRANSPOSE_CONV":
        inputs = [b.constant(np.array(shapes[2], np.int32)), w, x, bias]
    if name == "FULLY_CONNECTED":
        options = {}
    elif name != "TRANSPOSE_CONV":
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
    if name == "DEPTHWISE_CONV_2D":
        options["depthMultiplier"] = 1
    table = {"CONV_2D": "Conv2D", "DEPTHWISE_CONV_2D": "DepthwiseConv2D", "TRANSPOSE_CONV": "TransposeConv"}
    b.operator(name, inputs, [y], table.get(name, "FullyConnected") + "Options", **options)
    return b.build([x], [y])


def transpose_conv(rng: Rng) -> bytes:
    """TRANSPOSE_CONV of int8."""
    return _layer(rng, "TRANSPOSE_CONV", 8)


def fully_connected_asymmetric(rng: Rng) -> bytes:
    """FULLY_CONNECTED of int8 whose weights have a zero point."""
    return _layer(rng, "FULLY_CONNECTED", 8, True)


def conv_2d_16(rng: Rng) -> bytes:
    """CONV_2D of 16-bit activations."""
    return _layer(rng, "CONV_2D", 16)


def depthwise_conv_2d_16(rng: Rng) -> bytes:
    """DEPTHWISE_CONV_2D of 16-bit activations."""
    return _layer(rng, "DEPTHWISE_CONV_2D", 16)


def transpose_conv_16(rng: Rng) -> bytes:
    """TRANSPOSE_CONV of 16-bit activations."""
    return _layer(rng, "TRANSPOSE_CONV", 16)


def fully_connected_16(rng: Rng) -> bytes:
    """FULLY_CONNECTED of 16-bit activations."""
    return _layer(rng, "FULLY_CONNECTED", 16)


def _binary16(rng: Rng, name: str, kind: str) -> bytes:
    b = Builder()
    shape = [int(v) for v in rng.integers(1, 6, int(rng.integers(1, 5)))]
    other = [1 if rng.random() < 0.3 else n for n in shape]
    s1, s2 = _scale16(rng), _scale16(rng)
    out = s1 * s2 * 20000 if name == "MUL" else max(s1, s2)
    x, y = b.tensor(shape, s1, 0, "i2"), b.tensor(other, s2, 0, "i2")
    z = b.tensor(shape, float(np.float32(out * 10 ** rng.uniform(0, 0.5))), 0, "i2")
    b.operator(name, [x, y], [z], kind, fusedActivationFunction=int(rng.choice([0, 1, 3])))
    return b.build([x, y], [z])


def add_16(rng: Rng) -> bytes:
    """ADD of 16-bit activations."""
    return _binary16(rng, "ADD", "AddOptions")


def sub_16(rng: Rng) -> bytes:
    """SUB of 16-bit activations."""
    return _binary16(rng, "SUB", "SubOptions")


def mul_16(rng: Rng) -> bytes:
    """MUL of 16-bit activations."""
    return _binary16(rng, "MUL", "MulOptions")


def _unary16(rng: Rng, name: str, kind: str, out: float | None, **options: Any) -> bytes:
    b, s = Builder(), _scale16(rng) * (1 if name in ("RELU", "RELU6", "LEAKY_RELU") else 4)
    if name in ("LOGISTIC", "TANH") and rng.random() < 0.4:
        s = 2.0**-12
    shape = (1, 2048)
    x, y = b.tensor(shape, s, 0, "i2"), b.tensor(shape, s if out is None else out, 0, "i2")
    b.operator(name, [x], [y], kind, **options)
    return b.build([x], [y])


def relu_16(rng: Rng) -> bytes:
    """RELU of 16-bit activations."""
    return _unary16(rng, "RELU", "", _scale16(rng))


def relu6_16(rng: Rng) -> bytes:
    """RELU6 of 16-bit activations."""
    b, s = Builder(), float(np.float32(10 ** rng.uniform(-3.7, -3)))
    x, y = b.tensor((1, 512), s, 0, "i2"), b.tensor((1, 512), s, 0, "i2")
    b.operator("RELU6", [x], [y])
    return b.build([x], [y])


def leaky_relu_16(rng: Rng) -> bytes:
    """LEAKY_RELU of 16-bit activations."""
    return _unary16(rng, "LEAKY_RELU", "LeakyReluOptions", _scale16(rng), alpha=float(rng.choice([0.3, 0.1, 0.01])))


def logistic_16(rng: Rng) -> bytes:
    """LOGISTIC of 16-bit activations."""
    return _unary16(rng, "LOGISTIC", "", 2.0**-15)


def tanh_16(rng: Rng) -> bytes:
    """TANH of 16-bit activations."""
    return _unary16(rng, "TANH", "", 2.0**-15)


def softmax_16(rng: Rng) -> bytes:
    """SOFTMAX of 16-bit activations."""
    b, shape = Builder(), (int(rng.integers(1, 6)), int(rng.integers(1, 20)))
    x, y = b.tensor(shape, _scale16(rng), 0, "i2"), b.tensor(shape, 2.0**-15, 0, "i2")
    b.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
    return b.build([x], [y])


def softmax_8_to_16(rng: Rng) -> bytes:
    """SOFTMAX from int8 to 16 bits."""
    b, shape = Builder(), (int(rng.integers(1, 6)), int(rng.integers(1, 20)))
    x, y = b.tensor(shape, scale(rng, -3), zero(rng)), b.tensor(shape, 2.0**-16, -32768, "i2")
    b.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=1.0)
    return b.build([x], [y])


def _pool16(rng: Rng, name: str) -> bytes:
    b, (n, c), s = Builder(), rng.integers(1, 4, 2), _scale16(rng)
    h, w = (int(v) for v in rng.integers(2, 8, 2))
    x, y = b.tensor((n, h, w, c), s, 0, "i2"), b.tensor((n, (h - 2) // 2 + 1, w - 1, c), s, 0, "i2")
    b.operator(name, [x], [y], "Pool2DOptions", fusedActivationFunction=int(rng.choice([0, 1])), **POOL)
    return b.build([x], [y])


def max_pool_2d_16(rng: Rng) -> bytes:
    """MAX_POOL_2D of 16-bit activations."""
    return _pool16(rng, "MAX_POOL_2D")


def average_pool_2d_16(rng: Rng) -> bytes:
    """AVERAGE_POOL_2D of 16-bit activations."""
    return _pool16(rng, "AVERAGE_POOL_2D")


def mean_16(rng: Rng) -> bytes:
    """MEAN of 16-bit activations."""
    b, shape = Builder(), [int(v) for v in rng.integers(1, 7, 4)]
    s = _scale16(rng)
    out = float(np.float32(s * 10 ** rng.uniform(-0.5, 0.3)))
    x, y = b.tensor(shape, s, 0, "i2"), b.tensor((shape[0], shape[3]), out, 0, "i2")
    b.operator("MEAN", [x, b.constant(np.array([1, 2], np.int32))], [y], "ReducerOptions", keepDims=False)
    return b.build([x], [y])


def move_16(rng: Rng) -> bytes:
    """PAD, TRANSPOSE, STRIDED_SLICE, CONCATENATION and RESHAPE of 16-bit activations."""
    b, (h, w, c) = Builder(), (int(v) for v in rng.integers(2, 6, 3))
    q: tuple[Any, ...] = (_scale16(rng), 0, "i2")
    x, padded, turned = b.tensor((1, h, w, c), *q), b.tensor((1, h + 3, w, c), *q), b.tensor((1, w, h + 3, c), *q)
    pairs = b.constant(np.array([[0, 0], [1, 2], [0, 0], [0, 0]], np.int32))
    b.operator("PAD", [x, pairs], [padded], "PadOptions")
    b.operator("TRANSPOSE", [padded, b.constant(np.array([0, 2, 1, 3], np.int32))], [turned], "TransposeOptions")
    cut, joined = b.tensor((1, w, (h + 4) // 2, c), *q), b.tensor((1, w, h + 3 + (h + 4) // 2, c), *q)
    lists = [b.constant(np.array(v, np.int32)) for v in ([0, 0, 0, 0], [1, w, h + 3, c], [1, 1, 2, 1])]
    b.operator("STRIDED_SLICE", [turned, *lists], [cut], "StridedSliceOptions")
    b.operator("CONCATENATION", [turned, cut], [joined], "ConcatenationOptions", axis=2)
    flat = b.tensor((1, w * (h + 3 + (h + 4) // 2) * c), *q)
    shape = b.constant(np.array([1, -1], np.int32))
    b.operator("RESHAPE", [joined, shape], [flat], "ReshapeOptions", newShape=[1, -1])
    return b.build([x], [flat])


def quantize_wide(rng: Rng) -> bytes:
    """QUANTIZE between 8, 16 and 32 bits."""
    b = Builder()
    kinds = [("i1", "i2"), ("i2", "i1"), ("i2", "i2"), ("i2", "i4"), ("i1", "i4"), ("i4", "i1"), ("i4", "i2")]
    source, target = kinds[int(rng.integers(len(kinds)))]
    s = {"i1": scale(rng), "i2": _scale16(rng), "i4": 1e-3}[source]
    x = b.tensor((1, 200), s, zero(rng) if source == "i1" else 0, source)
    other = float(
        np.float32(s * (10 ** rng.uniform(-1, 1)) * {"i1": 1, "i2": 0.01, "i4": 0.1}[target] * (source != "i1" or 1))
    )
    y = b.tensor((1, 200), other, zero(rng) if target == "i1" else 0, target)
    b.operator("QUANTIZE", [x], [y])
    return b.build([x], [y])


def cast(rng: Rng) -> bytes:
    """CAST between types."""
    b = Builder()
    source, target = str(rng.choice(["i1", "i2", "i4"])), str(rng.choice(["i1", "i2", "i4", "f4"]))
    x, y = b.tensor((3, 50), dtype=source), b.tensor((3, 50), dtype=target)
    b.operator("CAST", [x], [y], "CastOptions")
    return b.build([x], [y])


def _matmul(rng: Rng, bits: int) -> bytes:
    b = Builder()
    rows, terms, columns = (int(v) for v in rng.integers(1, 9, 3))
    batch = [int(v) for v in rng.integers(1, 4, int(rng.integers(0, 3)))]
    other = [1 if rng.random() < 0.3 else n for n in batch]
    left, right = bool(rng.integers(2)), bool(rng.integers(2))
    kind = "i1" if bits == 8 else "i2"
    s1, s2 = (scale(rng), scale(rng)) if bits == 8 else (_scale16(rng), _scale16(rng))
    z = [zero(rng) if bits == 8 else 0 for _ in range(3)]
    out = float(np.float32(s1 * s2 * np.sqrt(terms) * (100 if bits == 8 else 2e4)))
    x = b.tensor([*batch, terms, rows] if left else [*batch, rows, terms], s1, z[0], kind)
    y = b.tensor([*other, columns, terms] if right else [*other, terms, columns], s2, z[1], kind)
    o = b.tensor([*batch, rows, columns], out, z[2], kind)
    b.operator("BATCH_MATMUL", [x, y], [o], "BatchMatMulOptions", adjX=left, adjY=right)
    return b.build([x, y], [o])


def batch_matmul(rng: Rng) -> bytes:
    """BATCH_MATMUL of int8."""
    return _matmul(rng, 8)


def batch_matmul_16(rng: Rng) -> bytes:
    """BATCH_MATMUL of 16-bit activations."""
    return _matmul(rng, 16)


def resize_bilinear(rng: Rng) -> bytes:
    """RESIZE_BILINEAR."""
    b, q = Builder(), (scale(rng), zero(rng))
    n, depth, h, w, oh, ow = (int(v) for v in rng.integers(1, [3, 4, 12, 12, 20, 20]))
    x, y = b.tensor((n, h, w, depth), *q), b.tensor((n, oh, ow, depth), *q)
    half = bool(rng.integers(2))
    b.operator(
        "RESIZE_BILINEAR", [x, b.constant(np.array([oh, ow], np.int32))], [y], "ResizeBilinearOptions",
        halfPixelCenters=half, alignCorners=bool(rng.integers(2)) and not half,
    )  # fmt: skip
    return b.build([x], [y])


WIDE_CASES: dict[str, Callable[[Rng], bytes]] = {
    f.__name__: f
    for f in (
        transpose_conv, fully_connected_asymmetric, conv_2d_16, depthwise_conv_2d_16, transpose_conv_16,
        fully_connected_16, add_16, sub_16, mul_16, relu_16, relu6_16, leaky_relu_16, logistic_16, tanh_16, softmax_16,
        softmax_8_to_16, max_pool_2d_16, average_pool_2d_16, mean_16, move_16, quantize_wide, cast, batch_matmul,
        batch_matmul_16, resize_bilinear,
    )
}  # fmt: skip
