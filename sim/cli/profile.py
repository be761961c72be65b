"""`emberwatch profile`."""

from __future__ import annotations

from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs
from emberwatch.cli.options import (
    DEFAULT_SILENCE_S,
    TRIGGER_TIMEOUT_S,
    Out,
    RunOptions,
    note,
    with_run_options,
    write_text,
)
from emberwatch.cli.window import run_window, trigger_time
from emberwatch.inspect.profiling import ProfileRecorder
from emberwatch.inspect.profiling.formats import FORMATS


@with_run_options("level_dbfs", "bootrom")
def profile(
    run_options: RunOptions,
    format_name: Annotated[
        str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.", metavar="NAME")
    ] = "table",
    out: Out = None,
    start: Annotated[float, typer.Option("--from", help="Emulated time at which profiling begins.", metavar="S")] = 0.0,
    stop: Annotated[
        float | None,
        typer.Option("--to", help="Emulated time at which it ends; default: as --seconds says.", metavar="S"),
    ] = None,
    trigger: Annotated[
        str | None,
        typer.Option(help="Begin at this console line (its beginning) or this function's first call.", metavar="TEXT"),
    ] = None,
) -> int:
    """Profile unmodified firmware: exact cycles, stack, XIP misses and bus waits per function and line.

    With --trigger, --seconds counts from there. Sleep is not counted. Both cores and interrupt handlers are included;
    emulated time does not change.

    Examples:

    \b
    emberwatch profile emberwatch.elf --audio smoke.wav
    emberwatch profile emberwatch.elf --seconds 3 --format callgrind --out callgrind.out.emberwatch
    emberwatch profile emberwatch.elf --trigger 'W 0' --seconds 1 --format perfetto --out trace.json
    """
    if format_name not in FORMATS:
        raise UsageError(f"--format {format_name!r} is not known; use one of: {', '.join(FORMATS)}")
    if not start >= 0:
        raise UsageError(f"--from {start:g} must be 0 or more seconds")
    if stop is not None and run_options.seconds is not None:
        raise UsageError("--to and --seconds exclude each other; both say where profiling ends")
    duration = run_options.duration
    check_outputs({"--out": out}, run_options.inputs)
    if trigger is not None:
        start = trigger_time(run_options, trigger, max(duration, TRIGGER_TIMEOUT_S))
        duration = start + (duration or DEFAULT_SILENCE_S)
    end = stop if stop is not None else duration or None  # None: with the last step
    if end is not None and start >= end:
        raise UsageError(f"--from {start:g} must be before the end at {end:g} s; see --seconds and --to")
    with run_options.machine("embedded") as machine:
        recorder = ProfileRecorder(machine, timeline=format_name == "perfetto")
        code = run_window(machine, run_options.steps, start, end, recorder.begin)
        result = recorder.profile()
    if not machine.image.symbols.functions():
        note("the firmware has no symbols; functions are named by address")
    write_text(out, FORMATS[format_name](result))
    return code
