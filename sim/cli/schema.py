"""`emberwatch schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from emberwatch.campaign.file import SCHEMA_FILE as CAMPAIGN_SCHEMA

SCHEMA_FILE = Path(__file__).with_name("run.schema.json")


def schema(
    of: Annotated[
        Literal["run", "campaign"], typer.Argument(help="run --json, or campaign files.", metavar="[run|campaign]")
    ] = "run",
) -> int:
    """Print the JSON schema of what `emberwatch run --json` prints, or of campaign files.

    Examples:

    \b
    emberwatch schema
    emberwatch schema campaign
    """
    print({"run": SCHEMA_FILE, "campaign": CAMPAIGN_SCHEMA}[of].read_text(encoding="utf-8"), end="")
    return 0
