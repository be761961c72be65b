"""`emberwatch coverage`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say, write_file

_HTML = ("auto", "own", "genhtml", "none")


def coverage(
    folder: Annotated[Path, typer.Argument(help="Where runs have left their coverage.", metavar="DIR")] = Path(
        "results/coverage"
    ),
    html: Annotated[
        str, typer.Option(help=f"Pages by: {', '.join(_HTML)}; auto takes genhtml if there is one.", metavar="NAME")
    ] = "auto",
    source_root: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder whose sources may be shown, beside the project and the firmware's (repeatable).", metavar="DIR"
        ),
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Report these files alone, as 'src/*' (repeatable).", metavar="GLOB")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Leave these files out, as '*/pico-sdk/*' (repeatable).", metavar="GLOB")
    ] = None,
    minimum: Annotated[
        float | None, typer.Option(help="Exit with 1 when less of the lines was executed.", metavar="PERCENT")
    ] = None,
) -> int:
    """Report which lines and branches of the firmware ran, merged over all runs in a folder.

    Writes coverage.info (LCOV) and HTML into the folder. Runs gather coverage when EMBERWATCH_COVERAGE names a folder;
    Robot runs also with --variable COVERAGE:DIR.

    Examples:

    \b
    EMBERWATCH_COVERAGE=results/coverage emberwatch run emberwatch.elf --audio smoke.wav
    emberwatch coverage
    emberwatch coverage results/coverage --minimum 90
    emberwatch coverage --include 'src/*' --exclude '*_test.c'
    """
    from emberwatch.inspect.coverage import html as own_html
    from emberwatch.inspect.coverage import lcov, report

    if html not in _HTML:
        raise UsageError(f"--html {html!r} is not known; use one of: {', '.join(_HTML)}")
    result = report.load(folder, source_root or (), include or (), exclude or ())
    info = folder / "coverage.info"
    write_file(info, lcov.write(result))
    page = _pages(html, info, folder, own_html.write(result))
    for file in result.files:
        seen, directions = file.directions
        executed = f"{file.lines_hit:6} of {len(file.lines):6} lines  {seen:5} of {directions:5} branch directions"
        print(f"{executed}  {file.name}")
    hit, lines = result.lines
    seen, directions = result.directions
    percent = 100 * hit / lines if lines else 0.0
    branches = 100 * seen / directions if directions else 0.0
    runs = f"{result.runs} run{'s' if result.runs != 1 else ''}"
    print(f"{runs}: {percent:.1f} % of lines, {branches:.1f} % of branch directions; {info}{page}")
    for note in result.notes:
        say(f"note: {note}")
    if minimum is not None and percent < minimum:
        say(f"{percent:.1f} % of lines were executed, at least {minimum:g} % are asked for")
        return 1
    return 0


def _pages(how: str, info: Path, folder: Path, own: str) -> str:
    tool = shutil.which("genhtml")
    if how == "genhtml" and tool is None:
        raise UsageError("--html genhtml: there is no genhtml; install lcov, or use --html own")
    if how == "none":
        return ""
    if tool is not None and how != "own":
        out = folder / "html"
        command = [tool, "--quiet", "--branch-coverage", "--output-directory", str(out), str(info)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return f", {out / 'index.html'}"
        if how == "genhtml":
            raise UsageError(f"genhtml failed: {(done.stderr or done.stdout).strip()[-300:]}")
    page = folder / "coverage.html"
    write_file(page, own)
    return f", {page}"
