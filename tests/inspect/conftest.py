from __future__ import annotations

from pathlib import Path

import pytest
from programs import CALLS, build, needs_firmware

from emberwatch.inspect.profiling import Profile, ProfileRecorder
from emberwatch.machine.machine import Machine


@pytest.fixture(scope="session")
def calls_elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("calls"), CALLS, "calls", "-foptimize-sibling-calls")


@pytest.fixture(scope="session")
def calls_machine(calls_elf: Path) -> tuple[Machine, Profile]:
    machine = Machine(calls_elf, engine="embedded", trace=("leaf", "work", "recurse", "tick"))
    recorder = ProfileRecorder(machine)
    machine.run(0.01)
    return machine, recorder.profile()


@pytest.fixture(scope="session")
def firmware_machine() -> tuple[Machine, Profile]:
    machine = Machine(needs_firmware(), engine="embedded")
    recorder = ProfileRecorder(machine, timeline=True)
    machine.run(0.5)
    return machine, recorder.profile()
