"""Random networks over time: convolutions, depthwise convolutions, pooling, residuals, then a dense end."""

from __future__ import annotations

from typing import Any

import numpy as np
from tflite_builder import Builder

Rng = np.random.Generator
SAME, VALID = 0, 1


class Network:
    """Layers along the time axis of a [1, T, 1, C] or [1, T, F, C] tensor."""

    def __init__(self, rng: Rng, shape: tuple[int, ...]) -> None:
        self.rng, self.b = rng, Builder()
        self.shape, self.scale = shape, 0.05
        self.source = self.now = self.b.tensor(shape, self.scale, int(rng.integers(-128, 0)))

    def _push(self, name: str, inputs: list[int], shape: tuple[int, ...], kind: str, **options: Any) -> int:
        self.shape, self.scale = shape, 0.05
        y = self.b.tensor(shape, self.scale, int(self.rng.integers(-60, 20)))
        self.b.operator(name, inputs, [y], kind, **options)
        self.now = y
        return y

    def same(self, name: str, inputs: list[int], shape: tuple[int, ...], kind: str, **options: Any) -> int:
        """A layer that keeps scale and zero point of the present tensor."""
        t = self.b.graph.tensors[self.now]
        y = self.b.tensor(shape, t.quantization.scale[0], int(t.quantization.zeroPoint[0]))
        self.b.operator(name, inputs, [y], kind, **options)
        self.shape, self.now = shape, y
        return y

    def _weights(self, shape: tuple[int, ...], channels: int, terms: int, axis: int) -> tuple[int, int]:
        w_scale = (self.rng.uniform(0.8, 2.0, channels) / 40 / np.sqrt(terms)).astype(np.float32)
        w = np.clip(np.round(self.rng.normal(0, 40, shape)), -127, 127).astype(np.int8)
        bias = self.rng.integers(-2000, 2000, channels).astype(np.int32)
        return self.b.constant(w, w_scale, axis=axis), self.b.constant(bias, w_scale * np.float32(0.05))

    def conv(self, k: int, stride: int, channels: int, dilation: int = 1, kf: int = 1, padding: int = VALID) -> int:
        """CONV_2D with k frames."""
        n, t, f, c = self.shape
        w, bias = self._weights((channels, k, kf, c), channels, k * kf * c, 0)
        out_t = (t - (k - 1) * dilation - 1) // stride + 1 if padding == VALID else -(-t // stride)
        out_f = f - kf + 1 if padding == VALID else f
        return self._push(
            "CONV_2D", [self.now, w, bias], (n, out_t, out_f, channels), "Conv2DOptions", padding=padding,
            strideH=stride, strideW=1, dilationHFactor=dilation, dilationWFactor=1,
            fusedActivationFunction=int(self.rng.choice([0, 0, 1])),
        )  # fmt: skip

    def depthwise(self, k: int, stride: int, dilation: int = 1) -> int:
        """DEPTHWISE_CONV_2D with k frames, VALID."""
        n, t, f, c = self.shape
        w, bias = self._weights((1, k, 1, c), c, k, 3)
        out_t = (t - (k - 1) * dilation - 1) // stride + 1
        return self._push(
            "DEPTHWISE_CONV_2D", [self.now, w, bias], (n, out_t, f, c), "DepthwiseConv2DOptions", padding=VALID,
            strideH=stride, strideW=1, dilationHFactor=dilation, dilationWFactor=1, depthMultiplier=1,
            fusedActivationFunction=int(self.rng.choice([0, 0, 1])),
        )  # fmt: skip

    def end(self, style: str) -> bytes:
        """Mean, pool or flatten, then FULLY_CONNECTED and, in half of the cases, LOGISTIC."""
        n, t, f, c = self.shape
        if style == "mean":
            axes = self.b.constant(np.array([1, 2], np.int32))
            self._push("MEAN", [self.now, axes], (n, c), "ReducerOptions", keepDims=False)
        elif style == "average":
            self.same(
                "AVERAGE_POOL_2D", [self.now], (n, 1, 1, c), "Pool2DOptions", padding=VALID, strideH=t, strideW=f,
                filterHeight=t, filterWidth=f, fusedActivationFunction=0,
            )  # fmt: skip
        terms = int(np.prod(self.shape))
        shape = self.b.constant(np.array([1, terms], np.int32))
        self.same("RESHAPE", [self.now, shape], (1, terms), "ReshapeOptions")
        values = np.clip(np.round(self.rng.normal(0, 50, (1, terms))), -127, 127).astype(np.int8)
        w = self.b.constant(values, 0.05 / np.sqrt(terms))
        self._push(
            "FULLY_CONNECTED", [self.now, w, self.b.constant(np.array([100], np.int32), 0.0005)], (1, 1),
            "FullyConnectedOptions", fusedActivationFunction=0,
        )  # fmt: skip
        if self.rng.random() < 0.5:
            return self.b.build([self.source], [self.now])
        y = self.b.tensor((1, 1), 1 / 256, -128)
        self.b.operator("LOGISTIC", [self.now], [y])
        return self.b.build([self.source], [y])


def detector(rng: Rng) -> bytes:
    """A depthwise-separable detector over time, in one of several forms."""
    style = int(rng.integers(5))
    frames = int(rng.choice([31, 40, 61]))
    if style == 4:
        net = Network(rng, (1, frames, 32))
        axis = net.b.constant(np.array([2], np.int32))
        net.same("EXPAND_DIMS", [net.source, axis], (1, frames, 1, 32), "ExpandDimsOptions")
    elif style == 3:
        net = Network(rng, (1, frames, 8, 1))
        net.conv(3, 1, 6, kf=3, padding=VALID)
    else:
        net = Network(rng, (1, frames, 1, int(rng.choice([5, 32]))))
    net.conv(int(rng.integers(1, 6)), int(rng.choice([1, 2])), 8)
    for _ in range(int(rng.integers(1, 3))):
        net.depthwise(int(rng.integers(2, 5)), 1, int(rng.choice([1, 2])))
        before = net.conv(1, 1, 12)
        if rng.random() < 0.5:
            branch = net.conv(1, 1, 12)
            net._push("ADD", [before, branch], net.shape, "AddOptions")
    if rng.random() < 0.6:
        net.depthwise(3, 2)
    if rng.random() < 0.5:
        net.same("RELU6", [net.now], net.shape, "")
    return net.end(str(rng.choice(["mean", "average", "flatten"])))
