"""The synthetic map through the detector: what of it is heard, when and by which kind, and what appliances raise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emberwatch.base.workers import Crew
from emberwatch.training.evaluate.cells import KIND_OF, LEAD_IN_SECONDS, Cell, render_cell
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.metrics import median, wilson_interval
from emberwatch.training.model.events import (
    EVENT_ALARM_KIND,
    EVENT_ALARM_OFF,
    EVENT_ALARM_ON,
    EVENT_POSSIBLE,
    EventParameters,
)

_detector: Detector | None = None

LIMITS_S = {"t4": 12.0, "pulsed_1hz": 9.0, "hi_lo": 9.0}
"""Within so many seconds a cadence should be an alarm; others within `LIMIT_S`."""

LIMIT_S = 5.0


@dataclass(frozen=True)
class CellResult:
    """What the detector made of a cell; times in seconds since its sound began."""

    cell: Cell
    alarm_s: float | None
    possible_s: float | None
    kind: str | None
    shortest_on_s: float | None

    @property
    def in_time(self) -> bool:
        """Whether the alarm came within the time that this cadence allows."""
        return self.alarm_s is not None and self.alarm_s <= LIMITS_S.get(self.cell.name, LIMIT_S)

    @property
    def kind_right(self) -> bool:
        """Whether the kind that was named last is the cadence's."""
        return self.kind == KIND_OF.get(self.cell.name)


def judge_cell(cell: Cell, detector: Detector) -> CellResult:
    """Play a cell to the detector from reset."""
    _, events = detector.listen(render_cell(cell))
    raised = [event.t_s for event in events if event.type == EVENT_ALARM_ON]
    ended = [event.t_s for event in events if event.type == EVENT_ALARM_OFF]
    named = [event.kind for event in events if event.type in (EVENT_ALARM_ON, EVENT_ALARM_KIND)]
    possible = next((e.t_s for e in events if e.type in (EVENT_POSSIBLE, EVENT_ALARM_ON)), None)
    return CellResult(
        cell,
        raised[0] - LEAD_IN_SECONDS if raised else None,
        possible - LEAD_IN_SECONDS if possible is not None else None,
        named[-1] if named else None,
        min((off - on for on, off in zip(raised, ended, strict=False)), default=None),
    )


def _start_worker(tflite: Path, parameters: EventParameters) -> None:
    global _detector
    _detector = Detector(tflite, parameters)


def _work(cell: Cell) -> CellResult:
    if _detector is None:
        raise RuntimeError("worker without a detector")
    return judge_cell(cell, _detector)


