"""Scenarios that reach what no run has reached: a search guided by the coverage of the firmware's branches.

Every run that takes a branch in a direction that no other run took is kept, and what is kept is changed at random for
the next runs, those first that were kept last: grey-box fuzzing, with sounds and faults instead of bytes (M. Böhme et
al., "Coverage-based greybox fuzzing as Markov chain", CCS 2016, for how energy goes to what is new).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emberwatch.audio import Clip, Scenario, generate
from emberwatch.base.errors import EmberwatchError
from emberwatch.campaign.faults.draw import Choice, draw
from emberwatch.campaign.faults.fault import Fault
from emberwatch.campaign.faults.inject import advance, apply
from emberwatch.campaign.faults.places import Targets
from emberwatch.detector.machine import DetectorMachine
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.coverage.collector import NOT_TAKEN, TAKEN, flags
from emberwatch.inspect.coverage.program import Program, read_program

Direction = tuple[int, int]
"""Address of a conditional branch, and `TAKEN` or `NOT_TAKEN`."""

_SOUNDS: dict[str, dict[str, tuple[float, float]]] = {
    "t3": {"frequency_hz": (400.0, 4000.0)},
    "t4": {"frequency_hz": (400.0, 4000.0)},
    "pulsed": {"frequency_hz": (400.0, 4000.0), "on_s": (0.03, 1.5), "off_s": (0.03, 1.5)},
    "continuous": {"frequency_hz": (400.0, 4000.0)},
    "tone": {"frequency_hz": (50.0, 7000.0)},
    "sweep": {"from_hz": (100.0, 2000.0), "to_hz": (1000.0, 7000.0), "period_s": (0.3, 10.0)},
    "white_noise": {},
    "pink_noise": {},
    "clicks": {},
    "speechlike": {},
}
_LEVELS = (-75.0, 0.0)
_MOST_SOUNDS, _MOST_FAULTS = 4, 2
_LENGTHS_S = (2.0, 25.0)
_FROM_S = 0.4


@dataclass(frozen=True)
class Stimulus:
    """Sounds, as the [[sound]] tables of a scenario, and faults, for a number of seconds."""

    sounds: tuple[dict[str, Any], ...]
    faults: tuple[Fault, ...] = ()
    seconds: float = 10.0

    def table(self) -> dict[str, Any]:
        """The scenario as TOML has it; its faults are beside it."""
        return {"duration_s": self.seconds, "sound": [dict(sound) for sound in self.sounds]}


@dataclass(frozen=True)
class Kept:
    """A run that reached something new: what was done, and the directions that were new with it."""

    stimulus: Stimulus
    new: frozenset[Direction]


@dataclass
class Explored:
    """What was found.

    Attributes:
        program: the firmware with its branches.
        kept: runs that reached something new, in order.
        seen: all directions that any run took.
        runs: how many were made.
    """

    program: Program
    kept: list[Kept] = field(default_factory=list)
    seen: set[Direction] = field(default_factory=set)
    runs: int = 0

    @property
    def unreached(self) -> list[tuple[str, int, str, int]]:
        """Directions that no run took: file, line, function, direction; without those of the compiler's library."""
        entries = sorted((address & ~1, name) for name, address in self.program.functions.items())
        found = []
        for address in sorted(self.program.branches):
            source = self.program.lines.get(address)
            if source is None or source.file.startswith(".."):
                continue
            function = next((name for entry, name in reversed(entries) if entry <= address), "")
            for direction in (TAKEN, NOT_TAKEN):
                if (address, direction) not in self.seen:
                    found.append((source.file, source.line, function, direction))
        return found


def explore(
    elf: Path,
    runs: int,
    *,
    seed: int = 1,
    board: str = "pico",
    with_faults: bool = True,
    on_run: Callable[[Explored, int], None] = lambda explored, new: None,
) -> Explored:
    """Makes runs of the detector, each a change of one that reached something new.

    Args:
        elf: the firmware.
        runs: how many, from 1.
        seed: of all choices.
        board: where it runs.
        with_faults: whether faults are among the changes; code for restarts and faults is not reached without.
        on_run: called after each run with how many directions were new.

    Raises:
        EmberwatchError: the firmware cannot be run.
    """
    chance = random.Random(f"explore {seed}")
    targets = Targets.of(elf, board)
    explored = Explored(read_program(elf))
    waiting = [_fresh(name, chance) for name in _SOUNDS]
    for number in range(max(1, runs)):
        stimulus = waiting.pop(0) if waiting else _changed(explored.kept, targets, with_faults, chance)
        taken = directions(elf, stimulus, explored.program, board)
        explored.runs = number + 1
        new = frozenset(taken - explored.seen)
        explored.seen |= new
        if new:
            explored.kept.append(Kept(stimulus, new))
        on_run(explored, len(new))
    return explored


