"""One row a run, and the two Parquet files that a campaign leaves: what came out, and what it cost the host.

`results.parquet` holds what the runs determine: rows in the order of the plan, written with fixed options, so that it
has the same bytes whatever the order and number of workers. `host.parquet` holds what they do not: host seconds and
the worker of each run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emberwatch.base.atomic import replacing
from emberwatch.base.errors import UsageError
from emberwatch.base.extras import load

if TYPE_CHECKING:
    import pyarrow as pa

RESULTS = "results.parquet"
HOST = "host.parquet"

_PURPOSE = "a campaign"

VERDICTS = ("pass", "fail", "error")
OUTCOMES = ("", "masked", "recovered", "halted", "silent", "hang", "model")
"""What became of a fault; '' without one, 'model' where the emulator refuses to go on."""


@dataclass(frozen=True)
class RowEvent:
    """An alarm that began or ended."""

    t_s: float
    state: str
    kind: str


@dataclass(frozen=True)
class Row:
    """One run: what was asked for, and what came out.

    Times are emulated seconds since power-on where the name ends in `_at_s` or is `t_s`, else durations.
    """

    id: str
    """Identity: SHA-256, hexadecimal, of all that determines the run."""
    number: int
    """Place in the plan, from 0."""
    firmware: str = ""
    firmware_sha256: str = ""
    board: str = ""
    scenario: str = ""
    label: str = ""
    """What sounds: 't3', 'other', ...; '' where that has no meaning."""
    level_dbfs: float | None = None
    snr_db: float | None = None
    room: str = ""
    noise: str = ""
    seed: int = 1
    fault_kind: str = ""
    fault_what: str = ""
    fault_at_s: float | None = None
    fault_address: int | None = None
    fault_function: str = ""
    verdict: str = "error"
    """One of `VERDICTS`."""
    outcome: str = ""
    """One of `OUTCOMES`."""
    alarm: bool = False
    alarm_kind: str = ""
    latency_s: float | None = None
    """From the beginning of the sound to the first alarm."""
    events: tuple[RowEvent, ...] = ()
    cycles: dict[str, int] = field(default_factory=dict)
    """Worst clk_sys cycles of each stage of the firmware."""
    load_percent: float | None = None
    margin: float | None = None
    """Seconds to the limit of the rule that judged it; negative where it failed."""
    emulated_s: float = 0.0
    error: str = ""


@dataclass(frozen=True)
class HostRow:
    """What a run cost the host."""

    id: str
    number: int
    host_s: float
    worker: str


def schema() -> pa.Schema:
    """Columns of `results.parquet`, in order, as `Row` names them."""
    pa = load("pyarrow", _PURPOSE)
    text, real, whole, flag = pa.string(), pa.float64(), pa.int64(), pa.bool_()
    event = pa.struct([pa.field("t_s", real, False), pa.field("state", text, False), pa.field("kind", text, False)])
    kinds = {
        "str": text,
        "int": whole,
        "float": real,
        "bool": flag,
        "tuple[RowEvent, ...]": pa.list_(pa.field("item", event, False)),
        "dict[str, int]": pa.map_(text, whole),
    }
    return pa.schema([_column(pa, column.name, str(column.type), kinds) for column in fields(Row)])


def _column(pa: Any, name: str, kind: str, kinds: dict[str, Any]) -> Any:
    plain = kind.removesuffix(" | None")
    return pa.field(name, kinds[plain], nullable=kind != plain)


def write_results(folder: Path, rows: Iterable[Row]) -> Path:
    """Writes `results.parquet`, sorted by `number`; the same rows give the same bytes.

    Raises:
        UsageError: it cannot be written.
    """
    ordered = sorted(rows, key=lambda row: row.number)
    return _write(folder / RESULTS, schema(), [_plain(row) for row in ordered])


def write_host(folder: Path, rows: Iterable[HostRow]) -> Path:
    """Writes `host.parquet`, sorted by `number`."""
    pa = load("pyarrow", _PURPOSE)
    columns = pa.schema(
        [
            pa.field("id", pa.string(), False),
            pa.field("number", pa.int64(), False),
            pa.field("host_s", pa.float64(), False),
            pa.field("worker", pa.string(), False),
        ]
    )
    return _write(folder / HOST, columns, [asdict(row) for row in sorted(rows, key=lambda row: row.number)])


def _plain(row: Row) -> dict[str, Any]:
    return asdict(row) | {"cycles": sorted(row.cycles.items())}


def _write(path: Path, columns: pa.Schema, rows: Sequence[dict[str, Any]]) -> Path:
    pa = load("pyarrow", _PURPOSE)
    parquet = load("pyarrow.parquet", _PURPOSE)
    table = pa.Table.from_pylist(list(rows), schema=columns)
    try:
        with replacing(path) as stream:
            parquet.write_table(table, stream, version="2.6", compression="zstd", row_group_size=1 << 20)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}); make room there or give another folder"
        ) from None
    return path


def read_results(path: Path) -> list[Row]:
    """Rows of `results.parquet`, in the order of the plan.

    Args:
        path: the file, or the folder of the campaign.

    Raises:
        UsageError: there is no such file, or it is not one of ours.
    """
    if path.is_dir():
        path = path / RESULTS
    pa = load("pyarrow", _PURPOSE)
    parquet = load("pyarrow.parquet", _PURPOSE)
    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; `emberwatch campaign run` writes it") from None
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} is no Parquet file: {str(error).splitlines()[0]}") from None
    missing = [column.name for column in fields(Row) if column.name not in table.column_names]
    if missing:
        raise UsageError(f"{path} is no result of a campaign: it has no column {missing[0]!r}")
    names = [column.name for column in fields(Row)]
    return [_row(values) for values in table.select(names).to_pylist()]


def _row(values: dict[str, Any]) -> Row:
    events = tuple(RowEvent(**event) for event in values.pop("events"))
    return Row(**values | {"events": events, "cycles": dict(values["cycles"])})
