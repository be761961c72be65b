"""How a scenario fails, and whether another one fails in the same way: what `shrink` asks."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emberwatch.audio import scenario as scenarios
from emberwatch.base.errors import EmberwatchError, ScenarioError, UsageError
from emberwatch.campaign.toml_text import to_toml
from emberwatch.detector.log import DetectorLog
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import Image, load_image
from emberwatch.steps.calls import of_scenario
from emberwatch.steps.run import StepRun

_TAIL_S = 2.0
"""After the last sound, as `emberwatch run` has it."""


@dataclass
class Failing:
    """A scenario that fails; called with another one it says whether that fails alike.

    Attributes:
        image: the firmware.
        table: the scenario.
        folder: what files in it are relative to.
        expect_alarm: whether an alarm is what must happen, or must not; None: its steps say what must.
        board, seed: as a machine takes them.
        how: in which way it fails.
    """

    image: Image
    table: dict[str, Any]
    folder: Path
    expect_alarm: bool | None = None
    board: str | None = None
    seed: int = 1
    how: str = ""

    @classmethod
    def of(cls, firmware: Path, scenario: Path, expect_alarm: bool | None, board: str | None, seed: int) -> Failing:
        """A scenario file that fails.

        Raises:
            UsageError: it does not fail.
            EmberwatchError: it cannot be run.
        """
        scenarios.load(scenario)  # complains as every command does
        table = tomllib.loads(scenario.read_text(encoding="utf-8"))
        made = cls(load_image(firmware), _absolute(table, scenario.parent), scenario.parent, expect_alarm, board, seed)
        made.how = made.run(made.table)
        if not made.how:
            raise UsageError(f"scenario {scenario} does not fail; there is nothing to shrink")
        return made

    def __call__(self, table: dict[str, Any]) -> bool:
        """Whether it fails in the same way; what cannot be run does not."""
        try:
            return self.run(table) == self.how
        except ScenarioError:
            return False

    def run(self, table: dict[str, Any]) -> str:
        """How it fails, '' if it does not: the words of a failed step without their figures, or what was heard.

        Raises:
            EmberwatchError: it cannot be run.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder) / "scenario.toml"
            path.write_text(to_toml(table), encoding="utf-8")
            scenario = scenarios.load(path)
        with Machine(self.image, scenario, board=self.board, engine="embedded", seed=self.seed) as machine:
            machine.folder = self.folder
            log = DetectorLog(machine)
            run = StepRun(machine, of_scenario(scenario, ScenarioError))
            run.run(scenario.seconds + _TAIL_S if scenario.clips else None)
            if run.ending == "error" and isinstance(run.error, EmberwatchError):
                raise ScenarioError(run.message)
            if run.ending in ("crashed", "failed"):
                failed = next((result.title for result in run.results if result.failure), "")
                return f"{run.ending}: {failed}".rstrip(": ")
            alarm = log.log.first_alarm is not None
        if self.expect_alarm is None or alarm == self.expect_alarm:
            return ""
        return "an alarm" if alarm else "no alarm"


def _absolute(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Its sound files found from anywhere."""
    sounds = [
        {**sound, "file": str((folder / sound["file"]).resolve())} if "file" in sound else sound
        for sound in table.get("sound", [])
    ]
    return {**table, **({"sound": sounds} if sounds else {})}
