"""docs/vscode: the task and the launch configurations fit the command that they start."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from paths import ROOT

from emberwatch.cli.gdb import gdb
from emberwatch.inspect.gdb.monitor import Monitor


def _read(name: str) -> Any:
    text = (ROOT / "docs/vscode" / name).read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def test_task_starts_the_server_and_sees_it_ready() -> None:
    _, task = _read("tasks.json")["tasks"]
    assert task["command"].endswith("/.venv/bin/emberwatch")  # where `make setup` puts it
    command, firmware, *options = task["args"]
    parameters = inspect.signature(gdb).parameters
    assert command == "gdb"
    assert firmware.endswith("/emberwatch.elf")
    assert {option[2:] for option in options if option.startswith("--")} <= set(parameters)
    source = inspect.getsource(inspect.getmodule(gdb))  # type: ignore[arg-type]
    background = task["problemMatcher"]["background"]
    assert background["endsPattern"] in source
    assert background["beginsPattern"].removeprefix("^emberwatch: ") in source


def test_launch_configurations_connect_to_that_server() -> None:
    svd_task, task = _read("tasks.json")["tasks"]
    assert task["dependsOn"] == svd_task["label"] and svd_task["args"][:2] == ["svd", "--out"]
    cortex_debug, cpp = _read("launch.json")["configurations"]
    port = inspect.signature(gdb).parameters["port"].default
    for configuration, server in ((cortex_debug, "gdbTarget"), (cpp, "miDebuggerServerAddress")):
        assert configuration["preLaunchTask"] == task["label"]
        assert configuration[server] == f"127.0.0.1:{port}"
    for configuration, program in ((cortex_debug, "executable"), (cpp, "program")):
        assert configuration[program] == "${workspaceFolder}/" + task["args"][1]
    for configuration, file in ((cortex_debug, "svdFile"), (cpp, "svdPath")):
        assert configuration[file] == "${workspaceFolder}/" + svd_task["args"][2]
    monitor = inspect.getsource(Monitor)
    for command in cortex_debug["overrideResetCommands"]:
        words = command.split()
        assert words[0] != "monitor" or f'"{words[1]}"' in monitor