def run_map(
    tflite: Path,
    parameters: EventParameters,
    cells: Sequence[Cell],
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[CellResult]:
    """Judge cells, in order, in parallel processes."""
    found: list[CellResult] = []
    with Crew(min(workers, len(cells)), _work, _start_worker, (tflite, parameters)) as crew:
        for result in crew.in_order(cells):
            found.append(result)
            on_progress(len(found), len(cells))
    return found


def map_row(name: str, results: Sequence[CellResult]) -> dict[str, Any]:
    """Counts of some cells, all alarms or all others; JSON-ready."""
    alarms = [r for r in results if r.cell.alarm]
    raised = [r for r in results if r.alarm_s is not None]
    in_time = sum(r.in_time for r in alarms)
    delays = sorted(r.alarm_s for r in raised if r.alarm_s is not None)
    possible = [r.possible_s for r in results if r.possible_s is not None]
    return {
        "name": name,
        "alarm": bool(alarms),
        "trials": len(results),
        "raised": len(raised),
        "in_time": in_time if alarms else None,
        "share": in_time / len(results) if alarms else len(raised) / len(results),
        "share_95": wilson_interval(in_time if alarms else len(raised), len(results)),
        "kind_right": sum(r.kind_right for r in raised) if alarms else None,
        "median_s": median(delays),
        "last_s": delays[-1] if delays else None,
        "possible": len(possible),
        "median_possible_s": median(possible),
        "shortest_on_s": min((r.shortest_on_s for r in results if r.shortest_on_s is not None), default=None),
    }


def _rows(results: Sequence[CellResult], key: Callable[[Cell], str]) -> list[dict[str, Any]]:
    groups: dict[str, list[CellResult]] = {}
    for result in results:
        groups.setdefault(key(result.cell), []).append(result)
    return [map_row(name, members) for name, members in groups.items()]


def map_figures(results: Sequence[CellResult]) -> dict[str, Any]:
    """Tables of the map, by part, cadence, waveform, path, tempo, level, appliance, and what went wrong; JSON-ready."""
    alarms = [r for r in results if r.cell.alarm]
    others = [r for r in results if not r.cell.alarm]
    wrong = [r for r in results if r.cell.alarm != (r.in_time if r.cell.alarm else r.alarm_s is not None)]
    return {
        "trials": len(results),
        "parts": _rows(results, lambda cell: cell.part),
        "cadences": _rows(alarms, lambda cell: cell.name + (" 520 Hz" if cell.part.startswith("520") else "")),
        "waveforms": _rows([r for r in alarms if r.cell.part == "t3"], lambda cell: cell.waveform),
        "paths": _rows([r for r in alarms if r.cell.part in ("t3", "520")], lambda cell: cell.path),
        "tempos": _rows(
            [r for r in alarms if r.cell.name in ("t3", "t4")], lambda cell: f"{cell.name} x {cell.tempo:g}"
        ),
        "levels": _rows([r for r in alarms if r.cell.name == "t3"], lambda cell: f"{cell.level_dbfs:g} dBFS"),
        "noises": _rows([r for r in alarms if r.cell.noise != "none"], lambda cell: f"{cell.noise} {cell.snr_db:g} dB"),
        "appliances": _rows(others, lambda cell: cell.name),
        "wrong": [{**asdict(r.cell), "alarm_s": r.alarm_s, "kind": r.kind} for r in wrong],
    }


@dataclass(frozen=True)
class HeatMap:
    """Shares of a grid: of alarms those in time, of appliances those that raised none; None where there is no cell."""

    title: str
    rows: list[str]
    columns: list[str]
    shares: list[list[float | None]]
    counts: list[list[int]]


def _heat(
    title: str, results: Iterable[CellResult], row: Callable[[Cell], str], column: Callable[[Cell], str]
) -> HeatMap:
    grid: dict[tuple[str, str], list[bool]] = {}
    for r in results:
        right = r.in_time if r.cell.alarm else r.alarm_s is None
        grid.setdefault((row(r.cell), column(r.cell)), []).append(right)
    rows = list(dict.fromkeys(key[0] for key in grid))
    columns = sorted({key[1] for key in grid}, key=lambda name: (float(name) if name[0].isdigit() else 0.0, name))
    at = [[grid.get((r, c), []) for c in columns] for r in rows]
    return HeatMap(
        title,
        rows,
        columns,
        [[sum(cell) / len(cell) if cell else None for cell in line] for line in at],
        [[len(cell) for cell in line] for line in at],
    )


def heat_maps(results: Sequence[CellResult]) -> list[HeatMap]:
    """The grids for the page."""

    def pitch(cell: Cell) -> str:
        return f"{100 * (cell.frequency_hz // 100):.0f}"

    t3 = [r for r in results if r.cell.part == "t3"]
    maps = [
        _heat("T3 by waveform and pitch (Hz)", t3, lambda cell: cell.waveform, pitch),
        _heat("T3 by path and pitch (Hz)", t3, lambda cell: cell.path, pitch),
        _heat(
            "T3 by level or tempo and pitch (Hz)",
            [r for r in t3 if r.cell.path == "dry"],
            lambda cell: f"{cell.level_dbfs:g} dBFS, tempo {cell.tempo:g}",
            pitch,
        ),
        _heat(
            "T3 in noise, by pitch (Hz)",
            [r for r in results if r.cell.part == "t3_noise"],
            lambda cell: f"{cell.noise}, {cell.snr_db:g} dB",
            pitch,
        ),
        _heat(
            "520 Hz square wave, by pitch (Hz)",
            [r for r in results if r.cell.part.startswith("520")],
            lambda cell: f"{cell.name} {cell.path}, tempo {cell.tempo:g}",
            lambda cell: f"{20 * (cell.frequency_hz // 20):.0f}",
        ),
        _heat(
            "Other cadences by pitch (Hz)",
            [r for r in results if r.cell.part in ("other", "t4")],
            lambda cell: cell.name,
            pitch,
        ),
        _heat(
            "Appliances that stay quiet, by pitch (Hz)",
            [r for r in results if not r.cell.alarm],
            lambda cell: cell.name,
            pitch,
        ),
    ]
    return [one for one in maps if one.rows]
