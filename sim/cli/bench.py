"""`emberwatch bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def bench(
    elf: Annotated[
        Path | None, typer.Argument(help="Firmware; default: the one built for the Pico.", metavar="ELF")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for bench.json and bench-history.jsonl.", metavar="DIR")] = Path(
        "build/bench"
    ),
    whole_map: Annotated[
        bool,
        typer.Option(
            "--map/--no-map", help="Play the whole synthetic map to the released detector, which takes longest."
        ),
    ] = True,
) -> None:
    """Measure speed and cycles and print them beside the bars, the original tutorial and peers.

    Figures of speed are medians over runs in this process; compare ratios, not machines. Cycles are exact and the same
    everywhere. A missed bar is shown, it is no error.

    Examples:

    \b
    emberwatch bench
    emberwatch bench --no-map
    emberwatch bench build/firmware/sparkfun_micromod/emberwatch.elf --out /tmp/bench
    """
    from rich.console import Console
    from rich.table import Table

    from emberwatch.base.errors import ImageError
    from emberwatch.base.paths import build_folder
    from emberwatch.bench.suite import Row, run_bench, save

    firmware = elf or build_folder() / "firmware/pico/emberwatch.elf"
    if not firmware.exists():
        raise ImageError(f"{firmware} does not exist; build it with: emberwatch build")
    console = Console(stderr=True)
    rows: list[Row] = []
    with console.status("starting") as status:
        rows.extend(run_bench(firmware, lambda what: status.update(f"measuring {what}"), whole_map))
    table = Table("what", box=None, pad_edge=False)
    for heading in ("measured", "bar", "aim", "original"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("note")
    for row in rows:
        mark = {True: "[green]", False: "[red]", None: ""}[row.meets_bar]
        value = f"{mark}{_number(row.value)}{'[/]' if mark else ''}"
        table.add_row(row.what, value, _number(row.bar), _number(row.aim), _number(row.original), row.unit, row.note)
    Console(width=None if console.is_terminal else 170).print(table)
    latest, history = save(rows, out)
    print(f"\n{latest}, history in {history}")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
