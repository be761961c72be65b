"""`emberwatch run`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sim.audio import Scenario, scenario
from sim.crash import CrashSite
from sim.errors import EmberwatchError, EmulationError, FirmwareCrash, UsageError
from sim.machine import MAX_SECONDS, Machine
from sim.report.page import RunRecorder
from sim.result import RunResult

DEFAULT_TAIL_S = 2.0
DEFAULT_LEAD_IN_S = 0.2
DEFAULT_SILENCE_S = 5.0


def run(
    firmware: Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")],
    audio: Annotated[Path | None, typer.Option(help="WAV or FLAC file of any rate that the microphone hears.")] = None,
    scenario_file: Annotated[
        Path | None, typer.Option("--scenario", help="TOML file with several sounds on one time line.")
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(help="Emulated time to run; default: the sound and 2 s more, without sound 5 s.", metavar="S"),
    ] = None,
    board: Annotated[str, typer.Option(help="Board name or TOML file.")] = "pico",
    gain_db: Annotated[float, typer.Option(help="Gain on --audio.", metavar="DB")] = 0.0,
    level_dbfs: Annotated[
        float | None, typer.Option(help="RMS that the loudest second of --audio gets, instead of a gain.", metavar="DB")
    ] = None,
    lead_in: Annotated[
        float, typer.Option(help="Silence before --audio, so that the chip has booted.", metavar="S")
    ] = DEFAULT_LEAD_IN_S,
    engine: Annotated[str, typer.Option(help="embedded, renode or auto.")] = "auto",
    bootrom: Annotated[
        Path | None, typer.Option(help="Boot ROM image to boot through, instead of the built-in boot.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the microphone's dither.")] = 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    uart: Annotated[bool, typer.Option("--uart", help="Print the firmware's console as it comes, with times.")] = False,
    pcm: Annotated[Path | None, typer.Option(help="Write what the firmware decimated to this WAV file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page about the run.")] = None,
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

    heard = make_scenario(audio, scenario_file, lead_in, gain_db, level_dbfs)
    seconds = duration(heard, seconds)
    with Machine(firmware, heard, board=board, engine=engine, seed=seed, bootrom=bootrom) as machine:
        capture = machine.capture_pcm() if pcm else None
        recorder = RunRecorder(machine, capture) if report else None
        interrupted, failure = _run(machine, seconds, uart)
        result = machine.result()
        if json_output:
            print(result.as_json(), flush=True)
        else:
            _print_summary(machine, result, interrupted)
        if capture and pcm:
            _save_pcm(pcm, capture.samples)
        if recorder and report:
            recorder.write(report, audio.name if audio else "")
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
            ("--lead-in", self.lead_in, DEFAULT_LEAD_IN_S),
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


def make_scenario(
    audio: Path | None, scenario_file: Path | None, lead_in: float, gain_db: float, level_dbfs: float | None
) -> Scenario:
    """What the microphone hears, from the options that `run` and `gdb` share."""
    if audio is not None and scenario_file is not None:
        raise UsageError("--audio and --scenario exclude each other; put the file into the scenario")
    if audio is None and (gain_db != 0.0 or level_dbfs is not None):
        raise UsageError("--gain-db and --level-dbfs act on --audio; in a scenario set them per sound")
    if not 0 <= lead_in <= 3600:
        raise UsageError(f"--lead-in {lead_in:g} is outside 0..3600 s")
    if audio is not None:
        return Scenario.from_file(audio, lead_in_s=lead_in, gain_db=gain_db, level_dbfs=level_dbfs)
    return scenario.load(scenario_file) if scenario_file is not None else Scenario()


def duration(heard: Scenario, seconds: float | None) -> float:
    """How long to run: what --seconds says, else the sound and a tail.

    Raises:
        UsageError: --seconds is out of range.
    """
    if seconds is None:
        return heard.seconds + DEFAULT_TAIL_S if heard.seconds else DEFAULT_SILENCE_S
    if not 0 < seconds <= MAX_SECONDS:
        raise UsageError(f"--seconds {seconds:g} must be more than 0 and at most {MAX_SECONDS:.0f}")
    return seconds


def _run(machine: Machine, seconds: float, uart: bool) -> tuple[bool, EmberwatchError | None]:
    """Runs with a progress bar on a terminal. Returns whether Ctrl-C ended it, and an error of the program."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    printed = 0

    def show_console() -> None:
        nonlocal printed
        for t, line in machine.log.lines[printed:]:
            print(f"{t:10.6f}  {line}", flush=True)
        printed = len(machine.log.lines)

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal or uart, transient=True) as bar:
        task = bar.add_task("emulating", total=seconds)

        def progress(now: float) -> None:
            bar.update(task, completed=now)
            if uart:
                show_console()

        try:
            machine.run(seconds, progress=progress)
        except KeyboardInterrupt:
            return True, None
        except EmberwatchError as error:
            return False, error
        finally:
            if uart:
                show_console()
    return False, None


def _save_pcm(path: Path, samples: object) -> None:
    from sim.audio import files

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.save(path, samples)  # type: ignore[arg-type]
    except OSError as error:
        raise UsageError(f"--pcm {path} cannot be written: {error.strerror or error}") from None


def _print_summary(machine: Machine, result: RunResult, interrupted: bool) -> None:
    model = f", model {result.model}" if result.model else ""
    state = "interrupted after" if interrupted else "ran"
    print(f"{machine.image.path.name} on {machine.board.name}{model}: {state} {result.seconds:.3f} s of emulated time")
    for core, ended in machine.ended_s.items():
        print(f"core {core} ended     its main returned after {ended:.6f} s")
    print(f"alarm            {'YES' if result.alarm else 'no'}")
    for event in result.events:
        kind = "" if event.state == "off" else f"  {event.kind}"
        print(f"  {event.t_s:8.3f} s     {event.state}{kind}")
    if result.windows:
        peak_t, peak = max(result.windows, key=lambda window: window[1])
        print(f"windows          {len(result.windows)}, highest probability {peak:.2f} at {peak_t:.2f} s")
    for name, f in result.functions.items():
        print(f"{name:<18} {f.calls:6d} calls  mean {f.mean:10.0f}  max {f.max:8d} cycles")
    load = 100 * result.busy_cycles / result.total_cycles if result.total_cycles else 0
    print(f"CPU busy         {load:.1f} %")
    print(f"blocks missed    {result.missed_blocks}, deadlines missed {result.deadline_misses}")
    for fault in result.faults:
        print(f"fault            {fault}")
    for error in result.protocol_errors[:3]:
        print(f"console          {error}")
    print(f"speed            {result.real_time_factor:.2f} x real time")
