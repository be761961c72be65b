"""`emberwatch campaign search`, `campaign shrink` and `campaign explore`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, say, write_file
from emberwatch.base.progress import percentage
from emberwatch.base.text import printable

if TYPE_CHECKING:
    from emberwatch.campaign.claim import Quantity
    from emberwatch.campaign.search import Point

Firmware = Annotated[Path, typer.Argument(help="ELF of our detector.", metavar="FIRMWARE")]
BoardName = Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")]
_UNITS = {"level": "dBFS", "snr": "dB", "clock": "ppm"}
_DIRECTIONS = {2: "taken", 4: "not taken"}


def search(
    firmware: Firmware,
    over: Annotated[
        str, typer.Option(help="What is varied: level (dBFS), snr (dB) or clock (ppm of the crystal).", metavar="WHAT")
    ],
    good: Annotated[float, typer.Option("--from", help="Where the alarm is heard.", metavar="X")],
    bad: Annotated[float, typer.Option("--to", help="Where it is not.", metavar="X")],
    resolution: Annotated[float, typer.Option(help="How close the two are to come.", metavar="X")] = 1.0,
    sound: Annotated[
        list[str] | None,
        typer.Option(help="Recording or generator, in turn if there are several; default t3.", metavar="NAME"),
    ] = None,
    level_dbfs: Annotated[float, typer.Option(help="Of the sound, unless it is varied.", metavar="DB")] = -20.0,
    noise_dbfs: Annotated[float, typer.Option(help="Of pink noise behind it, unless it is varied.", metavar="DB")] = (
        -65.0
    ),
    within: Annotated[float, typer.Option(help="The alarm must come so soon.", metavar="S")] = 10.0,
    wanted: Annotated[float, typer.Option(help="Share of runs in which it is heard where it holds.")] = 0.95,
    tolerated: Annotated[float, typer.Option(help="Share at which it counts as broken.")] = 0.7,
    confidence: Annotated[float, typer.Option(help="That the whole search is right.")] = 0.95,
    most: Annotated[int, typer.Option(help="Runs at one value, after which it counts as broken.", metavar="N")] = 60,
    board: BoardName = "pico",
) -> int:
    """Find the level, the ratio to noise or the clock at which an alarm is no longer heard, by bisection.

    At each value as many runs are made as certainty takes: few far from the break, many near it.

    Examples:

    \b
    emberwatch campaign search emberwatch.elf --over level --from -20 --to -90
    emberwatch campaign search emberwatch.elf --over snr --from 30 --to -20 --sound smoke.wav --resolution 2
    emberwatch campaign search emberwatch.elf --over clock --from 0 --to 60000 --resolution 1000
    """
    from emberwatch.campaign.claim import Hearing
    from emberwatch.campaign.search import Demand, find_break

    if over not in _UNITS:
        raise UsageError(f"--over {over!r} cannot be searched; use one of: {', '.join(_UNITS)}")
    if not 0 < within <= 3600:
        raise UsageError(f"--within {within:g} must be more than 0 and at most 3600 s")
    demand = Demand(wanted, tolerated, confidence, most)
    quantity: Quantity = over  # type: ignore[assignment]  # checked above
    claim = Hearing(firmware, quantity, tuple(sound or ("t3",)), board, level_dbfs, noise_dbfs, within)
    unit = _UNITS[over]

    def told(point: Point) -> None:
        print(f"{point.value:12g} {unit:<5}{point.verdict:<8}{point.share}", flush=True)

    found = find_break(claim, good, bad, resolution, demand, told)
    print(f"holds at {found.holds_at:g} {unit}, breaks at {found.breaks_at:g} {unit}; {found.runs} runs")
    return 0


def shrink(
    firmware: Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")],
    scenario: Annotated[Path, typer.Option(help="TOML file with sounds and steps that fails.", metavar="FILE")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File for what is left; default: standard output.")
    ] = None,
    expect_alarm: Annotated[
        bool | None,
        typer.Option("--expect-alarm/--expect-quiet", help="It fails unless this is what happens; else by its steps."),
    ] = None,
    most_runs: Annotated[int, typer.Option(help="Runs after which to stop.", metavar="N")] = 500,
    board: Annotated[str | None, typer.Option(help="Board name or TOML file.", metavar="BOARD")] = None,
    seed: Annotated[int, typer.Option(help="Seed of dither and memory at power-on.", metavar="N")] = 1,
) -> int:
    """Shorten a failing scenario as far as it still fails in the same way: sounds, steps, keys and time.

    Examples:

    \b
    emberwatch campaign shrink emberwatch.elf --scenario misses.toml --expect-alarm --out short.toml
    emberwatch campaign shrink app.elf --scenario long_test.toml
    """
    from emberwatch.campaign.failing import Failing
    from emberwatch.campaign.shrink import shrink as shrink_table
    from emberwatch.campaign.toml_text import to_toml

    if most_runs < 1:
        raise UsageError(f"--most-runs {most_runs} must be at least 1")
    check_outputs({"--out": out}, [firmware, scenario])
    fails = Failing.of(firmware, scenario, expect_alarm, board, seed)

    def told(runs: int, table: dict[str, Any], failed: bool) -> None:
        show(float(runs))

    with percentage("shrinking", float(most_runs)) as show:
        left = shrink_table(fails.table, fails, most_runs=most_runs, on_run=told)
    text = f"# Fails: {printable(fails.how)}\n{to_toml(left.table)}"
    if out is None:
        print(text, end="")
    else:
        write_file(out, text, "--out")
        print(out)
    for line in left.log:
        say(line)
    say(f"{left.runs} runs; it still fails: {printable(fails.how)}")
    return 0


def explore(
    firmware: Firmware,
    runs: Annotated[int, typer.Option(help="How many runs.", metavar="N")] = 200,
    seed: Annotated[int, typer.Option(help="Of all choices.", metavar="N")] = 1,
    faults: Annotated[bool, typer.Option("--faults/--no-faults", help="Whether faults are put in.")] = True,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the scenarios that reached something new.", metavar="DIR")
    ] = None,
    board: BoardName = "pico",
) -> int:
    """Look for scenarios that reach branches of the firmware that no run has reached, and list those still unreached.

    Examples:

    \b
    emberwatch campaign explore emberwatch.elf --runs 500 --out build/explored
    """
    from emberwatch.campaign.guided import explore as explore_firmware
    from emberwatch.campaign.toml_text import to_toml

    if runs < 1:
        raise UsageError(f"--runs {runs} must be at least 1")
    with percentage("exploring", float(runs)) as show:
        found = explore_firmware(
            firmware, runs, seed=seed, board=board, with_faults=faults, on_run=lambda e, _: show(float(e.runs))
        )
    for number, kept in enumerate(found.kept):
        if out is not None:
            faulty = "".join(f"# fault: {fault.as_dict()}\n" for fault in kept.stimulus.faults)
            text = f"# {len(kept.new)} branch directions that none before it took\n{faulty}"
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"--out {out} cannot be made: {error.strerror or error}") from None
            write_file(out / f"{number:04}.toml", text + to_toml(kept.stimulus.table()), "--out")
    unreached = found.unreached
    places = Counter((file, line, function, way) for file, line, function, way in unreached)
    for (file, line, function, way), count in sorted(places.items()):
        times = f" ({count} times)" if count > 1 else ""
        print(f"{printable(file)}:{line}: {printable(function)}, branch never {_DIRECTIONS[way]}{times}")
    total = 2 * len(found.program.branches)
    print(
        f"{found.runs} runs, {len(found.kept)} of them reached something new; {len(found.seen)} of {total} directions"
    )
    return 0
