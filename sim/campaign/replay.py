"""One run of a campaign again, from power-on, with somebody looking on; and whether it is the same to the cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from emberwatch.audio import Scenario
from emberwatch.base.errors import ScenarioError, UsageError
from emberwatch.campaign.case import Case
from emberwatch.campaign.results import read_cases, read_journal
from emberwatch.campaign.rows import Row
from emberwatch.campaign.runner import BOOT_S, emulate, new_machine, starts_late
from emberwatch.campaign.sounds import Files, begins_s, scenario_of
from emberwatch.campaign.store import LocalFiles
from emberwatch.detector.log import DetectorLog
from emberwatch.machine.machine import Machine
from emberwatch.steps.calls import Call, of_tables

LEAST_LETTERS = 6
"""Of an identity, to find a run by."""


def find(folder: Path, identity: str) -> tuple[Case, Row | None]:
    """A run by the beginning of its identity, or by its number, and what came out when it was run.

    Raises:
        UsageError: there is no such run, or more than one.
    """
    cases = read_cases(folder)
    if identity.isdigit() and len(identity) < LEAST_LETTERS:
        found = [case for case in cases if case.number == int(identity)]
    elif len(identity) < LEAST_LETTERS:
        raise UsageError(f"{identity!r} is too short: give {LEAST_LETTERS} letters of a run's id, or its number")
    else:
        found = [case for case in cases if case.id.startswith(identity)]
    if not found:
        raise UsageError(f"{folder} has no run {identity!r}; ids and numbers stand in its results.parquet")
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {identity!r}; give more of the id")
    case = found[0]
    return case, next((entry.row for entry in read_journal(folder) if entry.row.id == case.id), None)


@dataclass
class Replay:
    """A case from its beginning; `machine` can be observed before `finish`."""

    case: Case
    machine: Machine
    log: DetectorLog
    scenario: Scenario
    steps: list[Call]
    begin_s: float

    @classmethod
    def of(cls, case: Case, store: Files | None = None) -> Replay:
        """The machine at power-on.

        Raises:
            EmberwatchError: a file of the case is gone or has changed.
        """
        store = store if store is not None else LocalFiles()
        scenario = scenario_of(case, store)
        machine = new_machine(case, store, scenario)
        if case.scenario is not None:
            machine.folder = store.scenario(case).parent
        steps = of_tables(scenario.steps, ScenarioError)
        return cls(case, machine, DetectorLog(machine), scenario, steps, begins_s(case, scenario, store))

    def boot(self) -> None:
        """Goes to the moment from which a campaign counts: its snapshot, for most cases."""
        if not self.steps and starts_late(self.scenario):
            self.machine.run(BOOT_S)
        self.machine.trace_functions(self.machine.traced_functions)

    def finish(self) -> Row:
        """Runs to the end."""
        return emulate(self.case, self.machine, self.log, self.scenario, self.steps, self.begin_s)


def moment_s(row: Row, case: Case, begin_s: float) -> float:
    """When it went wrong, in emulated seconds: the fault, the alarm that nobody wanted or came late, or the end."""
    if row.fault_at_s is not None:
        return row.fault_at_s
    first = next((event.t_s for event in row.events if event.state == "on"), None)
    if first is not None:
        return first
    return min(row.emulated_s, begin_s + case.within_s) if case.expect == "alarm" else row.emulated_s


def differences(before: Row, after: Row, ignored: Sequence[str] = ("number",)) -> list[str]:
    """Columns in which two runs of one case differ, with both values."""
    names = [column.name for column in fields(Row) if column.name not in ignored]
    return [
        f"{name}: {getattr(before, name)!r} then, {getattr(after, name)!r} now"
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]
