"""`emberwatch selftest`."""

from __future__ import annotations

from typing import Annotated

import typer


def selftest(
    instructions: Annotated[
        float, typer.Option(help="Random instructions to compare, for example 1e8.", metavar="N")
    ] = 1e5,
    seed: Annotated[int, typer.Option(help="Seed of the random programs.", metavar="N")] = 1,
) -> int:
    """Run random programs on the emulated Cortex-M0+ and on Unicorn's, and compare registers, flags and memory.

    Exits with 1 at the first difference. Needs the package unicorn (part of the dev extra).

    Examples:

    \b
    emberwatch selftest
    emberwatch selftest --instructions 1e8
    """
    from emberwatch.base.errors import UsageError
    from emberwatch.base.progress import progress
    from emberwatch.bench.selftest import run_differential

    if not 1 <= instructions <= 1e12:
        raise UsageError(f"--instructions {instructions:g} is outside 1..1e12")
    with progress() as bar:
        task = bar.add_task("comparing", total=instructions)
        result = run_differential(round(instructions), seed, lambda done: bar.update(task, completed=done))
    print(f"{result.instructions} instructions in {result.programs} programs, {len(result.mismatches)} differences")
    for mismatch in result.mismatches:
        print(
            f"program {mismatch.seed}: {mismatch.what} is {mismatch.actual:#x}, expected {mismatch.expected:#x}; "
            f"code {mismatch.code.hex()}"
        )
    return 1 if result.mismatches else 0
