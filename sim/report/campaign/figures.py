"""The figures of a campaign's page: counts and places, without a word of HTML."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from emberwatch.campaign.faults.outcome import FAILURES, MEANINGS
from emberwatch.campaign.rows import Row
from emberwatch.campaign.statistics import Share, quantile, wilson
from emberwatch.chip import load

_MOST_FUNCTIONS = 30
_COLUMNS = 160
_LEAST_SPAN = 256
_GAP = 32 * 1024
"""Between two faults that stand in one strip, at most."""
_BINS = 40
WORST = 10


@dataclass(frozen=True)
class HeatMap:
    """Share of runs that pass, by level (rows, loudest first) and ratio to noise (columns, worst first)."""

    label: str
    levels: tuple[float | None, ...]
    ratios: tuple[float | None, ...]
    cells: tuple[tuple[Share | None, ...], ...]
    of_level: bool
    of_ratio: bool


@dataclass(frozen=True)
class Part:
    """One outcome's part of a bar."""

    outcome: str
    count: int
    percent: float


@dataclass(frozen=True)
class OutcomeBar:
    """What came of the faults of a kind, or in a function."""

    name: str
    parts: tuple[Part, ...]
    total: int
    silent: Share


@dataclass(frozen=True)
class Strip:
    """Faults along a stretch of addresses: for each part of it how many ended how."""

    name: str
    start: int
    end: int
    columns: tuple[tuple[Part, ...], ...]
    most: int


@dataclass(frozen=True)
class Histogram:
    """How often each latency came: bins of equal width, and some quantiles."""

    label: str
    start_s: float
    width_s: float
    counts: tuple[int, ...]
    median_s: float
    ninety_five_s: float
    most_s: float

    @property
    def total(self) -> int:
        """Runs in it."""
        return sum(self.counts)


def heat_maps(rows: Sequence[Row]) -> list[HeatMap]:
    """One for each label where the level or the ratio varies; runs with faults do not count."""
    maps = []
    for label in sorted({row.label for row in rows}):
        ours = [row for row in rows if row.label == label and not row.fault_kind and row.verdict != "error"]
        levels = sorted({row.level_dbfs for row in ours}, key=lambda v: math.inf if v is None else -v)
        ratios = sorted({row.snr_db for row in ours}, key=lambda v: math.inf if v is None else v)
        if len(levels) * len(ratios) < 2:
            continue
        cells: dict[tuple[float | None, float | None], list[bool]] = defaultdict(list)
        for row in ours:
            cells[row.level_dbfs, row.snr_db].append(row.verdict == "pass")
        grid = tuple(
            tuple(
                wilson(sum(cells[level, ratio]), len(cells[level, ratio])) if (level, ratio) in cells else None
                for ratio in ratios
            )
            for level in levels
        )
        maps.append(HeatMap(label, tuple(levels), tuple(ratios), grid, levels != [None], ratios != [None]))
    return maps


def by_kind(rows: Iterable[Row]) -> list[OutcomeBar]:
    """Outcomes of each kind of fault, and of all; empty without faults."""
    faulty = [row for row in rows if row.outcome]
    bars = _grouped(faulty, lambda row: row.fault_kind)
    return [*sorted(bars, key=lambda bar: -bar.total), _bar("all", faulty)] if faulty else []


def by_function(rows: Iterable[Row]) -> tuple[list[OutcomeBar], int]:
    """Outcomes by what the fault hit, those that hurt most first, and how many functions are left out."""
    bars = _grouped((row for row in rows if row.outcome and row.fault_function), lambda row: row.fault_function)
    bars.sort(key=lambda bar: (-_hurt(bar), -bar.total, bar.name))
    return bars[:_MOST_FUNCTIONS], max(0, len(bars) - _MOST_FUNCTIONS)


def by_address(rows: Iterable[Row]) -> list[Strip]:
    """Faults along the address map: a strip for each stretch of a memory without a wide gap."""
    hits = sorted((row.fault_address, row.outcome) for row in rows if row.outcome and row.fault_address is not None)
    strips: list[list[tuple[int, str]]] = []
    for address, outcome in hits:
        if _memory(address):
            last = strips[-1][-1][0] if strips else 0
            if not strips or address - last > _GAP or _memory(address) != _memory(last):
                strips.append([])
            strips[-1].append((address, outcome))
    return [_strip(_memory(strip[0][0]), strip) for strip in strips]


def by_block(rows: Iterable[Row]) -> list[OutcomeBar]:
    """Outcomes by the block whose register a fault changed."""
    bases = sorted((base, name) for block in load().blocks for name, base in block.bases.items())

    def block_of(row: Row) -> str:
        address = row.fault_address or 0
        return next((name for base, name in reversed(bases) if base <= address), f"{address:#010x}")

    hit = (row for row in rows if row.outcome and row.fault_address is not None and not _memory(row.fault_address))
    return sorted(_grouped(hit, block_of), key=lambda bar: (-_hurt(bar), -bar.total, bar.name))


def latencies(rows: Iterable[Row]) -> list[Histogram]:
    """Time from the sound to the alarm, by label, all on one scale."""
    times: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.latency_s is not None and math.isfinite(row.latency_s):
            times[row.label].append(row.latency_s)
    if not times:
        return []
    low = min(map(min, times.values()))
    width = max((max(map(max, times.values())) - low) / _BINS, 1e-3)
    found = []
    for label, values in sorted(times.items()):
        counts = Counter(min(_BINS - 1, int((value - low) / width)) for value in values)
        bins = tuple(counts[i] for i in range(_BINS))
        found.append(
            Histogram(label, low, width, bins, quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1.0))
        )
    return found


def worst(rows: Iterable[Row]) -> list[Row]:
    """Those that failed worst: lost without a word first, then hung, refused, in error, failed; then the closest."""
    order = {"silent": 0, "hang": 1, "model": 2}

    def rank(row: Row) -> tuple[int, float, int]:
        severity = order.get(row.outcome, 3 if row.verdict == "error" else 4 if row.verdict == "fail" else 5)
        return severity, row.margin if row.margin is not None else -math.inf if severity < 5 else math.inf, row.number

    return sorted((row for row in rows if row.verdict != "pass" or row.margin is not None), key=rank)[:WORST]


def _grouped(rows: Iterable[Row], name: Callable[[Row], str]) -> list[OutcomeBar]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[name(row)].append(row)
    return [_bar(group, members) for group, members in sorted(groups.items())]


def _bar(name: str, rows: Sequence[Row]) -> OutcomeBar:
    counts = Counter(row.outcome for row in rows)
    return OutcomeBar(name, _parts(counts, len(rows)), len(rows), wilson(counts["silent"], len(rows)))


def _parts(counts: Counter[str], total: int) -> tuple[Part, ...]:
    return tuple(Part(o, counts[o], round(100.0 * counts[o] / total, 2)) for o in MEANINGS if counts[o])


def _hurt(bar: OutcomeBar) -> int:
    return sum(part.count for part in bar.parts if part.outcome in FAILURES)


def _memory(address: int) -> str:
    return next((memory.name for memory in load().memories if memory.base <= address < memory.end), "")


def _strip(name: str, hits: Sequence[tuple[int, str]]) -> Strip:
    start, end = min(hits)[0], max(hits)[0] + 1
    span = max(end - start, _LEAST_SPAN)
    columns: list[Counter[str]] = [Counter() for _ in range(_COLUMNS)]
    for address, outcome in hits:
        columns[(address - start) * _COLUMNS // span][outcome] += 1
    most = max(sum(column.values()) for column in columns)
    return Strip(name, start, start + span, tuple(_parts(column, most) for column in columns), most)
