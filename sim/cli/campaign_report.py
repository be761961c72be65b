"""`emberwatch campaign report` and `campaign compare`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs, write_file
from emberwatch.base.text import printable
from emberwatch.cli.campaign import Folder

if TYPE_CHECKING:
    from emberwatch.campaign.rows import Row

Report = Annotated[Path | None, typer.Option("--report", help="Write an HTML page.", metavar="FILE")]


def report(
    folder: Folder,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="HTML page; default: report.html in the folder.", metavar="FILE")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the runs as JUnit XML.", metavar="FILE")] = None,
    title: Annotated[str, typer.Option(help="Heading of the page; default: the folder's name.", metavar="TEXT")] = "",
) -> int:
    """Write a page about a campaign: heat maps, what became of faults, latencies, the ten worst and how to replay them.

    Works while the campaign runs: on what is done. Exits with 0 whatever the runs found.

    Examples:

    \b
    emberwatch campaign report build/campaign/levels
    emberwatch campaign report build/campaign/faults --out faults.html --junit faults.xml
    """
    from emberwatch.campaign.junit import junit as junit_xml
    from emberwatch.campaign.results import read_journal
    from emberwatch.campaign.rows import RESULTS, read_results
    from emberwatch.report.campaign.page import write_page

    page = out if out is not None else folder / "report.html"
    check_outputs({"--out": page, "--junit": junit})
    entries = read_journal(folder) if folder.is_dir() else []
    rows = read_results(folder) if (folder / RESULTS).is_file() or not entries else [entry.row for entry in entries]
    name = title or folder.resolve().name
    host_s = sum(entry.host_s for entry in entries) if len(entries) == len(rows) else None
    write_page(page, rows, name, f"emberwatch campaign replay {{id}} --in {folder}", host_s)
    if junit is not None:
        write_file(junit, junit_xml(rows, name), "--junit")
    _say_rows(name, rows)
    print(page)
    return 0


def compare(
    before: Annotated[Path, typer.Argument(help="Folder or results.parquet that is known to be good.")],
    after: Annotated[Path, typer.Argument(help="Folder or results.parquet to be judged.")],
    confidence: Annotated[
        float, typer.Option(help="With which a difference must exclude chance.", metavar="SHARE")
    ] = 0.95,
    page: Report = None,
) -> int:
    """Compare two campaigns: runs that pass, by what sounds, outcomes of faults, time to the alarm.

    Exits with 1 when a figure is worse and chance does not explain it.

    Examples:

    \b
    emberwatch campaign compare main/results.parquet build/campaign/levels
    emberwatch campaign compare before after --confidence 0.99 --report compared.html
    """
    from emberwatch.campaign.compare import compare as compare_rows
    from emberwatch.campaign.rows import read_results
    from emberwatch.report.campaign.page import render

    if not 0.5 <= confidence < 1:
        raise UsageError(f"--confidence {confidence:g} must be at least 0.5 and less than 1")
    check_outputs({"--report": page}, [path for path in (before, after) if path.is_file()])
    first, second = read_results(before), read_results(after)
    result = compare_rows(first, second, confidence)
    if page is not None:
        replay = f"emberwatch campaign replay {{id}} --in {after}"
        write_file(page, render(second, f"{after} beside {before}", replay, comparison=result), "--report")
    print(f"{result.before} and {result.after} runs, {result.paired} of the same case")
    for found in result.differences:
        verdict = "WORSE" if found.regressed else "better" if found.significant else "as before"
        print(f"{verdict:<10}{printable(found.what)}: {found.before}, now {found.after}; p = {found.probability:.3g}")
        if found.regressed and found.cases:
            print(f"{'':10}runs {', '.join(map(str, found.cases))}")
    return 1 if result.regressed else 0


def _say_rows(name: str, rows: Sequence[Row]) -> None:
    from emberwatch.campaign.statistics import percent, wilson
    from emberwatch.report.campaign.figures import by_kind

    passed = wilson(sum(row.verdict == "pass" for row in rows), len(rows))
    print(f"{printable(name)}: {passed} pass")
    for bar in by_kind(rows):
        parts = ", ".join(f"{part.count} {part.outcome}" for part in bar.parts)
        lost = f"silent {percent(bar.silent.low)} to {percent(bar.silent.high)} %"
        print(f"  {printable(bar.name):<12}{bar.total:>7}  {parts}; {lost}")
