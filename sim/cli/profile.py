"""`emberwatch profile`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs
from emberwatch.cli import options
from emberwatch.inspect.profiling import ProfileRecorder
from emberwatch.inspect.profiling.formats import FORMATS
from emberwatch.machine.machine import Machine


def profile(
    firmware: options.Firmware,
    audio: options.Audio = None,
    scenario_file: options.ScenarioFile = None,
    seconds: options.Seconds = None,
    format_name: Annotated[
        str, typer.Option("--format", help=f"One of: {', '.join(FORMATS)}.", metavar="NAME")
    ] = "table",
    out: options.Out = None,
    start: Annotated[float, typer.Option("--from", help="Emulated time at which profiling begins.", metavar="S")] = 0.0,
    trigger: Annotated[
        str | None,
        typer.Option(help="Begin at this console line (its beginning) or this function's first call.", metavar="TEXT"),
    ] = None,
    board: options.BoardName = "pico",
    gain_db: options.GainDb = 0.0,
    lead_in: options.LeadIn = options.DEFAULT_LEAD_IN_S,
    seed: options.Seed = 1,
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
    heard, duration = options.scenario_and_seconds(audio, scenario_file, seconds, gain_db, lead_in)
    check_outputs({"--out": out}, options.inputs(firmware, heard, scenario_file, board))
    if trigger is not None:
        start = options.trigger_time(firmware, heard, board, seed, trigger, max(duration, 60.0))
        duration += start
    if start >= duration:
        raise UsageError(f"--from {start:g} must be before the end at {duration:g} s; see --seconds")
    with Machine(firmware, heard, board=board, engine="embedded", seed=seed, trace=()) as machine:
        code = options.run_on(machine, start)
        recorder = ProfileRecorder(machine, timeline=format_name == "perfetto")
        code = code or options.run_on(machine, duration)
        result = recorder.profile()
    if not machine.image.symbols.functions():
        print("emberwatch: note: the firmware has no symbols; functions are named by address", file=sys.stderr)
    options.write_text(out, FORMATS[format_name](result))
    return code
