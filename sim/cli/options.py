"""Options that the commands share which run a firmware."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from emberwatch.audio import Scenario, scenario
from emberwatch.base.errors import ScenarioError, UsageError
from emberwatch.base.limits import limit_host_time, limit_memory
from emberwatch.base.output import say, write_file
from emberwatch.board.wokwi import read_diagram
from emberwatch.machine.machine import Machine
from emberwatch.machine.values import MAX_SECONDS
from emberwatch.program.elf import Image, load_image
from emberwatch.program.flash_images import flash_image, read_kept, with_flash
from emberwatch.steps import calls, wokwi
from emberwatch.steps.calls import Call

DEFAULT_TAIL_S = 2.0
DEFAULT_LEAD_IN_S = 0.2
DEFAULT_SILENCE_S = 5.0
DEFAULT_TIMEOUT_S = 30.0
"""How long a scenario of Wokwi waits in all, as its own command line does."""
DIAGRAM = "diagram.json"
MICROPHONE = "mic"
"""What --audio takes for this computer's microphone."""
TRIGGER_TIMEOUT_S = 60.0
"""How long --trigger waits at least, in emulated seconds."""

AnyImage = Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")]
Audio = Annotated[
    Path | None,
    typer.Option(help="WAV or FLAC file of any rate that the microphone hears; mic: this computer's.", metavar="FILE"),
]
ScenarioFile = Annotated[
    Path | None,
    typer.Option("--scenario", help="TOML file with sounds and steps, or a scenario of Wokwi (YAML).", metavar="FILE"),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        help="Emulated time to run; default: the sound and 2 s more, with steps to the last of them, else 5 s.",
        metavar="S",
    ),
]
BoardName = Annotated[
    str | None,
    typer.Option(
        help="Board name, TOML file or diagram.json; default: what our firmware names, else a Pico.", metavar="BOARD"
    ),
]
GainDb = Annotated[float, typer.Option(help="Gain on --audio.", metavar="DB")]
LevelDbfs = Annotated[
    float | None, typer.Option(help="RMS that the loudest second of --audio gets, instead of a gain.", metavar="DB")
]
LeadIn = Annotated[float, typer.Option(help="Silence before --audio, so that the chip has booted.", metavar="S")]
Bootrom = Annotated[
    Path | None, typer.Option(help="Boot ROM image to boot through, instead of the built-in boot.", metavar="FILE")
]
Seed = Annotated[
    int, typer.Option(help="Seed of what SRAM holds at power-on and of the microphone's dither.", metavar="N")
]
FlashImages = Annotated[
    list[str] | None,
    typer.Option("--flash", help="Another image in flash: a second program, a file system.", metavar="FILE@OFFSET"),
]
FlashFile = Annotated[
    Path | None,
    typer.Option(help="Flash holds what this file does, and the file what flash holds in the end.", metavar="FILE"),
]
SemihostingDir = Annotated[
    Path | None,
    typer.Option(help="Folder whose files the firmware may open by semihosting; default: none.", metavar="DIR"),
]
MaxHostTime = Annotated[
    float | None, typer.Option(help="Stop after so long by this computer's clock; default: never.", metavar="S")
]
MaxMemory = Annotated[
    int | None, typer.Option(help="Memory that this process may take, in megabytes; default: all.", metavar="MB")
]
Uart = Annotated[bool, typer.Option("--uart", help="Print the firmware's console as it comes, with times.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.", metavar="FILE")
]