def directions(elf: Path, stimulus: Stimulus, program: Program, board: str = "pico") -> set[Direction]:
    """The directions in which a run takes the program's conditional branches."""
    from emberwatch import _native

    scenario = Scenario([_clip(sound) for sound in stimulus.sounds], stimulus.seconds)
    coverage = _native.Coverage()
    with DetectorMachine(elf, scenario, board=board, engine="embedded", trace=()) as machine:
        chip_of(machine.engine).cover(coverage)
        for fault in stimulus.faults:
            try:
                apply(machine, fault)
            except EmberwatchError:  # a fault before this one has ended the run
                break
        advance(machine, stimulus.seconds)
    return _of(flags(coverage), program.branches)


def _of(seen: dict[int, int], branches: Iterable[int]) -> set[Direction]:
    return {(address, way) for address in branches for way in (TAKEN, NOT_TAKEN) if seen.get(address, 0) & way}


def _clip(sound: dict[str, Any]) -> Clip:
    known = ("generate", "at_s", "level_dbfs", "duration_s")
    made = generate(sound["generate"], **{key: value for key, value in sound.items() if key not in known})
    return Clip(made, at_s=sound["at_s"], level_dbfs=sound["level_dbfs"], seconds=sound.get("duration_s"))


def _sound(name: str, chance: random.Random) -> dict[str, Any]:
    sound: dict[str, Any] = {"generate": name, "at_s": round(chance.uniform(0, 2), 3)}
    sound["level_dbfs"] = round(chance.uniform(*_LEVELS), 1)
    for parameter, (least, most) in _SOUNDS[name].items():
        sound[parameter] = round(chance.uniform(least, most), 3)
    if chance.random() < 0.5:
        sound["duration_s"] = round(chance.uniform(0.2, 8.0), 3)
    return sound


def _fresh(name: str, chance: random.Random) -> Stimulus:
    return Stimulus(({**_sound(name, chance), "level_dbfs": -20.0},), seconds=6.0)


def _changed(kept: list[Kept], targets: Targets, with_faults: bool, chance: random.Random) -> Stimulus:
    """One of what is kept, the newest as likely as all before it together, with one to three changes."""
    index = len(kept) - 1
    while index > 0 and chance.random() < 0.5:
        index -= 1
    stimulus = kept[index].stimulus
    for _ in range(chance.randint(1, 3)):
        stimulus = _change(stimulus, targets, with_faults, chance)
    return stimulus


def _change(stimulus: Stimulus, targets: Targets, with_faults: bool, chance: random.Random) -> Stimulus:
    sounds = [dict(sound) for sound in stimulus.sounds]
    what = chance.choice(("add", "drop", "level", "parameter", "length", "fault" if with_faults else "level"))
    if what == "add" and len(sounds) < _MOST_SOUNDS:
        sounds.append(_sound(chance.choice(list(_SOUNDS)), chance))
    elif what == "drop" and len(sounds) > 1:
        sounds.pop(chance.randrange(len(sounds)))
    elif what == "level":
        chance.choice(sounds)["level_dbfs"] = round(chance.uniform(*_LEVELS), 1)
    elif what == "parameter":
        index = chance.randrange(len(sounds))
        sounds[index] = {**_sound(sounds[index]["generate"], chance), "level_dbfs": sounds[index]["level_dbfs"]}
    elif what == "length":
        return _within(replace(stimulus, seconds=round(chance.uniform(*_LENGTHS_S), 2)))
    elif what == "fault":
        choice = Choice(first_s=_FROM_S, last_s=max(stimulus.seconds - 0.5, _FROM_S + 0.1))
        drawn = draw(targets, choice, chance.randrange(1 << 31), 0)
        faults = sorted((*stimulus.faults[: _MOST_FAULTS - 1], *drawn), key=lambda fault: fault.at_s)
        return replace(stimulus, faults=tuple(faults))
    return _within(replace(stimulus, sounds=tuple(sounds)))


def _within(stimulus: Stimulus) -> Stimulus:
    """Without what would begin after the end."""
    sounds = tuple(sound for sound in stimulus.sounds if sound["at_s"] < stimulus.seconds)
    faults = tuple(fault for fault in stimulus.faults if fault.at_s < stimulus.seconds)
    return replace(stimulus, sounds=sounds or stimulus.sounds[:1], faults=faults)
