"""Networks of uint8, as TensorFlow 1 quantised them, rewritten to int8.

Every uint8 number less 128 is an int8 number with a zero point less 128, so the same sums come out. What does differ is
marked in the operator's options: weights with a zero point of their own, which int8 kernels do not know, and averages,
which round towards zero on either side of the uint8 zero.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.model import Model, Operator, Tensor

_BOTH = {"QUANTIZE", "DEQUANTIZE", "CAST", "ARG_MAX", "ARG_MIN", "RESHAPE", "SHAPE"}  # take uint8 as it is
_WEIGHTED = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1}
_OTHER_RULES = {"LEAKY_RELU", "LOG_SOFTMAX", "L2_NORMALIZATION", "RESIZE_BILINEAR", "SVDF"}


def _signed(tensor: Tensor) -> Tensor:
    """The int8 tensor of the same numbers."""
    zero = tensor.zero_point if tensor.zero_point.size else np.zeros(max(1, tensor.scale.size), np.int64)
    data = None if tensor.data is None else (tensor.data.astype(np.int16) - 128).astype(np.int8)
    return replace(tensor, dtype="INT8", zero_point=zero - 128, data=data)


def _weights(model: Model, operator: Operator, tensors: list[Tensor]) -> Operator:
    """Mark weights with a zero point; where their numbers fit int8 without it, take it off."""
    tensor = tensors[operator.inputs[_WEIGHTED[operator.name]]]
    if tensor.dtype != "INT8" or tensor.data is None or not np.any(tensor.zero_point):
        return operator
    if tensor.zero_point.size != 1:
        raise CompileError(
            f"{model.path}: {operator.label()}, tensor {tensor.label()}: {tensor.zero_point.size} zero points of uint8 "
            f"weights are not supported, only one"
        )
    values = tensor.data.astype(np.int16) - int(tensor.zero_point[0])
    readers = sum(op.inputs.count(tensor.index) for op in model.operators)
    if readers == 1 and values.min() >= -128 and values.max() <= 127:
        tensors[tensor.index] = replace(tensor, data=values.astype(np.int8), zero_point=np.zeros(1, np.int64))
        return operator
    return replace(operator, options=operator.options | {"asymmetric": True})


def as_signed(model: Model) -> Model:
    """A copy of a model in which operators compute with int8; its inputs and outputs keep their type.

    Raises:
        CompileError: an operator whose uint8 form is another function than its int8 form.
    """

    def touched(operator: Operator) -> bool:
        return any(i >= 0 and model.tensors[i].dtype == "UINT8" for i in operator.inputs + operator.outputs)

    if not any(touched(op) and op.name not in _BOTH for op in model.operators):
        return model
    tensors = [_signed(t) if t.dtype == "UINT8" else t for t in model.tensors]
    before: list[Operator] = []
    operators: list[Operator] = []
    after: list[Operator] = []
    for operator in model.operators:
        if touched(operator) and operator.name in _OTHER_RULES:
            raise CompileError(
                f"{model.path}: {operator.label()}: of uint8 is not supported; quantise the network to int8"
            )
        options = {**operator.options, "unsigned": True} if operator.name == "AVERAGE_POOL_2D" else operator.options
        changed = replace(operator, options=options)
        fits = operator.name in _WEIGHTED and len(operator.inputs) > 1 and operator.inputs[1] >= 0 and touched(operator)
        operators.append(_weights(model, changed, tensors) if fits else changed)
    number = len(operators)
    edges: dict[int, int] = {}
    for index in dict.fromkeys((*model.inputs, *model.outputs)):
        if model.tensors[index].dtype != "UINT8":
            continue
        edges[index] = len(tensors)
        tensors.append(replace(model.tensors[index], index=len(tensors)))
        inner, outer = (index,), (edges[index],)
        is_input = index in model.inputs
        edge = Operator(number, "QUANTIZE", outer if is_input else inner, inner if is_input else outer)
        (before if is_input else after).append(edge)
        number += 1
    return replace(
        model,
        tensors=tensors,
        operators=before + operators + after,
        inputs=tuple(edges.get(i, i) for i in model.inputs),
        outputs=tuple(edges.get(i, i) for i in model.outputs),
    )
