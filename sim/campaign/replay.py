"""One run of a campaign again, from power-on, with somebody looking on; and whether it is the same to the cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from emberwatch.audio import Scenario
from emberwatch.base.errors import ScenarioError, UsageError
from emberwatch.campaign.case import Case
from emberwatch.campaign.faults import Bench, apply
from emberwatch.campaign.faults.inject import advance, mend
from emberwatch.campaign.results import read_cases, read_journal
from emberwatch.campaign.rows import Row
from emberwatch.campaign.runner import BOOT_S, bench_of, emulate, faults_of, new_machine, starts_late
from emberwatch.campaign.sounds import Files, begins_s, scenario_of
from emberwatch.campaign.store import LocalFiles
from emberwatch.detector.log import DetectorLog
from emberwatch.machine.machine import Machine
from emberwatch.steps.calls import Call, of_scenario

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


class Replay:
    """A case from its beginning. `machine` can be observed before `finish`.

    Args:
        case: which run.
        store: where its files are.

    Raises:
        EmberwatchError: a file of the case is gone or has changed.
    """

    def __init__(self, case: Case, store: Files | None = None) -> None:
        store = store if store is not None else LocalFiles()
        self.case = case
        self.begin_s = 0.0
        self._bench: Bench | None = None
        self._scenario, self._steps = Scenario(), list[Call]()
        self._faults = list(faults_of(case))
        if case.on_bench:
            self._bench = bench_of(case, store)
            self.machine: Machine = self._bench.machine
            return
        self._scenario = scenario_of(case, store)
        self.machine = new_machine(case, store, self._scenario)
        if case.scenario is not None:
            self.machine.folder = store.scenario(case).parent
        self._steps = of_scenario(self._scenario, ScenarioError)
        self._log = DetectorLog(self.machine)
        self.begin_s = begins_s(case, self._scenario, store)

    def finish(self) -> Row:
        """Runs to the end."""
        if self._bench is not None:
            return replace(self._bench.run(tuple(self._faults)), id=self.case.id, number=self.case.number)
        if not self._steps and starts_late(self._scenario):  # the moment from which a campaign counts
            self.machine.run(BOOT_S)
        self.machine.trace_functions(self.machine.traced_functions)
        return emulate(self.case, self.machine, self._log, self._scenario, self._steps, self.begin_s)

    def go_to(self, moment_s: float) -> None:
        """Runs to a moment, with the faults that come before it.

        Raises:
            UsageError: the case has steps, which make its moments.
        """
        if self._steps:
            raise UsageError(
                "the run has steps, between which it cannot be stopped; give its scenario to emberwatch gdb"
            )
        if self._bench is not None:
            first_s = self._faults[0].at_s if self._faults else moment_s
            self.machine.restore(self._bench.moment(min(first_s, moment_s)))
            mend(self.machine)
        while self._faults and self._faults[0].at_s <= moment_s:
            apply(self.machine, self._faults.pop(0))
        advance(self.machine, moment_s)


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
