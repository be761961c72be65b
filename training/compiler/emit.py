"""Writing a lowered program as C."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import jinja2

from emberwatch.training.compiler.ir import C_TYPES, Constant, Layer, Program
from emberwatch.training.compiler.memory import Plan
from emberwatch.training.compiler.model import Model, Tensor

STRUCT_FIELDS = {"channel_t": 4, "exact_t": 3}  # of the generated structures

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # C, not HTML
    keep_trailing_newline=False,
)


def render(template: str, **context: Any) -> str:
    """Render one template of the compiler."""
    return _TEMPLATES.get_template(template).render(**context)


def _word(value: int) -> str:
    if value == -(2**31):
        return "INT32_MIN"
    return f"{value}u" if value > 2**31 - 1 else str(value)


def constant_text(constant: Constant) -> str:
    """A constant array as C, wrapped at 110 columns; an array of structures has one per line."""
    lines, count = [], len(constant.values)
    fields = next((n for suffix, n in STRUCT_FIELDS.items() if constant.ctype.endswith(f"_{suffix}")), 0)
    if fields:
        count //= fields
        for i in range(count):
            row = constant.values[fields * i : fields * (i + 1)]
            lines.append("    {" + ", ".join(map(_word, row)) + "},")
    else:
        text = ", ".join(map(_word, constant.values)) + ","
        lines = textwrap.wrap(text, 106, initial_indent="    ", subsequent_indent="    ")
    body = "\n".join(lines)
    head = f"/* {constant.comment} */\n" if constant.comment else ""
    aligned = "__attribute__((aligned(4))) " if constant.ctype == "int8_t" else ""
    return f"{head}{aligned}static const {constant.ctype} {constant.symbol}[{count}] = {{\n{body}\n}};"


def tensor_text(tensor: Tensor) -> str:
    """Type, shape and quantisation of a tensor."""
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    if tensor.scale.size == 1:
        zero = int(tensor.zero_point[0]) if tensor.zero_point.size else 0
        return f"{tensor.dtype.lower()} [{shape}], scale {float(tensor.scale[0]):.9g}, zero point {zero}"
    return f"{tensor.dtype.lower()} [{shape}]"


def interface_lines(model: Model) -> list[str]:
    """Inputs and outputs, one line each."""
    lines = [f"Input {i}: {tensor_text(model.tensors[t])}" for i, t in enumerate(model.inputs)]
    return lines + [f"Output {i}: {tensor_text(model.tensors[t])}" for i, t in enumerate(model.outputs)]


def layer_lines(program: Program) -> list[str]:
    """A table of the layers: operator, shapes, MACs, bytes."""
    rows = [("layer", "output", "MACs", "constants", "")]
    for layer in program.layers:
        output = program.model.tensors[layer.outputs[0]]
        size = sum(program.constants[c].size for c in layer.constants)
        shape = "x".join(map(str, output.shape)) or "scalar"
        rows.append((f"{layer.index:02d} {layer.operator}", shape, str(layer.macs), f"{size} B", layer.summary))
    widths = [max(len(r[i]) for r in rows) for i in range(4)]
    left, right = "{:<{}}", "{:>{}}"
    form = "  ".join([left, left, right, right, "{}"])
    return [
        form.format(r[0], widths[0], r[1], widths[1], r[2], widths[2], r[3], widths[3], r[4]).rstrip() for r in rows
    ]


def call_text(program: Program, plan: Plan, layer: Layer, constant_places: dict[int, str]) -> str:
    """The call of a layer's function."""

    def place(tensor: int, const: bool) -> str:
        text = constant_places.get(tensor) or plan.places[tensor]
        ctype = C_TYPES[program.model.tensors[tensor].dtype]
        if " + " not in text:
            return text
        return f"({'const ' if const else ''}{ctype} *)({text})"

    arguments = [place(t, True) for t in layer.inputs] + [place(t, False) for t in layer.outputs]
    return f"{layer.symbol}({', '.join(arguments)});"
