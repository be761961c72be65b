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
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emberwatch.audio import Scenario, scenario
from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file
from emberwatch.inspect.budgets.measure import FIGURES, MEMORY, Measurement

_MARK = "# ---- Baseline: written by `emberwatch budget update`, not by hand ----"
_DEFAULT_SECONDS = 6.0
_DEFAULT_TOLERANCE = 2.0
_DEFAULT_LEAST = 1.0


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
    try:
        table = {} if new and not path.exists() else tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"budget file {path} does not exist; measure a baseline: emberwatch budget update --file {path}"
        ) from None
    except OSError as error:
        raise UsageError(f"budget file {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"budget file {path} is not a text file; give a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"budget file {path} is not TOML: {error}") from None
    _check_tables(path, table)
    for name in table:
        if name not in ("run", "cycles", "stack", "memory", "baseline"):
            raise UsageError(f"budget file {path}: table [{name}] is not known; use run, cycles, stack or memory")
    run, baseline = table.get("run", {}), table.get("baseline", {})
    for name in run:
        if name not in ("seconds", "scenario", "tolerance_percent", "least_percent"):
            raise UsageError(f"budget file {path}: [run] has no key {name!r}")
    limits = {
        kind: {
            name: _whole(path, f"{kind}.{name}.max", entry.get("max")) for name, entry in table.get(kind, {}).items()
        }
        for kind in ("cycles", "stack")
    }
    limits["memory"] = {name: _whole(path, f"memory.{name}", value) for name, value in table.get("memory", {}).items()}
    if unknown := set(limits["memory"]) - set(MEMORY):
        raise UsageError(f"budget file {path}: [memory] has no {sorted(unknown)[0]!r}; use {', '.join(MEMORY)}")
    heard = run.get("scenario")
    return Budgets(
        path,
        float(run.get("seconds", _DEFAULT_SECONDS)),
        path.parent / heard if heard else None,
        float(run.get("tolerance_percent", _DEFAULT_TOLERANCE)),
        float(run.get("least_percent", _DEFAULT_LEAST)),
        limits,
        str(baseline.get("compiler", "")),
        {
            name: {key: _whole(path, f"baseline.functions.{name}.{key}", entry.get(key)) for key in FIGURES}
            for name, entry in baseline.get("functions", {}).items()
        },
        {name: _whole(path, f"baseline.memory.{name}", value) for name, value in baseline.get("memory", {}).items()},
    )


def _check_tables(path: Path, table: dict[str, Any]) -> None:
    """That what ought to be a table is one, and what ought to be a number."""
    tables = {name: value for name, value in table.items() if name in ("run", "cycles", "stack", "memory", "baseline")}
    for kind in ("cycles", "stack"):
        if isinstance(entries := table.get(kind), dict):
            tables |= {f"{kind}.{name}": value for name, value in entries.items()}
    if isinstance(baseline := table.get("baseline"), dict):
        tables |= {f"baseline.{name}": baseline[name] for name in ("functions", "memory") if name in baseline}
        if isinstance(functions := baseline.get("functions"), dict):
            tables |= {f"baseline.functions.{name}": value for name, value in functions.items()}
    for name, value in tables.items():
        if not isinstance(value, dict):
            raise UsageError(f"budget file {path}: {name} = {value!r} must be a table")
    for name, value in table.get("run", {}).items():
        wanted, words = (str, "text in quotes") if name == "scenario" else ((int, float), "a number")
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UsageError(f"budget file {path}: run.{name} = {value!r} must be {words}")


def _whole(path: Path, name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"budget file {path}: {name} = {value!r} must be a whole number, 0 or more")
    return value


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
    out = [_MARK, "", "[baseline]", f'compiler = "{measured.compiler}"', "", "[baseline.memory]"]
    out += [f"{name} = {measured.memory[name]}" for name in MEMORY]
    out += ["", "[baseline.functions]"]
    for name in sorted(chosen):
        values = ", ".join(f"{key} = {getattr(chosen[name], key)}" for key in FIGURES)
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
        out.append(f"{key} = {{ {values} }}")
    by_hand = ""
    if budgets.path.exists():
        by_hand = budgets.path.read_text(encoding="utf-8").partition(_MARK)[0].rstrip()
    write_file(budgets.path, "\n\n".join(filter(None, [by_hand, "\n".join(out) + "\n"])), "budget file")
    return load(budgets.path)
