"""`emberwatch budget check` and `emberwatch budget update`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import check_outputs
from emberwatch.base.progress import progress_bar
from emberwatch.base.workers import Crew
from emberwatch.inspect.budgets import Budgets, Measurement, compare, load, measure
from emberwatch.inspect.budgets import update as update_file
from emberwatch.inspect.budgets.compare import same_compiler

_FIRMWARE = Path("build/firmware/pico/emberwatch.elf")
_FILE = Path("robot/budgets.toml")

Firmware = Annotated[Path, typer.Argument(help="ELF with symbols.", metavar="FIRMWARE")]
Firmwares = Annotated[
    list[Path] | None,
    typer.Argument(help=f"ELFs with symbols; default {_FIRMWARE}.", metavar="FIRMWARE...", show_default=False),
]
File = Annotated[Path, typer.Option("--file", help="The budget file.", metavar="FILE")]
BoardName = Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")]


def check(
    firmware: Firmwares = None,
    file: File = _FILE,
    board: BoardName = "pico",
    workers: Annotated[int, typer.Option("--workers", "--jobs", "-j", help="Processes.", metavar="N")] = os.cpu_count()
    or 1,
) -> int:
    """Measure firmwares and compare cycles, stack, flash and RAM with limits and baseline.

    Exits with 1 when a limit is exceeded, or a figure is worse than the baseline by more than the tolerance. A baseline
    that another compiler version made is not compared.

    Examples:

    \b
    emberwatch budget check
    emberwatch budget check build/firmware/pico/emberwatch.elf --file robot/budgets.toml
    emberwatch budget check build/firmware/*/emberwatch.elf
    """
    budgets = load(file)
    images = firmware or [_FIRMWARE]
    if not budgets.functions and not any(budgets.limits.values()):
        raise UsageError(f"budget file {file} has neither limits nor a baseline; write one: emberwatch budget update")
    failed = 0
    if workers < 1:
        raise UsageError(f"--workers {workers} must be at least 1")
    with progress_bar("budgets", "firmwares") as show, Crew(min(workers, len(images)), _measure) as crew:
        jobs = ((image, budgets, board) for image in images)
        for done, (image, measured) in enumerate(zip(images, crew.in_order(jobs), strict=True), 1):
            if len(images) > 1:
                print(f"{image}:")
            failed += _judge(budgets, measured)
            show(done, len(images))
    return 1 if failed else 0


def _measure(job: tuple[Path, Budgets, str]) -> Measurement:
    firmware, budgets, board = job
    return measure(firmware, budgets.heard(), budgets.seconds, board)


def _judge(budgets: Budgets, measured: Measurement) -> int:
    """Prints what was found of one firmware; how much of it fails."""
    findings = compare(budgets, measured)
    for finding in findings:
        print(finding)
    if not same_compiler(budgets, measured):
        why = (
            f"it was made by {budgets.compiler}, this firmware by {measured.compiler or 'an unknown compiler'}"
            if budgets.compiler
            else f"{budgets.path} has none; write it with: emberwatch budget update"
        )
        print(f"baseline not compared: {why}")
    failed = sum(finding.fails for finding in findings)
    limits = sum(len(entries) for entries in budgets.limits.values())
    compared = len(budgets.functions) if same_compiler(budgets, measured) else 0
    print(f"{limits} limits, {compared} functions against the baseline: {f'{failed} worse' if failed else 'all kept'}")
    return failed


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
