"""Operators whose result is known before anything runs: they become constants.

Converters leave such operators where a batch size was free: the shape of a tensor, taken apart and packed again, says
how to reshape it. The shapes of the file are fixed, so all of it folds away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.model import Model, Operator, Tensor
from emberwatch.training.compiler.schema import NUMPY_TYPES

MAX_BYTES = 1 << 16  # of one folded constant: larger ones are cheaper to compute than to store

Array = npt.NDArray[Any]
Fold = Callable[[Operator, Sequence[Array]], Array]


def _slice(op: Operator, values: Sequence[Array]) -> Array:
    source, begin, end, step = values
    options = op.options
    if options["ellipsis_mask"] or options["new_axis_mask"] or options["offset"]:
        raise ValueError("ellipsis, new axis and offset are not supported")
    index: list[Any] = []
    for i, (first, last, stride) in enumerate(zip(begin.ravel(), end.ravel(), step.ravel(), strict=True)):
        start = None if options["begin_mask"] >> i & 1 else int(first)
        if options["shrink_axis_mask"] >> i & 1:
            index.append(start or 0)
        else:
            index.append(slice(start, None if options["end_mask"] >> i & 1 else int(last), int(stride)))
    return np.asarray(source[tuple(index)])


def _numbers(function: Callable[[Array, Array], Array]) -> Fold:
    """A function of two unquantised integer arrays."""

    def fold(op: Operator, values: Sequence[Array]) -> Array:
        first, second = values
        if first.dtype.kind != "i" or first.dtype.itemsize < 4 or op.options.get("activation", 0):
            raise ValueError("only plain numbers of 32 or 64 bits")
        return function(first, second)

    return fold


def _reduce_prod(op: Operator, values: Sequence[Array]) -> Array:
    source, axes = values
    if source.dtype.kind != "i" or source.dtype.itemsize < 4:
        raise ValueError("only plain numbers of 32 or 64 bits")
    return np.asarray(np.prod(source, axis=tuple(int(a) for a in axes.ravel()), keepdims=bool(op.options["keep_dims"])))


def _reshape(op: Operator, values: Sequence[Array]) -> Array:
    return values[0]  # the shape is the output's


FOLDS: dict[str, Fold] = {
    "ADD": _numbers(np.add),
    "CAST": lambda op, v: v[0],
    "CONCATENATION": lambda op, v: np.concatenate(v, axis=int(op.options["axis"])),
    "EXPAND_DIMS": _reshape,
    "FILL": lambda op, v: np.full([int(n) for n in v[0].ravel()], v[1]),
    "GATHER": lambda op, v: np.take(v[0], v[1], axis=int(op.options["axis"])),
    "MAXIMUM": _numbers(np.maximum),
    "MINIMUM": _numbers(np.minimum),
    "MUL": _numbers(np.multiply),
    "PACK": lambda op, v: np.stack(v, axis=int(op.options["axis"])),
    "REDUCE_PROD": _reduce_prod,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "STRIDED_SLICE": _slice,
    "SUB": _numbers(np.subtract),
    "TRANSPOSE": lambda op, v: np.transpose(v[0], [int(i) for i in v[1].ravel()]),
}
FOLDED = frozenset({*FOLDS, "SHAPE"})
_BROADCAST = {"ADD", "MAXIMUM", "MINIMUM", "MUL", "SUB"}


def _value(op: Operator, inputs: list[Tensor], output: Tensor) -> Array | None:
    """The value of an operator's output, or None when it is not known or not worth folding."""
    if output.dtype not in NUMPY_TYPES or output.size * np.dtype(NUMPY_TYPES[output.dtype]).itemsize > MAX_BYTES:
        return None
    if op.name == "SHAPE" and len(inputs) == 1:
        return np.array(inputs[0].shape, np.int64)
    if op.name == "BROADCAST_ARGS" or op.name not in FOLDS or not inputs:
        return None
    values = [t.data for t in inputs if t.data is not None]
    if len(values) != len(inputs):
        return None
    if op.name == "FILL" and tuple(int(n) for n in values[0].ravel()) != output.shape:
        raise ValueError(f"dimensions {values[0].ravel().tolist()} for shape {list(output.shape)}")
    if op.name in _BROADCAST and math.prod(np.broadcast_shapes(*(v.shape for v in values))) != output.size:
        raise ValueError(f"shapes {[v.shape for v in values]} do not give {list(output.shape)}")
    if op.name == "CAST" and (values[0].dtype.kind not in "bi" or output.dtype not in ("INT32", "INT64")):
        return None
    return FOLDS[op.name](op, values)


def fold_constants(model: Model) -> Model:
    """A copy of a model without the operators whose outputs are known.

    Raises:
        CompileError: such an operator has inputs that do not belong together.
    """
    tensors, operators = list(model.tensors), []
    for op in model.operators:
        if len(op.outputs) != 1 or min(op.inputs + op.outputs, default=-1) < 0:
            operators.append(op)
            continue
        output = tensors[op.outputs[0]]
        try:
            value = _value(op, [tensors[i] for i in op.inputs], output)
            if value is not None and value.size != math.prod(output.shape):
                raise ValueError(f"{value.size} values for shape {list(output.shape)}")
        except (ValueError, IndexError, TypeError, OverflowError) as error:
            reason = str(error).splitlines()[0]
            raise CompileError(f"{model.path}: {op.label()}, tensor {output.label()}: {reason}") from error
        if value is None:
            operators.append(op)
        else:
            data = value.astype(NUMPY_TYPES[output.dtype]).reshape(output.shape)
            tensors[output.index] = replace(output, data=data)
    return replace(model, tensors=tensors, operators=operators)
