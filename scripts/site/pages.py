"""Pages that MkDocs gets from the code itself, so that they cannot fall behind: commands, keywords, changes."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer
from mkdocs.structure.files import File, Files
from robot.libdoc import libdoc

from emberwatch.cli.main import application, command_names, help_text
from emberwatch.cli.schema import SCHEMAS
from emberwatch.cli.schema import text as schema_text

sys.path.append(str(Path(__file__).parent))
from machine import assets

ROOT = Path(__file__).resolve().parents[2]


def on_files(files: Files, config: Any) -> Files:
    """MkDocs' hook: adds what is rendered."""
    pages = {
        "reference/commands.md": "\n".join(_commands()),
        "reference/robot.md": "\n".join(_keywords(files, config)),
        "reference/changes.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        "reference/model-card.md": (ROOT / "training/released/MODEL_CARD.md").read_text(encoding="utf-8"),
        "reference/schemas.md": "\n".join(_schemas()),
        "records/index.md": "\n".join(_records()),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for name in SCHEMAS:
        files.append(File.generated(config, f"reference/{name}.schema.json", content=schema_text(name)))
    for name, data in assets().items():
        files.append(File.generated(config, f"machine/{name}", content=data))
    return files


def _commands() -> Iterator[str]:
    yield "# Commands\n\nWhat each command prints with `--help`.\n"
    yield f"```text\n{help_text()}```\n"
    for name in command_names():
        command = typer.main.get_command(application(name))
        context = click.Context(command, info_name=f"emberwatch {name}", max_content_width=100)
        yield f"## {name}\n\n```text\n{command.get_help(context)}\n```\n"


def _keywords(files: Files, config: Any) -> Iterator[str]:
    yield "# Robot keywords\n\nSuites import `resources/emberwatch.resource`, or the libraries alone."
    yield "\n| library | what its keywords are about |\n|---|---|"
    for path in sorted((ROOT / "sim/robot").glob("*Library.py")):
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            libdoc(str(path), str(page), quiet=True)
            html = page.read_text(encoding="utf-8")
        name = f"reference/{path.stem}.html"
        files.append(File.generated(config, name, content=html))
        about = re.search(r'class \w+Library\b[^\n]*\n    """([^\n"]+)', path.read_text(encoding="utf-8"))
        yield f"| [{path.stem}]({path.stem}.html) | {about.group(1) if about else ''} |"


def _schemas() -> Iterator[str]:
    yield "# JSON schemas\n\nThe same as `emberwatch schema NAME` prints, draft 2020-12. Editors check TOML files"
    yield "with them; as first line of a board file, for Taplo and Even Better TOML: `#:schema board.schema.json`."
    yield "\n| file | of |\n|---|---|"
    yield from (f"| [{name}.schema.json]({name}.schema.json) | {about} |" for name, about in SCHEMAS.items())


def _records() -> Iterator[str]:
    yield (
        "# Decisions\n\nChoices that shaped the design: what was known, what was chosen, what it cost. A record is not"
        " rewritten;\na later one says that it no longer holds.\n\n| | date | |\n|---|---|---|"
    )
    for path in sorted((ROOT / "docs/records").glob("[0-9]*.md")):
        lines = io.StringIO(path.read_text(encoding="utf-8"))
        title = next(lines).removeprefix("# ").strip()
        date = next(line for line in lines if line.startswith("Date: ")).removeprefix("Date: ").strip()
        yield f"| [{path.stem[:4]}]({path.name}) | {date} | {title} |"
