"""`emberwatch trace`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, write_file
from emberwatch.base.text import printable
from emberwatch.cli.options import TRIGGER_TIMEOUT_S, RunOptions, with_run_options
from emberwatch.cli.window import run_window, trigger_time
from emberwatch.detector.machine import budgeted_functions
from emberwatch.inspect.signals import GROUPS
from emberwatch.inspect.trace.recorder import TraceRecorder, TraceSettings, board_pins
from emberwatch.inspect.trace.vcd import TIMESCALES
from emberwatch.machine.values import MAX_SECONDS


@with_run_options("level_dbfs", "bootrom")
def trace(
    run_options: RunOptions,
    vcd: Annotated[Path, typer.Option(help="File to write.", metavar="FILE")],
    pins: Annotated[
        str | None, typer.Option(help="GPIO numbers as 2,3 or 'none'; default: what the board uses.", metavar="LIST")
    ] = None,
    signals: Annotated[
        str, typer.Option(help=f"Signals inside the chip, some of {','.join(GROUPS)}, or 'none'.", metavar="LIST")
    ] = "irq,cores,functions",
    functions: Annotated[
        str | None, typer.Option(help="Functions whose calls are marked; default: the budgeted ones.", metavar="LIST")
    ] = None,
    start: Annotated[float, typer.Option("--from", help="Emulated time at which the file begins.", metavar="S")] = 0.0,
    end: Annotated[
        float | None, typer.Option("--to", help="Emulated time at which it ends; default: the end.", metavar="S")
    ] = None,
    trigger: Annotated[
        str | None,
        typer.Option(help="Console line (its beginning) or function around which to record.", metavar="TEXT"),
    ] = None,
    before: Annotated[float, typer.Option(help="Time to record before the trigger.", metavar="S")] = 0.001,
    after: Annotated[float, typer.Option(help="Time to record after it.", metavar="S")] = 0.01,
    timescale: Annotated[str, typer.Option(help=f"Unit of time: {', '.join(TIMESCALES)}.", metavar="UNIT")] = "1ns",
    uart_log: Annotated[
        Path | None, typer.Option(help="Also write the console lines with their times to this file.", metavar="FILE")
    ] = None,
) -> int:
    """Record wave forms of pins and of the chip's inside as a VCD file for GTKWave, PulseView or sigrok-cli.

    Groups of signals: irq (interrupt lines), cores (active exception, sleep), dma (channel busy, transfers),
    pio (program counters of the state machines), functions (a call is in progress).
    A window keeps the file small; with --trigger the run is made twice, so that it can begin before the trigger.

    Examples:

    \b
    emberwatch trace emberwatch.elf --vcd boot.vcd --to 0.05
    emberwatch trace emberwatch.elf --vcd pdm.vcd --pins 2,3 --signals dma,pio --from 0.3 --to 0.301
    emberwatch trace emberwatch.elf --vcd alarm.vcd --audio smoke.wav --trigger 'ALARM on' --before 0.04
    emberwatch trace emberwatch.elf --vcd call.vcd --trigger model_stream_push --uart-log uart.txt
    """
    duration = run_options.duration
    check_outputs({"--vcd": vcd, "--uart-log": uart_log}, run_options.inputs)
    if timescale not in TIMESCALES:
        raise UsageError(f"--timescale {timescale!r} is not known; use one of: {', '.join(TIMESCALES)}")
    if trigger is not None:
        if start or end is not None:
            raise UsageError("--trigger excludes --from and --to; use --before and --after")
        if not (0 <= before <= MAX_SECONDS and 0 <= after <= MAX_SECONDS) or before + after == 0:
            raise UsageError(f"--before {before:g} and --after {after:g} must be 0 or more seconds, and not both 0")
    else:
        end = end if end is not None else duration or None  # None: with the last step
        if start < 0 or (end is not None and start >= end):
            raise UsageError(
                f"the window from {start:g} s to {end or start:g} s is empty; see --from, --to and --seconds"
            )
    groups = () if signals == "none" else tuple(name for name in signals.split(",") if name)
    with run_options.machine("embedded") as machine:
        marked = None if functions is None else tuple(name for name in functions.split(",") if name)
        machine.trace_functions(budgeted_functions(machine.image) if marked is None else marked)
        settings = TraceSettings(tuple(board_pins(machine.board)) if pins is None else _numbers(pins), groups)
        if trigger is not None:
            at = trigger_time(run_options, trigger, max(duration, TRIGGER_TIMEOUT_S))
            start, end = max(0.0, at - before), at + after
            print(f"trigger {trigger!r} at {at:.6f} s")
        recorders: list[TraceRecorder] = []

        def begin() -> None:
            recorders.append(TraceRecorder(machine, settings))

        code = run_window(machine, run_options.steps, start, end, begin, lambda: recorders[0].collect())
        wave = recorders[0].wave()
        size = wave.save(vcd, timescale, f"{machine.image.path.name}, {start:.6f} s to {machine.time_s:.6f} s")
        print(f"{vcd}: {len(wave.variables)} signals, {len(wave.changes)} changes, {size} bytes")
        if uart_log is not None:
            lines = "".join(f"{t:12.6f}  {printable(line)}\n" for t, line in machine.lines)
            write_file(uart_log, lines, "--uart-log")
            print(f"{uart_log}: {len(machine.lines)} lines")
    return code


def _numbers(text: str) -> tuple[int, ...]:
    if text == "none":
        return ()
    try:
        return tuple(dict.fromkeys(int(word) for word in text.split(",")))
    except ValueError:
        raise UsageError(f"--pins {text!r} must be GPIO numbers with commas between, as 2,3") from None
