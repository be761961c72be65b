"""Files that lie about shapes, scales or order are refused in one line; what is accepted stays in its buffers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Builder, Oracle

from emberwatch.training.compiler import CompileError, compile_model
from emberwatch.training.compiler.compiler import write_model
from emberwatch.training.compiler.model import parse_model
from emberwatch.training.compiler.native import NativeModel
from emberwatch.training.compiler.stream import stream_graph

SANITIZED = ("-O1", "-std=c11", "-Wpedantic", "-fsanitize=undefined", "-fno-sanitize-recover=all")


def single(
    name: str, shapes: tuple[Any, Any], kind: str = "", constants: tuple[Any, ...] = (), scale: float = 0.1,
    dtypes: tuple[str, str] = ("i1", "i1"), **options: Any,
) -> bytes:  # fmt: skip
    """One operator from a tensor of one shape to one of another, with constant further inputs."""
    b = Builder()
    x, y = b.tensor(shapes[0], scale, 0, dtypes[0]), b.tensor(shapes[1], scale, 0, dtypes[1])
    further = [b.constant(v, 0.1 if np.asarray(v).dtype == np.int8 else None) for v in constants]
    b.operator(name, [x, *further], [y], kind, **options)
    return b.build([x], [y])


def ints(*values: int) -> Any:
    return np.array(values, np.int32)


def convolution(name: str, source: Any, output: Any, filters: Any, w_scale: float = 0.1, **options: Any) -> bytes:
    """CONV_2D or DEPTHWISE_CONV_2D of a given filter shape."""
    b = Builder()
    x, y = b.tensor(source, 0.1), b.tensor(output, 0.1)
    axis = 0 if name == "CONV_2D" else 3
    w = b.constant(np.ones(filters, np.int8), np.full(filters[axis], w_scale), axis=axis)
    kind = "Conv2DOptions" if name == "CONV_2D" else "DepthwiseConv2DOptions"
    further = {} if name == "CONV_2D" else {"depthMultiplier": 1}
    b.operator(name, [x, w, -1], [y], kind, strideH=1, strideW=1, **further, **options)
    return b.build([x], [y])


def dense(in_scale: float, w_scale: float, out_scale: float, activation: int = 0) -> bytes:
    b = Builder()
    x, w, y = b.tensor((1, 4), in_scale), b.constant(np.ones((3, 4), np.int8), w_scale), b.tensor((1, 3), out_scale)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions", fusedActivationFunction=activation)
    return b.build([x], [y])


def pool(name: str, source: Any, output: Any, size: tuple[int, int] = (1, 1), padding: int = 1) -> bytes:
    return single(
        name, (source, output), "Pool2DOptions", strideH=1, strideW=1, filterHeight=size[0], filterWidth=size[1],
        padding=padding,
    )  # fmt: skip


def sliced(begin: int, begin_mask: int, shrink: int, size: int = 7) -> bytes:
    return single(
        "STRIDED_SLICE", ((size,), (1,) if not shrink else ()), "StridedSliceOptions",
        (ints(begin), ints(begin + 1 if begin < 2**31 - 1 else begin), ints(1)),
        beginMask=begin_mask, shrinkAxisMask=shrink,
    )  # fmt: skip


def softmax(shapes: tuple[Any, Any], beta: float = 1.0) -> bytes:
    b = Builder()
    x, y = b.tensor(shapes[0], 0.1), b.tensor(shapes[1], 1 / 256, -128)
    b.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=beta)
    return b.build([x], [y])


def resize(source: Any, output: Any, size: Any) -> bytes:
    return single("RESIZE_NEAREST_NEIGHBOR", (source, output), "ResizeNearestNeighborOptions", (ints(*size),))


def mean(source: Any, output: Any, scale: float = 0.1, out_scale: float = 0.1) -> bytes:
    b = Builder()
    x, y = b.tensor(source, scale), b.tensor(output, out_scale)
    b.operator("MEAN", [x, b.constant(ints(1))], [y], "ReducerOptions")
    return b.build([x], [y])


def writes(what: str) -> bytes:
    """A RELU that writes the graph's input, a constant, a tensor that is already written, or its own input."""
    b = Builder()
    x, y = b.tensor((1, 4), 0.1), b.tensor((1, 4), 0.1)
    c = b.constant(np.zeros((1, 4), np.int8), 0.1)
    b.operator("RELU", [x], [y])
    b.operator("RELU", [y], [{"input": x, "constant": c, "twice": y}[what]])
    return b.build([x], [y])