@dataclass(frozen=True)
class RunOptions:
    """What a run is made of, as every command that runs a firmware takes it."""

    firmware: AnyImage
    audio: Audio = None
    scenario_file: ScenarioFile = None
    seconds: Seconds = None
    board: BoardName = None
    gain_db: GainDb = 0.0
    level_dbfs: LevelDbfs = None
    lead_in: LeadIn = DEFAULT_LEAD_IN_S
    bootrom: Bootrom = None
    seed: Seed = 1
    flash: FlashImages = None
    flash_file: FlashFile = None
    semihosting_dir: SemihostingDir = None
    max_host_time: MaxHostTime = None
    max_memory: MaxMemory = None

    @functools.cached_property
    def scenario(self) -> Scenario:
        """What the microphone hears.

        Raises:
            UsageError: options that exclude each other, or out of range.
        """
        if self.audio is not None and self.scenario_file is not None:
            raise UsageError("--audio and --scenario exclude each other; put the file into the scenario")
        if self.audio is None and (self.gain_db != 0.0 or self.level_dbfs is not None):
            raise UsageError("--gain-db and --level-dbfs act on --audio; in a scenario set them per sound")
        if not 0 <= self.lead_in <= 3600:
            raise UsageError(f"--lead-in {self.lead_in:g} is outside 0..3600 s")
        if self.hears_host:
            if self.level_dbfs is not None:
                raise UsageError("--level-dbfs needs a file; what the microphone will hear is not known: use --gain-db")
            from emberwatch.audio import host_microphone

            return host_microphone.scenario(self.gain_db)
        if self.audio is not None:
            return Scenario.from_file(
                self.audio, lead_in_s=self.lead_in, gain_db=self.gain_db, level_dbfs=self.level_dbfs
            )
        if self.scenario_file is None or wokwi.is_wokwi(self.scenario_file):
            return Scenario()
        return scenario.load(self.scenario_file)

    @property
    def hears_host(self) -> bool:
        """Whether the sound is that of this computer's microphone."""
        return self.audio is not None and str(self.audio) == MICROPHONE and not self.audio.exists()

    @functools.cached_property
    def steps(self) -> list[Call]:
        """The steps of the scenario file.

        Raises:
            ScenarioError: one is not as it should be.
        """
        if self.scenario_file is not None and wokwi.is_wokwi(self.scenario_file):
            board = self._board_file
            diagram = read_diagram(board) if board is not None and board.suffix == ".json" else None
            return wokwi.load(self.scenario_file, diagram, self.seconds or DEFAULT_TIMEOUT_S)
        return calls.of_scenario(self.scenario, ScenarioError)

    @functools.cached_property
    def _board_file(self) -> Path | None:
        """The board's file, if it has one: a scenario of Wokwi has its diagram beside it, or in the folder above."""
        if self.board is not None:
            return Path(self.board) if self.board.endswith((".toml", ".json")) else None
        if self.scenario_file is not None and wokwi.is_wokwi(self.scenario_file):
            folder = self.scenario_file.absolute().parent
            return next((f for f in (folder / DIAGRAM, folder.parent / DIAGRAM) if f.is_file()), None)
        return None

    @property
    def duration(self) -> float:
        """How long to run at least: what --seconds says, else the sound and a tail; 0: to the end of the steps.

        Raises:
            UsageError: --seconds is out of range.
        """
        if self.seconds is None:
            if self.hears_host:
                return MAX_SECONDS
            if self.steps and not self.scenario.seconds:
                return 0.0
            return self.scenario.seconds + DEFAULT_TAIL_S if self.scenario.seconds else DEFAULT_SILENCE_S
        if not 0 < self.seconds <= MAX_SECONDS:
            raise UsageError(f"--seconds {self.seconds:g} must be more than 0 and at most {MAX_SECONDS:.0f}")
        return self.seconds

    @property
    def inputs(self) -> list[Path]:
        """The files that the run reads."""
        others = [path for path in (self.scenario_file, self._board_file, self.bootrom) if path is not None]
        others += [Path(option.rpartition("@")[0]) for option in self.flash or ()]
        return [self.firmware, *self.scenario.files, *others]

    def machine(self, engine: str = "auto", trace: tuple[str, ...] = ()) -> Machine:
        """The board at power-on; the limits on the host count from here."""
        if self.max_memory is not None:
            limit_memory(self.max_memory)
        if self.max_host_time is not None:
            limit_host_time(self.max_host_time)
        firmware: Path | Image = self.firmware
        if self.flash or self.flash_file is not None:
            kept = read_kept(self.flash_file) if self.flash_file is not None else b""
            firmware = with_flash(load_image(self.firmware), kept, [flash_image(option) for option in self.flash or ()])
        machine = Machine(
            firmware,
            self.scenario,
            board=self._board_file or self.board,
            engine=engine,
            seed=self.seed,
            trace=trace,
            bootrom=self.bootrom,
            semihosting_dir=self.semihosting_dir,
        )
        if self.scenario_file is not None:
            machine.folder = self.scenario_file.parent
        return machine

    def keep_flash(self, machine: Machine) -> None:
        """Writes what flash holds to the file of --flash-file, if there is one.

        Raises:
            UsageError: it cannot be written.
        """
        if self.flash_file is not None:
            write_file(self.flash_file, machine.flash, "--flash-file")

    def command_line(self, command: str, *more: str) -> str:
        """The command line of another command about the same run."""
        words = ["emberwatch", command, str(self.firmware)]
        named = {"scenario_file": "--scenario"}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "flash":
                words += [word for option in value or () for word in ("--flash", option)]
            elif field.name not in ("firmware", "seconds", "max_host_time", "max_memory") and value != field.default:
                name = named.get(field.name, "--" + field.name.replace("_", "-"))
                words += [name, f"{value:g}" if isinstance(value, float) else str(value)]
        return shlex.join([*words, *more])


def with_run_options(*without: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Gives a command whose first parameter is `RunOptions` those options on its command line, some left out."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        hints = get_type_hints(RunOptions, include_extras=True)
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
        taken = [field for field in dataclasses.fields(RunOptions) if field.name not in without]
        shared = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in taken
        ]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

        @functools.wraps(command)
        def wrapper(**given: Any) -> int:
            run = RunOptions(**{field.name: given.pop(field.name) for field in taken if field.name in given})
            return command(run, **given)

        wrapper.__signature__ = inspect.Signature([*shared, *own])  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in (*shared, *own)}
        return wrapper

    return decorate


def note(text: str) -> None:
    """Something that the user should know beside the result."""
    say(f"note: {text}")


def write_text(out: Path | None, text: str) -> None:
    """Writes a result to the file of --out, or to standard output without one."""
    if out is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        write_file(out, text, "--out")
