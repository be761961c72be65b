"""`emberwatch compile`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from emberwatch.training.compiler import CompiledModel
    from emberwatch.training.compiler.report import Measurement


def compile_model(
    model: Annotated[Path, typer.Argument(help="int8 .tflite file.", metavar="MODEL")],
    out: Annotated[Path, typer.Option(help="Folder for NAME.c and NAME.h; made if missing.", metavar="DIR")],
    name: Annotated[
        str, typer.Option(help="Prefix of the C names and base name of the files.", metavar="NAME")
    ] = "model",
    optimise: Annotated[
        str,
        typer.Option(
            help="speed, balanced (working memory at most about TensorFlow Lite Micro's) or size.", metavar="GOAL"
        ),
    ] = "balanced",
    stream: Annotated[
        bool, typer.Option("--stream/--no-stream", help="Write a streaming form where the network has one.")
    ] = True,
    max_ram: Annotated[
        int | None,
        typer.Option(help="Bytes of working memory, streaming state, and code and weights in SRAM.", metavar="BYTES"),
    ] = None,
    max_flash: Annotated[
        int | None, typer.Option(help="Bytes of constants and straight-line code.", metavar="BYTES")
    ] = None,
    dma_channel: Annotated[
        int | None,
        typer.Option(help="DMA channel that may fetch the weights of dense layers from flash.", metavar="CHANNEL"),
    ] = None,
    cores: Annotated[
        int, typer.Option(help="2: layers are divided between both cores of the RP2040.", metavar="N")
    ] = 1,
    check: Annotated[
        int,
        typer.Option(
            help="Compare N inputs with TensorFlow Lite Micro; exit 1 on a differing byte.", metavar="N", min=0
        ),
    ] = 0,
    library: Annotated[
        str | None, typer.Option(help="Also write DIR/NAME as a library: arduino or pico-sdk.", metavar="KIND")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Print the cycles of every layer on the emulated chip.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Print the memory plan.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="HTML page: MAC, cycles on the emulator, flash and RAM of every layer.", metavar="FILE"),
    ] = None,
) -> None:
    """Compile an int8 .tflite to readable C for the Cortex-M0+, equal to TensorFlow Lite Micro to the bit.

    An operator outside the supported set is refused by name.

    Examples:

    \b
    emberwatch compile training/released/emberwatch.tflite --out build/model
    emberwatch compile kws.tflite --out build/kws --name kws --check 100 --report build/kws/report.html
    emberwatch compile kws.tflite --out build/kws --optimise speed --max-ram 40000 --library pico-sdk
    """
    from emberwatch.base.errors import UsageError
    from emberwatch.base.output import check_outputs
    from emberwatch.training.compiler import Options
    from emberwatch.training.compiler import compile_model as compile_file
    from emberwatch.training.compiler.library import KINDS, write_library

    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; give a folder")
    if library is not None and library not in KINDS:
        raise UsageError(f"--library {library} is unknown; choose one of {', '.join(KINDS)}")
    check_outputs({"--report": report}, [model])
    options = Options(optimise, stream, max_ram, max_flash, dma_channel, cores)
    try:
        result = compile_file(model, out, name, options)
        libraries = write_library(result, library, out / name) if library is not None else []
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror or error}") from None
    print("\n".join(map(str, [result.source, result.header, *libraries])))
    _print_summary(result)
    if plan:
        print(result.memory_plan)
    if profile or report is not None:
        _measure(result, profile, report)
    if check:
        _check(model, result, check)


def _print_summary(result: CompiledModel) -> None:
    """Prints what the network takes."""
    from emberwatch.training.compiler.choose import ram_of

    print(
        f"{len(result.layers)} layers, {result.macs} multiply-accumulates, {result.constant_bytes} bytes of constants, "
        f"{result.arena} bytes of working memory"
    )
    print(f"{result.flash} bytes of flash with straight-line code, {ram_of(result.program)} bytes of code in SRAM")
    if result.stream_frames:
        print(
            f"streams {result.stream_frames} frames at a time: {result.stream_macs} multiply-accumulates, "
            f"{result.stream_ram} bytes of working memory and state"
        )


def _check(path: Path, result: CompiledModel, count: int) -> None:
    """Compares with TensorFlow Lite Micro; ends the command with 1 on a differing byte."""
    from emberwatch.training.compiler.check import check_model
    from emberwatch.training.compiler.model import read_model
    from emberwatch.training.compiler.oracle import oracle_version

    with TemporaryDirectory() as folder:
        found = check_model(path.read_bytes(), read_model(path), result, count, Path(folder))
    pushes = f" and {found.pushes} pushes" if found.pushes else ""
    print(
        f"{found.inputs} inputs{pushes} compared with TensorFlow Lite Micro {oracle_version()}, "
        f"{found.distinct} different outputs: {len(found.differences)} differ"
    )
    for difference in found.differences[:10]:
        print(f"  {difference}")
    if found.differences:
        raise typer.Exit(1)


def _measure(result: CompiledModel, profile: bool, report: Path | None) -> None:
    """Measures the network on the emulated chip, if there is a toolchain; prints and writes what was asked for.

    Ends the command with 1 when the chip's results are not those of the same C on this computer.
    """
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
        if profile:
            _print_layers(result, measured)
    if report is not None:
        try:
            write_report(result, report, measured, note)
        except OSError as error:
            raise UsageError(f"--report {report} cannot be written: {error.strerror or error}") from None
        print(report)
    if measured is not None and not measured.equal:
        print("the emulated chip's results are not those of the same C on this computer", file=sys.stderr)
        raise typer.Exit(1)


def _print_layers(result: CompiledModel, measured: Measurement) -> None:
    """Prints one line per layer, as `emberwatch profile` prints functions."""
    from emberwatch.training.compiler.report import rows

    print(f"{'layer':30} {'output':>14} {'MACs':>10} {'cycles':>10} {'share':>6} {'per MAC':>7}")
    for row in rows(result, measured):
        share = f"{100 * row.cycles / measured.total:.1f}%" if row.cycles else ""
        title = f"{row.index:02d} {row.operator}"
        print(f"{title:30} {row.shape:>14} {row.macs:>10} {row.cycles or 0:>10} {share:>6} {row.per_mac:>7}")


def survey(
    folder: Annotated[Path, typer.Argument(help="Folder of .tflite files.", metavar="FOLDER")],
    out: Annotated[Path | None, typer.Option(help="Write the table to a Markdown file.", metavar="FILE")] = None,
    check: Annotated[int, typer.Option(help="Inputs to compare with TensorFlow Lite Micro.", metavar="N", min=1)] = 20,
    optimise: Annotated[str, typer.Option(help="speed, balanced or size.", metavar="GOAL")] = "balanced",
    dma_channel: Annotated[
        int | None, typer.Option(help="DMA channel that may fetch weights from flash.", metavar="CHANNEL")
    ] = None,
    cores: Annotated[int, typer.Option(help="2: divide layers between both cores.", metavar="N")] = 1,
    cycles: Annotated[bool, typer.Option("--cycles/--no-cycles", help="Measure cycles on the emulated chip.")] = True,
) -> None:
    """Compile every .tflite in a folder: accepted, exact, cycles, RAM beside TensorFlow Lite Micro's arena, flash.

    Exit code 1 when a byte of an accepted network differs.

    Examples:

    \b
    emberwatch compile survey models --out table.md
    emberwatch compile survey models --check 5 --no-cycles
    """
    from emberwatch.base.errors import UsageError
    from emberwatch.base.output import write_file
    from emberwatch.training.compiler import Options
    from emberwatch.training.compiler.survey import survey_folder, table

    if not any(folder.glob("*.tflite")):
        raise UsageError(f"{folder} has no .tflite file; give a folder with some")
    measure = _cycles if cycles else lambda compiled, scratch: None
    options = Options(optimise, dma_channel=dma_channel, cores=cores)
    rows = survey_folder(folder, options, check, measure, lambda text: print(text, file=sys.stderr))
    text = table(rows)
    print(text)
    if out is not None:
        write_file(out, text + "\n", "--out")
    if any(row.differences for row in rows):
        raise typer.Exit(1)


def _cycles(compiled: CompiledModel, folder: Path) -> int | None:
    """Cycles of one inference on the emulated chip; None without a toolchain, or where it does not fit."""
    from emberwatch.base.errors import BuildError, EngineError
    from emberwatch.bench.network import measure_network

    try:
        return measure_network(compiled, folder).total
    except (BuildError, EngineError):
        return None
