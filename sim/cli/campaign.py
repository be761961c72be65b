"""`emberwatch campaign`: run, status, replay and endurance."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, say
from emberwatch.base.text import printable

if TYPE_CHECKING:
    from emberwatch.base.workers import Crew
    from emberwatch.campaign.case import Case
    from emberwatch.campaign.endurance_report import EnduranceReport
    from emberwatch.campaign.replay import Replay
    from emberwatch.campaign.rows import Row
    from emberwatch.campaign.scheduler import State

FOLDER = Path("build/campaign")
_CPUS = os.cpu_count() or 1

Folder = Annotated[Path, typer.Argument(help="Folder of the campaign.", metavar="DIR")]
In = Annotated[Path, typer.Option("--in", help="Folder of the campaign.", metavar="DIR")]
Workers = Annotated[int, typer.Option("--workers", "-j", help="Processes.", metavar="N")]


def run(
    file: Annotated[Path, typer.Argument(help="Campaign file (TOML); its schema: emberwatch schema campaign.")],
    out: Annotated[
        Path | None, typer.Option(help=f"Folder for journal and results; default {FOLDER}/NAME.", metavar="DIR")
    ] = None,
    workers: Workers = _CPUS,
    cluster: Annotated[
        str | None, typer.Option(help="Run on a Dask cluster: address of its scheduler.", metavar="ADDRESS")
    ] = None,
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="Run again what ended with an error, not with an answer.")
    ] = False,
    plan_only: Annotated[bool, typer.Option("--plan", help="Say what would be run, and run nothing.")] = False,
) -> int:
    """Run a campaign: every combination of firmware, board, sound, level, noise, room, seed and fault of a file.

    Runs that the folder holds are not made again: the same command goes on after Ctrl-C, a full disk or a lost
    machine. results.parquet has one row a run, in the order of the file, the same bytes whoever ran it.
    Exits with 1 when a run did not pass.

    Examples:

    \b
    emberwatch campaign run examples/campaign.toml
    emberwatch campaign run campaign.toml --out build/levels --workers 8
    emberwatch campaign run campaign.toml --cluster tcp://node1:8786
    """
    from emberwatch.base.extras import load as load_extra
    from emberwatch.base.progress import progress_bar
    from emberwatch.campaign import file as files
    from emberwatch.campaign.cluster import Cluster
    from emberwatch.campaign.plan import make_plan
    from emberwatch.campaign.results import forget_errors
    from emberwatch.campaign.scheduler import local
    from emberwatch.campaign.scheduler import run as run_cases

    if workers < 1:
        raise UsageError(f"--workers {workers} must be at least 1")
    campaign = files.load(file)
    folder = out if out is not None else FOLDER / campaign.title
    check_outputs({"--out": folder / "results.parquet"}, [file])
    load_extra("pyarrow", "a campaign")
    cases = make_plan(campaign)
    if plan_only:
        print(f"{campaign.title}: {len(cases)} runs")
        return 0
    if retry_errors:
        forget_errors(folder)
    with ExitStack() as stack:
        crew: Cluster | Crew[Case, Row]
        if cluster is not None:
            crew = stack.enter_context(Cluster(cluster))
        else:
            crew = stack.enter_context(local(min(workers, max(1, len(cases)))))
        show = stack.enter_context(progress_bar(printable(campaign.title), "runs"))
        state = run_cases(cases, folder, crew, campaign.budget, lambda state: show(state.done, state.total))
    _say_state(campaign.title, folder, state)
    return 0 if state.verdicts["pass"] == state.done else 1


def _say_state(title: str, folder: Path, state: State) -> None:
    counts = ", ".join(f"{state.verdicts[verdict]} {verdict}" for verdict in ("pass", "fail", "error"))
    print(f"{printable(title)}: {state.done} of {state.total} runs done: {counts}")
    now = state.done - state.before
    if now:
        each = 1000 * state.host_s / now
        print(f"{now} now, {state.emulated_s:.1f} emulated s; {each:.0f} ms for each")
    if state.stopped:
        print(f"budget spent: {state.stopped}; the same command goes on")
    print(f"{folder / 'results.parquet'}")


_LISTED = 20


def status(folder: Folder) -> int:
    """Say how far a campaign is: what is done, what failed.

    Examples:

    \b
    emberwatch campaign status build/campaign/levels
    """
    from collections import Counter

    from emberwatch.campaign.results import read_cases, read_journal

    cases, entries = read_cases(folder), read_journal(folder)
    known = {case.id for case in cases}
    rows = [entry.row for entry in entries if entry.row.id in known]
    verdicts = Counter(row.verdict for row in rows)
    counts = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in ("pass", "fail", "error"))
    print(f"{folder}: {len(rows)} of {len(cases)} runs done: {counts}")
    for row in sorted((row for row in rows if row.verdict != "pass"), key=lambda row: row.number)[:_LISTED]:
        print(f"{row.verdict:<6}{row.id[:12]}  {_what(row)}: {printable(row.error)}")
    return 0


def _what(row: Row) -> str:
    parts = [row.scenario, f"{row.level_dbfs:g} dBFS" if row.level_dbfs is not None else ""]
    parts += [f"{row.noise} at {row.snr_db:g} dB" if row.snr_db is not None else "", row.fault_kind, row.fault_what]
    return printable(", ".join(part for part in parts if part)) or row.firmware


def replay(
    run_id: Annotated[str, typer.Argument(help="The run's id or the beginning of it, or its number.", metavar="ID")],
    folder: In,
    report: Annotated[Path | None, typer.Option(help="Write an HTML page about the run.", metavar="FILE")] = None,
    vcd: Annotated[
        Path | None, typer.Option(help="Write wave forms around the moment of failure.", metavar="FILE")
    ] = None,
    gdb: Annotated[
        bool, typer.Option("--gdb", help="Serve GDB at the moment of failure, as `emberwatch gdb` does.")
    ] = False,
    port: Annotated[int, typer.Option(help="TCP port of --gdb on 127.0.0.1; 0 takes a free one.", metavar="N")] = 3333,
    at: Annotated[
        float | None, typer.Option("--at", help="That moment, in emulated seconds, if it is another.", metavar="S")
    ] = None,
    before: Annotated[float, typer.Option(help="Of the wave forms, before that moment.", metavar="S")] = 0.005,
    after: Annotated[float, typer.Option(help="Of the wave forms, after it.", metavar="S")] = 0.005,
    uart: Annotated[bool, typer.Option("--uart", help="Print the firmware's console, with times.")] = False,
) -> int:
    """Run one run of a campaign again, from power-on, and compare it with what came out then.

    Exits with 1 when it differs in anything, cycles included.

    Examples:

    \b
    emberwatch campaign replay 3f2a91c07be4 --in build/campaign/levels
    emberwatch campaign replay 3f2a91c07be4 --in build/campaign/levels --report run.html --vcd failure.vcd
    emberwatch campaign replay 3f2a91c07be4 --in build/campaign/levels --gdb
    """
    from emberwatch.campaign.replay import Replay, differences, find, moment_s

    if not (0 <= before <= 1e3 and 0 <= after <= 1e3) or before + after == 0:
        raise UsageError(f"--before {before:g} and --after {after:g} must be 0 or more seconds, and not both 0")
    check_outputs({"--report": report, "--vcd": vcd})
    case, then = find(folder, run_id)
    first = Replay(case)
    with first.machine as machine:
        now = first.finish()
    print(f"{case.id[:12]}  {_what(now)}: {now.verdict}{', ' + printable(now.error) if now.error else ''}")
    if uart:
        print("".join(f"{t:12.6f}  {printable(line)}\n" for t, line in machine.lines), end="")
    moment = at if at is not None else moment_s(now, case, first.begin_s)
    if report is not None:
        _report(Replay(case), report)
    if vcd is not None:
        _vcd(Replay(case), vcd, moment, before, after)
    if gdb:
        _gdb(Replay(case), moment, port)
    if then is None:
        print("it had not been run before: nothing to compare with")
        return 0
    differs = differences(then, now)
    for line in differs:
        say(printable(line))
    print("the same to the cycle" if not differs else "not the same as then")
    return 1 if differs else 0


def _report(again: Replay, path: Path) -> None:
    from emberwatch.report.page import RunRecorder

    with again.machine as machine:
        recorder = RunRecorder(machine)
        again.finish()
        recorder.write(path, again.case.name)
    print(f"report           {path}")


def _vcd(again: Replay, path: Path, moment: float, before: float, after: float) -> None:
    from emberwatch.inspect.trace.recorder import TraceRecorder, TraceSettings, board_pins
    from emberwatch.machine.observer import looking

    with again.machine as machine:
        again.go_to(max(moment - before, 0.0))
        recorder = TraceRecorder(machine, TraceSettings(tuple(board_pins(machine.board))))
        with looking(machine, lambda now: recorder.collect()):
            again.go_to(moment + after)
        wave = recorder.wave()
        size = wave.save(path, "1ns", f"{again.case.id[:12]}, up to {machine.time_s:.6f} s")
    print(f"VCD              {path}, {len(wave.changes)} changes, {size} bytes")


def _gdb(again: Replay, moment: float, port: int) -> None:
    from emberwatch.inspect.gdb.listen import serve

    with again.machine as machine:
        again.go_to(moment)
        firmware = again.case.firmware.path
        serve(
            machine,
            port,
            on_listening=lambda where: print(
                f"{moment:.6f} s; gdb-multiarch {firmware} -ex 'target remote {where}'", flush=True
            ),
        )


def endurance(
    firmware: Annotated[Path, typer.Argument(help="ELF of our detector.", metavar="FIRMWARE")],
    hours: Annotated[float, typer.Option(help="Emulated hours.", metavar="H")] = 24.0,
    out: Annotated[Path, typer.Option(help="Folder for segments and results.", metavar="DIR")] = FOLDER / "endurance",
    board: Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")] = "pico",
    seed: Annotated[int, typer.Option(help="Seed of sounds and dither.", metavar="N")] = 1,
    segment: Annotated[float, typer.Option(help="Length of a segment, emulated seconds.", metavar="S")] = 600.0,
    recordings: Annotated[
        Path | None,
        typer.Option(help="CSV manifest or data set folder: its other sounds are played, too.", metavar="PATH"),
    ] = None,
    whole: Annotated[
        int, typer.Option(help="Segments that are run again as a whole, not only begun.", metavar="N")
    ] = 3,
    workers: Workers = _CPUS,
) -> int:
    """Let the detector listen for a day, with alarms at random moments, and show that its segments join.

    The run is cut into segments by snapshots. It goes on where Ctrl-C or a lost machine stopped it. Afterwards other
    processes restore each snapshot and must meet the same cycles and console bytes.
    Exits with 1 when an alarm or a block was missed, a fault reported, or a seam does not join.

    Examples:

    \b
    emberwatch campaign endurance build/firmware/pico/emberwatch.elf
    emberwatch campaign endurance emberwatch.elf --hours 2 --segment 300 --recordings clips/manifest.csv
    """
    from emberwatch.base.extras import load as load_extra
    from emberwatch.base.progress import percentage
    from emberwatch.campaign.endurance import Endurance, Segment, others_of, run, verify
    from emberwatch.campaign.endurance_report import judge, write

    for option, value, least, most in (("--hours", hours, 0.01, 240), ("--segment", segment, 30, 86400)):
        if not least <= value <= most:
            raise UsageError(f"{option} {value:g} is outside {least:g}..{most:g}")
    if workers < 1 or whole < 0:
        raise UsageError(f"--workers {workers} must be at least 1 and --whole {whole} not negative")
    load_extra("pyarrow", "the results of an endurance run")
    others = others_of(recordings) if recordings is not None else ()
    asked = Endurance(firmware, hours * 3600.0, out, board, seed, segment, others)
    with percentage("emulating", asked.seconds) as show:

        def told(done: Segment) -> None:
            show(asked.bounds(done.number)[1])

        segments = run(asked, told, show)
    with percentage("running beginnings again", len(segments)) as show:
        seams = []
        for seam in verify(asked, segments, whole, workers):
            seams.append(seam)
            show(len(seams))
    outcome = judge(asked, segments, seams)
    write(asked, segments, outcome)
    _say_endurance(outcome, out)
    return 0 if outcome.passed else 1


def _say_endurance(outcome: EnduranceReport, out: Path) -> None:
    for name, text in outcome.lines():
        print(f"{name:<26}{text}")
    print(f"{out / 'results.parquet'}, {out / 'endurance.json'}")
