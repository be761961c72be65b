"""`emberwatch compile`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from emberwatch.training.compiler import CompiledModel


def compile_model(
    model: Annotated[Path, typer.Argument(help="int8 .tflite file.", metavar="MODEL")],
    out: Annotated[Path, typer.Option(help="Folder for NAME.c and NAME.h; made if missing.", metavar="DIR")],
    name: Annotated[
        str, typer.Option(help="Prefix of the C names and base name of the files.", metavar="NAME")
    ] = "model",
    plan: Annotated[bool, typer.Option("--plan", help="Print the memory plan.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML file: MAC, cycles on the emulator, flash and RAM of every layer.", metavar="FILE"),
    ] = None,
) -> None:
    """Compile an int8 .tflite to readable C for the Cortex-M0+, equal to TensorFlow Lite Micro to the bit.

    An operator outside the supported set is refused by name.

    Examples:

    \b
    emberwatch compile training/released/emberwatch.tflite --out build/model
    emberwatch compile kws.tflite --out build/kws --name kws --plan --report build/kws/report.html
    """
    from emberwatch.base.errors import UsageError
    from emberwatch.base.output import check_outputs
    from emberwatch.training.compiler import compile_model as compile_file

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder")
    check_outputs({"--report": report}, [model])
    try:
        result = compile_file(model, out, name)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror or error}") from None
    print(f"{result.source}\n{result.header}")
    stream = f", streams {result.stream_frames} frames at a time" if result.stream_frames else ""
    print(
        f"{len(result.layers)} layers, {result.macs} multiply-accumulates, {result.constant_bytes} bytes of constants, "
        f"{result.arena} bytes of working memory{stream}"
    )
    if plan:
        print(result.memory_plan)
    if report is not None:
        _write_report(result, report)


def _write_report(result: CompiledModel, path: Path) -> None:
    """Measures the network on the emulated chip, if there is a toolchain, and writes the report."""
    from emberwatch.base.errors import BuildError, EngineError, UsageError
    from emberwatch.training.compiler.report import write_report

    measured, note = None, ""
    try:
        from emberwatch.bench.network import measure_network

        with TemporaryDirectory() as folder:
            measured = measure_network(result, Path(folder))
    except (BuildError, EngineError) as error:
        note = str(error)
        print(f"not measured: {note}", file=sys.stderr)
    else:
        per_mac = f", {measured.total / result.macs:.2f} per multiply-accumulate" if result.macs else ""
        print(f"{measured.total} cycles{per_mac} on the emulated chip")
    try:
        write_report(result, path, measured, note)
    except OSError as error:
        raise UsageError(f"--report {path} cannot be written: {error.strerror or error}") from None
    print(path)
