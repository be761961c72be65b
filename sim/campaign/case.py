"""One run of a campaign as plain data, and its identity: a hash of all that determines it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from emberwatch import __version__
from emberwatch.base.errors import UsageError

Expectation = Literal["alarm", "quiet", "steps", "nothing"]


@dataclass(frozen=True)
class Content:
    """A file by what it holds.

    Attributes:
        name: what people call it.
        sha256: of its bytes, hexadecimal.
        path: where it lies on the machine that planned the campaign; it determines nothing.
    """

    name: str
    sha256: str
    path: str

    @classmethod
    def of(cls, path: Path, name: str = "") -> Content:
        """The file as it is now.

        Raises:
            UsageError: it cannot be read.
        """
        try:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
        return cls(name or path.name, digest, str(path.absolute()))


@dataclass(frozen=True)
class Case:
    """One run: firmware on a board that hears something, faults perhaps, and what is expected of it.

    Attributes:
        number: place in the plan; it determines nothing.
        board: name of a board, or '' for the one that the firmware names.
        board_file: a board's TOML file instead.
        name: of what sounds, for people.
        label: what sounds: a cadence, 'alarm', 'other', or ''.
        generate, parameters: a generated sound; or
        recording: a sound file; or
        scenario, scenario_files: a scenario, and the files that it names, by the names that it gives them; or none.
        seconds: length of the sound; None plays a recording to its end.
        level_dbfs: RMS of the loudest second; None leaves it as it is.
        snr_db, noise, noise_file: noise so far below the sound: a generator's name, or a recording.
        room: what lies between sound and microphone.
        seed: of dither and memory at power-on, of noise and room.
        faults: as plain data (`emberwatch.campaign.faults.Fault`), put in at their times; those of a case without a
            sound are put into the bench's own scene.
        fault_window: emulated seconds between which such faults may come.
        expect, within_s: an alarm so many seconds after the sound's beginning, none at all, or that all steps pass.
    """

    number: int
    firmware: Content
    board: str = ""
    board_file: Content | None = None
    name: str = ""
    label: str = ""
    generate: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()
    recording: Content | None = None
    scenario: Content | None = None
    scenario_files: tuple[Content, ...] = ()
    seconds: float | None = None
    level_dbfs: float | None = None
    snr_db: float | None = None
    noise: str = ""
    noise_file: Content | None = None
    room: str = "dry"
    seed: int = 1
    faults: tuple[Mapping[str, Any], ...] = ()
    fault_window: tuple[float, float] | None = None
    expect: Expectation = "nothing"
    within_s: float = 8.0

    @cached_property
    def id(self) -> str:
        """SHA-256 over canonical JSON of everything that determines the run, hexadecimal."""
        facts = {name: value for name, value in asdict(self).items() if name not in ("number", "name", "label")}
        return hashlib.sha256(json.dumps(_facts(facts) | {"engine": __version__}, sort_keys=True).encode()).hexdigest()

    @property
    def on_bench(self) -> bool:
        """Whether its faults come in the scene of `emberwatch.campaign.faults.Bench`."""
        return self.fault_window is not None

    @property
    def contents(self) -> list[Content]:
        """All files that the run needs."""
        single = (self.firmware, self.board_file, self.recording, self.scenario, self.noise_file)
        return [content for content in single if content is not None] + list(self.scenario_files)

    def as_json(self) -> str:
        """One line of JSON; `case_of` reads it."""
        return json.dumps(asdict(self), sort_keys=True)


def _facts(value: Any) -> Any:
    """Plain data without what only tells where a file lies and how it is called outside a scenario."""
    if isinstance(value, dict) and set(value) == {"name", "sha256", "path"}:
        return value["sha256"]
    if isinstance(value, dict):
        facts = {key: _facts(entry) for key, entry in value.items()}
        if value.get("scenario_files"):  # there the names count: the scenario asks for them
            facts["scenario_files"] = [[file["name"], file["sha256"]] for file in value["scenario_files"]]
        return facts
    if isinstance(value, list | tuple):
        return [_facts(entry) for entry in value]
    return value


def case_of(line: str) -> Case:
    """A case from `Case.as_json`.

    Raises:
        UsageError: it is none.
    """
    try:
        values = json.loads(line)
        for name in ("firmware", "board_file", "recording", "scenario", "noise_file"):
            values[name] = Content(**values[name]) if values[name] is not None else None
        values["scenario_files"] = tuple(Content(**file) for file in values["scenario_files"])
        values["parameters"] = tuple((name, value) for name, value in values["parameters"])
        values["faults"] = tuple(values["faults"])
        values["fault_window"] = tuple(values["fault_window"]) if values["fault_window"] else None
        return Case(**{column.name: values[column.name] for column in fields(Case)})
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"this is no case of a campaign ({error}): {line[:80]}") from None
