"""Writing small .tflite files and running them in TensorFlow Lite Micro."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from tflite_micro.python.tflite_micro import runtime
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

TYPES = {np.dtype(k): v for k, v in [("f4", 0), ("i4", 2), ("u1", 3), ("i8", 4), ("?", 6), ("i2", 7), ("i1", 9)]}
RESOURCE = 13


class Builder:
    """One graph under construction; tensors are handled by their index."""

    def __init__(self) -> None:
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        self.called: list[Builder] = []

    def call(self) -> Builder:
        """A further graph of the file, for CALL_ONCE; the first has number 1."""
        other = Builder()
        other.model = self.model
        self.called.append(other)
        return other

    def variable(self, shape: Any, scale: float, zero: int = 0, dtype: str = "i1") -> int:
        """Add a tensor that keeps its value."""
        index = self.tensor(shape, scale, zero, dtype)
        self.graph.tensors[index].isVariable = True
        return index

    def handle(self, name: str) -> int:
        """Add a VAR_HANDLE; returns the tensor that it writes."""
        index = self.tensor((1,), dtype="i4")
        self.graph.tensors[index].type = RESOURCE
        self.operator("VAR_HANDLE", [], [index], "VarHandleOptions", container="", sharedName=name)
        return index

    def tensor(self, shape: Any, scale: Any = None, zero: int = 0, dtype: str = "i1", axis: int = 0) -> int:
        """Add a tensor that is computed or given at run time."""
        t = schema.TensorT()
        t.shape, t.type, t.buffer = [int(n) for n in shape], TYPES[np.dtype(dtype)], 0
        t.name = f"t{len(self.graph.tensors)}"
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            t.quantization = schema.QuantizationParametersT()
            t.quantization.scale = scales
            t.quantization.zeroPoint = np.full(scales.size, zero, np.int64)
            t.quantization.quantizedDimension = axis
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def constant(self, values: Any, scale: Any = None, zero: int = 0, axis: int = 0) -> int:
        """Add a constant tensor of the array's type."""
        array = np.ascontiguousarray(values).reshape(np.shape(values))
        index = self.tensor(array.shape, scale, zero, array.dtype.str[1:], axis)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.graph.tensors[index].buffer = len(self.model.buffers)
        self.model.buffers.append(buffer)
        return index

    def operator(self, name: str, inputs: list[int], outputs: list[int], kind: str = "", **options: Any) -> None:
        """Add an operator; `kind` is the name of its option table."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        self.model.operatorCodes.append(code)
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = len(self.model.operatorCodes) - 1, inputs, outputs
        if kind:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            op.builtinOptions = getattr(schema, kind + "T")()
            for key, value in options.items():
                assert hasattr(op.builtinOptions, key), key
                setattr(op.builtinOptions, key, value)
        self.graph.operators.append(op)

    def build(self, inputs: list[int], outputs: list[int]) -> bytes:
        """The .tflite file."""
        self.graph.inputs, self.graph.outputs = inputs, outputs
        self.model.subgraphs = [self.graph, *(other.graph for other in self.called)]
        builder = flatbuffers.Builder(4096)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Oracle:
    """TensorFlow Lite Micro."""

    def __init__(self, data: bytes) -> None:
        self.interpreter = runtime.Interpreter.from_bytes(data, arena_size=4_000_000)

    def invoke(self, *inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Run one inference."""
        for i, value in enumerate(inputs):
            self.interpreter.set_input(value, i)
        self.interpreter.invoke()
        count = 0
        outputs = []
        while True:
            try:
                outputs.append(np.array(self.interpreter.get_output(count)))
            except (IndexError, RuntimeError, ValueError):
                return outputs
            count += 1
