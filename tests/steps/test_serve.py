"""A board driven by JSON lines: every request, and what is wrong with requests."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from command_line import emberwatch
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch.machine.machine import Machine
from emberwatch.machine.steps import STEPS
from emberwatch.steps.serve import Server

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask() -> Ask:
    def make(firmware: str, **options: Any) -> Machine:
        options.pop("scenario")
        return Machine(firmware, **options)

    server = Server(make)

    def request(do: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(json.dumps(server.answer(json.dumps({"id": 7, "do": do, **arguments}))))
        return answer

    return request


def test_a_session(ask: Ask) -> None:
    assert ask("state")["result"]["firmware"] is None
    assert ask("run", seconds=1)["error"]["message"].startswith("no program runs yet")
    started = ask("start", firmware=str(build("bystep")))
    assert (started["id"], started["ok"], started["t_s"]) == (7, True, 0.0)
    seen = ask("expect", text="ready")
    assert seen["result"]["port"] == "uart0"
    assert "ready" in seen["output"]["uart0"]
    assert ask("save", name="a")["ok"]
    assert ask("write", text="one\n")["ok"]
    assert ask("expect", text=r"/echo (\w+)/")["result"]["groups"] == ["one"]
    assert ask("restore", name="a")["ok"]
    assert ask("write", text="two\n")["ok"]
    assert ask("expect", text=r"/echo (\w+)/")["result"]["groups"] == ["two"]
    assert ask("read", where="main", size=2)["result"] == "f0b5"
    assert ask("read", where="0x10000000", size=4)["result"] != ""
    assert ask("pins")["result"]["10"] is True
    failed = ask("expect_frequency", pin=14, hertz=5, over="10 ms")
    assert failed["error"] == {
        "kind": "ExpectationError",
        "message": "frequency of GPIO14 is 1000 Hz, expected 5 within 0.05",
    }
    assert ask("write", text="exit\n")["ok"]
    assert ask("run", seconds="50 ms")["ok"]
    assert ask("state")["result"]["exit"]["code"] == 7


def test_all_steps_are_described(ask: Ask) -> None:
    described = ask("steps")["result"]
    assert list(described) == list(STEPS)
    assert described["expect"]["arguments"]["timeout"] == {"type": "float", "default": 10.0}
    assert all(step["doc"] for step in described.values())


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "the request is not JSON"),
        ("[1]", "a request is an object"),
        ('{"do": 3}', "a request is an object"),
        ("[" * 100_000, "the request is not JSON"),
        ('{"do": "expct"}', "request 'expct' is not known; did you mean 'expect'?"),
        ('{"do": "start"}', "missing a required argument: 'firmware'"),
        ('{"do": "start", "firmware": 3}', "firmware = 3 must be text"),
        ('{"do": "start", "firmware": "absent.elf"}', "absent.elf cannot be read"),
        ('{"do": "pins", "x": 1}', "request 'pins'"),
        ('{"do": "restore", "name": "b"}', "there is no snapshot 'b'"),
        ('{"do": "run", "seconds": NaN}', "seconds = nan must be"),
    ],
)
def test_wrong_requests(line: str, message: str) -> None:
    answer = Server(lambda firmware, **_: Machine(firmware)).answer(line)
    assert answer["ok"] is False
    assert message in answer["error"]["message"]
    json.dumps(answer)


def test_it_ends_with_stop_and_with_the_input() -> None:
    out = io.StringIO()
    Server(lambda firmware, **_: Machine(firmware)).serve(['{"do": "stop"}\n', '{"do": "state"}\n'], out)
    assert len(out.getvalue().splitlines()) == 1
    assert emberwatch("serve").returncode == 0
