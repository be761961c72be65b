"""From a campaign file to cases: every combination, in the order of the file, each once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from emberwatch.audio import scenario as scenarios
from emberwatch.base.errors import EmberwatchError, ScenarioError, UsageError
from emberwatch.campaign.case import Case, Content, Expectation
from emberwatch.campaign.faults import Choice, Targets, draw
from emberwatch.campaign.faults.draw import WEIGHTS
from emberwatch.campaign.file import CampaignFile, FaultKeys, Grid
from emberwatch.detector.protocol import KINDS
from emberwatch.steps.calls import of_scenario
from emberwatch.training.data.clips import load_dataset

WITHIN_S = 8.0
WITHIN_T4_S = 12.0
"""A T4 signal is certain with its second group, which comes 5 s after the first."""
GENERATED_S = 12.0
_NOISE = "pink_noise"
_BOARD = "pico"
_ALARM, _OTHER = "alarm", "other"


@dataclass(frozen=True)
class _Source:
    """What sounds, without level, noise and room."""

    name: str
    label: str
    generate: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    recording: Content | None = None
    scenario: Content | None = None
    scenario_files: tuple[Content, ...] = ()
    seconds: float | None = None

    @property
    def is_alarm(self) -> bool:
        return self.label == _ALARM or self.label in KINDS


class _Files:
    """Files by content, each read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, str], Content] = {}

    def content(self, path: Path, name: str = "") -> Content:
        if (path, name) not in self._known:
            self._known[path, name] = Content.of(path, name)
        return self._known[path, name]


def make_plan(campaign: CampaignFile) -> list[Case]:
    """All cases of a campaign, numbered; a case that two grids ask for comes once.

    Raises:
        EmberwatchError: a file is missing or malformed, or a sound cannot be made.
    """
    files = _Files()
    firmwares = [files.content(campaign.beside(name)) for name in campaign.firmware]
    found: dict[str, Case] = {}
    for number, grid in enumerate(campaign.grid, 1):
        try:
            for case in _cases(campaign, grid, firmwares, files):
                found.setdefault(case.id, case)
        except EmberwatchError as error:
            raise UsageError(f"campaign file {campaign.path}: grid {number}: {error}") from None
    return [replace(case, number=number) for number, case in enumerate(found.values())]


def _cases(campaign: CampaignFile, grid: Grid, firmwares: Sequence[Content], files: _Files) -> Iterator[Case]:
    boards = [_board(campaign, name, files) for name in campaign.board]
    sources = list(_sources(campaign, grid, files))
    noises = [_noise_of(campaign, name, files) for name in grid.noise or (_NOISE,)]
    noisy: list[tuple[float | None, str, Content | None]] = [
        (snr, *noise) for snr in grid.snr_db for noise in noises
    ] or [(None, "", None)]
    axes: list[Sequence[Any]] = [
        firmwares,
        boards,
        sources,
        grid.level_dbfs or (None,),
        noisy,
        grid.room,
        grid.seed or campaign.seed,
    ]
    combinations: Iterable[tuple[Any, ...]] = itertools.product(*axes)
    total = 1
    for axis in axes:
        total *= len(axis)
    if grid.sample is not None and grid.sample < total:
        chosen = set(random.Random(f"sample {grid.sample_seed}").sample(range(total), grid.sample))
        combinations = (one for index, one in enumerate(combinations) if index in chosen)
    for firmware, (board, board_file), source, level, (snr, noise, noise_file), room, seed in combinations:
        expect, within_s = _rule(grid, source)
        case = Case(
            number=0,
            firmware=firmware,
            board=board,
            board_file=board_file,
            name=source.name,
            label=source.label,
            generate=source.generate,
            parameters=source.parameters,
            recording=source.recording,
            scenario=source.scenario,
            scenario_files=source.scenario_files,
            seconds=source.seconds,
            level_dbfs=level,
            snr_db=snr,
            noise=noise,
            noise_file=noise_file,
            room=room,
            seed=seed,
            expect=expect,
            within_s=within_s,
        )
        if grid.faults is None:
            yield case
        else:
            yield from _with_faults(case, grid.faults, bare=not (source.generate or source.recording))


