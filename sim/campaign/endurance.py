"""Endurance: our firmware listens for a day, cut into segments by snapshots that are shown to join without a seam.

One machine runs through without ever being put back: through every wrap of the timer's low word (2^32 us), of SysTick
and of whatever the firmware counts. At the end of each segment its state, its console and its cycle count go into the
folder, so that an interrupted run goes on from there. That nothing is lost or invented at such a cut is shown
afterwards: another process restores each segment's beginning, runs on, and must meet the same cycles, the same console
bytes and, for whole segments, the same state to the byte.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emberwatch.audio import files
from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.workers import Crew
from emberwatch.campaign.soundscape import Soundscape
from emberwatch.detector.log import Log
from emberwatch.detector.machine import budgeted_functions
from emberwatch.detector.protocol import Statistics
from emberwatch.machine.console import Console, Port
from emberwatch.machine.machine import Machine, Snapshot
from emberwatch.program.elf import load_image
from emberwatch.training.data.clips import load_dataset

STRETCH_S = 20.0
"""Of every segment, so much is run again."""
_PLAN = "endurance.plan.json"


@dataclass(frozen=True)
class Endurance:
    """What is to be run.

    Attributes:
        firmware: our detector.
        seconds: how long in all.
        segment_s: length of a segment.
        others: recordings without an alarm, with their lengths in seconds.
    """

    firmware: Path
    seconds: float
    folder: Path
    board: str = "pico"
    seed: int = 1
    segment_s: float = 600.0
    others: tuple[tuple[Path, float], ...] = ()

    @property
    def segments(self) -> int:
        """How many there are; the last may be shorter."""
        return -(-round(self.seconds * 1000) // round(self.segment_s * 1000))

    def bounds(self, number: int) -> tuple[float, float]:
        """Emulated seconds between which a segment lies."""
        return number * self.segment_s, min((number + 1) * self.segment_s, self.seconds)

    @property
    def soundscape(self) -> Soundscape:
        """What is heard."""
        return Soundscape(self.seconds, self.seed, self.others)

    def identity(self) -> dict[str, Any]:
        """All that determines the run."""
        return {
            "firmware": _sha256(self.firmware.read_bytes()),
            "board": self.board,
            "seed": self.seed,
            "seconds": self.seconds,
            "segment_s": self.segment_s,
            "others": [[path.name, seconds, _sha256(path.read_bytes())] for path, seconds in self.others],
        }


@dataclass(frozen=True)
class Segment:
    """What one segment showed; what must be the same when it is run again comes first.

    Attributes:
        begin_cycle, end_cycle: clk_sys cycles since power-on.
        console: SHA-256 of the console bytes of the segment.
        state: SHA-256 of the machine at its end.
        stretch_cycle, stretch_console: the same after the first `STRETCH_S`.
        said: lines other than windows and counters, with the emulated seconds at which they ended.
        windows: how many, and the numbers of the first and the last.
        counters: the last S line of the segment; `missed` and `late` count since power-on.
        most_busy: the most cycles per block in a mean of 31 blocks.
        cycles: worst cycles of each measured function within the segment.
        load_percent: cycles in which core 0 was not asleep.
        errors: console lines that do not follow the protocol.
    """

    number: int
    begin_cycle: int
    end_cycle: int
    console: str
    state: str
    stretch_cycle: int
    stretch_console: str
    said: list[tuple[float, str]]
    windows: tuple[int, int, int]
    counters: dict[str, int]
    most_busy: int
    cycles: dict[str, int]
    load_percent: float
    errors: list[str]


def run(endurance: Endurance, on_segment: Callable[[Segment], None], on_time: Callable[[float], None]) -> list[Segment]:
    """Runs all segments that the folder does not hold yet.

    Args:
        endurance: what to run.
        on_segment: told of each segment, those that the folder held first.
        on_time: told the emulated seconds as they pass.

    Returns:
        All segments in order.

    Raises:
        UsageError: the folder belongs to another run, or cannot be written.
        FirmwareCrash: the firmware came to an end.
    """
    _claim(endurance)
    done = [_read_segment(endurance, number) for number in range(_finished(endurance))]
    for segment in done:
        on_segment(segment)
    if len(done) == endurance.segments:
        return done
    with _machine(endurance) as machine:
        if done:
            machine.restore(_read_snapshot(endurance, len(done)))
        else:
            _write_snapshot(endurance, 0, machine.save())

        soundscape = endurance.soundscape
        for number in range(len(done), endurance.segments):
            segment, snapshot = _run_segment(endurance, soundscape, machine, number, on_time)
            done.append(segment)
            _write_segment(endurance, segment, snapshot)
            on_segment(segment)
    return done


def _machine(endurance: Endurance) -> Machine:
    image = load_image(endurance.firmware)
    return Machine(
        image, board=endurance.board, engine="embedded", seed=endurance.seed, trace=budgeted_functions(image)
    )


def _run_segment(
    endurance: Endurance,
    soundscape: Soundscape,
    machine: Machine,
    number: int,
    on_time: Callable[[float], None] = lambda now: None,
    whole: bool = True,
) -> tuple[Segment, Snapshot]:
    """Runs a machine that stands at the segment's beginning to its end, or only its first stretch."""
    begin_s, end_s = endurance.bounds(number)
    machine.forget_console()
    machine.scenario = soundscape.scenario(begin_s, end_s)
    machine.trace_functions(machine.traced_functions)
    begin, asleep = machine.cycles, machine.engine.sleep_cycles
    run_to(machine, min(begin_s + STRETCH_S, end_s), on_time)
    stretch_cycle, stretch_console = machine.cycles, _sha256(machine.uart_bytes)
    if whole:
        run_to(machine, end_s, on_time)
    slept = machine.engine.sleep_cycles - asleep  # it brings the count up to date, which is part of the state below
    snapshot = machine.save()
    log = Log()
    log.take(machine.lines)
    windows = [w.number for w in log.windows]
    statistics = [s for _, s in log.messages if isinstance(s, Statistics)]
    said = [(round(t, 6), line) for t, line in machine.lines if not line.startswith(("W ", "S "))]
    return Segment(
        number,
        begin,
        machine.cycles,
        _sha256(machine.uart_bytes),
        _sha256(snapshot.engine),
        stretch_cycle,
        stretch_console,
        said,
        (len(windows), min(windows, default=-1), max(windows, default=-1)),
        asdict(statistics[-1]) if statistics else {},
        max((s.busy for s in statistics), default=0),
        {name: function.max for name, function in sorted(machine.functions.items())},
        round(100.0 * (1.0 - slept / (machine.cycles - begin)), 3),
        list(log.errors),
    ), snapshot


