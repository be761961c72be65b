"""Options that the commands share which run a firmware."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.audio import Scenario, scenario
from emberwatch.base.errors import EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.base.output import write_file
from emberwatch.machine.machine import MAX_SECONDS, Machine

DEFAULT_TAIL_S = 2.0
DEFAULT_LEAD_IN_S = 0.2
DEFAULT_SILENCE_S = 5.0

AnyImage = Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")]
Firmware = Annotated[Path, typer.Argument(help="ELF of any RP2040 firmware.", metavar="FIRMWARE")]
Audio = Annotated[
    Path | None, typer.Option(help="WAV or FLAC file of any rate that the microphone hears.", metavar="FILE")
]
ScenarioFile = Annotated[
    Path | None, typer.Option("--scenario", help="TOML file with several sounds on one time line.", metavar="FILE")
]
Seconds = Annotated[
    float | None,
    typer.Option(help="Emulated time to run; default: the sound and 2 s more, without sound 5 s.", metavar="S"),
]
BoardName = Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")]
GainDb = Annotated[float, typer.Option(help="Gain on --audio.", metavar="DB")]
LevelDbfs = Annotated[
    float | None, typer.Option(help="RMS that the loudest second of --audio gets, instead of a gain.", metavar="DB")
]
LeadIn = Annotated[float, typer.Option(help="Silence before --audio, so that the chip has booted.", metavar="S")]
Bootrom = Annotated[
    Path | None, typer.Option(help="Boot ROM image to boot through, instead of the built-in boot.", metavar="FILE")
]
Seed = Annotated[int, typer.Option(help="Seed of the microphone's dither.", metavar="N")]
Uart = Annotated[bool, typer.Option("--uart", help="Print the firmware's console as it comes, with times.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.", metavar="FILE")
]


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


def inputs(firmware: Path, heard: Scenario, *others: str | Path | None) -> list[Path]:
    """The files that a run reads; of the others, board names are no files."""
    given = (
        Path(other) for other in others if other is not None and (isinstance(other, Path) or other.endswith(".toml"))
    )
    return [firmware, *heard.files, *given]


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


def run_on(machine: Machine, seconds: float, slice_done: Callable[[], object] | None = None) -> int:
    """Runs up to `seconds` since power-on; a crash or Ctrl-C ends it early, with a note on stderr.

    Returns:
        The command's exit code: 0 when the whole time passed, 1 after a crash, 130 after Ctrl-C.
    """
    left = seconds - machine.time_s
    if left <= 0:
        return 0

    def look(_: float) -> None:
        if slice_done is not None:
            slice_done()

    try:
        machine.run(left, progress=look)
    except FirmwareCrash as error:
        print(f"emberwatch: {error}; what follows is up to there", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"emberwatch: interrupted after {machine.time_s:.3f} s; what follows is up to there", file=sys.stderr)
        return 130
    return 0


def trigger_time(firmware: Path, heard: Scenario, board: str, seed: int, trigger: str, timeout_s: float) -> float:
    """When the console completes a line that begins with `trigger`, or the function of that name first begins.

    Found in a run of its own: runs repeat to the cycle, so that recording can begin before the trigger.

    Raises:
        UsageError: neither happens within `timeout_s` emulated seconds, or it is the name of a function misspelt.
    """
    machine = Machine(firmware, heard, board=board, engine="embedded", seed=seed, trace=())
    symbols = machine.image.symbols
    symbol = symbols.get(trigger)
    is_function = symbol is not None and symbol.is_function
    if not is_function and trigger.isidentifier():
        names = [function.name for function in symbols.functions()]
        if close := difflib.get_close_matches(trigger, names, n=1, cutoff=0.8):
            raise UsageError(f"--trigger {trigger!r}: the firmware has no such function; did you mean {close[0]!r}?")
        print(
            f"emberwatch: note: the firmware has no function {trigger!r}; waiting for a console line that begins so",
            file=sys.stderr,
        )
    try:
        if is_function:
            machine.run_until_function(trigger, timeout_s)
            return machine.time_s
        return machine.run_until_line(trigger, timeout_s)[0]
    except EmulationTimeout as error:
        raise UsageError(f"--trigger {trigger!r}: {error}") from None


def write_text(out: Path | None, text: str) -> None:
    """Writes a result to the file of --out, or to standard output without one."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        write_file(out, text, "--out")
