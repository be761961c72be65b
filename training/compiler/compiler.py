"""From a .tflite file to C: the entry point of the model compiler."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emberwatch.training.compiler import emit, ops_matmul, ops_pointwise, ops_pool, ops_shape
from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.ir import C_TYPES, Constant, Layer, Lower, Lowering, Program
from emberwatch.training.compiler.memory import Plan, plan_memory
from emberwatch.training.compiler.model import Model, read_model
from emberwatch.training.compiler.stream import FILL, History, state_size, stream_graph

VERSION = "1.0"
UNROLL_LIMIT = 256 * 1024  # bytes of straight-line code with immediate weights

OPERATORS: dict[str, Lower] = {
    "ADD": ops_pointwise.arithmetic,
    "AVERAGE_POOL_2D": ops_pool.pool_2d,
    "CONCATENATION": ops_shape.concatenation,
    "CONV_2D": ops_matmul.conv_2d,
    "DEPTHWISE_CONV_2D": ops_matmul.depthwise_conv_2d,
    "DEQUANTIZE": ops_pointwise.dequantize,
    "EXPAND_DIMS": ops_shape.reshape,
    "FULLY_CONNECTED": ops_matmul.fully_connected,
    "LOGISTIC": ops_pointwise.logistic,
    "MAX_POOL_2D": ops_pool.pool_2d,
    "MEAN": ops_pool.mean,
    "MUL": ops_pointwise.arithmetic,
    "PAD": ops_shape.pad,
    "PADV2": ops_shape.pad,
    "QUANTIZE": ops_pointwise.quantize,
    "RELU": ops_pointwise.relu,
    "RELU6": ops_pointwise.relu6,
    "RESHAPE": ops_shape.reshape,
    "RESIZE_NEAREST_NEIGHBOR": ops_pool.resize_nearest_neighbor,
    "SOFTMAX": ops_pointwise.softmax,
    "SQUEEZE": ops_shape.reshape,
    "STRIDED_SLICE": ops_shape.strided_slice,
    "SUB": ops_pointwise.arithmetic,
    "TANH": ops_pointwise.tanh,
    "TRANSPOSE": ops_shape.transpose,
}


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
        constant_bytes: bytes of constants.
        macs: multiply-accumulates of one inference.
        layers: the layers in order of execution.
        memory_plan: the memory plan as text.
        program: the lowered graph.
        plan: where every tensor lives.
    """

    name: str
    sha256: str
    source: Path
    header: Path
    input_frames: int
    stream_frames: int
    arena: int
    constant_bytes: int
    macs: int
    layers: tuple[Layer, ...]
    memory_plan: str
    program: Program
    plan: Plan


def lower_model(
    model: Model,
    prefix: str,
    tag: str = "",
    constants: dict[str, Constant] | None = None,
    given: Iterable[int] = (),
    unroll_limit: int = 0,
) -> Program:
    """Check and lower every operator.

    Args:
        model: the graph.
        prefix: prefix of the C names.
        tag: further prefix of the layers' functions.
        constants: constants to share with another program.
        unroll_limit: bytes of straight-line code that may be made.
        given: further tensors that are there before the first operator runs.

    Raises:
        CompileError: an operator, type or shape is not supported.
    """
    program = Program(model, prefix, constants=constants if constants is not None else {}, unroll_limit=unroll_limit)
    known = set(model.inputs) | set(given) | {t.index for t in model.tensors if t.data is not None}
    for operator in model.operators:
        low = Lowering(program, operator, tag)
        if operator.name not in OPERATORS:
            target = low.tensors[operator.outputs[0]] if operator.outputs and operator.outputs[0] >= 0 else None
            low.fail("this operator is not supported; supported are " + " ".join(sorted(OPERATORS)), target)
        for index in operator.inputs:
            if index >= 0 and index not in known:
                low.fail("read before anything writes it", low.tensors[index])
        OPERATORS[operator.name](low)
        known |= set(operator.outputs)
    for index in model.outputs:
        if index not in known:
            raise CompileError(f"{model.path}: output tensor {model.tensors[index].label()} is never written")
    for tensor in (model.tensors[i] for i in model.inputs + model.outputs):
        if tensor.dtype not in C_TYPES:
            raise CompileError(f"{model.path}: tensor {tensor.label()}: type {tensor.dtype} is not supported")
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


