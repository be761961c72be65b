"""Random graphs of many operators: branches, residuals, several inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from tflite_builder import Builder

Rng = np.random.Generator
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A tensor of the graph under construction."""

    index: int
    shape: Shape
    scale: float
    zero: int


class Graph:
    """Grows by one random operator at a time."""

    def __init__(self, rng: Rng) -> None:
        self.rng, self.b = rng, Builder()
        self.inputs: list[Value] = []
        self.values: list[Value] = []

    def new(self, shape: Shape, like: Value | None = None) -> Value:
        """A tensor, with the quantisation of another or with one of its own."""
        scale = like.scale if like else float(np.float32(self.rng.uniform(0.02, 0.06)))
        zero = like.zero if like else int(self.rng.integers(-128, 60))
        return Value(self.b.tensor(shape, scale, zero), shape, scale, zero)

    def add_input(self, shape: Shape) -> None:
        """A graph input."""
        value = self.new(shape)
        self.inputs.append(value)
        self.values.append(value)

    def _done(self, value: Value) -> None:
        self.values.append(value)

    def _pick(self) -> Value:
        images = [v for v in self.values if len(v.shape) == 4]
        return images[-1] if self.rng.random() < 0.7 else images[int(self.rng.integers(len(images)))]

    def convolve(self) -> None:
        """CONV_2D or DEPTHWISE_CONV_2D."""
        x, rng = self._pick(), self.rng
        n, h, w, c = x.shape
        k, stride, padding = int(rng.choice([1, 1, 3])), int(rng.choice([1, 1, 2])), int(rng.integers(2))
        if min(h, w) < k:
            padding = 0
        size = [-(-s // stride) if padding == 0 else (s - k) // stride + 1 for s in (h, w)]
        deep = rng.random() < 0.35
        channels = c if deep else int(rng.integers(1, 17))
        shape = (1, k, k, c) if deep else (channels, k, k, c)
        terms = k * k if deep else k * k * c
        w_scale = (rng.uniform(0.7, 1.5, channels) * 1.5 / 50 / np.sqrt(terms)).astype(np.float32)
        weights = np.clip(np.round(rng.normal(0, 50, shape)), -127, 127).astype(np.int8)
        y = self.new((n, size[0], size[1], channels))
        bias = self.b.constant(rng.integers(-2000, 2000, channels).astype(np.int32), w_scale * np.float32(x.scale))
        common: dict[str, Any] = {
            "padding": padding, "strideH": stride, "strideW": stride, "dilationHFactor": 1, "dilationWFactor": 1,
            "fusedActivationFunction": int(rng.choice([0, 0, 1, 3])),
        }  # fmt: skip
        if deep:
            common["depthMultiplier"] = 1
        inputs = [x.index, self.b.constant(weights, w_scale, axis=3 if deep else 0), bias]
        kind = "DepthwiseConv2DOptions" if deep else "Conv2DOptions"
        self.b.operator("DEPTHWISE_CONV_2D" if deep else "CONV_2D", inputs, [y.index], kind, **common)
        self._done(y)

    def combine(self) -> None:
        """ADD, SUB, MUL or CONCATENATION of two tensors of one shape."""
        a = self._pick()
        mates = [v for v in self.values if v.shape == a.shape]
        b = mates[int(self.rng.integers(len(mates)))]
        name = str(self.rng.choice(["ADD", "SUB", "MUL", "CONCATENATION"]))
        if name == "CONCATENATION":
            b = a if (a.scale, a.zero) != (b.scale, b.zero) else b
            y = self.new((*a.shape[:3], 2 * a.shape[3]), a)
            self.b.operator(name, [a.index, b.index], [y.index], "ConcatenationOptions", axis=3)
        else:
            y = self.new(a.shape)
            self.b.operator(name, [a.index, b.index], [y.index], name.capitalize() + "Options")
        self._done(y)

    def move(self) -> None:
        """PAD, TRANSPOSE, STRIDED_SLICE, RESIZE_NEAREST_NEIGHBOR or RELU6."""
        x, rng = self._pick(), self.rng
        n, h, w, c = x.shape
        which = int(rng.integers(5))
        if which == 0:
            pairs = np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.int32)
            y = self.new((n, h + 1, w + 2, c), x)
            self.b.operator("PAD", [x.index, self.b.constant(pairs)], [y.index], "PadOptions")
        elif which == 1:
            y = self.new((n, w, h, c), x)
            order = self.b.constant(np.array([0, 2, 1, 3], np.int32))
            self.b.operator("TRANSPOSE", [x.index, order], [y.index], "TransposeOptions")
        elif which == 2:
            y = self.new((n, (h + 1) // 2, w, c), x)
            lists = [self.b.constant(np.array(v, np.int32)) for v in ([0, 0, 0, 0], [n, h, w, c], [1, 2, 1, 1])]
            self.b.operator("STRIDED_SLICE", [x.index, *lists], [y.index], "StridedSliceOptions")
        elif which == 3:
            y = self.new((n, h + 2, max(1, w - 1), c), x)
            size = self.b.constant(np.array(y.shape[1:3], np.int32))
            kind = "ResizeNearestNeighborOptions"
            self.b.operator("RESIZE_NEAREST_NEIGHBOR", [x.index, size], [y.index], kind, halfPixelCenters=True)
        else:
            y = self.new(x.shape, x)
            self.b.operator("RELU6", [x.index], [y.index])
        self._done(y)

    def pool(self) -> None:
        """MAX_POOL_2D or AVERAGE_POOL_2D."""
        x = self._pick()
        n, h, w, c = x.shape
        y = self.new((n, -(-h // 2), -(-w // 2), c), x)
        name = str(self.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]))
        self.b.operator(
            name, [x.index], [y.index], "Pool2DOptions", padding=0, strideH=2, strideW=2, filterHeight=2, filterWidth=2
        )
        self._done(y)

    def dense(self) -> Value:
        """RESHAPE and FULLY_CONNECTED."""
        x, rng = self._pick(), self.rng
        terms = int(np.prod(x.shape))
        flat = self.new((1, terms), x)
        shape = self.b.constant(np.array([1, terms], np.int32))
        self.b.operator("RESHAPE", [x.index, shape], [flat.index], "ReshapeOptions")
        channels, w_scale = int(rng.integers(1, 9)), np.float32(1.5 / 50 / np.sqrt(terms))
        weights = self.b.constant(
            np.clip(np.round(rng.normal(0, 50, (channels, terms))), -127, 127).astype(np.int8), w_scale
        )
        bias = self.b.constant(rng.integers(-2000, 2000, channels).astype(np.int32), w_scale * np.float32(x.scale))
        y = self.new((1, channels))
        self.b.operator("FULLY_CONNECTED", [flat.index, weights, bias], [y.index], "FullyConnectedOptions")
        return y


def random_graph(rng: Rng) -> bytes:
    """A graph of four to twelve operators with one or two inputs and up to three outputs."""
    graph = Graph(rng)
    shape = (1, int(rng.integers(3, 14)), int(rng.integers(3, 14)), int(rng.integers(1, 9)))
    graph.add_input(shape)
    if rng.random() < 0.4:
        graph.add_input(shape)
    for _ in range(int(rng.integers(3, 11))):
        step = rng.choice(["convolve", "convolve", "combine", "move", "pool"])
        getattr(graph, str(step))()
    outputs = [graph.dense(), graph.values[-1]]
    if rng.random() < 0.3:
        outputs.append(graph.values[int(rng.integers(len(graph.inputs), len(graph.values)))])
    unique = list(dict.fromkeys(v.index for v in outputs))
    return graph.b.build([v.index for v in graph.inputs], unique)