def run_to(machine: Machine, t_s: float, on_time: Callable[[float], None] = lambda now: None) -> None:
    """Runs on to an emulated time since power-on."""
    if (left := t_s - machine.time_s) > 1e-9:
        machine.run(left, progress=on_time)


# The seams


@dataclass(frozen=True)
class Seam:
    """Whether a segment, begun from its snapshot by another process, went as it had gone."""

    number: int
    whole: bool
    differs: str = ""
    """What was not the same, or ''."""


def verify(endurance: Endurance, segments: Sequence[Segment], whole: int, workers: int = 1) -> Iterator[Seam]:
    """Runs the first stretch of every segment again, and `whole` of them, spread over the run, to their ends."""
    count = len(segments)
    chosen = {index * count // whole for index in range(min(whole, count))} if whole else set()
    jobs = [(endurance, segment, segment.number in chosen) for segment in segments]
    with Crew(min(workers, max(1, count)), _verify) as crew:
        yield from crew.in_order(jobs)


def _verify(job: tuple[Endurance, Segment, bool]) -> Seam:
    endurance, segment, whole = job
    with _machine(endurance) as machine:
        machine.restore(_read_snapshot(endurance, segment.number))
        again, _ = _run_segment(endurance, endurance.soundscape, machine, segment.number, whole=whole)
    names = ["begin_cycle", "stretch_cycle", "stretch_console"]
    names += ["end_cycle", "console", "state", "said", "windows", "counters", "cycles", "load_percent"] if whole else []
    if not segment.number:  # between a new machine's values lies what its memory held before; snapshots keep it
        names = [name for name in names if name != "state"]
    differs = [name for name in names if _plain(getattr(again, name)) != _plain(getattr(segment, name))]
    return Seam(segment.number, whole, ", ".join(differs))


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


# The folder


def _claim(endurance: Endurance) -> None:
    """Makes the folder this run's, or finds that it is."""
    identity = json.dumps(endurance.identity(), indent=1) + "\n"
    path = endurance.folder / _PLAN
    with _writing(endurance.folder):
        endurance.folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            atomic.write_text(path, identity)
    if path.read_text(encoding="utf-8") != identity:
        raise UsageError(f"{endurance.folder} holds another endurance run; give another folder, or remove it")


def _name(endurance: Endurance, number: int, what: str) -> Path:
    return endurance.folder / f"segment-{number:04}.{what}"


def _finished(endurance: Endurance) -> int:
    number = 0
    while number < endurance.segments and _name(endurance, number, "json").exists():
        number += 1
    return number


def _write_segment(endurance: Endurance, segment: Segment, snapshot: Snapshot) -> None:
    """The report last: a segment that has one has everything."""
    _write_snapshot(endurance, segment.number + 1, snapshot)
    with _writing(endurance.folder):
        atomic.write_bytes(_name(endurance, segment.number, "console.z"), zlib.compress(snapshot.console.uart.data))
        atomic.write_text(_name(endurance, segment.number, "json"), json.dumps(asdict(segment), indent=1) + "\n")


def _read_segment(endurance: Endurance, number: int) -> Segment:
    path = _name(endurance, number, "json")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found["said"] = [(t, line) for t, line in found["said"]]
        return Segment(**found | {"windows": tuple(found["windows"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(f"{path} is no report of a segment ({error}); remove it to run the segment again") from None


def _write_snapshot(endurance: Endurance, number: int, snapshot: Snapshot) -> None:
    """The machine at the beginning of a segment, and the console line that is on its way."""
    state = snapshot.console.uart.begun.hex().encode() + b"\n" + snapshot.engine
    with _writing(endurance.folder):
        atomic.write_bytes(_name(endurance, number, "begin.z"), zlib.compress(state, 1))


def _read_snapshot(endurance: Endurance, number: int) -> Snapshot:
    """The machine at the beginning of a segment."""
    path = _name(endurance, number, "begin.z")
    try:
        head, _, engine = zlib.decompress(path.read_bytes()).partition(b"\n")
        begun = bytearray.fromhex(head.decode())
    except (OSError, ValueError, zlib.error) as error:
        raise UsageError(f"{path} is no snapshot ({error}); remove the segment to run it again") from None
    if number and _sha256(engine) != _read_segment(endurance, number - 1).state:
        raise UsageError(f"{path} is not what its segment left; remove the segment to run it again")
    return Snapshot(engine, Console(uart=Port(begun=begun)), {})


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from None


def _sha256(data: bytes | bytearray) -> str:
    return hashlib.sha256(data).hexdigest()


def others_of(source: Path) -> tuple[tuple[Path, float], ...]:
    """The recordings of a data set that are no alarms, with their lengths in seconds.

    Raises:
        EmberwatchError: the data set is malformed, or a recording cannot be read.
    """
    clips = [clip.path for clip in load_dataset(source) if not clip.is_alarm]
    return tuple((path, round(len(files.load(path)) / files.SAMPLE_RATE, 3)) for path in clips)
