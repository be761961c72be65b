"""From a .tflite file to C: the entry point of the model compiler."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from emberwatch.base import atomic
from emberwatch.training.compiler import emit
from emberwatch.training.compiler.choose import Options, choose_forms, flash_of
from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.ir import C_TYPES, Constant, Layer, Lowering, Program
from emberwatch.training.compiler.memory import Place, Plan, plan_memory
from emberwatch.training.compiler.model import Model, printable, read_model
from emberwatch.training.compiler.operators import OPERATORS
from emberwatch.training.compiler.ops_variable import share_variables
from emberwatch.training.compiler.registers import burst_registers, core1_registers
from emberwatch.training.compiler.state import state_bytes, state_text
from emberwatch.training.compiler.stream import FILL, History, StreamGraph, state_size, stream_graph
from emberwatch.training.compiler.validate import validated

VERSION = "1.1"
CORE1_STACK = 512  # bytes of stack that the parts of layers need on core 1, beside arrays of their own

Chooser = Callable[[Program, Options, Callable[[], Plan], int, tuple[Program, ...]], Plan]


@dataclass(frozen=True)
class CompiledModel:
    """What the compiler wrote.

    Attributes:
        name: prefix of the C names and base name of the files.
        sha256: of the .tflite file.
        source: the C file.
        header: the header.
        input_frames: frames of the first input.
        stream_frames: frames per push when the graph streams, else 0.
        arena: bytes of working memory of `<name>_invoke`.
        stream_ram: bytes of working memory and state of `<name>_stream_push`.
        constant_bytes: bytes of constants.
        flash: bytes of constants and straight-line code of all that was written.
        macs: multiply-accumulates of one inference.
        stream_macs: the same of one push.
        layers: the layers in order of execution.
        memory_plan: the memory plan as text.
        program: the lowered graph.
        plan: where every tensor lives.
        cores: how many compute it.
    """

    name: str
    sha256: str
    source: Path
    header: Path
    input_frames: int
    stream_frames: int
    arena: int
    stream_ram: int
    constant_bytes: int
    flash: int
    macs: int
    stream_macs: int
    layers: tuple[Layer, ...]
    memory_plan: str
    program: Program
    plan: Plan
    cores: int = 1


def lower_model(
    model: Model,
    prefix: str,
    tag: str = "",
    constants: dict[str, Constant] | None = None,
    unroll: bool = True,
) -> Program:
    """Lower every operator of a graph that `validated` gave, or of its streaming form.

    Layers that have several forms are set to the one with the least flash and working memory.

    Args:
        model: the graph.
        prefix: prefix of the C names.
        tag: further prefix of the layers' functions.
        constants: constants to share with another program.
        unroll: whether layers may become straight-line code.

    Raises:
        CompileError: a type or a quantisation is not supported.
    """
    program = Program(model, prefix, constants=constants if constants is not None else {}, unroll=unroll, tag=tag)
    for operator in model.operators:
        low = Lowering(program, operator)
        with low.naming():
            OPERATORS[operator.name].lower(low)
    share_variables(program)
    for tensor in (model.tensors[i] for i in model.inputs + model.outputs):
        if tensor.dtype not in C_TYPES:
            raise CompileError(f"{model.path}: tensor {tensor.label()}: type {tensor.dtype} is not supported")
    program.add_operands()
    return program


def argument_names(count: int, base: str) -> list[str]:
    """C names of the inputs or outputs."""
    return [base] if count == 1 else [f"{base}{i}" for i in range(count)]


def _arguments(model: Model) -> str:
    words = []
    for base, tensors, qualifier in (("input", model.inputs, "const "), ("output", model.outputs, "")):
        for tensor, name in zip(tensors, argument_names(len(tensors), base), strict=True):
            words.append(f"{qualifier}{C_TYPES[model.tensors[tensor].dtype]} *{name}")
    return ", ".join(words)


def functions_of(program: Program, plan: Plan, arena: str) -> list[str]:
    """The C functions of all layers."""
    texts = []
    names = {"prefix": program.prefix, "upper": program.prefix.upper()}
    for position, layer in enumerate(program.layers):
        scratch = f"{arena} + {plan.scratch[position]}" if position in plan.scratch else ""
        if layer.context.get("cores") == 2:
            scratch += f" + part * {layer.context['share']}"
        texts.append(
            _layer_comment(program, layer)
            + emit.render(f"{layer.template}.c.j2", symbol=layer.symbol, scratch=scratch, **names, **layer.context)
        )
    return texts


@dataclass(frozen=True)
class _Written:
    """One form of the network, ready to be put into the C file."""

    program: Program
    plan: Plan
    functions: list[str]
    declarations: list[str]
    entry: str
    helpers: set[str]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one call."""
        return sum(layer.macs for layer in self.program.layers)


def _written(program: Program, plan: Plan, arena: str, entry: str, helpers: set[str]) -> _Written:
    declarations = [f"static uint8_t {arena}[{plan.arena}] __attribute__((aligned(8)));"] if plan.arena else []
    helpers = helpers.union(*(layer.helpers for layer in program.layers))
    return _Written(program, plan, functions_of(program, plan, arena), declarations, entry, helpers)


