"""The pages for people name what the code takes and gives, all of it and nothing else."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

import pytest
import typer
from pages import command_lines
from paths import ROOT

from emberwatch.audio import scenario
from emberwatch.board.board import Board
from emberwatch.cli.main import application, command_names
from emberwatch.detector.protocol import Alarm, Banner, Fault, Other, Statistics, Window, parse_line
from emberwatch.detector.result import FunctionResult, RunResult
from emberwatch.machine.machine import Machine
from emberwatch.machine.steps import STEPS
from emberwatch.steps.calls import parameters
from emberwatch.steps.serve import Server

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_cells(text: str, heading: str) -> list[list[str]]:
    """The code words in the first cells of the table under this heading row."""
    rows = text[text.index(heading) :].splitlines()[2:]
    cells = [row.split("|")[1] for row in rows[: next((n for n, row in enumerate(rows) if row[:1] != "|"), len(rows))]]
    return [re.findall(r"`([^`]+)`", cell) for cell in cells]


# docs/json.md


def test_json_keys() -> None:
    empty = {"alarm": False, "events": [], "windows": [], "functions": {"app_process_block": FunctionResult(1, 1.0, 1)}}
    given = {name: empty.get(name, 0) for name in (field.name for field in fields(RunResult))}
    result = RunResult(**given).as_dict()
    keys = {f"cycles.{key}" for key in result["cycles"]} | set(result) - {"cycles"}
    named = [name for cell in first_cells(page("json.md"), "| key | meaning |") for name in cell]
    assert sorted(named) == sorted(keys)


# Command lines


def all_command_lines() -> Iterator[tuple[str, str]]:
    for path in PAGES:
        yield from ((path.name, line) for line in command_lines(path))
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
        yield from ((path.name, inline) for inline in re.findall(r"`(emberwatch [a-z][^`\n]*)`", text))


def options_of(name: str) -> set[str]:
    command = typer.main.get_command(application(name))
    found = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return found | {"-h", "--help"}


def test_command_lines_are_understood() -> None:
    known = command_names()
    seen = 0
    for where, line in all_command_lines():
        words = shlex.split(line.partition(" > ")[0].partition(" | ")[0].partition("#")[0].replace("'", " "))[1:]
        if not all(re.fullmatch(r"[a-z0-9-]+", word) for word in words[:1]):
            continue
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        if name not in known and re.match(r"^[\d.]+", words[0]):
            continue
        assert name in known or any(other.startswith(f"{name} ") for other in known), f"{where}: {line}"
        if name not in known:
            continue
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]*", " ".join(words)):
            assert option in options_of(name), f"{where}: {line}: {name} has no {option}"
            seen += 1
    assert seen > 20, "hardly a command line was found in the pages"


@pytest.mark.parametrize("name", command_names())
def test_every_command_is_on_a_page(name: str) -> None:
    assert any(f"emberwatch {name}" in path.read_text(encoding="utf-8") for path in PAGES)


# docs/scenarios.md


def test_scenario_keys() -> None:
    text = page("scenarios.md")
    named = {name for cell in first_cells(text, "| key of a sound |") for name in cell}
    taken = {"file", "generate"} | {field.name for field in fields(scenario.SoundKeys)}
    assert named == taken
    example = text.partition("\n    [[sound]]")[0]
    assert set(re.findall(r"^    (\w+) = ", example, re.M)) == {f.name for f in fields(scenario.ScenarioKeys)} - {
        "sound",
        "step",
    }


# docs/steps.md


def test_steps_and_their_arguments() -> None:
    rows = [row.split("|")[1:3] for row in page("steps.md").splitlines() if row.startswith("| `")]
    named = {step: arguments for names, arguments in rows for step in re.findall(r"`(\w+)`", names)}
    assert list(named) == list(STEPS)
    for step, arguments in named.items():
        words = [re.sub(r" \(.*?\)", "", word).strip() for word in arguments.split(",") if word.strip()]
        assert words == list(parameters(step)), step


# docs/serve.md


def test_requests() -> None:
    named = [name for cell in first_cells(page("serve.md"), "| `do` | arguments | result |") for name in cell]
    assert set(named) == set(Server(Machine).requests)


# docs/json.md beside the schema


def test_the_schema_and_the_page_name_the_same_keys() -> None:
    schema = json.loads((ROOT / "sim/cli/run.schema.json").read_text())
    head = [name for cell in first_cells(page("json.md"), "| key of every run | meaning |") for name in cell]
    own = {name for name in schema["then"]["required"] if name not in RunResult.__annotations__}
    own -= {"cycles", "seconds"}
    assert set(head) == set(schema["required"]) | {"firmware"} | own


def test_generators_and_their_parameters() -> None:
    rows = [row for row in page("scenarios.md").splitlines() if row.startswith("| `")]
    start = next(n for n, row in enumerate(rows) if row.startswith("| `t3`"))
    named: dict[str, set[str]] = {}
    for row in rows[start : start + len(scenario.GENERATORS)]:
        head, parameters = row.split("|")[1:3]
        words = set(re.findall(r"`(\w+)` ?\(|`(seed)`", parameters))
        keys = {a or b for a, b in words}
        if "as `t3`" in parameters:
            keys |= named["t3"]
        for name in re.findall(r"`(\w+)`", head):
            named[name] = keys
    taken = {name: set(inspect.signature(make).parameters) for name, make in scenario.GENERATORS.items()}
    assert named == taken


# docs/protocol.md


def test_protocol_examples_parse_and_name_every_field() -> None:
    lines = re.findall(r"^    ((?:emberwatch|W|ALARM|S|FAULT) .*)$", page("protocol.md"), re.M)
    messages = [parse_line(line) for line in lines if not line.startswith("emberwatch-")]
    assert not any(isinstance(message, Other) for message in messages)
    assert {type(message) for message in messages} == {Banner, Window, Alarm, Statistics, Fault}
    assert {message.state for message in messages if isinstance(message, Alarm)} == {
        "possible",
        "on",
        "kind",
        "off",
        "clear",
    }


@pytest.mark.parametrize(("kind", "heading"), [("S", "| `blocks` |"), ("W", "| `p` |")])
def test_protocol_fields_are_those_that_the_firmware_prints(kind: str, heading: str) -> None:
    source = (ROOT / "firmware/apps/detector/report.c").read_text()
    body = next(b for b in re.split(r"\n(?=void )", source) if re.search(rf'"{kind}[ "]', b))
    printed = re.findall(r"[\" ]([a-z]+)=", body)
    table = page("protocol.md")
    start = table.rindex("| field | meaning |", 0, table.index(heading))
    named = [name for cell in first_cells(table[start:], "| field | meaning |") for name in cell]
    assert named == printed
    example = next(line for line in table.splitlines() if line.startswith(f"    {kind} "))
    assert re.findall(r"([a-z]+)=", example) == printed


# docs/hardware.md


def board_keys(cls: type, prefix: str = "") -> Iterator[str]:
    for name, hint in get_type_hints(cls).items():
        parts = (hint, *(get_args(hint) if type(None) in get_args(hint) else ()))
        table = next((part for part in parts if is_dataclass(part)), None)
        if isinstance(table, type):
            yield from board_keys(table, f"{name}.")
        elif name not in ("name", "folder"):
            yield prefix + name


def test_board_keys() -> None:
    named = []
    for cell in first_cells(page("hardware.md"), "| key | meaning |"):
        table = cell[0].partition(".")[0]
        named += [cell[0].partition(".NAME")[0], *(table + word for word in cell[1:] if word.startswith("."))]
    assert sorted(named) == sorted(board_keys(Board))


# docs/campaigns.md


def test_columns_and_keys_of_campaigns() -> None:
    from emberwatch.campaign.file import Grid
    from emberwatch.campaign.rows import Row

    text = page("campaigns.md")
    for heading, cls in (("| column | meaning |", Row), ("| key of a grid | meaning |", Grid)):
        named = [name for cell in first_cells(text, heading) for name in cell]
        assert sorted(named) == sorted(field.name for field in fields(cls))
