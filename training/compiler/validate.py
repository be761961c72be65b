"""The one pass over a whole graph that comes before anything else looks at it.

What passes has tensors of a size that an RP2040 can address, is written once before it is read, never writes a graph
input or a constant, and has outputs whose shapes follow from the inputs of the operators that write them.
"""

from __future__ import annotations

import math

from training.compiler.errors import CompileError
from training.compiler.ir import Lowering, Program
from training.compiler.model import Model, Tensor
from training.compiler.operators import OPERATORS
from training.compiler.schema import NUMPY_TYPES

MAX_BYTES = 1 << 24  # of a tensor: as much as the RP2040 can map


def _check_tensor(model: Model, tensor: Tensor, who: str) -> None:
    """Refuse tensors without elements (but for lists of integers) and those that are too large."""
    where = f"{model.path}: {who}, tensor {tensor.label()}"
    element = {"INT64": 8, "FLOAT64": 8, "INT8": 1, "UINT8": 1, "BOOL": 1, "INT16": 2, "FLOAT16": 2}
    size = math.prod(tensor.shape) * element.get(tensor.dtype, 4)
    if size > MAX_BYTES:
        raise CompileError(f"{where}: shape {list(tensor.shape)} is {size} bytes; at most {MAX_BYTES} can be addressed")
    if size == 0 and (tensor.data is None or tensor.dtype not in ("INT32", "INT64") or len(tensor.shape) != 1):
        raise CompileError(f"{where}: shape {list(tensor.shape)} has no elements")


def _check_interface(model: Model) -> set[int]:
    """Refuse graph inputs that are constants or given twice; returns the tensors that are there from the start."""
    for index in model.inputs:
        tensor = model.tensors[index]
        _check_tensor(model, tensor, "graph input")
        if tensor.data is not None:
            raise CompileError(f"{model.path}: graph input, tensor {tensor.label()}: is a constant")
    if len(set(model.inputs)) != len(model.inputs):
        raise CompileError(f"{model.path}: the graph names one tensor as input twice")
    return set(model.inputs) | {t.index for t in model.tensors if t.data is not None}


def _check_operator(low: Lowering, known: set[int], constants: set[int]) -> None:
    rule = OPERATORS.get(low.op.name)
    if rule is None:
        target = low.tensors[low.op.outputs[0]] if low.op.outputs and low.op.outputs[0] >= 0 else None
        low.fail("this operator is not supported; supported are " + " ".join(sorted(OPERATORS)), target)
    low.count(rule.inputs, rule.outputs)
    for index in low.op.inputs:
        if index >= 0:
            _check_tensor(low.program.model, low.tensors[index], low.op.label())
            if index not in known:
                low.fail("read before anything writes it", low.tensors[index])
    for position in range(len(low.op.outputs)):
        tensor = low.output(position)
        if tensor.index in constants:
            low.fail("an operator must not write a constant", tensor)
        if tensor.index in low.program.model.inputs:
            low.fail("an operator must not write an input of the graph", tensor)
        if tensor.index in known:
            low.fail("written a second time; each tensor may be written by one operator", tensor)
        _check_tensor(low.program.model, tensor, low.op.label())
        known.add(tensor.index)
    with low.naming():
        rule.check(low)


def validate_model(model: Model) -> None:
    """Check a whole graph.

    Raises:
        CompileError: an operator is not supported, or the graph is not what the module's text says.
    """
    known = _check_interface(model)
    constants = known - set(model.inputs)
    program = Program(model, "model")
    for operator in model.operators:
        _check_operator(Lowering(program, operator), known, constants)
    for index in model.outputs:
        tensor = model.tensors[index]
        _check_tensor(model, tensor, "graph output")
        if index not in known:
            raise CompileError(f"{model.path}: output tensor {tensor.label()} is never written")
        if tensor.dtype not in NUMPY_TYPES:
            raise CompileError(f"{model.path}: output tensor {tensor.label()}: type {tensor.dtype} is not supported")
