"""What the operators are lowered to: constants and layers, from which the C is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.fixedpoint import RangeError
from emberwatch.training.compiler.model import Model, Operator, Tensor
from emberwatch.training.compiler.schema import NUMPY_TYPES

C_TYPES = {
    "INT8": "int8_t", "UINT8": "uint8_t", "INT16": "int16_t", "INT32": "int32_t", "INT64": "int64_t",
    "FLOAT32": "float", "BOOL": "uint8_t",
}  # fmt: skip
CONTENTION, START_CYCLES = 1.1, 150.0  # what two cores cost each other, about: a factor, and cycles of every layer
ELEMENT_SIZE = {"INT8": 1, "UINT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "FLOAT32": 4, "BOOL": 1}


@dataclass(frozen=True)
class Constant:
    """A constant array of the generated C."""

    symbol: str
    ctype: str
    values: tuple[int | float, ...]
    comment: str
    fast: str = ""  # prefix of the macro that puts it into SRAM

    @property
    def size(self) -> int:
        """Bytes of flash."""
        sizes = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int64_t": 8}
        return len(self.values) * sizes.get(self.ctype, 4)


@dataclass(frozen=True)
class State:
    """Memory that lives from one inference to the next.

    Attributes:
        size: bytes.
        initial: what it holds after a reset.
    """

    size: int
    initial: bytes


@dataclass(frozen=True)
class Form:
    """One of several ways to write a layer; all give the same bytes.

    Attributes:
        template: name of the template that gives the function.
        context: its variables.
        cycles: of one inference on the RP2040, about; it only decides between forms.
        scratch: bytes of working memory.
        constants: symbols of the constants that the function reads.
        helpers: names of the runtime helpers that it calls.
        code: bytes of straight-line code with the weights in it, about.
        ram_code: those of them that lie in SRAM.
        ram_data: bytes of constants in SRAM.
        note: a word for the summary.
        dma: a DMA channel reads the weights.
        cores: how many compute it.
    """

    template: str
    context: dict[str, Any]
    cycles: float
    scratch: int
    constants: tuple[str, ...]
    helpers: frozenset[str]
    code: int = 0
    ram_code: int = 0
    ram_data: int = 0
    note: str = ""
    dma: bool = False
    cores: int = 1

    @property
    def ram(self) -> int:
        """Bytes of SRAM for code and constants."""
        return self.ram_code + self.ram_data

    def on_two_cores(self, half: int, whole: int, fetches: float = 0.0) -> Form:
        """The form in which each core takes a part, in working memory of its own.

        Args:
            half: rows, pixels, channels that core 0 takes.
            whole: of so many.
            fetches: cycles that both wait for together.
        """
        share = aligned(self.scratch, 8)
        cycles = (self.cycles - fetches) * half / whole * CONTENTION + fetches + START_CYCLES
        return replace(
            self, context=self.context | {"cores": 2, "half": half, "share": share}, cycles=cycles, scratch=2 * share,
            helpers=self.helpers | {"cores"}, cores=2, note="; ".join(filter(None, (self.note, "two cores"))),
        )  # fmt: skip


def aligned(size: int, to: int = 4) -> int:
    """A size rounded up to a multiple of 4, or another power of two."""
    return (size + to - 1) // to * to


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
        in_place: positions of the inputs whose memory the output may share.
        helpers: names of the runtime helpers that the function calls.
        summary: one line of text about shapes and parameters.
        code: bytes of straight-line code with the weights in it, about.
        ram: bytes of SRAM for code and constants.
        forms: the ways to write it, when there are several; `choose` has set one of them.
        states: tensors that name states which the function reads and writes, passed after the outputs.
        raw: the function moves bytes: arguments are passed as void pointers.
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
    in_place: tuple[int, ...] = ()
    helpers: set[str] = field(default_factory=set)
    summary: str = ""
    code: int = 0
    ram: int = 0
    states: list[int] = field(default_factory=list)
    raw: bool = False
    forms: tuple[Form, ...] = ()

    def choose(self, form: Form) -> None:
        """Write the layer in one of its forms."""
        self.template, self.context, self.scratch = form.template, form.context, form.scratch
        self.constants, self.helpers = list(form.constants), set(form.helpers)
        self.code, self.ram = form.code, form.ram
        self.summary = self.summary.split("; ")[0] + (f"; {form.note}" if form.note else "")


@dataclass
class Program:
    """A lowered graph.

    Attributes:
        model: the graph.
        prefix: prefix of all C names.
        layers: in order of execution.
        constants: by symbol, in order of first use.
        aliases: tensor -> tensor whose memory it shares because only the shape differs.
        operands: constant tensor that layers read as an activation -> symbol of its array.
        unroll: whether layers may become straight-line code.
        tag: further prefix of the layers' functions.
        states: tensor that names a state -> the state.
        kept: symbols of constants that no layer reads, but the reset.
    """

    model: Model
    prefix: str
    layers: list[Layer] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
    aliases: dict[int, int] = field(default_factory=dict)
    operands: dict[int, str] = field(default_factory=dict)
    unroll: bool = True
    tag: str = ""
    states: dict[int, State] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    def add_operands(self) -> None:
        """Give constant tensors that layers read as activations, or that are outputs, a C array."""
        for index in sorted({t for layer in self.layers for t in layer.inputs} | set(self.model.outputs)):
            tensor = self.model.tensors[index]
            if tensor.data is not None:
                symbol = f"{self.prefix}_tensor{index}"
                values = tuple(tensor.data.ravel().tolist())
                self.constants[symbol] = Constant(symbol, C_TYPES[tensor.dtype], values, "constant operand")
                self.operands[index] = symbol

    def used_constants(self) -> set[str]:
        """Symbols of the constants that the layers read in the forms that are set."""
        return {c for layer in self.layers for c in layer.constants} | set(self.operands.values()) | self.kept


class Lowering:
    """Lowers one operator: checks it and adds layers and constants to a program."""

    def __init__(self, program: Program, operator: Operator) -> None:
        self.program = program
        self.op = operator
        self.tensors = program.model.tensors
        self.symbol = f"{program.prefix}_{program.tag}{operator.index:02d}_{operator.name.lower()}"
        self.used: list[str] = []

    def fail(self, reason: str, tensor: Tensor | None = None) -> NoReturn:
        """Refuse the model, naming operator, tensor and reason."""
        where = f", tensor {tensor.label()}" if tensor is not None else ""
        raise CompileError(f"{self.program.model.path}: {self.op.label()}{where}: {reason}")

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Turn a factor or limit that integers cannot express into a refusal that names the operator."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is limited or refused
                yield
        except RangeError as error:
            self.fail(str(error), self.tensors[self.op.outputs[0]] if self.op.outputs else None)

    def count(self, inputs: tuple[int, int], outputs: int = 1) -> None:
        """Refuse a wrong number of inputs (smallest, largest) or outputs."""
        if not inputs[0] <= len(self.op.inputs) <= inputs[1] or len(self.op.outputs) != outputs:
            self.fail(f"{len(self.op.inputs)} inputs and {len(self.op.outputs)} outputs, not of this operator's form")

    def expect(self, shape: Sequence[int], output: int = 0) -> None:
        """Refuse an output whose shape is not the one that follows from the inputs."""
        tensor = self.output(output)
        if tensor.shape != tuple(shape):
            self.fail(f"the inputs give shape {list(shape)}, but the model says {list(tensor.shape)}", tensor)

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

    def quantisation(self, tensor: Tensor, dtypes: tuple[str, ...]) -> tuple[float, int]:
        """Scale and zero point (0 when the file gives none) of an activation of one of some integer types."""
        if tensor.dtype not in dtypes:
            wide = "INT8" in dtypes and tensor.dtype in ("FLOAT32", "FLOAT16", "INT16")
            hint = "; quantise the model to full int8" if wide else ""
            self.fail(f"type {tensor.dtype} is not supported, only {' and '.join(dtypes)}{hint}", tensor)
        if tensor.scale.size != 1 or tensor.zero_point.size > 1:
            self.fail(
                f"{tensor.scale.size} scales and {tensor.zero_point.size} zero points on an activation, one is needed",
                tensor,
            )
        scale = float(tensor.scale[0])
        if not (scale > 0 and np.isfinite(scale)):
            self.fail(f"scale {scale} is not a positive number; export the model again", tensor)
        zero = int(tensor.zero_point[0]) if tensor.zero_point.size else 0
        limits = np.iinfo(NUMPY_TYPES[tensor.dtype])
        if not limits.min <= zero <= limits.max:
            self.fail(f"zero point {zero} is outside {limits.min}..{limits.max}", tensor)
        return scale, zero

    def factor(self, in_scale: float, weight_scale: float, out_scale: float) -> float:
        """What brings sums of products to the output: in double; in networks of uint8 the product is a float32."""
        if self.op.options.get("unsigned"):
            return float(np.float32(in_scale) * np.float32(weight_scale)) / out_scale
        return in_scale * float(weight_scale) / out_scale

    def int8(self, tensor: Tensor) -> tuple[float, int]:
        """Scale and zero point of an int8 activation; refuses every other type."""
        return self.quantisation(tensor, ("INT8",))

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

    def constant(self, suffix: str, ctype: str, values: Any, comment: str, fast: bool = False) -> str:
        """Register a constant array and return its symbol; equal arrays are kept once."""
        home = self.program.prefix.upper() if fast else ""
        flat = tuple(np.asarray(values).astype(np.int64).ravel().tolist())
        for known in self.program.constants.values():
            if known.ctype == ctype and known.fast == home and known.values == flat:
                symbol = known.symbol
                break
        else:
            symbol = f"{self.symbol}_{suffix}"
            self.program.constants[symbol] = Constant(symbol, ctype, flat, comment, home)
        if symbol not in self.used:
            self.used.append(symbol)
        return symbol

    def argument(self, tensor: Tensor) -> int:
        """Index of a tensor to pass as argument; refuses constants of types that are not stored."""
        if tensor.dtype not in C_TYPES:
            self.fail(f"type {tensor.dtype} is not supported", tensor)
        return tensor.index

    def layer(
        self,
        template: str,
        inputs: list[Tensor],
        context: dict[str, Any],
        outputs: list[Tensor] | None = None,
        suffix: str = "",
        **extra: Any,
    ) -> Layer:
        """Add a layer that reads `inputs` and writes `outputs`, by default those of the operator.

        Args:
            template: name of the template.
            inputs: tensors passed as arguments.
            context: variables of the template.
            outputs: tensors written.
            suffix: set apart several functions of one operator.
            extra: further fields of `Layer`.
        """
        written = [self.output(i) for i in range(len(self.op.outputs))] if outputs is None else outputs
        layer = Layer(
            index=self.op.index,
            operator=self.op.name,
            symbol=self.symbol + suffix,
            template=template,
            context=context,
            inputs=[self.argument(t) for t in inputs],
            outputs=[self.argument(t) for t in written],
            constants=list(self.used),
            **extra,
        )
        self.program.layers.append(layer)
        return layer

    def formed(self, inputs: list[Tensor], forms: list[Form], **extra: Any) -> Layer:
        """Add a layer that can be written in several forms; the one with the least flash and working memory is set."""
        layer = self.layer(forms[0].template, inputs, forms[0].context, **extra)
        layer.forms = tuple(forms)
        layer.choose(min(forms, key=lambda f: (f.dma, f.cores, f.code, f.scratch, f.cycles)))
        return layer

    def alias(self) -> None:
        """Make the output a second name of the first input."""
        source, target = self.input(0), self.output()
        if source.data is not None:
            target.data = source.data.reshape(target.shape)
        self.program.aliases[target.index] = source.index


Lower = Callable[[Lowering], None]


@dataclass(frozen=True)
class Rule:
    """What the compiler knows of an operator.

    Attributes:
        inputs: smallest and largest number of inputs.
        check: refuses shapes and options that do not belong together; sees the operator before anything else does.
        lower: adds layers and constants to the program; may rely on what `check` made sure.
        outputs: number of outputs; None: any.
    """

    inputs: tuple[int, int]
    check: Lower
    lower: Lower
    outputs: int | None = 1


def same_shape(low: Lowering) -> None:
    """The check of operators whose output has the first input's shape."""
    low.expect(low.input(0).shape)


def same_size(low: Lowering) -> None:
    """The check of operators whose output has as many elements as the first input, in the same order."""
    source, output = low.input(0), low.output()
    if source.size != output.size:
        low.fail(f"shape {list(source.shape)} cannot become {list(output.shape)}", output)
