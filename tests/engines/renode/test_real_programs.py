"""Programs that are not ours, on a real Renode and on the embedded engine. Skipped without a real one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign import build

from emberwatch.base.errors import FirmwareCrash
from emberwatch.engines.renode import worker
from emberwatch.machine.machine import Machine

pytestmark = pytest.mark.usefixtures("real_renode")


@pytest.fixture(scope="module", autouse=True)
def end_processes() -> Iterator[None]:
    yield
    worker.end_all()


def on_both(elf: Path, seconds: float) -> tuple[list[str], list[str]]:
    """Lines of the console on the embedded engine and on Renode."""
    consoles = []
    for engine in ("embedded", "renode"):
        with Machine(elf, engine=engine) as machine, contextlib.suppress(FirmwareCrash):  # some mains end by a lockup
            machine.run(seconds)
        consoles.append([line for _, line in machine.lines])
    return consoles[0], consoles[1]


def test_both_cores_run_a_program_of_two() -> None:
    """The ROM's launch, FIFO and its interrupts, spinlocks, and core 1 reset by the power-on state machine."""
    embedded, renode = on_both(build("multicore"), 0.03)
    assert len(embedded) == 9
    assert renode == embedded


def test_core_1_resets_core_0_and_goes_on() -> None:
    embedded, renode = on_both(build("restart"), 0.1)
    assert embedded == ["boot=1", "boot=2", "core1=1", "vectors=1"]
    assert renode == embedded


def test_code_in_ram_programs_flash() -> None:
    embedded, renode = on_both(build("flash"), 0.3)
    assert len(embedded) == 12
    assert renode == embedded


def test_loops_take_the_same_cycles() -> None:
    """Most of them are never left by Renode's processor library from one round to the next."""
    embedded, renode = on_both(build("loops"), 0.06)
    assert len(embedded) == 3 * 11 + 1 and embedded[-1] == "alarms=6" == renode[-1]
    for ours, theirs in zip(embedded[:-1], renode[:-1], strict=True):
        name, cycles = ours.split("=")
        others, measured = theirs.split("=")
        # What follows an event within eight cycles happens with it, and the chip's time does not go back for an access.
        assert others == name and abs(int(measured) - int(cycles)) <= 8, (
            f"{theirs}, where the embedded engine has {ours}"
        )