def _with_faults(case: Case, keys: FaultKeys, bare: bool) -> Iterator[Case]:
    """The case with each of the faults that are drawn for it."""
    addresses = range(keys.addresses[0], keys.addresses[1] + 1) if keys.addresses else None
    choice = Choice(keys.kinds or WEIGHTS, keys.first_s, keys.last_s, addresses, keys.function, keys.rate_per_s)
    board = case.board_file.path if case.board_file is not None else case.board or _BOARD
    targets = _targets(case.firmware, board)
    for number in range(keys.count):
        faults = tuple(fault.as_dict() for fault in draw(targets, choice, case.seed, number))
        yield replace(case, faults=faults, fault_window=(keys.first_s, keys.last_s) if bare else None)


@lru_cache(maxsize=8)
def _targets(firmware: Content, board: str) -> Targets:
    return Targets.of(Path(firmware.path), board)


def _board(campaign: CampaignFile, name: str, files: _Files) -> tuple[str, Content | None]:
    if name.endswith(".toml"):
        return name, files.content(campaign.beside(name))
    return name, None


def _noise_of(campaign: CampaignFile, name: str, files: _Files) -> tuple[str, Content | None]:
    if name in scenarios.GENERATORS:
        return name, None
    path = campaign.beside(name)
    if not path.is_file():
        known = ", ".join(scenarios.GENERATORS)
        raise UsageError(f"noise = {name!r} is neither a generator nor a file; generators are: {known}")
    return path.stem, files.content(path)


def _sources(campaign: CampaignFile, grid: Grid, files: _Files) -> Iterator[_Source]:
    for name in grid.generate:
        yield from _generated(name, grid)
    for name in grid.file:
        label = _OTHER if grid.expect == "quiet" else _ALARM if grid.expect == "alarm" else ""
        yield _Source(name, label, recording=files.content(campaign.beside(name)), seconds=grid.seconds)
    if grid.manifest:
        clips = load_dataset(campaign.beside(grid.manifest))
        chosen = [
            clip
            for clip in clips
            if grid.label in ("", clip.label) and (not grid.category or clip.category in grid.category)
        ]
        if not chosen:
            raise UsageError(f"manifest {grid.manifest} has no clip of this label and category")
        for clip in chosen:
            yield _Source(clip.path.name, clip.label, recording=files.content(clip.path), seconds=grid.seconds)
    for name in grid.scenario:
        path = campaign.beside(name)
        loaded = scenarios.load(path)
        of_scenario(loaded, ScenarioError)  # says now what is wrong with them
        inner = [files.content(sound, _name_in(path, sound)) for sound in loaded.files]
        yield _Source(name, "", scenario=files.content(path), scenario_files=tuple(inner), seconds=grid.seconds)
    if not (grid.generate or grid.file or grid.manifest or grid.scenario):
        yield _Source("", "")


def _name_in(scenario: Path, sound: Path) -> str:
    """The name by which a scenario asks for a file."""
    try:
        return sound.relative_to(scenario.parent).as_posix()
    except ValueError:
        return str(sound)


def _generated(name: str, grid: Grid) -> Iterator[_Source]:
    lists = {key: value if isinstance(value, list) else [value] for key, value in sorted(grid.parameters.items())}
    for values in itertools.product(*lists.values()):
        parameters = dict(zip(lists, values, strict=True))
        scenarios.generate(name, **parameters)  # says now what is wrong with it
        shown = " ".join(f"{key}={value}" for key, value in parameters.items())
        yield _Source(
            f"{name} {shown}".strip(),
            name if name in KINDS else _OTHER,
            generate=name,
            parameters=tuple(parameters.items()),
            seconds=grid.seconds if grid.seconds is not None else GENERATED_S,
        )


def _rule(grid: Grid, source: _Source) -> tuple[Expectation, float]:
    within = grid.within_s if grid.within_s is not None else WITHIN_T4_S if source.label == "t4" else WITHIN_S
    if grid.expect:
        return grid.expect, within
    if not source.label:
        return "nothing", within
    return ("alarm" if source.is_alarm else "quiet"), within