def constant_tensors(program: Program) -> dict[int, str]:
    """Give constant tensors that layers read as activations a C array; tensor -> symbol."""
    places: dict[int, str] = {}
    wanted = {t for layer in program.layers for t in layer.inputs} | set(program.model.outputs)
    for index in sorted(wanted):
        tensor = program.model.tensors[index]
        if tensor.data is not None:
            symbol = f"{program.prefix}_tensor{index}"
            values = tuple(int(v) for v in tensor.data.ravel())
            program.constants[symbol] = Constant(symbol, C_TYPES[tensor.dtype], values, "constant operand")
            places[index] = symbol
    return places


def functions_of(program: Program, plan: Plan, arena: str) -> list[str]:
    """The C functions of all layers."""
    texts = []
    names = {"prefix": program.prefix, "upper": program.prefix.upper()}
    for position, layer in enumerate(program.layers):
        scratch = f"{arena} + {plan.scratch[position]}" if position in plan.scratch else ""
        texts.append(
            _layer_comment(program, layer)
            + emit.render(f"{layer.template}.c.j2", symbol=layer.symbol, scratch=scratch, **names, **layer.context)
        )
    return texts


def _calls(program: Program, plan: Plan, constants: dict[int, str]) -> list[str]:
    calls = [emit.call_text(program, plan, layer, constants) for layer in program.layers]
    for source, target, size in plan.copies:
        tensor = constants.get(int(source.split()[1])) if source.startswith("tensor ") else None
        calls.append(f"memcpy({target}, {tensor or source}, {size});")
    return calls


@dataclass(frozen=True)
class _Streamed:
    """The C of the streaming form."""

    frames: int
    fill: int
    state: int
    functions: list[str]
    declarations: list[str]
    entry: str
    macs: int
    helpers: set[str]


def _write_stream(model: Model, name: str, constants: dict[str, Constant]) -> _Streamed | None:
    """The C of the streaming form, or None when the graph does not stream."""
    graph = stream_graph(model)
    if graph is None:
        return None
    program = lower_model(graph.model, name, "stream_", constants, graph.views)
    state, arena = f"{name}_stream_state", f"{name}_stream_arena"
    histories = graph.histories
    preset = {}
    for tensor, (root, columns) in graph.views.items():
        history = histories[root]
        preset[tensor] = f"{state} + {history.offset + (history.columns - columns) * history.column_size}"
    for tensor, root in graph.fresh.items():
        if root in histories and tensor not in program.aliases and tensor not in graph.model.inputs:
            history = histories[root]
            preset[tensor] = f"{state} + {history.offset + (history.columns - history.new) * history.column_size}"
    source = graph.model.inputs[0]
    frames_place, calls = "frames", []
    input_root = graph.fresh[source]

    def shift(history: History) -> list[str]:
        if history.columns == history.new:
            return []
        step = history.new * history.column_size
        return [f"{name}_stream_shift({state} + {history.offset}, {history.size}, {step});"]

    if input_root in histories:
        history = histories[input_root]
        size = history.new * history.column_size
        calls += shift(history)
        calls.append(f"memcpy({state} + {history.offset + history.size - size}, frames, {size});")
    plan = plan_memory(program, arena, [frames_place], ["output"], preset)
    tensors = constant_tensors(program)
    for layer in program.layers:
        written = graph.fresh.get(layer.outputs[0])
        if written is not None and written in histories:
            calls += shift(histories[written])
        calls.append(emit.call_text(program, plan, layer, tensors))
    total = state_size(graph)
    entry = emit.render(
        "stream.c.j2", prefix=name, state=total, calls=calls, window=graph.window, frames=graph.frames, fill=FILL,
        push_size=graph.model.tensors[source].size, output_size=model.tensors[model.outputs[0]].size,
    )  # fmt: skip
    declarations = [f"static uint8_t {arena}[{plan.arena}] __attribute__((aligned(4)));"] if plan.arena else []
    macs = sum(layer.macs for layer in program.layers)
    helpers = {"fill"}.union(*(layer.helpers for layer in program.layers))
    return _Streamed(graph.frames, FILL, total, functions_of(program, plan, arena), declarations, entry, macs, helpers)


