"""`emberwatch schema`."""

from __future__ import annotations

from pathlib import Path

SCHEMA_FILE = Path(__file__).with_name("run.schema.json")


def schema() -> int:
    """Print the JSON schema of what `emberwatch run --json` prints."""
    print(SCHEMA_FILE.read_text(encoding="utf-8"), end="")
    return 0
