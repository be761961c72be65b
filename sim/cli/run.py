"""`emberwatch run`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from emberwatch.base.errors import EmberwatchError, EmulationError, FirmwareCrash, UsageError
from emberwatch.base.output import check_outputs, write_file
from emberwatch.cli import options
from emberwatch.cli.progress import progress
from emberwatch.detector.result import RunResult
from emberwatch.inspect.crash import CrashSite
from emberwatch.machine.machine import Machine
from emberwatch.report.page import RunRecorder


def run(
    firmware: options.AnyImage,
    audio: options.Audio = None,
    scenario_file: options.ScenarioFile = None,
    seconds: options.Seconds = None,
    board: options.BoardName = "pico",
    gain_db: options.GainDb = 0.0,
    level_dbfs: options.LevelDbfs = None,
    lead_in: options.LeadIn = options.DEFAULT_LEAD_IN_S,
    engine: Annotated[str, typer.Option(help="embedded, renode or auto.", metavar="NAME")] = "auto",
    bootrom: options.Bootrom = None,
    seed: options.Seed = 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    uart: options.Uart = False,
    pcm: Annotated[
        Path | None, typer.Option(help="Write what the firmware decimated to this WAV file.", metavar="FILE")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a self-contained HTML page about the run.", metavar="FILE")
    ] = None,
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

    heard = options.make_scenario(audio, scenario_file, lead_in, gain_db, level_dbfs)
    seconds = options.duration(heard, seconds)
    check_outputs({"--pcm": pcm, "--report": report}, options.inputs(firmware, heard, scenario_file, board, bootrom))
    with Machine(firmware, heard, board=board, engine=engine, seed=seed, bootrom=bootrom) as machine:
        capture = machine.capture_pcm() if pcm else None
        recorder = RunRecorder(machine, capture) if report else None
        led = LedChanges(machine)
        interrupted, failure = _run(machine, seconds, uart, led)
        result = machine.result()
        if json_output:
            print(result.as_json(), flush=True)
        else:
            _print_summary(machine, result, interrupted, led)
        if capture and pcm:
            _save_pcm(pcm, capture.samples)
        if recorder and report:
            recorder.write(report, audio.name if audio else "")
        for what, path in (("PCM", pcm), ("report", report)):
            if path is not None and not json_output:
                print(f"{what:<17}{path}")
    banner = machine.log.banner
    if banner is not None and banner.board != machine.board.name:
        print(
            f"emberwatch: note: this firmware was built for board {banner.board!r} but ran on {machine.board.name!r}; "
            "see --board",
            file=sys.stderr,
        )
    site = failure.site if isinstance(failure, FirmwareCrash) else next(iter(machine.crashes), None)
    if failure is not None:
        if site is None:
            raise failure
        print(f"emberwatch: {failure}", file=sys.stderr)
    if site is not None:
        given = GdbArguments(firmware, audio, scenario_file, board, gain_db, level_dbfs, lead_in, seed, bootrom)
        print(describe_crash(site, given), end="", file=sys.stderr)
        return 1
    if interrupted:
        return 130
    if expect_alarm is not None and result.alarm != expect_alarm:
        what = "no alarm was raised" if expect_alarm else "an alarm was raised"
        print(f"emberwatch: {what} in {result.seconds:.4g} s", file=sys.stderr)
        return 1
    return 0


class LedChanges:
    """Notices when the board's LED goes on and off between looks 50 ms apart."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lit = machine.led >= 0.5
        self.times_s: list[float] = []

    def look(self) -> None:
        """Compares with the last look."""
        lit = self._machine.led >= 0.5
        if lit != self._lit:
            self._lit = lit
            self.times_s.append(self._machine.time_s)

    def text(self) -> str:
        """One line for people."""
        now = "on" if self._lit else "off"
        if not self.times_s:
            return f"{now} all the time"
        plural = "s" if len(self.times_s) != 1 else ""
        return f"{len(self.times_s)} change{plural}, the first before {self.times_s[0]:.2f} s; {now} at the end"


