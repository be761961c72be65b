"""`emberwatch budget check` and `emberwatch budget update`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs
from emberwatch.inspect.budgets import compare, load, measure
from emberwatch.inspect.budgets import update as update_file
from emberwatch.inspect.budgets.compare import same_compiler

_FIRMWARE = Path("build/firmware/pico/emberwatch.elf")
_FILE = Path("robot/budgets.toml")

Firmware = Annotated[Path, typer.Argument(help="ELF with symbols.", metavar="FIRMWARE")]
File = Annotated[Path, typer.Option("--file", help="The budget file.", metavar="FILE")]
BoardName = Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")]


def check(firmware: Firmware = _FIRMWARE, file: File = _FILE, board: BoardName = "pico") -> int:
    """Measure a firmware and compare cycles, stack, flash and RAM with limits and baseline.

    Exits with 1 when a limit is exceeded, or a figure is worse than the baseline by more than the tolerance. A baseline
    that another compiler version made is not compared.

    Examples:

    \b
    emberwatch budget check
    emberwatch budget check build/firmware/pico/emberwatch.elf --file robot/budgets.toml
    """
    budgets = load(file)
    measured = measure(firmware, budgets.heard(), budgets.seconds, board)
    limits = sum(len(entries) for entries in budgets.limits.values())
    if limits == 0 and not budgets.functions:
        raise UsageError(f"budget file {file} has neither limits nor a baseline; write one: emberwatch budget update")
    findings = compare(budgets, measured)
    for finding in findings:
        print(finding)
    if not same_compiler(budgets, measured):
        why = (
            f"it was made by {budgets.compiler}, this firmware by {measured.compiler or 'an unknown compiler'}"
            if budgets.compiler
            else f"{file} has none; write it with: emberwatch budget update"
        )
        print(f"baseline not compared: {why}")
    failed = sum(finding.fails for finding in findings)
    compared = len(budgets.functions) if same_compiler(budgets, measured) else 0
    print(f"{limits} limits, {compared} functions against the baseline: {f'{failed} worse' if failed else 'all kept'}")
    return 1 if failed else 0


def update(firmware: Firmware = _FIRMWARE, file: File = _FILE, board: BoardName = "pico") -> int:
    """Measure a firmware and write its figures as the new baseline; limits stay as they are.

    A file that does not exist yet is made.

    Examples:

    \b
    emberwatch budget update
    """
    check_outputs({"--file": file}, [firmware])
    budgets = load(file, new=True)
    measured = measure(firmware, budgets.heard(), budgets.seconds, board)
    for finding in compare(budgets, measured):
        print(finding)
    written = update_file(budgets, measured)
    print(f"{file}: baseline of {len(written.functions)} functions by {written.compiler or 'an unknown compiler'}")
    return 0
