"""The compiler's report: one HTML page with a table per layer and the memory plan drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from emberwatch.base import atomic
from emberwatch.training.compiler import emit
from emberwatch.training.compiler.choose import ram_of
from emberwatch.training.compiler.compiler import VERSION, CompiledModel


@dataclass(frozen=True)
class Measurement:
    """What a run on the emulated chip gave.

    Attributes:
        functions: C function -> cycles including what it calls.
        code: C function -> bytes of code.
        total: cycles of one inference.
        clk_sys_hz: system clock.
        equal: the outputs were those of the same C compiled for the host.
        flash: bytes of flash of the whole image.
        ram: bytes of RAM of the whole image, stack included.
    """

    functions: Mapping[str, int]
    code: Mapping[str, int]
    total: int
    clk_sys_hz: int
    equal: bool
    flash: int
    ram: int


@dataclass(frozen=True)
class Row:
    """One layer; cycles is None where nothing was measured."""

    index: int
    operator: str
    summary: str
    shape: str
    macs: int
    cycles: int | None
    constants: int
    code: int | None
    ram: int

    @property
    def per_mac(self) -> str:
        """Cycles per multiply-accumulate."""
        return f"{self.cycles / self.macs:.2f}" if self.cycles is not None and self.macs else ""


def rows(compiled: CompiledModel, measured: Measurement | None) -> list[Row]:
    """The table's rows."""
    result = []
    tensors = compiled.program.model.tensors
    for position, layer in enumerate(compiled.layers):
        code = None
        if measured is not None:
            own = (layer.symbol, layer.symbol + "_")
            code = sum(size for name, size in measured.code.items() if name == own[0] or name.startswith(own[1]))
        result.append(
            Row(
                layer.index,
                layer.operator,
                layer.summary,
                "x".join(map(str, tensors[(layer.outputs + layer.states)[0]].shape)) or "scalar",
                layer.macs,
                measured.functions.get(layer.symbol) if measured is not None else None,
                sum(compiled.program.constants[c].size for c in layer.constants),
                code,
                sum(b.size for b in compiled.plan.blocks if b.first <= position <= b.last),
            )
        )
    return result


def dominant(rows_: list[Row], total: int) -> str:
    """One sentence: the layers that take most of the cycles, or of the products where none were measured."""
    measured = any(row.cycles for row in rows_)
    what, whole = ("cycles", total) if measured else ("multiply-accumulates", sum(row.macs for row in rows_))
    weights = [(row.cycles or 0) if measured else row.macs for row in rows_]
    order = sorted(range(len(rows_)), key=lambda i: -weights[i])
    taken, names = 0, []
    for i in order:
        if not weights[i] or 2 * taken > whole:
            break
        taken += weights[i]
        names.append(f"{rows_[i].index} {rows_[i].operator} ({100 * weights[i] / whole:.0f} %)")
    return f"Most {what}: {', '.join(names)}." if names else ""


def write_report(compiled: CompiledModel, path: Path, measured: Measurement | None, note: str = "") -> None:
    """Write the report.

    Args:
        compiled: what the compiler wrote.
        path: the HTML file; its folder is made if missing.
        measured: cycles and sizes on the emulated chip, or None.
        note: why nothing was measured.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    last = max((b.last for b in compiled.plan.blocks), default=0) + 1
    page = environment.get_template("report.html.j2").render(
        version=VERSION,
        compiled=compiled,
        interface=emit.interface_lines(compiled.program.model),
        rows=(table := rows(compiled, measured)),
        dominant=dominant(table, measured.total if measured is not None else 0),
        most=max((row.cycles or 0 for row in table), default=0),
        ram_code=ram_of(compiled.program),
        measured=measured,
        note=note,
        blocks=sorted(compiled.plan.blocks, key=lambda b: (b.first, b.offset)),
        columns=last,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(path, page + "\n")
