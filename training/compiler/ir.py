"""What the operators are lowered to: constants and layers, from which the C is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.model import Model, Operator, Tensor

C_TYPES = {"INT8": "int8_t", "UINT8": "uint8_t", "INT32": "int32_t", "FLOAT32": "float"}
ELEMENT_SIZE = {"INT8": 1, "UINT8": 1, "INT32": 4, "FLOAT32": 4}


@dataclass(frozen=True)
class Constant:
    """A constant array of the generated C."""

    symbol: str
    ctype: str
    values: tuple[int, ...]
    comment: str

    @property
    def size(self) -> int:
        """Bytes of flash."""
        return len(self.values) * {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2}.get(self.ctype, 4)


@dataclass
class Layer:
    """One generated C function.

    Attributes:
        index: position of the operator in the model.
        operator: name of the operator.
        symbol: name of the C function.
        template: name of the template that gives the function.
        context: variables of the template.
        inputs: tensors that are passed as arguments, in order.
        outputs: tensors that are written, in order.
        macs: multiply-accumulate operations.
        constants: symbols of the constants that the function reads.
        scratch: bytes of working memory needed while the function runs.
        in_place: the output may share the first input's memory.
        helpers: names of the runtime helpers that the function calls.
        summary: one line of text about shapes and parameters.
        code: bytes of straight-line code with the weights in it, about.
    """

    index: int
    operator: str
    symbol: str
    template: str
    context: dict[str, Any]
    inputs: list[int]
    outputs: list[int]
    macs: int = 0
    constants: list[str] = field(default_factory=list)
    scratch: int = 0
    in_place: bool = False
    helpers: set[str] = field(default_factory=set)
    summary: str = ""
    code: int = 0


@dataclass
class Program:
    """A lowered graph.

    Attributes:
        model: the graph.
        prefix: prefix of all C names.
        layers: in order of execution.
        constants: by symbol, in order of first use.
        unroll_limit: bytes of straight-line code that the program may have.
        aliases: tensor -> tensor whose memory it shares because only the shape differs.
    """

    model: Model
    prefix: str
    layers: list[Layer] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    aliases: dict[int, int] = field(default_factory=dict)
    unroll_limit: int = 0


class Lowering:
    """Lowers one operator: checks it and adds layers and constants to a program."""

    def __init__(self, program: Program, operator: Operator, tag: str) -> None:
        self.program = program
        self.op = operator
        self.tensors = program.model.tensors
        self.symbol = f"{program.prefix}_{tag}{operator.index:02d}_{operator.name.lower()}"
        self.used: list[str] = []

    def fail(self, reason: str, tensor: Tensor | None = None) -> NoReturn:
        """Refuse the model, naming operator, tensor and reason."""
        where = f", tensor {tensor.label()}" if tensor is not None else ""
        raise CompileError(f"{self.program.model.path}: {self.op.label()}{where}: {reason}")

    def count(self, inputs: tuple[int, int], outputs: int = 1) -> None:
        """Refuse a wrong number of inputs (smallest, largest) or outputs."""
        if not inputs[0] <= len(self.op.inputs) <= inputs[1] or len(self.op.outputs) != outputs:
            self.fail(f"{len(self.op.inputs)} inputs and {len(self.op.outputs)} outputs, not of this operator's form")

    def input(self, position: int) -> Tensor:
        """The tensor at an input position."""
        if position >= len(self.op.inputs) or self.op.inputs[position] < 0:
            self.fail(f"input {position} is missing")
        return self.tensors[self.op.inputs[position]]

    def output(self, position: int = 0) -> Tensor:
        """The tensor at an output position."""
        if self.op.outputs[position] < 0:
            self.fail(f"output {position} is missing")
        return self.tensors[self.op.outputs[position]]

    def int8(self, tensor: Tensor) -> tuple[float, int]:
        """Scale and zero point of an int8 activation; refuses every other type."""
        if tensor.dtype != "INT8":
            hint = "; quantise the model to full int8" if tensor.dtype in ("FLOAT32", "FLOAT16", "INT16") else ""
            self.fail(f"type {tensor.dtype} is not supported, only INT8{hint}", tensor)
        if tensor.scale.size != 1:
            self.fail(f"{tensor.scale.size} scales on an activation, exactly one is needed", tensor)
        scale = float(tensor.scale[0])
        if not (scale > 0 and np.isfinite(scale)):
            self.fail(f"scale {scale} is not a positive number", tensor)
        zero = int(tensor.zero_point[0]) if tensor.zero_point.size else 0
        if not -128 <= zero <= 127:
            self.fail(f"zero point {zero} is outside -128..127", tensor)
        return scale, zero

    def constant_of(self, tensor: Tensor, what: str, dtypes: tuple[str, ...]) -> npt.NDArray[Any]:
        """The value of a tensor that has to be a constant of one of some types."""
        if tensor.dtype not in dtypes:
            self.fail(f"{what} of type {tensor.dtype} is not supported, only {' or '.join(dtypes)}", tensor)
        if tensor.data is None:
            self.fail(f"{what} must be a constant, not computed while running", tensor)
        return tensor.data

    def integers(self, position: int, what: str) -> list[int]:
        """The values of a constant INT32 or INT64 input."""
        return [int(v) for v in self.constant_of(self.input(position), what, ("INT32", "INT64")).ravel()]

    def constant(self, suffix: str, ctype: str, values: Any, comment: str) -> str:
        """Register a constant array and return its symbol; equal arrays are kept once."""
        flat = tuple(int(v) for v in np.asarray(values).ravel())
        for known in self.program.constants.values():
            if known.ctype == ctype and known.values == flat:
                symbol = known.symbol
                break
        else:
            symbol = f"{self.symbol}_{suffix}"
            self.program.constants[symbol] = Constant(symbol, ctype, flat, comment)
        if symbol not in self.used:
            self.used.append(symbol)
        return symbol

    def argument(self, tensor: Tensor) -> int:
        """Index of a tensor to pass as argument; refuses constants of types that are not stored."""
        if tensor.dtype not in C_TYPES:
            self.fail(f"type {tensor.dtype} is not supported", tensor)
        return tensor.index

    def layer(self, template: str, inputs: list[Tensor], context: dict[str, Any], **extra: Any) -> Layer:
        """Add a layer that reads `inputs` and writes the operator's outputs."""
        layer = Layer(
            index=self.op.index,
            operator=self.op.name,
            symbol=self.symbol,
            template=template,
            context=context,
            inputs=[self.argument(t) for t in inputs],
            outputs=[self.argument(self.output(i)) for i in range(len(self.op.outputs))],
            constants=list(self.used),
            **extra,
        )
        self.program.layers.append(layer)
        return layer

    def alias(self) -> None:
        """Make the output a second name of the first input."""
        source, target = self.input(0), self.output()
        if source.size != target.size:
            self.fail(f"shape {list(source.shape)} cannot become {list(target.shape)}", target)
        if source.data is not None:
            target.data = source.data.reshape(target.shape)
        self.program.aliases[target.index] = source.index


Lower = Callable[[Lowering], None]
