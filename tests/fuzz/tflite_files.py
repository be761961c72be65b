"""Fuzzing of the model compiler over whole .tflite files: what it takes must run within its buffers.

Mutations know the format: shapes, types, scales, zero points, options, constants and wires of a valid model change, so
that files get past the reader and lie to the compiler. What is accepted is compiled with AddressSanitizer and
UndefinedBehaviorSanitizer, all warnings errors, and run on random inputs in buffers of the exact size.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "compiler"))

from mutate import mutate as mutate_bytes
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from emberwatch.training.compiler import CompileError, Options
from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.ir import ELEMENT_SIZE
from emberwatch.training.compiler.model import Model, parse_model

FLAGS = ("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MOST_WORK = 20_000_000  # multiply-accumulates or elements that are run; larger models are only compiled

_SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 16, 127, 255, 256, 1000, 32767, 32768, 65535, 65536, 1 << 24, 1 << 30, 2**31 - 1, -1)
_SCALES = (
    0.0,
    1e-45,
    1e-38,
    1e-20,
    1e-6,
    0.003,
    1 / 256,
    1 / 128,
    0.1,
    0.5,
    1.0,
    1e6,
    1e20,
    3e38,
    np.inf,
    np.nan,
    -1.0,
)
_ZEROS = (-129, -128, -127, -1, 0, 1, 127, 128, 255, 256, 1 << 40, -(1 << 40))


def seeds() -> list[bytes]:
    """One valid model of every operator, a network and a graph with branches."""
    from tflite_cases import CASES
    from tflite_graphs import random_graph
    from tflite_more_cases import MORE_CASES
    from tflite_networks import detector

    rngs = (np.random.default_rng(i) for i in range(1000))
    return [case(next(rngs)) for case in (CASES | MORE_CASES).values()] + [
        detector(next(rngs)),
        random_graph(next(rngs)),
    ]


def _pick(rng: random.Random, values: Any) -> Any:
    return values[rng.randrange(len(values))] if len(values) else None


def _change_tensor(rng: random.Random, tensor: Any, buffers: int) -> None:
    what = rng.randrange(8)
    shape = [int(n) for n in tensor.shape] if tensor.shape is not None else []
    if what <= 2 and shape:
        at = rng.randrange(len(shape))
        shape[at] = rng.choice((_pick(rng, _SIZES), shape[at] + rng.choice((-1, 1)), shape[at] * 2))
        tensor.shape = shape
    elif what == 3:
        rng.shuffle(shape)
        tensor.shape = [shape, shape[1:], [*shape, 1], [1, *shape], []][rng.randrange(5)]
    elif what == 4:
        tensor.type = rng.choice((0, 2, 3, 4, 6, 7, 9, 13, 15, 17))
    elif what == 5:
        tensor.buffer = rng.randrange(buffers + 1)
    elif tensor.quantization is not None:
        q = tensor.quantization
        kind = rng.randrange(4)
        if kind == 0 and q.scale is not None:
            q.scale = np.array(q.scale, np.float32)
            q.scale[rng.randrange(len(q.scale))] = _pick(rng, _SCALES)
        elif kind == 1 and q.zeroPoint is not None:
            q.zeroPoint = np.array(q.zeroPoint, np.int64)
            q.zeroPoint[rng.randrange(len(q.zeroPoint))] = _pick(rng, _ZEROS)
        elif kind == 2:
            q.scale, q.zeroPoint = rng.choice(((q.scale, None), (None, q.zeroPoint), ([0.1, 0.2], [0, 0])))
        else:
            q.quantizedDimension = rng.choice((-1, 0, 1, 3, 100))


def _change_operator(rng: random.Random, op: Any, tensors: int, codes: Any) -> None:
    what = rng.randrange(5)
    if what == 0 and op.builtinOptions is not None:
        fields = [k for k, v in vars(op.builtinOptions).items() if isinstance(v, (int, float, bool))]
        if fields:
            name = rng.choice(fields)
            old = getattr(op.builtinOptions, name)
            if isinstance(old, bool):
                setattr(op.builtinOptions, name, not old)
            elif isinstance(old, float):
                setattr(op.builtinOptions, name, _pick(rng, _SCALES))
            else:
                small = "padding" in name or "Activation" in name or "Format" in name or name.endswith("Type")
                setattr(op.builtinOptions, name, rng.randrange(7) if small else _pick(rng, _SIZES))
    elif what == 1 and op.inputs is not None and len(op.inputs):
        inputs = [int(i) for i in op.inputs]
        inputs[rng.randrange(len(inputs))] = rng.randrange(-1, tensors + 1)
        op.inputs = rng.choice((inputs, inputs, inputs[:-1], [*inputs, inputs[0]]))
    elif what == 2 and op.outputs is not None and len(op.outputs):
        outputs = [int(i) for i in op.outputs]
        outputs[rng.randrange(len(outputs))] = rng.randrange(-1, tensors + 1)
        op.outputs = outputs
    elif what == 3:
        op.opcodeIndex = rng.randrange(len(codes) + 1)
    else:
        code = _pick(rng, codes)
        code.builtinCode = rng.randrange(0, 160)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _change(rng: random.Random, model: Any) -> None:
    """One change of a model's structure."""
    graph = _pick(rng, model.subgraphs)
    what = rng.randrange(20)
    if what < 11:
        _change_tensor(rng, _pick(rng, graph.tensors), len(model.buffers))
    elif what < 16:
        _change_operator(rng, _pick(rng, graph.operators), len(graph.tensors), model.operatorCodes)
    elif what == 16:  # swap, drop or repeat operators
        at, to = rng.randrange(len(graph.operators)), rng.randrange(len(graph.operators))
        graph.operators[at], graph.operators[to] = graph.operators[to], graph.operators[at]
    elif what == 17:
        graph.operators = [*graph.operators, _pick(rng, graph.operators)]
    elif what == 18:  # integers of constants: paddings, axes, slices; extremes of biases and weights
        full = [b for b in model.buffers if b.data is not None and len(b.data) >= 4]
        if full:
            data = np.array(rng.choice(full).data, np.uint8)
            chosen = next(b for b in full if np.array_equal(np.array(b.data, np.uint8), data))
            at = rng.randrange(len(data) // 4) * 4
            value = rng.choice((*_SIZES, -2, -(2**31)))
            data[at : at + 4] = np.frombuffer(np.int32(value).tobytes(), np.uint8)
            chosen.data = data
    else:
        name = rng.choice(("inputs", "outputs"))
        setattr(graph, name, [rng.randrange(len(graph.tensors) + 1) for _ in range(rng.randrange(4))])


def mutate(rng: random.Random, corpus: list[bytes]) -> bytes:
    """One new file: mostly changes of structure, sometimes of bytes."""
    if rng.random() < 0.15:
        return mutate_bytes(rng, corpus)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(rng.choice(corpus)))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _change(rng, model)
    builder = flatbuffers.Builder(4096)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # the writer knows limits of its own, such as a type's width
        return mutate_bytes(rng, corpus)
    return bytes(builder.Output())


