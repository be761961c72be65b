"""One self-contained HTML page about a campaign: no network, no scripts, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file
from emberwatch.base.text import printable
from emberwatch.campaign.compare import Comparison
from emberwatch.campaign.faults.outcome import MEANINGS
from emberwatch.campaign.rows import Row
from emberwatch.campaign.statistics import percent, wilson
from emberwatch.report.campaign import figures


def write_page(
    path: Path, rows: Sequence[Row], title: str, replay: str, host_s: float | None = None, option: str = "--out"
) -> None:
    """Writes the page.

    Raises:
        UsageError: there are no runs, or the file cannot be written.
    """
    write_file(path, render(rows, title, replay, host_s), option)


def render(
    rows: Sequence[Row],
    title: str,
    replay: str,
    host_s: float | None = None,
    comparison: Comparison | None = None,
) -> str:
    """The page's HTML.

    Args:
        rows: the campaign.
        title: its heading.
        replay: command that makes one run again; `{id}` stands for which.
        host_s: what all runs cost the host, if that is known.
        comparison: with another campaign, if there is one.

    Raises:
        UsageError: there are no runs.
    """
    from jinja2 import Environment, PackageLoader, select_autoescape

    if not rows:
        raise UsageError("the campaign holds no runs; there is nothing to report")
    environment = Environment(
        loader=PackageLoader("emberwatch.report"), autoescape=select_autoescape(default=True), trim_blocks=True
    )
    environment.filters["plain"] = lambda text: printable(str(text))
    environment.filters["percent"] = percent
    functions, left_out = figures.by_function(rows)
    firmware = sorted({(row.firmware, row.firmware_sha256[:12]) for row in rows})
    return environment.get_template("campaign.html.j2").render(
        title=title,
        firmware=[f"{name} ({digest})" if digest else name for name, digest in firmware],
        boards=sorted({row.board for row in rows}),
        runs=len(rows),
        passed=wilson(sum(row.verdict == "pass" for row in rows), len(rows)),
        errors=sum(row.verdict == "error" for row in rows),
        emulated_s=sum(row.emulated_s for row in rows),
        host_s=host_s,
        meanings=MEANINGS,
        maps=figures.heat_maps(rows),
        kinds=figures.by_kind(rows),
        functions=functions,
        functions_left_out=left_out,
        strips=figures.by_address(rows),
        blocks=figures.by_block(rows),
        latencies=figures.latencies(rows),
        worst=[(row, replay.replace("{id}", row.id[:12])) for row in figures.worst(rows)],
        comparison=comparison,
    )