class _Whole:
    """The whole inference, `<name>_invoke`."""

    def __init__(self, model: Model, name: str) -> None:
        self.name, self.model, self.arena = name, model, f"{name}_arena"
        self.program = lower_model(model, name)

    def plan(self) -> Plan:
        """The memory plan of the forms that are set."""
        inputs, outputs = self.names()
        constants = {t: Place(symbol) for t, symbol in self.program.operands.items()}
        return plan_memory(self.program, self.arena, inputs, outputs, constants)

    def names(self) -> tuple[list[str], list[str]]:
        """C names of the inputs and the outputs."""
        return argument_names(len(self.model.inputs), "input"), argument_names(len(self.model.outputs), "output")

    def write(self, plan: Plan) -> _Written:
        """The C."""
        calls = [emit.call_text(self.program, plan, layer) for layer in self.program.layers]
        calls += [emit.copy_text(copy) for copy in plan.copies]
        read = {plan.places[t].base for layer in self.program.layers for t in layer.inputs + layer.outputs}
        read |= {copy.source.base for copy in plan.copies}
        calls = [f"(void){word};" for word in self.names()[0] if word not in read] + calls
        states = state_text(self.program)
        if states:
            calls.insert(0, f"if (!{self.name}_ready) {self.name}_reset();")
        arguments = _arguments(self.model)
        entry = emit.render("invoke.c.j2", prefix=self.name, arguments=arguments, calls=calls, arena=plan.arena)
        written = _written(self.program, plan, self.arena, entry, {"fill"} if states else set())
        return replace(written, declarations=[*written.declarations, *([states] if states else [])])


class _Streaming:
    """The streaming form, `<name>_stream_push` and `<name>_stream_reset`."""

    def __init__(
        self, graph: StreamGraph, original: Model, name: str, constants: dict[str, Constant], options: Options
    ) -> None:
        self.graph, self.original, self.name = graph, original, name
        self.arena, self.state = f"{name}_stream_arena", f"{name}_stream_state"
        # A push has few pixels: straight-line code hardly pays for its bytes.
        self.program = lower_model(graph.model, name, "stream_", constants, options.optimise == "speed")
        self.state_size = state_size(graph)

    def plan(self) -> Plan:
        """The memory plan of the forms that are set; histories are kept between calls."""
        graph, program = self.graph, self.program
        preset = {t: Place(symbol) for t, symbol in program.operands.items()}
        for tensor, (root, columns) in graph.views.items():
            history = graph.histories[root]
            preset[tensor] = Place(self.state, history.offset + (history.columns - columns) * history.column_size)
        for tensor, root in graph.fresh.items():
            if root in graph.histories and tensor not in program.aliases and tensor not in graph.model.inputs:
                history = graph.histories[root]
                at = history.offset + (history.columns - history.new) * history.column_size
                preset[tensor] = Place(self.state, at)
        return plan_memory(program, self.arena, ["frames"], ["output"], preset)

    def _shift(self, history: History) -> list[str]:
        """Make room for new columns at the end of a history."""
        if history.columns == history.new:
            return []
        step = history.new * history.column_size
        return [f"{self.name}_stream_shift({self.state} + {history.offset}, {history.size}, {step});"]

    def write(self, plan: Plan) -> _Written:
        """The C."""
        graph, calls = self.graph, []
        source = graph.model.inputs[0]
        if graph.fresh[source] in graph.histories:
            history = graph.histories[graph.fresh[source]]
            size = history.new * history.column_size
            calls += self._shift(history)
            calls.append(f"memcpy({self.state} + {history.offset + history.size - size}, frames, {size});")
        for layer in self.program.layers:
            written = graph.fresh.get(layer.outputs[0]) if layer.outputs else None
            if written is not None and written in graph.histories:
                calls += self._shift(graph.histories[written])
            calls.append(emit.call_text(self.program, plan, layer))
        calls += [emit.copy_text(copy) for copy in plan.copies]
        if not any("frames" in call for call in calls):
            calls.insert(0, "(void)frames;")
        entry = emit.render(
            "stream.c.j2", prefix=self.name, state=self.state_size, calls=calls, window=graph.window,
            frames=graph.frames, fill=FILL, push_size=graph.model.tensors[source].size,
            output_size=self.original.tensors[self.original.outputs[0]].size,
            shifts=any("_stream_shift(" in call for call in calls),
        )  # fmt: skip
        return _written(self.program, plan, self.arena, entry, {"fill"})


@dataclass(frozen=True)
class _Network:
    """All forms of a network that are written."""

    whole: _Written
    stream: _Written | None = None
    graph: StreamGraph | None = None
    state: int = 0
    forms: list[_Written] = field(default_factory=list)


