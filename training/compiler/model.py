"""A .tflite file as plain data: tensors, operators, graph inputs and outputs."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.base.regular import read_regular
from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.flatbuffer import Buffer, Table
from emberwatch.training.compiler.schema import (
    BUILTIN_OPERATORS,
    FILE_IDENTIFIER,
    NUMPY_TYPES,
    OPTION_FIELDS,
    TENSOR_TYPES,
)

MAX_RANK = 8


def printable(text: str) -> str:
    """Text from a file with everything that a terminal could act on, or that ends a line, replaced."""
    return "".join(c if c.isprintable() else "?" for c in text)


@dataclass
class Tensor:
    """One tensor: shape, type, quantisation, its value when it is a constant, whether it keeps its value."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int
    data: npt.NDArray[Any] | None = None
    variable: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def label(self) -> str:
        """Short text that names the tensor in messages: its number and the end of its name."""
        tail = self.name.split(";")[-1]
        return f"{self.index} '{printable(tail[-60:])}'"


@dataclass
class Operator:
    """One operator: name, tensor indices (-1: absent optional input) and options by field name."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def label(self) -> str:
        """Short text that names the operator in messages."""
        return f"operator {self.index} ({self.name})"


@dataclass
class Model:
    """A whole model: one graph, and the graphs that it calls by their index."""

    path: str
    sha256: str
    tensors: list[Tensor]
    operators: list[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    called: dict[int, Model] = field(default_factory=dict)

    def has_memory(self) -> bool:
        """Whether an inference depends on those before it."""
        return any(t.variable for t in self.tensors) or any(op.name == "VAR_HANDLE" for op in self.operators)


def _read_tensor(index: int, table: Table, buffers: list[Table], source: Buffer) -> Tensor:
    code = table.scalar(1, "b", 0)
    dtype = TENSOR_TYPES[code] if 0 <= code < len(TENSOR_TYPES) else f"type {code}"
    shape = tuple(int(n) for n in table.array(0, "i4"))
    quantization = table.table(4)
    scale = quantization.array(2, "f4").astype(np.float32) if quantization else np.zeros(0, np.float32)
    zero = quantization.array(3, "i8").astype(np.int64) if quantization else np.zeros(0, np.int64)
    axis = int(quantization.scalar(6, "i", 0)) if quantization else 0
    tensor = Tensor(index, table.string(3), shape, dtype, scale, zero, axis, variable=table.scalar(5, "?", 0))
    if any(n < 0 for n in shape):
        raise CompileError(
            f"{source.name}: tensor {tensor.label()} has a dynamic shape {list(shape)}; fix the batch size"
        )
    if len(shape) > MAX_RANK:
        raise CompileError(f"{source.name}: tensor {tensor.label()} has {len(shape)} dimensions; at most {MAX_RANK}")
    number = table.scalar(2, "I", 0)
    if number >= len(buffers):
        raise CompileError(f"{source.name}: tensor {tensor.label()} names buffer {number} of {len(buffers)}")
    raw = buffers[number].array(0, "u1").tobytes()
    if tensor.size == 0 and not raw and dtype in NUMPY_TYPES:
        tensor.data = np.zeros(0, NUMPY_TYPES[dtype])
    offset, size = buffers[number].scalar(1, "Q", 0), buffers[number].scalar(2, "Q", 0)
    if not raw and offset > 1:  # large models keep the data behind the FlatBuffer
        raw = source.slice(offset, size)
    if raw and dtype in NUMPY_TYPES:
        values = np.frombuffer(raw, np.dtype(NUMPY_TYPES[dtype]).newbyteorder("<")) if _whole(raw, dtype) else None
        if values is None or values.size != tensor.size:
            raise CompileError(
                f"{source.name}: tensor {tensor.label()} has {len(raw)} bytes of data for shape {list(shape)} {dtype}"
            )
        tensor.data = values.reshape(shape)
    elif raw:
        raise CompileError(
            f"{source.name}: tensor {tensor.label()} has constant data of type {dtype}, which is not read"
        )
    return tensor


def _whole(raw: bytes, dtype: str) -> bool:
    return len(raw) % np.dtype(NUMPY_TYPES[dtype]).itemsize == 0


def _read_operator(index: int, table: Table, codes: list[Table], source: Buffer) -> Operator:
    number = table.scalar(0, "I", 0)
    if number >= len(codes):
        raise CompileError(f"{source.name}: operator {index} names operator code {number} of {len(codes)}")
    code = max(codes[number].scalar(3, "i", 0), codes[number].scalar(0, "b", 0))
    name = BUILTIN_OPERATORS[code] if 0 <= code < len(BUILTIN_OPERATORS) else f"operator code {code}"
    if name == "CUSTOM":
        name = f"CUSTOM {printable(codes[number].string(1)[:60])}"
    options: dict[str, Any] = {}
    table_options = table.table(4)
    for key, (slot, fmt, default) in OPTION_FIELDS.get(name, {}).items():
        if table_options is None:
            options[key] = default
        else:
            options[key] = table_options.string(slot) if fmt == "s" else table_options.scalar(slot, fmt, default)
    inputs = tuple(int(i) for i in table.array(1, "i4"))
    outputs = tuple(int(i) for i in table.array(2, "i4"))
    return Operator(index, name, inputs, outputs, options)


def parse_model(data: bytes, name: str) -> Model:
    """Read a model from the bytes of a .tflite file.

    Args:
        data: the file's bytes.
        name: what to call the file in messages.

    Raises:
        CompileError: the bytes are not a readable .tflite file with one graph.
    """
    if len(data) < 8:
        raise CompileError(f"{name}: {len(data)} bytes are too few for a .tflite file")
    if data[4:8] != FILE_IDENTIFIER:
        raise CompileError(f"{name}: not a .tflite file (no TFL3 identifier at byte 4)")
    source = Buffer(data, name)
    root = source.root()
    version = root.scalar(0, "I", 0)
    if version != 3:
        raise CompileError(f"{name}: schema version {version}; only version 3 is read")
    graphs = root.tables(2)
    if not graphs:
        raise CompileError(f"{name}: the file has no graph")
    digest, buffers, codes = hashlib.sha256(data).hexdigest(), root.tables(4), root.tables(1)
    model = _read_graph(graphs[0], buffers, codes, source, digest)
    if not model.inputs or not model.outputs:
        raise CompileError(f"{name}: the graph has no inputs or no outputs")
    for index, graph in enumerate(graphs[1:], 1):
        model.called[index] = _read_graph(graph, buffers, codes, source, digest)
    return model


def _read_graph(graph: Table, buffers: list[Table], codes: list[Table], source: Buffer, digest: str) -> Model:
    """One graph of the file."""
    name = source.name
    tensors = [_read_tensor(i, table, buffers, source) for i, table in enumerate(graph.tables(0))]
    operators = [_read_operator(i, table, codes, source) for i, table in enumerate(graph.tables(3))]
    inputs = tuple(int(i) for i in graph.array(1, "i4"))
    outputs = tuple(int(i) for i in graph.array(2, "i4"))
    for who, indices in [("the graph", inputs + outputs)] + [(op.label(), op.inputs + op.outputs) for op in operators]:
        for i in indices:
            if not -1 <= i < len(tensors):
                raise CompileError(f"{name}: {who} names tensor {i} of {len(tensors)}")
    if -1 in inputs + outputs:
        raise CompileError(f"{name}: an input or output of the graph is missing")
    return Model(name, digest, tensors, operators, inputs, outputs)


def read_model(path: Path) -> Model:
    """Read a model from a .tflite file.

    Raises:
        CompileError: the file is missing or not a readable .tflite file.
    """
    return parse_model(read_regular(path, "model", CompileError), str(path))