def reshape_circle(length: int) -> bytes:
    """RESHAPEs that feed each other."""
    b = Builder()
    tensors = [b.tensor((1, 4), 0.1) for _ in range(length)]
    for i in range(length):
        b.operator("RESHAPE", [tensors[i]], [tensors[(i + 1) % length]])
    return b.build([tensors[0]], [tensors[-1]])


def filter_without_rank() -> bytes:
    b = Builder()
    x, w, y = b.tensor((1, 8, 4, 2), 0.1), b.constant(np.int8(1), 0.1), b.tensor((1, 6, 4, 2), 0.1)
    b.operator("DEPTHWISE_CONV_2D", [x, w, -1], [y], "DepthwiseConv2DOptions", strideH=1, strideW=1)
    return b.build([x], [y])


def named(name: str) -> bytes:
    b = Builder()
    x, y = b.tensor((1, 4), 0.1), b.tensor((1, 4), 0.1)
    b.graph.tensors[y].name = name
    b.operator("SEGMENT_SUM", [x], [y])
    return b.build([x], [y])


BILLION = 2**30
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "dilation of a billion": (
        lambda: convolution(
            "CONV_2D", (1, 4, 4, 1), (1, 4, 4, 1), (1, 3, 3, 1), dilationHFactor=BILLION, dilationWFactor=1
        ),
        "each must be 1 to 32767",
    ),
    "convolution with a smaller batch": (
        lambda: convolution("CONV_2D", (2, 4, 4, 1), (1, 4, 4, 1), (1, 1, 1, 1)), "the inputs give shape [2, 4, 4, 1]"
    ),
    "convolution with other channels": (
        lambda: convolution("CONV_2D", (1, 4, 4, 1), (1, 4, 4, 3), (1, 1, 1, 1)), "the inputs give shape"
    ),
    "depthwise with a smaller batch": (
        lambda: convolution("DEPTHWISE_CONV_2D", (3, 4, 4, 2), (1, 4, 4, 2), (1, 1, 1, 2)), "the inputs give shape"
    ),
    "max pool of another batch": (lambda: pool("MAX_POOL_2D", (5, 4, 4, 2), (1, 4, 4, 2)), "the inputs give shape"),
    "average pool of fewer channels": (
        lambda: pool("AVERAGE_POOL_2D", (1, 4, 4, 12), (1, 4, 4, 3)), "the inputs give shape"
    ),
    "pool without padding beyond the image": (
        lambda: pool("AVERAGE_POOL_2D", (1, 4, 4, 1), (1, 1, 1, 1), (9, 1), 1), "reaches over"
    ),
    "pool window of a billion": (
        lambda: pool("AVERAGE_POOL_2D", (1, 13, 4, 1), (1, 13, 4, 1), (1065353216, 3), 0), "each must be 1 to 32767"
    ),
    "pool stride of a billion": (
        lambda: single(
            "MAX_POOL_2D", ((1, 4, 4, 1), (1, 1, 1, 1)), "Pool2DOptions", strideH=BILLION, strideW=1, filterHeight=1,
            filterWidth=4, padding=1,
        ), "each must be 1 to 32767",
    ),
    "dilation of many rows": (
        lambda: convolution(
            "CONV_2D", (1, 4, 4, 1), (1, 4, 4, 1), (1, 5, 3, 1), dilationHFactor=32767, dilationWFactor=1
        ),
        "padding",
    ),
    "resize to fewer channels": (lambda: resize((1, 4, 4, 9), (1, 8, 8, 2), (8, 8)), "the inputs give shape"),
    "resize of another batch": (lambda: resize((3, 4, 4, 1), (1, 8, 8, 1), (8, 8)), "the inputs give shape"),
    "resize with one number": (lambda: resize((1, 4, 4, 1), (1, 8, 8, 1), (8,)), "two numbers"),
    "quantize to fewer": (lambda: single("QUANTIZE", ((4, 30), (1, 3)), dtypes=("f4", "i1")), "cannot become"),
    "requantize to fewer": (lambda: single("QUANTIZE", ((4, 30), (1, 3))), "cannot become"),
    "dequantize to fewer": (lambda: single("DEQUANTIZE", ((4, 30), (3,)), dtypes=("i1", "f4")), "cannot become"),
    "softmax to fewer": (lambda: softmax(((127, 22), (1, 22))), "the inputs give shape"),
    "softmax without a beta": (lambda: softmax(((1, 4), (1, 4)), math.nan), "beta"),
    "softmax of nothing": (lambda: softmax(((0,), (0,))), "no elements"),
    "softmax of too many": (lambda: softmax(((1, 5000), (1, 5000))), "at most 4095"),
    "mean over nothing": (lambda: mean((1, 9, 0), (1, 0)), "no elements"),
    "mean with an axis too many": (lambda: mean((4,), (4,)), "axes"),
    "a factor of 2^130": (lambda: mean((1, 9), (1,), 1e20, 1e-19), "2^30 or more"),
    "pad with negative numbers": (
        lambda: single("PAD", ((1, 4), (1, 2)), "PadOptions", (ints(0, 0, -1, -1),)), "negative"
    ),
    "pad with three numbers": (lambda: single("PAD", ((1, 4), (1, 5)), "PadOptions", (ints(0, 0, 1),)), "3 paddings"),
    "shrunk slice beyond the end": (lambda: sliced(9, 0, 1, 4), "is not there"),
    "shrunk slice far beyond the end": (lambda: sliced(2**31 - 1, 0, 1, 4), "is not there"),
    "shape whose product wraps": (lambda: single("RELU", ((65536,) * 4, (65536,) * 4)), "can be addressed"),
    "shape of 4 GB": (lambda: single("RELU", ((1, 65536, 65536), (1, 65536, 65536))), "can be addressed"),
    "operator writes the input": (lambda: writes("input"), "must not write an input"),
    "operator writes a constant": (lambda: writes("constant"), "must not write a constant"),
    "operator writes twice": (lambda: writes("twice"), "written a second time"),
    "reshape of itself": (lambda: reshape_circle(1), "must not write an input"),
    "circle of reshapes": (lambda: reshape_circle(3), "must not write an input"),
    "filter without rank": (filter_without_rank, "4 dimensions"),
    "product of scales overflows": (lambda: dense(1e20, 1e20, 0.1), "2^30 or more"),
    "weight scale is infinite": (lambda: dense(0.1, math.inf, 0.1), "weight scale inf"),
    "output scale is denormal": (lambda: dense(0.1, 0.1, 1e-45, 3), "correct the scale"),
    "escape sequence in a name": (lambda: named("a\x1b[31mb\nc"), "a?[31mb?c"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(name: str, tmp_path: Path) -> None:
    build, reason = REFUSED[name]
    path = tmp_path / "bad.tflite"
    path.write_bytes(build())
    with pytest.raises(CompileError) as caught:
        compile_model(path, tmp_path / "out")
    text = str(caught.value)
    assert reason in text
    assert text.isprintable()
    assert not (tmp_path / "out").exists(), "something was written"


def from_uint8(zero_point: bool) -> bytes:
    b = Builder()
    x, y = b.tensor((1, 256), 0.1, 0, "u1"), b.tensor((1, 256), 0.05)
    if not zero_point:
        b.graph.tensors[x].quantization.zeroPoint = None
    b.operator("QUANTIZE", [x], [y])
    return b.build([x], [y])


def bias_at_the_limit() -> bytes:
    b = Builder()
    x, y = b.tensor((1, 2), 0.1), b.tensor((1, 2), 0.1)
    w = b.constant(np.array([[127, 127], [-127, -127]], np.int8), 0.001)
    bias = b.constant(np.array([-(2**31) + 5, 2**31 - 5], np.int32), 0.0001)
    b.operator("FULLY_CONNECTED", [x, w, bias], [y], "FullyConnectedOptions")
    return b.build([x], [y])


def coarse() -> bytes:
    """A factor of 1/2: every sum takes the exact rule, the sum -1 too."""
    b = Builder()
    x, y = b.tensor((1, 1), 1.0), b.tensor((1, 1), 1.0)
    w, bias = b.constant(np.array([[1]], np.int8), 0.5), b.constant(ints(100), 0.5)
    b.operator("FULLY_CONNECTED", [x, w, bias], [y], "FullyConnectedOptions")
    return b.build([x], [y])


def one_scale() -> bytes:
    """One weight scale, large biases: the product of the scales must not be rounded to float32."""
    rng = np.random.default_rng(4)
    b = Builder()
    x, y = b.tensor((1, 5), 0.00784), b.tensor((1, 400), 0.0437)
    w = b.constant(rng.integers(-127, 128, (400, 5)).astype(np.int8), 0.0031)
    bias = b.constant(rng.integers(-240_000, 240_000, 400).astype(np.int32), 0.00784 * 0.0031)
    b.operator("FULLY_CONNECTED", [x, w, bias], [y], "FullyConnectedOptions")
    return b.build([x], [y])


def without_history() -> bytes:
    """Streams by its shapes, but the output depends on nothing but the last frames."""
    b = Builder()
    x, c, y = b.tensor((1, 4, 1, 4), 0.1), b.tensor((1, 4, 1, 2), 0.1), b.tensor((1, 8), 0.1)
    w = b.constant(np.ones((2, 1, 1, 4), np.int8), np.full(2, 0.01))
    b.operator("CONV_2D", [x, w, -1], [c], "Conv2DOptions", strideH=1, strideW=1)
    b.operator("RESHAPE", [c], [y])
    return b.build([x], [y])


ACCEPTED: dict[str, Callable[[], bytes]] = {
    "bias at the limits of int32": bias_at_the_limit,
    "exact rule for the sum -1": coarse,
    "dense layer with one scale": one_scale,
    "pool window far beyond the image": lambda: pool("AVERAGE_POOL_2D", (1, 13, 4, 1), (1, 13, 4, 1), (9999, 3), 0),
    "max pool window far beyond the image": lambda: pool("MAX_POOL_2D", (1, 13, 4, 2), (1, 13, 4, 2), (3, 32767), 0),
    "shrunk slice with begin mask": lambda: sliced(3, 1, 1),
    "shrunk slice": lambda: sliced(3, 0, 1),
    "softmax of many equal": lambda: softmax(((1, 300), (1, 300))),
    "stream without history": without_history,
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted_equals_tflite_micro(name: str, tmp_path: Path) -> None:
    data = ACCEPTED[name]()
    model = parse_model(data, name)
    native = NativeModel(write_model(model, name, tmp_path, "net"), model, SANITIZED)
    oracle = Oracle(data)
    source = model.tensors[model.inputs[0]]
    kind = np.uint8 if source.dtype == "UINT8" else np.int8
    rng = np.random.default_rng(0)
    values = [np.full(source.shape, v).astype(kind) for v in (-128, -2, -1, 0, 1, 127)]
    for array in values + [rng.integers(0, 256, source.shape, np.uint8).view(kind) for _ in range(20)]:
        np.testing.assert_array_equal(native.invoke(array)[0].ravel(), oracle.invoke(array)[0].ravel())


def test_no_streaming_form_without_history() -> None:
    assert stream_graph(parse_model(without_history(), "net")) is None


def test_a_zero_point_that_is_not_there_is_zero(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8)
    results = []
    for given in (False, True):
        model = parse_model(from_uint8(given), "net")
        native = NativeModel(write_model(model, "net", tmp_path / str(given), "net"), model, SANITIZED)
        results.append(native.invoke(values)[0])
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0].ravel(), np.minimum(2 * values.astype(int), 127))
