"""What layers with weights share: limits, scales and biases of channels, and the constants of their requantisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.fixedpoint import activation_range, quantize_multiplier
from emberwatch.training.compiler.ir import Lowering, aligned
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.requantise import layer_rows
from emberwatch.training.compiler.schema import ACTIVATIONS

MAX_BOUND = 2**31 - 2  # of a sum of products


def activation_limits(low: Lowering, output: Tensor) -> tuple[int, int]:
    """Int8 limits of the operator's fused activation."""
    scale, zero = low.int8(output)
    code = int(low.op.options["activation"])
    name = ACTIVATIONS[code] if 0 <= code < len(ACTIVATIONS) else str(code)
    try:
        return activation_range(name, scale, zero)
    except KeyError:
        low.fail(f"fused activation {name} is not supported", output)


def weight_scales(low: Lowering, weights: Tensor, channels: int, axis: int) -> npt.NDArray[np.float32]:
    """Weight scale of every output channel."""
    if weights.scale.size not in (1, channels):
        low.fail(f"{weights.scale.size} weight scales for {channels} channels", weights)
    wrong = weights.scale[~((weights.scale > 0) & np.isfinite(weights.scale))]
    if wrong.size:
        low.fail(f"weight scale {wrong[0]} is not a positive number; export the model again", weights)
    if weights.scale.size > 1 and weights.axis != axis:
        low.fail(f"weights quantised along axis {weights.axis}, not {axis}", weights)
    return np.broadcast_to(weights.scale, (channels,))


def bias_values(low: Lowering, position: int, channels: int) -> npt.NDArray[np.int64]:
    """The bias of every output channel, zeros when there is none."""
    if len(low.op.inputs) <= position or low.op.inputs[position] < 0:
        return np.zeros(channels, np.int64)
    tensor = low.input(position)
    data = low.constant_of(tensor, "bias", ("INT32",))
    if data.size != channels:
        low.fail(f"{data.size} bias values for {channels} channels", tensor)
    return data.astype(np.int64).ravel()


@dataclass(frozen=True)
class Output:
    """The requantisation of a layer: what its `<name>_output_t` holds, and the symbols of its tables."""

    zero: int
    low: int
    high: int
    band: int
    rows: str
    exact: str


def output_rows(
    low: Lowering, bias: npt.NDArray[np.int64], factors: list[float], bounds: npt.NDArray[np.int64]
) -> Output:
    """The requantisation of a layer's channels.

    Args:
        low: the operator.
        bias: bias of every channel with the input offset folded in.
        factors: real rescale factor of every channel.
        bounds: largest magnitude of every channel's sum of products.
    """
    output = low.output()
    _, zero = low.int8(output)
    low_limit, high_limit = activation_limits(low, output)
    if low_limit > high_limit:
        low.fail("the fused activation leaves no value of the output", output)
    if int(bounds.max()) > MAX_BOUND:
        low.fail(f"sums of products up to {int(bounds.max())} do not fit 32 bits", low.input(1))
    limits = [int(b) + abs(int(c)) for b, c in zip(bounds, bias, strict=True)]
    scales = [quantize_multiplier(f) for f in factors]
    rows, band = layer_rows([int(b) for b in bias], scales, zero, low_limit, high_limit, limits)
    prefix = low.program.prefix
    fast, exact = [row.fast_words() for row in rows], [row.exact_words() for row in rows]
    return Output(
        zero, low_limit, high_limit, band << 8,
        low.constant("rows", f"{prefix}_channel_t", fast, "low, range, factor, offset"),
        low.constant("exact", f"{prefix}_exact_t", exact, "bias, multiplier, shift"),
    )  # fmt: skip


def padded_rows(weights: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Weights [channels][terms] with zeros appended so that the terms are a multiple of 4."""
    return np.pad(weights, ((0, 0), (0, -weights.shape[1] % 4)))


def halves(largest: int) -> list[int]:
    """A number, half of it, and so on down to 1."""
    return [largest >> i for i in range(largest.bit_length())]


def fourths(largest: int) -> list[int]:
    """A multiple of 4, about half of it, and so on, all multiples of 4."""
    return [aligned(largest >> i) for i in range(largest.bit_length() - 1)]
