"""`emberwatch schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

SCHEMA_FILE = Path(__file__).with_name("run.schema.json")
SCHEMAS = {
    "run": "what `emberwatch run --json` prints",
    "board": "a board file",
    "scenario": "a scenario file",
    "campaign": "a campaign file",
}


def schema(
    name: Annotated[str, typer.Argument(help=f"{', '.join(SCHEMAS)}.", metavar="[NAME]")] = "run",
) -> int:
    """Print a JSON schema: of what `emberwatch run --json` prints, of board, scenario or campaign files.

    Editors that know schemas complete and check TOML with them: `#:schema board.schema.json` as first line.
    """
    from emberwatch.base.errors import UsageError

    if name not in SCHEMAS:
        raise UsageError(f"no schema is called {name!r}; there are: {', '.join(SCHEMAS)}")
    print(text(name), end="")
    return 0


def text(name: str) -> str:
    """The schema of this name of `SCHEMAS`, as a file holds it."""
    if name == "run":
        return SCHEMA_FILE.read_text(encoding="utf-8")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:emberwatch:{name}:1",
        "title": f"{name.capitalize()} file of Emberwatch",
    }
    made = {"board": _board, "scenario": _scenario, "campaign": _campaign}[name]
    return json.dumps(head | made(), indent=2) + "\n"


def _board() -> dict[str, Any]:
    from emberwatch.base.toml_schema import schema as of
    from emberwatch.board.board import Board

    found = of(Board)
    del found["properties"]["name"], found["required"]  # the file's own name
    device = {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}
    found["properties"]["devices"] = {"type": "object", "additionalProperties": device}
    return found


def _scenario() -> dict[str, Any]:
    import inspect

    from emberwatch.audio.scenario import GENERATORS, ScenarioKeys, SoundKeys
    from emberwatch.base.toml_schema import schema as of
    from emberwatch.base.toml_schema import value

    found, sound = of(ScenarioKeys), of(SoundKeys)
    own = {
        name: value(type(parameter.default))
        for make in GENERATORS.values()
        for name, parameter in inspect.signature(make).parameters.items()
    }
    sound["properties"] |= {"file": {"type": "string"}, "generate": {"enum": list(GENERATORS)}} | own
    sound["oneOf"] = [{"required": ["file"]}, {"required": ["generate"]}]
    found["properties"]["sound"] |= {"items": sound}
    return found


def _campaign() -> dict[str, Any]:
    from emberwatch.base.toml_schema import schema as of
    from emberwatch.campaign.file import CampaignFile

    return of(CampaignFile)