def write_model(model: Model, file_name: str, out_dir: Path, name: str) -> CompiledModel:
    """Write the C of a model that was read already; see `compile_model`."""
    # Where the network streams, the whole inference is for checking: its code need not be fast.
    program = lower_model(model, name, unroll_limit=0 if stream_graph(model) else UNROLL_LIMIT)
    arena = f"{name}_arena"
    inputs, outputs = argument_names(len(model.inputs), "input"), argument_names(len(model.outputs), "output")
    plan = plan_memory(program, arena, inputs, outputs)
    constants = constant_tensors(program)
    functions = functions_of(program, plan, arena)
    arguments = _arguments(model)
    calls = _calls(program, plan, constants)
    read = "\n".join(calls)
    calls = [f"(void){word};" for word in inputs if not re.search(rf"\b{word}\b", read)] + calls
    entries = [emit.render("invoke.c.j2", prefix=name, arguments=arguments, calls=calls, arena=plan.arena)]
    streamed = _write_stream(model, name, program.constants)
    if streamed is not None:
        functions += streamed.functions
        entries.append(streamed.entry)
    declarations = [f"static uint8_t {arena}[{plan.arena}] __attribute__((aligned(4)));"] if plan.arena else []
    used = {h for layer in program.layers for h in layer.helpers} | (streamed.helpers if streamed else set())
    helpers = emit.render("helpers.c.j2", prefix=name, upper=name.upper(), used=sorted(used))
    first = model.tensors[model.inputs[0]]
    constant_texts = [emit.constant_text(c) for c in program.constants.values()] + declarations
    constant_texts += streamed.declarations if streamed else []
    input_frames = first.shape[1] if len(first.shape) > 2 else 1
    macs = sum(layer.macs for layer in program.layers)
    constant_bytes = sum(c.size for c in program.constants.values())
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
        "arena": plan.arena,
        "arguments": arguments,
        "stream": streamed,
        "total_macs": macs,
        "constant_bytes": constant_bytes,
        "layer_table": emit.layer_lines(program),
        "memory_plan": plan.table().split("\n"),
        "helpers": helpers,
        "constants": constant_texts,
        "functions": functions,
        "entries": entries,
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    source, header = out_dir / f"{name}.c", out_dir / f"{name}.h"
    source.write_text(emit.render("model.c.j2", **context) + "\n")
    header.write_text(emit.render("model.h.j2", **context) + "\n")
    return CompiledModel(
        name=name,
        sha256=model.sha256,
        source=source,
        header=header,
        input_frames=input_frames,
        stream_frames=streamed.frames if streamed else 0,
        arena=plan.arena,
        constant_bytes=constant_bytes,
        macs=macs,
        layers=tuple(program.layers),
        memory_plan=plan.table(),
        program=program,
        plan=plan,
    )


def _layer_comment(program: Program, layer: Layer) -> str:
    tensors = program.model.tensors
    lines = [f"Layer {layer.index}: {layer.operator}" + (f", {layer.summary}" if layer.summary else "")]
    lines += [f"  in:  {emit.tensor_text(tensors[t])}" for t in layer.inputs]
    lines += [f"  out: {emit.tensor_text(tensors[t])}" for t in layer.outputs]
    return "/* " + "\n * ".join(lines) + " */\n"


def compile_model(tflite: Path, out_dir: Path, name: str = "model") -> CompiledModel:
    """Compile a .tflite file to `<name>.c` and `<name>.h` in a folder.

    Args:
        tflite: the model.
        out_dir: folder for the C files; made if missing.
        name: prefix of all C names and base name of the files.

    Raises:
        CompileError: the file cannot be read or holds something that is not supported.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CompileError(f"name '{name}' is not usable in C; give lower-case letters, digits and underscores")
    return write_model(read_model(tflite), tflite.name, out_dir, name)
