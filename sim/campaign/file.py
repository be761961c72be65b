"""The campaign file: TOML that says what to run. `emberwatch schema campaign` prints its schema."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from emberwatch.base import toml
from emberwatch.base.errors import UsageError

Level = Annotated[float, toml.Between(-120, 20)]
Ratio = Annotated[float, toml.Between(-60, 120)]
Seed = Annotated[int, toml.Between(0, 2**32 - 1)]
Count = Annotated[int, toml.Between(1, 10_000_000)]
Time = Annotated[float, toml.Between(0, 1e6)]
Room = Literal["dry", "room", "next_room"]


@dataclass(frozen=True)
class FaultKeys:
    """[grid.faults]: faults of hardware, drawn by number from the seed.

    Attributes:
        count: how many, for each combination of the grid.
        kinds: weights by kind; none given: all kinds, as weighted by default.
        first_s, last_s: they come between these emulated times.
        addresses: of memory, from the first to the last; none given: all that the program has.
        function: memory that this symbol names, and moments at which this function runs.
        rate_per_s: faults a second in each run, at random; none given: one fault a run.
    """

    count: Count
    kinds: dict[str, Annotated[float, toml.Between(0, 1e6)]] = field(default_factory=dict)
    first_s: Time = 1.0
    last_s: Time = 6.0
    addresses: tuple[Annotated[int, toml.Between(0, 2**32 - 1)], ...] = ()
    function: str = ""
    rate_per_s: Annotated[float, toml.Between(1e-6, 1000)] | None = None


@dataclass(frozen=True)
class Grid:
    """[[grid]]: every combination of what its lists hold, or a sample of them.

    Attributes:
        generate: generated sounds, by name; `parameters` are theirs, a list standing for each of its values.
        file: sound files, relative to the campaign file.
        manifest: sounds of a data set; `label` and `category` narrow them.
        scenario: scenario files.
        seconds: length of the sound; generated ones last 12 s without it, recordings to their end.
        noise: noises by generator or file; without it, and with an SNR, pink noise.
        expect, within_s: what counts as pass; without it, what the sound is: an alarm within 8 s (T4: 12 s), or none.
        sample: so many of the combinations, chosen by `sample_seed`.
    """

    generate: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)
    file: tuple[str, ...] = ()
    manifest: str = ""
    scenario: tuple[str, ...] = ()
    label: Literal["", "alarm", "other"] = ""
    category: tuple[str, ...] = ()
    seconds: Annotated[float, toml.Between(0.1, 1e6)] | None = None
    level_dbfs: tuple[Level, ...] = ()
    snr_db: tuple[Ratio, ...] = ()
    noise: tuple[str, ...] = ()
    room: tuple[Room, ...] = ("dry",)
    seed: tuple[Seed, ...] = ()
    faults: FaultKeys | None = None
    expect: Literal["", "alarm", "quiet", "steps", "nothing"] = ""
    within_s: Annotated[float, toml.Between(0.1, 1e6)] | None = None
    sample: Count | None = None
    sample_seed: int = 1


@dataclass(frozen=True)
class Budget:
    """[budget]: where a run stops, to be gone on with later by the same command.

    Attributes:
        runs: that many in one go.
        host_s: seconds of this computer's clock.
        emulated_s: emulated seconds in one go.
        failures: that many runs that did not pass.
    """

    runs: Count | None = None
    host_s: Time | None = None
    emulated_s: Annotated[float, toml.Between(0, 1e12)] | None = None
    failures: Count | None = None


@dataclass(frozen=True)
class CampaignFile:
    """A campaign file.

    Attributes:
        name: for titles; the file's name without it.
        firmware: images, relative to the campaign file.
        board: names of boards, or TOML files; none: the one that each firmware names.
        seed: for every grid that gives none.
        grid: what is run, in this order.
        path: the file itself.
    """

    firmware: tuple[str, ...]
    grid: tuple[Grid, ...]
    name: str = ""
    board: tuple[str, ...] = ("",)
    seed: tuple[Seed, ...] = (1,)
    budget: Budget = Budget()
    path: Path = field(default=Path(), metadata=toml.NO_KEY)

    @property
    def title(self) -> str:
        """What to call it."""
        return self.name or self.path.stem

    def beside(self, name: str) -> Path:
        """A file that the campaign file names."""
        return self.path.parent / name


def load(path: Path) -> CampaignFile:
    """Reads a campaign file.

    Raises:
        UsageError: it is malformed; the message names the file, the key, its value and the remedy.
    """
    found = replace(toml.read(CampaignFile, path, "campaign file", UsageError), path=path)
    for name, entries in (("firmware", found.firmware), ("grid", found.grid), ("board", found.board)):
        if not entries:
            raise UsageError(f"campaign file {path}: {name} is empty; give at least one")
    for number, grid in enumerate(found.grid, 1):
        try:
            _check(grid)
        except UsageError as error:
            raise UsageError(f"campaign file {path}: grid {number}: {error}") from None
    return found


def _check(grid: Grid) -> None:
    sources = {"generate": grid.generate, "file": grid.file, "manifest": grid.manifest, "scenario": grid.scenario}
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} exclude each other; make two grids of them")
    if not given and grid.faults is None:
        raise UsageError(f"nothing sounds and there are no faults; give one of {', '.join(sources)}, or faults")
    if (grid.label or grid.category) and not grid.manifest:
        raise UsageError("label and category narrow a manifest; give one")
    if grid.parameters and not grid.generate:
        raise UsageError("parameters are those of generate; give it")
    bare = not given or bool(grid.scenario)
    for name in ("level_dbfs", "snr_db", "noise"):
        if bare and getattr(grid, name):
            raise UsageError(f"{name} acts on generate, file and manifest; take it out, or give one of these")
    if bare and grid.room != ("dry",):
        raise UsageError("room acts on generate, file and manifest; take it out, or give one of these")
    if grid.noise and not grid.snr_db:
        raise UsageError("noise needs snr_db: how far below the sound it is")
    if grid.expect == "steps" and not grid.scenario:
        raise UsageError("expect = 'steps' needs scenario: the steps stand in it")
    if grid.faults is not None and len(grid.faults.addresses) not in (0, 2):
        raise UsageError(f"faults.addresses holds {len(grid.faults.addresses)} numbers; give the first and the last")
    if grid.faults is not None and grid.scenario:
        raise UsageError("faults do not go with scenario files; give them generate, file, manifest, or no sound at all")
    if grid.faults is not None and not given and (grid.expect or grid.within_s):
        raise UsageError("expect and within_s need something that sounds; faults alone have their own scene")
