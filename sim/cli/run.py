"""`emberwatch run`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import EmberwatchError, EmulationError, UsageError
from emberwatch.base.output import check_outputs, say, write_file
from emberwatch.base.progress import progress
from emberwatch.cli.console import ConsolePrinter, LedChanges
from emberwatch.cli.options import RunOptions, Uart, note, with_run_options
from emberwatch.detector.log import DetectorLog, Log
from emberwatch.detector.machine import budgeted_functions
from emberwatch.detector.result import RunResult
from emberwatch.detector.taps import PcmCapture
from emberwatch.inspect.crash import CrashSite, CrashWatch
from emberwatch.inspect.never_written import NeverWrittenReads
from emberwatch.machine.machine import Machine
from emberwatch.report.page import RunRecorder


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its result, how it ended, and what was watched meanwhile."""

    machine: Machine
    log: Log
    result: RunResult
    interrupted: bool
    failure: EmberwatchError | None
    crash: CrashSite | None
    led: str


@with_run_options()
def run(
    run_options: RunOptions,
    engine: Annotated[str, typer.Option(help="embedded, renode or auto.", metavar="NAME")] = "auto",
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    uart: Uart = False,
    pcm: Annotated[
        Path | None, typer.Option(help="Write what the firmware decimated to this WAV file.", metavar="FILE")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a self-contained HTML page about the run.", metavar="FILE")
    ] = None,
    never_written: Annotated[
        bool, typer.Option("--never-written", help="Say on stderr where SRAM is read that nobody has written.")
    ] = False,
    expect_alarm: Annotated[
        bool | None, typer.Option("--expect-alarm/--expect-quiet", help="Exit with 1 unless this is what happened.")
    ] = None,
) -> int:
    """Run firmware on the emulated board and let its microphone hear a sound.

    Times are emulated seconds since power-on. The sound begins after --lead-in.
    A crash of the firmware is explained on stderr and makes the exit code 1, even if the firmware recovers from it.

    Examples:

    \b
    emberwatch run emberwatch.elf --audio smoke.wav
    emberwatch run emberwatch.elf --audio far_away.flac --gain-db -20 --expect-alarm
    emberwatch run emberwatch.elf --scenario kitchen.toml --json > result.json
    emberwatch run emberwatch.elf --audio smoke.wav --pcm heard.wav --uart
    emberwatch run emberwatch.elf --audio smoke.wav --report run.html
    """
    if uart and json_output:
        raise UsageError("--uart and --json exclude each other; the JSON holds the console")
    check_outputs({"--pcm": pcm, "--report": report}, run_options.inputs)
    with run_options.machine(engine) as machine:
        machine.trace_functions(budgeted_functions(machine.image))
        capture = PcmCapture(machine) if pcm else None
        recorder = RunRecorder(machine, capture) if report else None
        reads = NeverWrittenReads(machine) if never_written else None
        outcome = _run(machine, run_options.duration, uart)
        for read in reads.take() if reads else ():
            say(str(read))
        if json_output:
            print(outcome.result.as_json(), flush=True)
        else:
            _print_summary(outcome)
        if capture and pcm:
            _save_pcm(pcm, capture)
        if recorder and report:
            recorder.write(report, run_options.audio.name if run_options.audio else "")
        for what, path in (("PCM", pcm), ("report", report)):
            if path is not None and not json_output:
                print(f"{what:<17}{path}")
    return _exit_code(outcome, run_options, expect_alarm)


