"""Writing a lowered program as C."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from emberwatch.training.compiler.fixedpoint16 import SIGMOID_TABLE
from emberwatch.training.compiler.ir import C_TYPES, Constant, Layer, Program
from emberwatch.training.compiler.memory import Copy, Place, Plan
from emberwatch.training.compiler.model import Model, Tensor

STRUCT_FIELDS = {"channel_t": 4, "exact_t": 3}  # of the generated structures

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # C, not HTML
    keep_trailing_newline=False,
)
_TEMPLATES.globals["sigmoid_table"] = SIGMOID_TABLE


def render(template: str, **context: Any) -> str:
    """Render one template of the compiler."""
    return _TEMPLATES.get_template(template).render(**context)


def _word(value: int | float) -> str:
    if isinstance(value, float):
        return f"{value!r}f" if value == value and abs(value) != float("inf") else "0.0f"
    if value == -(2**31):
        return "INT32_MIN"
    return f"{value}u" if value > 2**31 - 1 else str(value)


def _wrapped(words: list[str]) -> list[str]:
    """Words in indented lines of up to 106 columns."""
    lines, line = [], "   "
    for word in words:
        if len(line) + 1 + len(word) > 106:
            lines.append(line)
            line = "   "
        line += " " + word
    return [*lines, line]


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
        lines = _wrapped([f"{_word(v)}," for v in constant.values])
    body = "\n".join(lines)
    head = f"/* {constant.comment} */\n" if constant.comment else ""
    aligned = "__attribute__((aligned(4))) " if constant.ctype == "int8_t" else ""
    if constant.fast:
        aligned = f"{constant.fast}_FAST({constant.symbol}) {aligned}"
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
        output = program.model.tensors[(layer.outputs + layer.states)[0]]
        size = sum(program.constants[c].size for c in layer.constants)
        shape = "x".join(map(str, output.shape)) or "scalar"
        rows.append((f"{layer.index:02d} {layer.operator}", shape, str(layer.macs), f"{size} B", layer.summary))
    widths = [max(len(r[i]) for r in rows) for i in range(4)]
    left, right = "{:<{}}", "{:>{}}"
    form = "  ".join([left, left, right, right, "{}"])
    return [
        form.format(r[0], widths[0], r[1], widths[1], r[2], widths[2], r[3], widths[3], r[4]).rstrip() for r in rows
    ]


def address(place: Place, ctype: str, const: bool) -> str:
    """The C expression for where a tensor lives."""
    if place.offset is None:
        return place.base
    kind = "const " if const else ""
    return f"({kind}{ctype} *)(void *)({place.base} + {place.offset})"


def call_text(program: Program, plan: Plan, layer: Layer) -> str:
    """The call of a layer's function."""

    def argument(tensor: int, const: bool) -> str:
        if layer.raw:
            text = address(plan.places[tensor], "void", const)
            return text if text.startswith("(") else f"({'const ' if const else ''}void *){text}"
        return address(plan.places[tensor], C_TYPES[program.model.tensors[tensor].dtype], const)

    arguments = [argument(t, True) for t in layer.inputs] + [argument(t, False) for t in layer.outputs]
    arguments += [address(plan.places[t], "void", False) for t in layer.states]
    return f"{layer.symbol}({', '.join(arguments)});"


def copy_text(copy: Copy) -> str:
    """The copy of an output that is computed elsewhere."""
    source, target = (p.base if p.offset is None else f"{p.base} + {p.offset}" for p in (copy.source, copy.target))
    return f"memcpy({target}, {source}, {copy.size});"