@dataclass(frozen=True)
class GdbArguments:
    """What `emberwatch gdb` must be told to repeat a run."""

    firmware: Path
    audio: Path | None
    scenario: Path | None
    board: str
    gain_db: float
    level_dbfs: float | None
    lead_in: float
    seed: int
    bootrom: Path | None

    def command(self, cycle: int) -> str:
        """The command line that opens GDB at a cycle of the same run."""
        words = ["emberwatch", "gdb", str(self.firmware)]
        optional = (
            ("--audio", self.audio, None),
            ("--scenario", self.scenario, None),
            ("--board", self.board, "pico"),
            ("--gain-db", self.gain_db, 0.0),
            ("--level-dbfs", self.level_dbfs, None),
            ("--lead-in", self.lead_in, options.DEFAULT_LEAD_IN_S),
            ("--seed", self.seed, 1),
            ("--bootrom", self.bootrom, None),
        )
        for name, value, default in optional:
            if value != default:
                words += [name, f"{value:g}" if isinstance(value, float) else str(value)]
        return shlex.join([*words, "--at-cycle", str(cycle)])


def describe_crash(site: CrashSite, given: GdbArguments) -> str:
    """The crash report as text, or what is known without a replay."""
    try:
        report = site.report()
    except EmulationError as error:
        return f"CRASH  {site.summary()}\n       no details: {error}\n"
    return report.text(given.command(report.cycle))


def _run(machine: Machine, seconds: float, uart: bool, led: LedChanges) -> tuple[bool, EmberwatchError | None]:
    """Runs with a progress bar on a terminal. Returns whether Ctrl-C ended it, and an error of the program."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    ports = machine.ports
    printed = dict.fromkeys(ports, 0)
    main = next(iter(ports))

    def show_console(end: bool = False) -> None:
        new = [(t, name, line) for name, port in ports.items() for t, line in port.lines[printed[name] :]]
        printed.update((name, len(port.lines)) for name, port in ports.items())
        if end:
            new += [(machine.time_s, name, port.unfinished) for name, port in ports.items() if port.begun]
        for t, name, line in sorted(new, key=lambda entry: entry[0]):
            print(f"{t:10.6f}  {line}" if name == main else f"{t:10.6f}  {name}: {line}", flush=True)

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with progress(*columns, hidden=uart) as bar:
        task = bar.add_task("emulating", total=seconds)

        def look(now: float) -> None:
            bar.update(task, completed=now)
            led.look()
            if uart:
                show_console()

        try:
            machine.run(seconds, progress=look)
        except KeyboardInterrupt:
            return True, None
        except EmberwatchError as error:
            return False, error
        finally:
            if uart:
                show_console(end=True)
    return False, None


def _save_pcm(path: Path, samples: npt.NDArray[np.int16]) -> None:
    from emberwatch.audio import files

    write_file(path, files.encode(samples), "--pcm")


def _print_ports(machine: Machine, led: LedChanges) -> None:
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
    print(f"LED              GPIO{machine.board.led.pin} {led.text()}")


def _print_summary(machine: Machine, result: RunResult, interrupted: bool, led: LedChanges) -> None:
    model = f", model {result.model}" if result.model else ""
    state = "interrupted after" if interrupted else "ran"
    print(f"{machine.image.path.name} on {machine.board.name}{model}: {state} {result.seconds:.3f} s of emulated time")
    for core, ended in machine.ended_s.items():
        print(f"core {core} ended     its main returned after {ended:.6f} s")
    if machine.log.banner is None:
        _print_ports(machine, led)
    else:
        _print_detection(result)
    for name, f in result.functions.items():
        print(f"{name:<18} {f.calls:6d} calls  mean {f.mean:10.0f}  max {f.max:8d} cycles")
    load = 100 * result.busy_cycles / result.total_cycles if result.total_cycles else 0
    print(f"CPU busy         {load:.1f} %")
    if machine.log.banner is not None:
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
