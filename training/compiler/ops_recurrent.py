"""Lowering of the operators that remember: SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler import fixedpoint as fx
from emberwatch.training.compiler.ir import ELEMENT_SIZE, Lowering, Rule, State
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.weights import padded_rows


def _state(low: Lowering, position: int, dtypes: tuple[str, ...], size: int) -> tuple[Tensor, float, int]:
    """A variable tensor as state of the program, with scale and zero point."""
    tensor = low.input(position)
    scale, zero = low.quantisation(tensor, dtypes)
    if not tensor.variable or tensor.data is not None or tensor.size != size:
        low.fail(f"the state must be a variable tensor of {size} elements", tensor)
    if tensor.index in low.program.states:
        low.fail("the state belongs to another operator too", tensor)
    byte = zero % 256 if tensor.dtype == "INT8" else 0
    low.program.states[tensor.index] = State(
        size * ELEMENT_SIZE[tensor.dtype], bytes([byte]) * size * ELEMENT_SIZE[tensor.dtype]
    )
    return tensor, scale, zero


def _weights(low: Lowering, position: int, what: str, shape: tuple[int, int]) -> tuple[npt.NDArray[np.int64], float]:
    """Symmetric int8 weights with one scale."""
    tensor = low.input(position)
    data = low.constant_of(tensor, what, ("INT8",))
    scale, zero = low.quantisation(tensor, ("INT8",))
    if zero:
        low.fail(f"zero point {zero} of weights is not supported here, only 0", tensor)
    if data.shape != shape:
        low.fail(f"{what} of shape {list(data.shape)}, not {list(shape)}", tensor)
    return data.astype(np.int64), scale


def check_svdf(low: Lowering) -> None:
    """One row of units for each row of input."""
    source, features, times = low.input(0), low.input(1), low.input(2)
    rank = int(low.op.options["rank"])
    if any(len(t.shape) != 2 for t in (source, features, times)):
        low.fail("input and weights need 2 dimensions", source)
    if rank < 1 or features.shape[0] % rank or features.shape[0] != times.shape[0] or 0 in times.shape:
        low.fail(f"rank {rank} for weights {list(features.shape)} and {list(times.shape)}", features)
    low.expect([source.shape[0], features.shape[0] // rank])


def svdf(low: Lowering) -> None:
    """SVDF: each filter's last results, weighted over time, summed by rank."""
    source, output = low.input(0), low.output()
    in_scale, in_zero = low.int8(source)
    out_scale, out_zero = low.int8(output)
    batch, terms = source.shape
    filters, memory = low.input(2).shape
    rank = int(low.op.options["rank"])
    weights, weight_scale = _weights(low, 1, "feature weights", (filters, terms))
    time_tensor = low.input(2)
    times = low.constant_of(time_tensor, "time weights", ("INT8", "INT16"))
    time_scale, _ = low.quantisation(time_tensor, ("INT8", "INT16"))
    state, state_scale, state_zero = _state(low, 4, ("INT8", "INT16"), batch * filters * memory)
    if state.dtype != time_tensor.dtype:
        low.fail(f"time weights of type {time_tensor.dtype} for a state of type {state.dtype}", time_tensor)
    bias = np.zeros(filters // rank, np.int64)
    if low.op.inputs[3] >= 0:
        bias = low.constant_of(low.input(3), "bias", ("INT32",)).astype(np.int64).ravel()
    if bias.size != filters // rank:
        low.fail(f"{bias.size} bias values for {filters // rank} units", low.input(3))
    limits = np.iinfo(np.int8 if state.dtype == "INT8" else np.int16)
    if terms * 128 * 255 >= 2**31:
        low.fail("the sums may leave 32 bits; use fewer terms", source)
    if state.dtype == "INT16" and state_zero:
        low.fail(f"zero point {state_zero} of a 16-bit state is not supported, only 0", state)
    first = fx.quantize_multiplier(in_scale * weight_scale / state_scale)
    second = fx.quantize_multiplier(state_scale * time_scale / out_scale)
    padded = padded_rows(weights)
    ctype = f"{state.dtype.lower()}_t"
    context: dict[str, Any] = {
        "batch": batch, "terms": terms, "padded_terms": padded.shape[1], "filters": filters, "memory": memory,
        "rank": rank, "ctype": ctype, "state_zero": state_zero, "out_zero": out_zero, "first": first, "second": second,
        "lowest": int(limits.min), "highest": int(limits.max),
        "weights": low.constant("weights", "int8_t", padded, f"feature weights [{filters}][{padded.shape[1]}]"),
        "offsets": low.constant("offsets", "int32_t", -in_zero * weights.sum(axis=1), "what the input zero point adds"),
        "times": low.constant("times", ctype, times, f"time weights [{filters}][{memory}]"),
        "bias": low.constant("bias", "int32_t", bias, "bias"),
    }  # fmt: skip
    low.layer(
        "svdf", [source], context, states=[state.index], macs=batch * filters * (terms + memory),
        scratch=4 * (padded.shape[1] + filters), helpers={"requantise", "clamp", "dot1"},
        summary=f"{filters} filters of rank {rank}, {memory} steps of memory",
    )  # fmt: skip


def check_lstm(low: Lowering) -> None:
    """One state for every step of every batch."""
    source, hidden = low.input(0), low.input(18)
    if len(source.shape) != 3 or len(hidden.shape) != 2:
        low.fail("the input needs 3 dimensions and the hidden state 2", source)
    low.expect([*source.shape[:2], hidden.shape[1]])


def lstm(low: Lowering) -> None:
    """UNIDIRECTIONAL_SEQUENCE_LSTM of int8 with a 16-bit cell; no peephole, projection or layer normalisation."""
    options, source, output = low.op.options, low.input(0), low.output()
    for position in (9, 10, 11, 16, 17, 20, 21, 22, 23):
        if low.op.inputs[position] >= 0:
            low.fail("peephole, projection and layer normalisation are not supported", low.input(position))
    if int(options["activation"]) != 4:
        low.fail("only a cell with tanh is supported; train the layer with activation tanh", output)
    time_major = bool(options["time_major"])
    batch, steps = (source.shape[1], source.shape[0]) if time_major else source.shape[:2]
    terms, units = source.shape[2], output.shape[2]
    in_scale, in_zero = low.int8(source)
    hidden, hidden_scale, hidden_zero = _state(low, 18, ("INT8",), batch * units)
    cell, cell_scale, cell_zero = _state(low, 19, ("INT16",), batch * units)
    if low.int8(output) != (hidden_scale, hidden_zero):
        low.fail("the output must have the hidden state's scale and zero point", output)
    power = round(math.log2(cell_scale))
    if cell_zero or cell_scale != 2.0**power or not -30 <= power <= 0:
        low.fail(
            f"scale {cell_scale:g} and zero point {cell_zero} of the cell state: a power of two and 0 are needed", cell
        )
    if max(terms, units) * 128 * 255 >= 2**31:
        low.fail("the sums may leave 32 bits", source)
    gates = [_gate(low, gate, terms, units, (in_scale, in_zero), (hidden_scale, hidden_zero)) for gate in (1, 0, 2, 3)]
    clip = min(max(float(options["cell_clip"]) / cell_scale, -32768.0), 32767.0) if options["cell_clip"] > 0 else 0.0
    context: dict[str, Any] = {
        "batch": batch, "steps": steps, "terms": terms, "units": units, "padded_terms": terms + -terms % 4,
        "padded_units": units + -units % 4, "gates": gates, "clip": int(clip), "hidden_zero": hidden_zero,
        "in_batch": terms if time_major else steps * terms, "in_step": batch * terms if time_major else terms,
        "out_batch": units if time_major else steps * units, "out_step": batch * units if time_major else units,
        "forget": fx.quantize_multiplier(2.0**-15), "input": fx.quantize_multiplier(2.0**-30 / cell_scale),
        "hide": fx.quantize_multiplier(2.0**-30 / hidden_scale),
        # tanh takes 3/4 of Q3.12: a cell of other scale is shifted.
        "cell_factor": 3 << (12 + power) if power >= -12 else 3, "cell_shift": max(0, -12 - power),
    }  # fmt: skip
    low.layer(
        "lstm", [source], context, states=[hidden.index, cell.index],
        macs=4 * batch * steps * units * (terms + units),
        scratch=4 * (context["padded_terms"] + context["padded_units"] + units) + 8 * units,
        helpers={"requantise", "clamp", "dot1", "sigmoid16", "tanh16"},
        summary=f"{steps} steps, {units} units",
    )  # fmt: skip


def _gate(
    low: Lowering, gate: int, terms: int, units: int, source: tuple[float, int], hidden: tuple[float, int]
) -> dict[str, Any]:
    """Constants of a gate: 0 input, 1 forget, 2 cell, 3 output."""
    name = ("input", "forget", "cell", "output")[gate]
    found: dict[str, Any] = {"name": name, "function": "tanh16" if gate == 2 else "sigmoid16"}
    for part, position, size, (scale, zero) in (("in", 1 + gate, terms, source), ("state", 5 + gate, units, hidden)):
        weights, weight_scale = _weights(low, position, f"weights of the {name} gate", (units, size))
        offsets = -zero * weights.sum(axis=1)
        if part == "in" and low.op.inputs[12 + gate] >= 0:
            bias = low.constant_of(low.input(12 + gate), "bias", ("INT32",)).astype(np.int64).ravel()
            if bias.size != units:
                low.fail(f"{bias.size} bias values for {units} units", low.input(12 + gate))
            offsets = offsets + bias
        if np.abs(offsets).max(initial=0) + size * 128 * 128 >= 2**31:
            low.fail(f"the sums of the {name} gate may leave 32 bits", low.input(position))
        found[part] = {
            "weights": low.constant(f"{name}_{part}", "int8_t", padded_rows(weights), f"{name} gate, {part}"),
            "offsets": low.constant(f"{name}_{part}_offsets", "int32_t", offsets, f"{name} gate, bias with zero point"),
            "scale": fx.quantize_multiplier(scale * weight_scale * 2.0**12),
        }  # fmt: skip
    return found


RULES = {
    "SVDF": Rule((5, 5), check_svdf, svdf),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Rule((24, 24), check_lstm, lstm),
}
