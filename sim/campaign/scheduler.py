"""Runs the cases of a campaign that have not been run, on whatever engine, and notes each as it is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.text import printable
from emberwatch.base.workers import Crew, Done, Workers
from emberwatch.campaign.case import Case
from emberwatch.campaign.file import Budget
from emberwatch.campaign.results import Entry, opened, write_parquet
from emberwatch.campaign.runner import asked_for, run_case


@dataclass
class State:
    """How far a campaign is.

    Attributes:
        total: cases.
        before: of them, what the folder held already.
        verdicts: of all that is done.
        emulated_s, host_s: of what was done now; the latter summed over workers.
        stopped: why it stopped before the end, or ''.
    """

    total: int
    before: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    emulated_s: float = 0.0
    host_s: float = 0.0
    stopped: str = ""

    @property
    def done(self) -> int:
        """Cases that are done."""
        return sum(self.verdicts.values())


def local(workers: int) -> Crew[Case, Any]:
    """Processes of this machine."""
    return Crew(workers, run_case)


def run(
    cases: Sequence[Case],
    folder: Path,
    workers: Workers[Case, Any],
    budget: Budget | None = None,
    on_done: Callable[[State], None] = lambda state: None,
) -> State:
    """Runs what has not been run, and writes the Parquet files of all that has: after Ctrl-C, too.

    Args:
        cases: of the campaign, by number.
        folder: its journal, and its results.
        workers: who does it; entered and left by the caller.
        budget: where to stop.
        on_done: told after each run.

    Raises:
        UsageError: the folder cannot be written.
    """
    state = State(len(cases))
    budget = budget or Budget()
    with opened(folder, cases) as (journal, done):
        state.before = len(done)
        state.verdicts.update(entry.row.verdict for entry in done.values())
        on_done(state)
        todo = [case for case in cases if case.id not in done]
        started = time.monotonic()
        try:
            if todo and not _spent(budget, state, started):
                for result in workers.run(_while_allowed(todo, budget, state, started)):
                    entry = _entry(todo[result.number], result)
                    journal.add(asdict(entry))
                    done[entry.row.id] = entry
                    state.verdicts[entry.row.verdict] += 1
                    state.emulated_s += entry.row.emulated_s
                    state.host_s += entry.host_s
                    on_done(state)
        finally:
            write_parquet(folder, done.values())
    return state


def _while_allowed(todo: Sequence[Case], budget: Budget, state: State, started: float) -> Any:
    """Cases to be given out, until a budget is spent; those under way are finished then."""
    for given, case in enumerate(todo):
        state.stopped = _spent(budget, state, started, given)
        if state.stopped:
            return
        yield case


def _spent(budget: Budget, state: State, started: float, given: int = 0) -> str:
    """Which budget is spent, in words, or ''."""
    if budget.runs is not None and given >= budget.runs:
        return f"runs = {budget.runs}"
    if budget.host_s is not None and time.monotonic() - started > budget.host_s:
        return f"host_s = {budget.host_s:g}"
    if budget.emulated_s is not None and state.emulated_s >= budget.emulated_s:
        return f"emulated_s = {budget.emulated_s:g}"
    failures = state.verdicts["fail"] + state.verdicts["error"]
    if budget.failures is not None and failures >= budget.failures:
        return f"failures = {budget.failures}"
    return ""


def _entry(case: Case, done: Done[Any]) -> Entry:
    """What a run found, or that it could not be done at all."""
    if done.error is None:
        return Entry(replace(done.result(), number=case.number), done.host_s, done.worker)
    if not isinstance(done.error, EmberwatchError):
        raise done.error
    row = replace(asked_for(case), verdict="error", error=printable(str(done.error)))
    return Entry(row, done.host_s, done.worker)
