"""`emberwatch run`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emberwatch.base import extras
from emberwatch.base.errors import EmberwatchError, EmulationError, UsageError
from emberwatch.base.output import check_outputs, say, write_file
from emberwatch.base.progress import percentage
from emberwatch.base.text import printable
from emberwatch.cli.console import ConsolePrinter, LedChanges
from emberwatch.cli.desk import desk
from emberwatch.cli.options import RunOptions, Uart, note, with_run_options
from emberwatch.cli.outcome import Outcome, error_json
from emberwatch.detector.log import DetectorLog
from emberwatch.detector.machine import budgeted_functions
from emberwatch.detector.result import RunResult
from emberwatch.detector.taps import PcmCapture
from emberwatch.inspect.crash import CrashSite, CrashWatch
from emberwatch.inspect.never_written import NeverWrittenReads
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import looking
from emberwatch.machine.values import MAX_SECONDS, seconds
from emberwatch.steps.calls import Call, call
from emberwatch.steps.console import console_text
from emberwatch.steps.run import StepRun

if TYPE_CHECKING:
    from emberwatch.report.page import RunRecorder

DEFAULT_TIMEOUT_S = 10.0
"""Emulated time within which --expect and --until must be fulfilled, if nothing else says how long the run is."""


@with_run_options()
def run(
    run_options: RunOptions,
    engine: Annotated[str, typer.Option(help="embedded, renode, hardware or auto.", metavar="NAME")] = "auto",
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    uart: Uart = False,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect",
            "--expect-line",
            help="Text, or /regular expression/, that must come; several in this order.",
            metavar="TEXT",
        ),
    ] = None,
    fail: Annotated[
        list[str] | None, typer.Option(help="Text or /expression/ that must not come; ends the run.", metavar="TEXT")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="End the run well when this text or /expression/ comes.", metavar="TEXT")
    ] = None,
    until_reset: Annotated[bool, typer.Option("--until-reset", help="End the run when the watchdog resets.")] = False,
    timeout: Annotated[
        str | None, typer.Option(help="Emulated time for all of these, as 5 or '300 ms'; default 10 s.", metavar="S")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the result as JUnit XML.", metavar="FILE")] = None,
    serial_log: Annotated[
        Path | None,
        typer.Option(help="Write what came on UARTs, USB, RTT and semihosting to this file.", metavar="FILE"),
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="The terminal is the board's console; Ctrl-] leaves.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Show console, pins, LED, load and sound on the terminal; Ctrl-Q ends.")
    ] = False,
    pty: Annotated[
        list[str] | None, typer.Option(help="Serial port as a pseudo-terminal: usb, uart0, uart1, rtt.", metavar="PORT")
    ] = None,
    tcp: Annotated[
        list[str] | None, typer.Option(help="Serial port on a TCP port of 127.0.0.1.", metavar="PORT=N")
    ] = None,
    realtime: Annotated[
        bool | None, typer.Option("--realtime/--fast", help="Not faster than real time; the default at a terminal.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever the firmware's file changes.")] = False,
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
    """Run firmware on an emulated board: any RP2040 program, or ours, whose microphone hears a sound.

    Times are emulated seconds since power-on. The sound begins after --lead-in.
    A crash of the firmware is explained on stderr and makes the exit code 1, even if the firmware recovers from it.
    A program that ends itself by semihosting ends the run with its own exit code.

    Examples:

    \b
    emberwatch run blink.elf --uart
    emberwatch run test.elf --expect 'tests passed' --fail FAIL --timeout 30 --junit result.xml
    emberwatch run sensor.uf2 --board board.toml --scenario press_button.toml
    emberwatch run emberwatch.elf --audio far_away.flac --gain-db -20 --expect-alarm
    emberwatch run emberwatch.elf --audio smoke.wav --report run.html --json > result.json
    emberwatch run emberwatch.elf --audio mic --live
    """
    if watch:
        from emberwatch.cli.watch import run_again

        return run_again(run_options.firmware)
    at_desk = interactive or live or bool(pty) or bool(tcp)
    if at_desk and run_options.seconds is None:
        run_options = dataclasses.replace(run_options, seconds=MAX_SECONDS)
    try:
        if interactive and (uart or json_output):
            raise UsageError("--interactive excludes --uart and --json; the terminal is the console")
        if live and (interactive or uart or json_output):
            raise UsageError("--live excludes --interactive, --uart and --json; the terminal is the view")
        if live and not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("--live needs a terminal; for pipes and CI use --uart")
        if uart and json_output:
            raise UsageError("--uart and --json exclude each other; the JSON holds the console")
        steps, until_s = _plan(run_options, expect, fail, until, timeout)
        outputs = {"--pcm": pcm, "--report": report, "--junit": junit, "--serial-log": serial_log}
        check_outputs(outputs, run_options.inputs)
        check_outputs({"--flash-file": run_options.flash_file}, [run_options.firmware])
        machine = run_options.machine(engine)
    except EmberwatchError as error:
        if json_output:
            print(error_json(error), flush=True)
        raise
    with machine:
        machine.ends_at_reset = until_reset
        machine.trace_functions(budgeted_functions(machine.image))
        capture = PcmCapture(machine) if pcm else None
        recorder = _recorder(machine, capture) if report else None
        reads = NeverWrittenReads(machine) if never_written else None
        with desk(machine, interactive, pty or (), tcp or (), at_desk if realtime is None else realtime):
            step_run = StepRun(machine, steps)
            if live:
                outcome = _on_screen(machine, lambda: _run(step_run, until_s, uart, expect_alarm, at_desk))
            else:
                outcome = _run(step_run, until_s, uart, expect_alarm, at_desk)
        for read in reads.take() if reads else ():
            say(str(read))
        if json_output:
            print(outcome.as_json(), flush=True)
        else:
            _print_summary(outcome)
        run_options.keep_flash(machine)
        if capture and pcm:
            _save_pcm(pcm, capture)
        if recorder and report:
            recorder.write(report, run_options.audio.name if run_options.audio else "")
        if junit:
            from emberwatch.steps.junit import junit as junit_xml  # an XML library, for this option alone

            write_file(junit, junit_xml(outcome.run, run_options.firmware.name, outcome.exit_code), "--junit")
        if serial_log:
            write_file(serial_log, console_text(machine), "--serial-log")
        for what, path in (("PCM", pcm), ("report", report), ("JUnit", junit), ("serial log", serial_log)):
            if path is not None and not json_output:
                print(f"{what:<17}{path}")
        _explain(outcome, run_options)
    return outcome.exit_code


def _on_screen(machine: Machine, work: Callable[[], Outcome]) -> Outcome:
    """Runs under the live view."""
    extras.load("textual", "--live")
    from emberwatch.cli.live_view import run_live

    return run_live(machine, work)


def _recorder(machine: Machine, capture: PcmCapture | None) -> RunRecorder:
    from emberwatch.report.page import RunRecorder  # only a run with a report waits for it

    return RunRecorder(machine, capture)


def _plan(
    run_options: RunOptions, expect: list[str] | None, fail: list[str] | None, until: str | None, timeout: str | None
) -> tuple[list[Call], float | None]:
    """The run's steps, and the emulated time to which it goes on after them; None: no further.

    Raises:
        UsageError: a text is empty or no regular expression; a time is wrong; a timeout for nothing.
    """
    watched = [call("refuse", {"text": text}, title=f"--fail {text}") for text in fail or ()]
    awaited = [(f"--expect {text}", text) for text in expect or ()]
    awaited += [(f"--until {until}", until)] if until is not None else []
    whole = run_options.duration
    limit = seconds(timeout, "--timeout") if timeout is not None else None
    if limit is not None and not (awaited or run_options.steps):
        if not watched:
            raise UsageError("--timeout is for --expect, --fail, --until and steps; say how long to run with --seconds")
        whole = limit if run_options.seconds is None else min(whole, limit)
    deadline = limit if limit is not None else (run_options.seconds or max(whole, DEFAULT_TIMEOUT_S))
    waits = []
    for title, text in awaited:
        made = call("expect", {"text": text}, title=title)
        waits.append(Call(made.step, made.arguments, title, deadline))
    steps = [*watched, *run_options.steps, *waits]
    goes_on = run_options.seconds is not None and until is None
    if not (run_options.steps or awaited) or goes_on:
        return steps, whole
    return steps, None if awaited or not whole else whole


def _run(run: StepRun, until_s: float | None, uart: bool, expect_alarm: bool | None, at_desk: bool = False) -> Outcome:
    """Runs with a progress bar on a terminal; Ctrl-C and errors of the program end it early."""
    machine = run.machine
    crashes, detector, led = CrashWatch(machine), DetectorLog(machine), LedChanges(machine)
    console = ConsolePrinter(machine) if uart else None
    with percentage("emulating", until_s or machine.time_s + 1, hidden=uart or at_desk) as show:

        def look(now: float) -> None:
            show(now)
            led.look()
            if console is not None:
                console.show()

        with looking(machine, look):
            run.run(until_s)
    if console is not None:
        console.show(end=True)
    result = RunResult.of(machine, detector.log)
    refusal = ""
    if expect_alarm is not None and result.alarm != expect_alarm:
        refusal = f"{'no alarm' if expect_alarm else 'an alarm'} was raised in {result.seconds:.4g} s"
    return Outcome(run, detector.log, result, crashes.first, led.text(), refusal)


def _explain(outcome: Outcome, run_options: RunOptions) -> None:
    """Says on stderr why the exit code is not 0."""
    banner, machine, run = outcome.log.banner, outcome.machine, outcome.run
    for text in machine.engine.notes():
        note(text)
    if banner is not None and banner.board != machine.board.name:
        note(f"this firmware was built for board {banner.board!r} but ran on {machine.board.name!r}; see --board")
    if run.ending == "error" and outcome.crash is None and run.error is not None:
        raise run.error
    if run.message:
        say(run.message)
    if outcome.crash is not None:
        print(describe_crash(outcome.crash, run_options), end="", file=sys.stderr)
    elif outcome.refusal:
        say(outcome.refusal)
    elif machine.exit is not None and machine.exit.code:
        say(f"the program ended itself with exit code {machine.exit.code}")


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
        last = printable(lines[-1])[:80]
        print(f"{name:<17}{len(lines)} line{'s' if len(lines) != 1 else ''}, the last: {last}")
    if silent:
        print("console          nothing printed on UART or USB")
    if machine.board.led is not None:
        print(f"LED              GPIO{machine.board.led.pin} {led}")


def _print_summary(outcome: Outcome) -> None:
    machine, result = outcome.machine, outcome.result
    model = f", model {result.model}" if result.model else ""
    state = "interrupted after" if outcome.run.ending == "interrupted" else "ran"
    print(f"{machine.image.path.name} on {machine.board.name}{model}: {state} {result.seconds:.3f} s of emulated time")
    for core, ended in machine.ended_s.items():
        print(f"core {core} ended     its main returned after {ended:.6f} s")
    if machine.exit is not None:
        print(f"ended itself     by {machine.exit.how}, exit code {machine.exit.code}, after {machine.exit.t_s:.6f} s")
    for step in outcome.run.results:
        state = "skipped" if step.skipped else "passed" if step.failure is None else "FAILED"
        print(f"{state:<17}{step.end_s:.6f} s  {printable(step.title)}")
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