def _network(model: Model, name: str, options: Options, choose: Chooser) -> _Network:
    """Lower all forms of a network and choose how their layers are written."""
    whole = _Whole(model, name)
    graph = stream_graph(model) if options.stream else None
    if graph is None:
        written = whole.write(choose(whole.program, options, whole.plan, 0, ()))
        return _Network(written, forms=[written])
    streaming = _Streaming(graph, model, name, whole.program.constants, options)
    plan = choose(streaming.program, options, streaming.plan, streaming.state_size, (whole.program,))
    stream = streaming.write(plan)
    written = whole.write(choose(whole.program, options, whole.plan, 0, (streaming.program,)))
    return _Network(written, stream, graph, streaming.state_size, [written, stream])


def write_model(
    model: Model,
    file_name: str,
    out_dir: Path,
    name: str,
    options: Options | None = None,
    choose: Chooser = choose_forms,
) -> CompiledModel:
    """Write the C of a model that was read already; see `compile_model`.

    Args:
        model: the graph as read.
        file_name: for the comments of the C.
        out_dir: folder for the C files; made if missing.
        name: prefix of all C names and base name of the files.
        options: size or speed, and limits.
        choose: sets the form of every layer.
    """
    model, options = validated(model), options or Options()
    network = _network(model, name, options, choose)
    whole, stream, graph = network.whole, network.stream, network.graph
    first = model.tensors[model.inputs[0]]
    input_frames = first.shape[1] if len(first.shape) > 2 else 1
    used: Iterable[str] = set().union(*(form.program.used_constants() for form in network.forms))
    constants = [c for c in whole.program.constants.values() if c.symbol in used]
    constant_bytes = sum(c.size for c in constants)
    helpers = set().union(*(form.helpers for form in network.forms))
    stack_words = CORE1_STACK // 4 + max(
        (layer.context.get("taps", 0) for form in network.forms for layer in form.program.layers), default=0
    )
    context = {
        "version": VERSION,
        "source": file_name,
        "sha256": model.sha256,
        "prefix": name,
        "upper": name.upper(),
        "guard": f"{name.upper()}_H",
        "header": f"{name}.h",
        "interface": emit.interface_lines(model),
        "input_size": first.size,
        "input_frames": input_frames,
        "output_size": model.tensors[model.outputs[0]].size,
        "arena": whole.plan.arena,
        "arguments": _arguments(model),
        "graph": graph,
        "fill": FILL,
        "state": network.state,
        "states": state_bytes(whole.program),
        "total_macs": whole.macs,
        "constant_bytes": constant_bytes,
        "layer_table": emit.layer_lines(whole.program),
        "memory_plan": whole.plan.table().split("\n"),
        "dma_channel": options.dma_channel if options.dma_channel is not None else -1,
        "bursts": "bursts" in helpers,
        "two_cores": "cores" in helpers,
        "worker_stack": 4 * stack_words,
        "helpers": emit.render(
            "helpers.c.j2",
            prefix=name,
            upper=name.upper(),
            used=sorted(helpers),
            chip=burst_registers() if "bursts" in helpers else None,
            sio=core1_registers() if "cores" in helpers else None,
            stack_words=stack_words,
        ),
        "constants": [emit.constant_text(c) for c in constants] + [d for f in network.forms for d in f.declarations],
        "functions": [text for form in network.forms for text in form.functions],
        "entries": [form.entry for form in network.forms],
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    source, header = out_dir / f"{name}.c", out_dir / f"{name}.h"
    atomic.write_text(source, emit.render("model.c.j2", **context) + "\n")
    atomic.write_text(header, emit.render("model.h.j2", **context) + "\n")
    return CompiledModel(
        name=name,
        sha256=model.sha256,
        source=source,
        header=header,
        input_frames=input_frames,
        stream_frames=graph.frames if graph else 0,
        arena=whole.plan.arena,
        stream_ram=network.state + stream.plan.arena if stream else 0,
        constant_bytes=constant_bytes,
        flash=flash_of(*(form.program for form in network.forms)),
        macs=whole.macs,
        stream_macs=stream.macs if stream else 0,
        layers=tuple(whole.program.layers),
        memory_plan=whole.plan.table(),
        program=whole.program,
        plan=whole.plan,
        cores=2 if "cores" in helpers else 1,
    )


def _layer_comment(program: Program, layer: Layer) -> str:
    tensors = program.model.tensors
    lines = [f"Layer {layer.index}: {layer.operator}" + (f", {layer.summary}" if layer.summary else "")]
    lines += [f"  in:  {emit.tensor_text(tensors[t])}" for t in layer.inputs]
    lines += [f"  out: {emit.tensor_text(tensors[t])}" for t in layer.outputs]
    return "/* " + "\n * ".join(lines) + " */\n"


def compile_model(tflite: Path, out_dir: Path, name: str = "model", options: Options | None = None) -> CompiledModel:
    """Compile a .tflite file to `<name>.c` and `<name>.h` in a folder.

    Args:
        tflite: the model.
        out_dir: folder for the C files; made if missing.
        name: prefix of all C names and base name of the files.
        options: size or speed, and limits; balanced by default.

    Raises:
        CompileError: the file cannot be read, holds something that is not supported, or keeps no limit.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CompileError(f"name '{name}' is not usable in C; give lower-case letters, digits and underscores")
    return write_model(read_model(tflite), printable(tflite.name), out_dir, name, options)
