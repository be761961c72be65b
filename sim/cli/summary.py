"""`emberwatch summary`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def summary(
    output: Annotated[Path, typer.Argument(help="output.xml of a Robot run.", metavar="OUTPUT")] = Path(
        "results/output.xml"
    ),
) -> int:
    """Sum up a Robot run: tests, detection results, cycles per stage against budget, speed, where the log lies.

    Exits with 1 when a test failed.
    """
    from emberwatch.base import extras

    extras.load("robot", "the summary of a Robot run")
    from emberwatch.report.summary import Summary

    result = Summary.read(output)
    print(result.render())
    return 0 if result.failed == 0 else 1
