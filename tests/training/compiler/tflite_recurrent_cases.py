"""Random models of operators that remember: variables, SVDF and LSTM."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tflite_builder import Builder
from tflite_cases import scale, zero

Rng = np.random.Generator


def variables(rng: Rng) -> bytes:
    """A ring of the last rows, as streaming networks keep it: read, append, drop the oldest, write back."""
    b, q = Builder(), (scale(rng), zero(rng))
    new, kept, width = (int(v) for v in rng.integers(1, 5, 3))
    x = b.tensor((1, new, width), *q)
    b.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=1)
    handle = b.handle("ring")
    past, joined = b.tensor((1, kept, width), *q), b.tensor((1, kept + new, width), *q)
    b.operator("READ_VARIABLE", [handle], [past], "ReadVariableOptions")
    b.operator("CONCATENATION", [past, x], [joined], "ConcatenationOptions", axis=1)
    last = b.tensor((1, kept, width), *q)
    lists = [b.constant(np.array(v, np.int32)) for v in ([0, new, 0], [1, kept + new, width], [1, 1, 1])]
    b.operator("STRIDED_SLICE", [joined, *lists], [last], "StridedSliceOptions")
    b.operator("ASSIGN_VARIABLE", [handle, last], [], "AssignVariableOptions")
    y = b.tensor((1, kept + new, width), *q)
    b.operator("RELU6", [joined], [y])
    first = b.call()
    style = int(rng.integers(3))
    values = rng.integers(-128, 128, (1, kept, width)) if style == 0 else np.full((1, kept, width), q[1])
    if style < 2:  # else the variable starts as its zero point
        first.operator("ASSIGN_VARIABLE", [first.handle("ring"), first.constant(values.astype(np.int8), *q)], [])
    return b.build([x], [y])


def svdf(rng: Rng) -> bytes:
    """SVDF with a state of 8 or 16 bits."""
    b, kind = Builder(), str(rng.choice(["i1", "i2"]))
    batch, terms, units, rank, memory = (int(v) for v in rng.integers(1, [3, 20, 8, 4, 9]))
    filters = units * rank
    s, w_scale, state_scale = scale(rng), 10 ** rng.uniform(-2.5, -1), 10 ** rng.uniform(-2, 0)
    time_scale = float(np.float32(10 ** rng.uniform(-3, -1)))
    state_scale = float(np.float32(state_scale if kind == "i1" else state_scale / 100))
    limit = 127 if kind == "i1" else 32767
    x = b.tensor((batch, terms), s, zero(rng))
    features = b.constant(rng.integers(-127, 128, (filters, terms)).astype(np.int8), w_scale)
    times = b.constant(rng.integers(-limit // 4, limit // 4, (filters, memory)).astype(kind), time_scale)
    bias_scale = np.float32(state_scale) * np.float32(time_scale)
    bias = b.constant(rng.integers(-500, 500, units).astype(np.int32), bias_scale)
    state = b.variable((batch, memory * filters), state_scale, zero(rng) if kind == "i1" else 0, kind)
    out = float(np.float32(bias_scale * limit * 60 * 10 ** rng.uniform(-1, 0.5)))
    y = b.tensor((batch, units), out, zero(rng))
    b.operator("SVDF", [x, features, times, bias, state], [y], "SVDFOptions", rank=rank, fusedActivationFunction=1)
    return b.build([x], [y])


def lstm(rng: Rng) -> bytes:
    """UNIDIRECTIONAL_SEQUENCE_LSTM, time or batch first."""
    b, major = Builder(), bool(rng.integers(2))
    batch, steps, terms, units = (int(v) for v in rng.integers(1, [3, 6, 12, 12]))
    s, h_scale = float(np.float32(rng.uniform(0.005, 0.05))), float(np.float32(rng.uniform(0.004, 0.02)))
    h_zero, in_zero = zero(rng), zero(rng)
    shape = (steps, batch, terms) if major else (batch, steps, terms)
    x = b.tensor(shape, s, in_zero)
    inputs = [x]
    scales = [float(np.float32(10 ** rng.uniform(-2.5, -1.5))) for _ in range(8)]
    for i in range(8):
        size = terms if i < 4 else units
        inputs.append(b.constant(rng.integers(-127, 128, (units, size)).astype(np.int8), scales[i]))
    inputs += [-1] * 3
    for i in range(4):
        bias = rng.integers(-3000, 3000, units).astype(np.int32)
        inputs.append(b.constant(bias, np.float32(s) * np.float32(scales[i])))
    hidden, cell = b.variable((batch, units), h_scale, h_zero), b.variable((batch, units), 2.0**-11, 0, "i2")
    inputs += [-1, -1, hidden, cell, -1, -1, -1, -1]
    y = b.tensor((*shape[:2], units), h_scale, h_zero)
    b.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], "UnidirectionalSequenceLSTMOptions", fusedActivationFunction=4,
        timeMajor=major, cellClip=float(rng.choice([0.0, 10.0, 1.0])), projClip=0.0,
    )  # fmt: skip
    return b.build([x], [y])


RECURRENT_CASES: dict[str, Callable[[Rng], bytes]] = {f.__name__: f for f in (variables, svdf, lstm)}
