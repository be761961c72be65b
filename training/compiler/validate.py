"""The one pass over a whole graph that comes before anything else looks at it.

What passes has tensors of a size that an RP2040 can address, is written once before it is read, never writes a graph
input or a constant, and has outputs whose shapes follow from the inputs of the operators that write them.
"""

from __future__ import annotations

import math

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.fold import FOLDED, fold_constants
from emberwatch.training.compiler.ir import Lowering, Program
from emberwatch.training.compiler.model import Model, Tensor
from emberwatch.training.compiler.operators import OPERATORS
from emberwatch.training.compiler.unsigned import as_signed

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
    return set(model.inputs) | {t.index for t in model.tensors if t.data is not None or t.variable}


def _check_reads(low: Lowering, known: set[int]) -> None:
    for index in low.op.inputs:
        if index >= 0:
            _check_tensor(low.program.model, low.tensors[index], low.op.label())
            if index not in known:
                low.fail("read before anything writes it", low.tensors[index])


def _check_writes(low: Lowering, known: set[int], constants: set[int]) -> None:
    for position in range(len(low.op.outputs)):
        tensor = low.output(position)
        if tensor.index in constants:
            low.fail("an operator must not write a constant or a variable tensor", tensor)
        if tensor.index in low.program.model.inputs:
            low.fail("an operator must not write an input of the graph", tensor)
        if tensor.index in known:
            low.fail("written a second time; each tensor may be written by one operator", tensor)
        _check_tensor(low.program.model, tensor, low.op.label())
        known.add(tensor.index)


def _check_structure(model: Model) -> None:
    """Sizes of tensors, and that each is written once, before it is read."""
    known = _check_interface(model)
    constants = known - set(model.inputs)
    program = Program(model, "model")
    for operator in model.operators:
        low = Lowering(program, operator)
        if operator.name not in OPERATORS and operator.name not in FOLDED:
            target = low.tensors[operator.outputs[0]] if operator.outputs and operator.outputs[0] >= 0 else None
            low.fail("this operator is not supported; build the network from those that docs/compiler.md lists", target)
        _check_reads(low, known)
        _check_writes(low, known, constants)
    for index in model.outputs:
        tensor = model.tensors[index]
        _check_tensor(model, tensor, "graph output")
        if index not in known:
            raise CompileError(f"{model.path}: output tensor {tensor.label()} is never written")


def validated(model: Model) -> Model:
    """Check a whole graph, the graphs that it calls among it; operators whose result is known become constants.

    Raises:
        CompileError: an operator is not supported, or the graph is not what the module's text says.
    """
    for graph in (model, *model.called.values()):
        _check_structure(graph)
    model = as_signed(fold_constants(model))
    program = Program(model, "model")
    for operator in model.operators:
        low = Lowering(program, operator)
        rule = OPERATORS.get(operator.name)
        if rule is None:
            low.fail("this operator is only supported where its inputs are constants", low.output())
        low.count(rule.inputs, len(operator.outputs) if rule.outputs is None else rule.outputs)
        with low.naming():
            rule.check(low)
    return model
