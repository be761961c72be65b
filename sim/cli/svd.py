"""`emberwatch svd`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.output import check_outputs, write_file
from emberwatch.chip import load
from emberwatch.chip.svd import render_svd


def svd(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write it there, not to the terminal.", metavar="FILE")
    ] = None,
) -> None:
    """Write the RP2040's registers as a CMSIS-SVD file, for GDB front ends and editors.

    Examples:

    \b
    emberwatch svd --out build/rp2040.svd
    emberwatch svd | grep -c "<register>"
    """
    if out is not None:
        check_outputs({"--out": out})
    text = render_svd(load())
    if out is None:
        typer.echo(text, nl=False)
        return
    write_file(out, text, "--out")