def _main_text(model: Model, compiled: CompiledModel) -> str:
    """A program that runs the network thrice on noise in buffers of the exact size."""
    lines, arguments = [], []
    for side, tensors in (("in", model.inputs), ("out", model.outputs)):
        for i, t in enumerate(tensors):
            size = model.tensors[t].size * ELEMENT_SIZE[model.tensors[t].dtype]
            lines.append(f"    uint8_t *const {side}{i} = malloc({size});")
            if side == "in":
                lines.append(f"    for (int i = 0; i < {size}; i++) {side}{i}[i] = (uint8_t)(rand() >> 7);")
            arguments.append(f"(void *){side}{i}")
    calls = f"        {compiled.name}_invoke({', '.join(arguments)});\n"
    if compiled.stream_frames:
        calls += f"        {compiled.name}_stream_push({arguments[0]}, {arguments[1]});\n"
    return (
        f'#include <stdlib.h>\n#include "{compiled.name}.h"\nint main(void)\n{{\n    srand(1);\n'
        + "\n".join(lines)
        + f"\n    for (int round = 0; round < 2; round++) {{\n{calls}    }}\n"
        + "".join(f"    free({a.split('*')[1][1:]});\n" for a in arguments)
        + "    return 0;\n}\n"
    )


def accepts(data: bytes, folder: Path) -> tuple[Model, CompiledModel] | None:
    """Compile a file; None when it is refused, which must take one printable line."""
    try:
        model = parse_model(data, "fuzzed.tflite")
        goal = ("speed", "balanced", "size")[len(data) % 3]
        options = Options(goal, dma_channel=3 if len(data) // 3 % 2 else None, cores=1 + len(data) // 6 % 2)
        return model, write_model(model, "fuzzed.tflite", folder, "net", options)
    except CompileError as error:
        assert str(error).isprintable(), repr(str(error))
        return None


def run_sanitized(model: Model, compiled: CompiledModel) -> None:
    """Build and run what was accepted under the sanitizers."""
    folder = compiled.source.parent
    main = folder / "main.c"
    main.write_text(_main_text(model, compiled))
    compiler = shutil.which("cc") or shutil.which("gcc") or "clang"
    tensors = compiled.program.model.tensors
    work = compiled.macs + sum(tensors[t].size for layer in compiled.layers for t in layer.outputs)
    program = folder / "program"
    command = [compiler, *FLAGS, *SANITIZERS, str(compiled.source), str(main), "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"does not compile: {done.stderr[:2000]}"
    if work > MOST_WORK:
        return
    ran = subprocess.run([str(program)], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, f"exit {ran.returncode}: {ran.stderr[:2000]}"


def tflite_file(data: bytes) -> None:
    """Any file: it is refused in one line, or the C stays within its buffers and has no undefined behaviour."""
    with tempfile.TemporaryDirectory() as folder:
        found = accepts(data, Path(folder))
        if found is not None:
            run_sanitized(*found)