def _run(machine: Machine, seconds: float, uart: bool) -> Outcome:
    """Runs with a progress bar on a terminal; Ctrl-C and errors of the program end it early."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    crashes, detector, led, console = (
        CrashWatch(machine),
        DetectorLog(machine),
        LedChanges(machine),
        ConsolePrinter(machine),
    )
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    interrupted, failure = False, None
    with progress(*columns, hidden=uart) as bar:
        task = bar.add_task("emulating", total=seconds)

        def look(now: float) -> None:
            bar.update(task, completed=now)
            led.look()
            if uart:
                console.show()

        try:
            machine.run(seconds, progress=look)
        except KeyboardInterrupt:
            interrupted = True
        except EmberwatchError as error:
            failure = error
        finally:
            if uart:
                console.show(end=True)
    log = detector.log
    return Outcome(machine, log, RunResult.of(machine, log), interrupted, failure, crashes.first, led.text())


def _exit_code(outcome: Outcome, run_options: RunOptions, expect_alarm: bool | None) -> int:
    """What the command says at its end; explains on stderr why it is not 0."""
    banner, machine = outcome.log.banner, outcome.machine
    for text in machine.engine.notes():
        note(text)
    if banner is not None and banner.board != machine.board.name:
        note(f"this firmware was built for board {banner.board!r} but ran on {machine.board.name!r}; see --board")
    if outcome.failure is not None:
        if outcome.crash is None:
            raise outcome.failure
        say(str(outcome.failure))
    if outcome.crash is not None:
        print(describe_crash(outcome.crash, run_options), end="", file=sys.stderr)
        return 1
    if outcome.interrupted:
        return 130
    if expect_alarm is not None and outcome.result.alarm != expect_alarm:
        what = "no alarm was raised" if expect_alarm else "an alarm was raised"
        say(f"{what} in {outcome.result.seconds:.4g} s")
        return 1
    return 0


def describe_crash(site: CrashSite, run_options: RunOptions) -> str:
    """The crash report as text, or what is known without a replay."""
    try:
        report = site.report()
    except EmulationError as error:
        return f"CRASH  {site.summary()}\n       no details: {error}\n"
    return report.text(run_options.command_line("gdb", "--at-cycle", str(report.cycle)))


def _save_pcm(path: Path, capture: PcmCapture) -> None:
    from emberwatch.audio import files

    write_file(path, files.encode(capture.samples), "--pcm")


def _print_ports(machine: Machine, led: str) -> None:
    """What a program that is not ours printed, in a few lines."""
    silent = True
    for name, port in machine.ports.items():
        lines = [line for _, line in port.lines] + ([port.unfinished] if port.begun else [])
        if not lines:
            continue
        silent = False
        print(f"{name:<17}{len(lines)} line{'s' if len(lines) != 1 else ''}, the last: {lines[-1][:80]}")
    if silent:
        print("console          nothing printed on UART or USB")
    print(f"LED              GPIO{machine.board.led.pin} {led}")


def _print_summary(outcome: Outcome) -> None:
    machine, result = outcome.machine, outcome.result
    model = f", model {result.model}" if result.model else ""
    state = "interrupted after" if outcome.interrupted else "ran"
    print(f"{machine.image.path.name} on {machine.board.name}{model}: {state} {result.seconds:.3f} s of emulated time")
    for core, ended in machine.ended_s.items():
        print(f"core {core} ended     its main returned after {ended:.6f} s")
    if outcome.log.banner is None:
        _print_ports(machine, outcome.led)
    else:
        _print_detection(result)
    for name, f in result.functions.items():
        print(f"{name:<18} {f.calls:6d} calls  mean {f.mean:10.0f}  max {f.max:8d} cycles")
    load = 100 * result.busy_cycles / result.total_cycles if result.total_cycles else 0
    print(f"CPU busy         {load:.1f} %")
    if outcome.log.banner is not None:
        print(f"blocks missed    {result.missed_blocks}, deadlines missed {result.deadline_misses}")
    for fault in result.faults:
        print(f"fault            {fault}")
    for error in result.protocol_errors[:3]:
        print(f"console          {error}")
    print(f"speed            {result.real_time_factor:.2f} x real time")


def _print_detection(result: RunResult) -> None:
    print(f"alarm            {'YES' if result.alarm else 'no'}")
    for event in result.events:
        print(f"  {event.t_s:8.3f} s     {event.label}")
    if result.windows:
        peak_t, peak = max(result.windows, key=lambda window: window[1])
        print(f"windows          {len(result.windows)}, highest probability {peak:.2f} at {peak_t:.2f} s")
