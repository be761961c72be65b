"""A table over a folder of models: `emberwatch compile survey`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emberwatch.training.compiler.check import check_model
from emberwatch.training.compiler.choose import Options
from emberwatch.training.compiler.compiler import CompiledModel, compile_model
from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.model import Model, read_model
from emberwatch.training.compiler.oracle import Oracle, oracle_version

Measure = Callable[[CompiledModel, Path], int | None]
"""Cycles of one inference on a chip, built in a folder; None where it cannot be measured."""


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        name: of the file.
        refused: why it is not compiled; empty when it is.
        compared: inputs and pushes compared, 0 when the witness does not take the file.
        differences: how many of them differed.
        macs: multiply-accumulates of one inference.
        cycles: of one inference on the emulated chip, or None.
        ram: bytes of working memory and of what the network remembers.
        arena: bytes of TensorFlow Lite Micro's arena on this computer, or None.
        flash: bytes of constants and straight-line code.
        streams: frames of a push, or 0.
    """

    name: str
    refused: str = ""
    compared: int = 0
    differences: int = 0
    macs: int = 0
    cycles: int | None = None
    ram: int = 0
    arena: int | None = None
    flash: int = 0
    streams: int = 0

    @property
    def exact(self) -> str:
        """What the comparison gave."""
        if not self.compared:
            return "not compared"
        return f"{self.compared} of {self.compared}" if not self.differences else f"{self.differences} DIFFER"

    @property
    def per_mac(self) -> str:
        """Cycles per multiply-accumulate."""
        return f"{self.cycles / self.macs:.2f}" if self.cycles and self.macs else ""


def _arena(data: bytes, model: Model) -> int | None:
    try:
        return Oracle(data, len(model.outputs)).arena()
    except RuntimeError:
        return None


def survey_model(path: Path, options: Options, check: int, measure: Measure) -> Row:
    """One row.

    Args:
        path: the .tflite file.
        options: size or speed.
        check: inputs to compare.
        measure: gives the cycles.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            compiled = compile_model(path, folder, "net", options)
        except CompileError as error:
            return Row(path.name, refused=str(error).removeprefix(f"{path}: "))
        data, model = path.read_bytes(), read_model(path)
        try:
            found = check_model(data, model, compiled, check, folder)
            compared, differences = found.inputs + found.pushes, len(found.differences)
        except CompileError:
            compared = differences = 0
        return Row(
            path.name,
            compared=compared,
            differences=differences,
            macs=compiled.macs,
            cycles=measure(compiled, folder / "bench"),
            ram=compiled.arena + sum(state.size for state in compiled.program.states.values()),
            arena=_arena(data, model),
            flash=compiled.flash,
            streams=compiled.stream_frames,
        )


def survey_folder(
    folder: Path, options: Options, check: int, measure: Measure, say: Callable[[str], None]
) -> list[Row]:
    """One row per .tflite file of a folder, in the order of names; `say` is told each name."""
    rows = []
    for path in sorted(folder.glob("*.tflite")):
        say(path.name)
        rows.append(survey_model(path, options, check, measure))
    return rows


def table(rows: list[Row]) -> str:
    """The rows as Markdown, with a line of totals."""
    lines = [
        "| model | exact | MAC | cycles | cycles/MAC | working memory, B | TFLM arena, B | flash, B |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        if row.refused:
            lines.append(f"| {row.name} | refused: {row.refused[:160].replace('|', '/')} | | | | | | |")
            continue
        cycles = f"{row.cycles:,}" if row.cycles else ""
        arena = f"{row.arena:,}" if row.arena else ""
        streams = f" (streams {row.streams})" if row.streams else ""
        lines.append(
            f"| {row.name}{streams} | {row.exact} | {row.macs:,} | {cycles} | {row.per_mac} "
            f"| {row.ram:,} | {arena} | {row.flash:,} |"
        )
    accepted = [row for row in rows if not row.refused]
    wrong = sum(bool(row.differences) for row in accepted)
    lines += ["", f"{len(accepted)} of {len(rows)} accepted, {wrong} with a differing byte; "
              f"TensorFlow Lite Micro {oracle_version()}."]  # fmt: skip
    return "\n".join(lines)
