"""Scenarios of Wokwi's CI, as they are: https://docs.wokwi.com/wokwi-ci/automation-scenarios."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emberwatch.base.errors import ScenarioError, UsageError
from emberwatch.base.regular import read_text
from emberwatch.base.toml import suggest
from emberwatch.board.wokwi import Diagram
from emberwatch.machine.values import gpio
from emberwatch.steps.calls import Call, call

_KEYS = {"name", "version", "author", "steps"}
_MOST_NODES = 100_000
_STEPS = (
    "delay",
    "wait-serial",
    "write-serial",
    "set-control",
    "expect-pin",
    "wait-pin",
    "take-screenshot",
)


def is_wokwi(path: Path) -> bool:
    """Whether a scenario file is one of Wokwi's, by its name."""
    return path.suffix.lower() in (".yaml", ".yml")


def load(path: Path, diagram: Diagram | None, deadline_s: float) -> list[Call]:
    """Reads a scenario.

    Args:
        path: the YAML file.
        diagram: says which GPIO a part's pin is on; None: pins are those of the chip.
        deadline_s: emulated time until which texts and pins are waited for.

    Raises:
        ScenarioError: it is no such scenario; the message names the step.
    """
    import yaml

    try:
        content = yaml.safe_load(read_text(path, "scenario", ScenarioError))
        if _nodes(content, {}) > _MOST_NODES:
            raise ScenarioError(f"scenario {path} has more than {_MOST_NODES} values once its aliases are written out")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioError(f"scenario {path} is not valid YAML: {error}") from None
    if not isinstance(content, Mapping) or not isinstance(content.get("steps"), list):
        raise ScenarioError(f"scenario {path} has no list of steps; write: steps:")
    for key in content:
        if key not in _KEYS:
            raise ScenarioError(f"scenario {path}: unknown key {key!r}{suggest(str(key), _KEYS)}")
    if content.get("version", 1) != 1:
        raise ScenarioError(f"scenario {path}: version = {content['version']!r}; only version 1 is known")
    found = []
    for number, entry in enumerate(content["steps"]):
        try:
            found += _step(entry, diagram, deadline_s)
        except (UsageError, ScenarioError) as error:
            raise ScenarioError(f"scenario {path}: step {number + 1}: {error}") from None
    return found


def _nodes(value: object, known: dict[int, int]) -> int:
    """Values in a document with its aliases written out: a few lines of them can stand for more than any memory."""
    if not isinstance(value, (Mapping, list)):
        return 1
    if id(value) not in known:
        known[id(value)] = _MOST_NODES + 1  # an alias to what it is in would have no end
        parts = value.values() if isinstance(value, Mapping) else value
        known[id(value)] = 1 + sum(_nodes(part, known) for part in parts)
    return known[id(value)]


def _step(entry: object, diagram: Diagram | None, deadline_s: float) -> list[Call]:
    if not isinstance(entry, Mapping):
        raise ScenarioError(f"{entry!r} is no step; write a name, a colon and a value")
    names = [str(key) for key in entry if key != "name"]
    if len(names) != 1:
        raise ScenarioError(f"a step has one name, not {', '.join(names) or 'none'}")
    (name,) = names
    if name not in _STEPS:
        raise ScenarioError(f"step {name!r} is not known{suggest(name, _STEPS)}")
    value = entry[name]
    title = str(entry.get("name") or f"{name} {_shown(value)}")
    waits = name in ("wait-serial", "wait-pin") and not (isinstance(value, Mapping) and "timeout" in value)
    deadline = deadline_s if waits else None
    return [Call(c.step, c.arguments, title, deadline) for c in _translate(name, value, diagram)]


def _translate(name: str, value: Any, diagram: Diagram | None) -> list[Call]:
    if name == "delay":
        return [call("wait", {"seconds": value})]
    if name == "wait-serial":
        table = value if isinstance(value, Mapping) else {"text": value}
        text = str(table.get("text", ""))
        if text.startswith("/") and text.endswith("/"):  # slashes stand for themselves there
            text = f"/{re.escape(text)}/"
        return [call("expect", {"text": text, **{key: table[key] for key in ("timeout",) if key in table}})]
    if name == "write-serial":
        if isinstance(value, Mapping):
            value = value.get("value", value.get("text"))
        if isinstance(value, list) and value and all(type(byte) is int and 0 <= byte < 256 for byte in value):
            value = bytes(value).decode("utf-8", "surrogateescape")
        if not isinstance(value, str):
            raise ScenarioError(f"write-serial: {value!r} must be a text or a list of bytes")
        return [call("write", {"text": value})]
    if not isinstance(value, Mapping) or "part-id" not in value:
        raise ScenarioError(f"{name} needs part-id")
    part = str(value["part-id"])
    if name == "take-screenshot":
        pairs = (("save-to", "save_picture"), ("compare-with", "expect_picture"))
        calls = [call(step, {"device": part, "file": str(value[key])}) for key, step in pairs if key in value]
        if not calls:
            raise ScenarioError("take-screenshot needs save-to or compare-with")
        return calls
    control = value.get("name", value.get("control" if name == "set-control" else "pin"))
    if control is None or "value" not in value:
        raise ScenarioError(f"{name} needs {'control' if name == 'set-control' else 'pin'} and value")
    if name == "set-control":
        return [call("set_device", {"device": part, "control": str(control), "value": value["value"]})]
    pin = diagram.gpio(part, str(control)) if diagram is not None else gpio(control)
    within = {"within": value["timeout"]} if name == "wait-pin" and "timeout" in value else {}
    return [call("expect_pin", {"pin": pin, "level": value["value"], **within})]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(entry) for entry in value.values())
    return str(value)
