"""The budget file: limits, the run to measure, and a baseline that `emberwatch budget update` writes.

::

    [run]                       # what `emberwatch budget` runs
    seconds = 6
    scenario = "budget.toml"    # relative to this file; silence without it

    [cycles.pdm_decimate]       # limits
    max = 130_000
    [stack.pdm_decimate]
    max = 400
    [memory]
    flash = 65_536

    [baseline]                  # measured
    compiler = "GCC 12.2.1"
    [baseline.functions]
    pdm_decimate = { mean = 78059, max = 78060, stack = 328, flash = 146, ram = 146 }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

from emberwatch.audio import Scenario, scenario
from emberwatch.base import toml
from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file
from emberwatch.inspect.budgets.measure import FIGURES, MEMORY, FunctionFigures, Measurement

_MARK = "# ---- Baseline: written by `emberwatch budget update`, not by hand ----"
_DEFAULT_SECONDS = 6.0
_DEFAULT_TOLERANCE = 2.0
_DEFAULT_LEAST = 1.0


_Count = Annotated[int, toml.Between(0)]
_Percent = Annotated[float, toml.Between(0)]


@dataclass(frozen=True)
class _Run:
    seconds: Annotated[float, toml.Between(0.001, 3600)] = _DEFAULT_SECONDS
    scenario: str | None = None
    tolerance_percent: _Percent = _DEFAULT_TOLERANCE
    least_percent: _Percent = _DEFAULT_LEAST


@dataclass(frozen=True)
class _Limit:
    max: _Count


@dataclass(frozen=True)
class _Figures:
    """As `FIGURES`."""

    mean: _Count
    max: _Count
    stack: _Count
    flash: _Count
    ram: _Count


@dataclass(frozen=True)
class _Memory:
    """As `MEMORY`."""

    flash: _Count | None = None
    ram: _Count | None = None
    stack: _Count | None = None


@dataclass(frozen=True)
class _Baseline:
    compiler: str = ""
    memory: _Memory = _Memory()
    functions: dict[str, _Figures] = field(default_factory=dict)


@dataclass(frozen=True)
class _BudgetFile:
    run: _Run = _Run()
    cycles: dict[str, _Limit] = field(default_factory=dict)
    stack: dict[str, _Limit] = field(default_factory=dict)
    memory: _Memory = _Memory()
    baseline: _Baseline = _Baseline()


@dataclass(frozen=True)
class Budgets:
    """A budget file.

    Attributes:
        path: the file.
        seconds, scenario: the run to measure.
        tolerance: percent by which a figure may exceed its baseline.
        least: percent of the busy cycles that a function must take to get into the baseline.
        limits: "cycles" and "stack" to function to bytes or cycles, "memory" to kind to bytes.
        compiler: the baseline's.
        functions, memory: the baseline; empty before the first update.
    """

    path: Path
    seconds: float = _DEFAULT_SECONDS
    scenario: Path | None = None
    tolerance: float = _DEFAULT_TOLERANCE
    least: float = _DEFAULT_LEAST
    limits: dict[str, dict[str, int]] = field(default_factory=dict)
    compiler: str = ""
    functions: dict[str, dict[str, int]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    def heard(self) -> Scenario:
        """What the microphone hears while it is measured."""
        return scenario.load(self.scenario) if self.scenario is not None else Scenario()


def load(path: Path, *, new: bool = False) -> Budgets:
    """Reads a budget file; with `new`, one that does not exist yet is empty.

    Raises:
        UsageError: it cannot be read, or has an entry that is not understood.
    """
    if new and not path.exists():
        return Budgets(path)
    remedy = f"measure a baseline: emberwatch budget update --file {path}"
    table = toml.read(_BudgetFile, path, "budget file", UsageError, absent=remedy)
    run, baseline = table.run, table.baseline
    return Budgets(
        path,
        run.seconds,
        path.parent / run.scenario if run.scenario else None,
        run.tolerance_percent,
        run.least_percent,
        {
            "cycles": {name: limit.max for name, limit in table.cycles.items()},
            "stack": {name: limit.max for name, limit in table.stack.items()},
            "memory": _given(table.memory),
        },
        baseline.compiler,
        {name: asdict(figures) for name, figures in baseline.functions.items()},
        _given(baseline.memory),
    )


def _given(memory: _Memory) -> dict[str, int]:
    return {name: value for name, value in asdict(memory).items() if value is not None}


def update(budgets: Budgets, measured: Measurement) -> Budgets:
    """Writes a new baseline into the file; what was written by hand stays as it is.

    The baseline gets the functions with a limit, and those with at least `least_percent` of the busy cycles.
    """
    limited = {*budgets.limits.get("cycles", {}), *budgets.limits.get("stack", {})}
    chosen = {
        name: figures
        for name, figures in measured.functions.items()
        if name in limited or 100 * figures.share >= budgets.least
    }
    by_hand = ""
    if budgets.path.exists():
        by_hand = budgets.path.read_text(encoding="utf-8").partition(_MARK)[0].rstrip()
    baseline = _baseline(measured.compiler, measured.memory, chosen)
    write_file(budgets.path, "\n\n".join(filter(None, [by_hand, baseline])), "budget file")
    return load(budgets.path)


def _baseline(compiler: str, memory: Mapping[str, int], functions: Mapping[str, FunctionFigures]) -> str:
    """The tables of a baseline as TOML."""
    out = [_MARK, "", "[baseline]", f'compiler = "{compiler}"', "", "[baseline.memory]"]
    out += [f"{name} = {memory[name]}" for name in MEMORY]
    out += ["", "[baseline.functions]"]
    for name in sorted(functions):
        values = ", ".join(f"{key} = {getattr(functions[name], key)}" for key in FIGURES)
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        out.append(f"{key} = {{ {values} }}")
    return "\n".join(out) + "\n"
