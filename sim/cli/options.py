"""Options that the commands share which run a firmware."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from sim.audio import Scenario
from sim.cli.run import DEFAULT_LEAD_IN_S, duration, make_scenario
from sim.errors import EmulationTimeout, FirmwareCrash, UsageError
from sim.machine import Machine

Firmware = Annotated[Path, typer.Argument(help="ELF of any RP2040 firmware.", metavar="FIRMWARE")]
Audio = Annotated[Path | None, typer.Option(help="WAV or FLAC file of any rate that the microphone hears.")]
ScenarioFile = Annotated[
    Path | None, typer.Option("--scenario", help="TOML file with several sounds on one time line.")
]
Seconds = Annotated[
    float | None,
    typer.Option(help="Emulated time to run; default: the sound and 2 s more, without sound 5 s.", metavar="S"),
]
BoardName = Annotated[str, typer.Option(help="Board name or TOML file.")]
GainDb = Annotated[float, typer.Option(help="Gain on --audio.", metavar="DB")]
LeadIn = Annotated[float, typer.Option(help="Silence before --audio, so that the chip has booted.", metavar="S")]
Seed = Annotated[int, typer.Option(help="Seed of the microphone's dither.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.")]


def scenario_and_seconds(
    audio: Path | None,
    scenario_file: Path | None,
    seconds: float | None,
    gain_db: float = 0.0,
    lead_in: float = DEFAULT_LEAD_IN_S,
) -> tuple[Scenario, float]:
    """What the microphone hears, and for how long."""
    heard = make_scenario(audio, scenario_file, lead_in, gain_db, None)
    return heard, duration(heard, seconds)


def run_on(machine: Machine, seconds: float, slice_done: Callable[[], object] | None = None) -> bool:
    """Runs up to `seconds` since power-on; a crash or Ctrl-C ends it early, with a note on stderr.

    Returns:
        Whether the whole time passed.
    """
    left = seconds - machine.time_s
    if left <= 0:
        return True

    def look(_: float) -> None:
        if slice_done is not None:
            slice_done()

    try:
        machine.run(left, progress=look)
    except FirmwareCrash as error:
        print(f"emberwatch: {error}; what follows is up to there", file=sys.stderr)
        return False
    except KeyboardInterrupt:
        print(f"emberwatch: interrupted after {machine.time_s:.3f} s; what follows is up to there", file=sys.stderr)
        return False
    return True


def trigger_time(firmware: Path, heard: Scenario, board: str, seed: int, trigger: str, timeout_s: float) -> float:
    """When the console completes a line that begins with `trigger`, or the function of that name first begins.

    Found in a run of its own: runs repeat to the cycle, so that recording can begin before the trigger.

    Raises:
        UsageError: neither happens within `timeout_s` emulated seconds.
    """
    machine = Machine(firmware, heard, board=board, engine="embedded", seed=seed, trace=())
    symbol = machine.image.symbols.get(trigger)
    try:
        if symbol is not None and symbol.is_function:
            machine.run_until_function(trigger, timeout_s)
            return machine.time_s
        return machine.run_until_line(trigger, timeout_s)[0]
    except EmulationTimeout as error:
        raise UsageError(f"--trigger {trigger!r}: {error}") from None


def write_text(out: Path | None, text: str) -> None:
    """Writes a result to a file, or to standard output without one."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror or error}") from None
