"""`emberwatch serve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from emberwatch.audio import Scenario
from emberwatch.audio import scenario as scenarios
from emberwatch.machine.machine import Machine
from emberwatch.steps.serve import Server


def serve(
    firmware: Annotated[Path | None, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="[FIRMWARE]")] = None,
    board: Annotated[str | None, typer.Option(help="Board name or file.", metavar="BOARD")] = None,
    seed: Annotated[int, typer.Option(help="Seed of what chance decides.", metavar="N")] = 1,
) -> int:
    """Let another program drive a board: one JSON request a line on standard input, one answer a line on output.

    The requests are the steps of scenario files, and start, run, read, pins, save, restore, state, steps, stop:
    docs/serve.md.

    Examples:

    \b
    printf '{"id": 1, "do": "expect", "text": "ready"}\\n' | emberwatch serve blink.elf
    emberwatch serve     (then: {"id": 1, "do": "start", "firmware": "blink.elf"})
    """
    machine = _make(str(firmware), board=board, seed=seed) if firmware is not None else None
    Server(_make, machine).serve(sys.stdin, sys.stdout)
    return 0


def _make(firmware: str, *, board: str | None = None, scenario: str | None = None, seed: int = 1) -> Machine:
    heard: Any = scenarios.load(scenario) if scenario is not None else Scenario()
    return Machine(firmware, heard, board=board, seed=seed)
