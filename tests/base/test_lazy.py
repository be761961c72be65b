"""Modules that are loaded when they are used."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from elf_files import make_elf

from emberwatch.base.lazy import LazyModule, np

SRAM = 0x20000000


def _loaded(program: str) -> str:
    """What a fresh interpreter says whether NumPy's core is there after `program`."""
    ask = f"import sys\n{program}\nprint('numpy._core' in sys.modules)"
    return subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("module", ["emberwatch.cli.run", "emberwatch.cli.main", "emberwatch.machine.machine"])
def test_short_commands_do_without_numpy(module: str) -> None:
    """Its import takes as long as everything else that a run needs to begin."""
    assert _loaded(f"import {module}") == "False"


def test_a_run_in_silence_does_without_numpy(tmp_path: Path) -> None:
    program = tmp_path / "loop.elf"
    program.write_bytes(make_elf([(SRAM, struct.pack("<H", 0xE7FE))], entry=SRAM | 1))
    run = f"from emberwatch import Machine\nm = Machine({str(program)!r}, board='pico')\nm.run(seconds=0.001)"
    assert _loaded(run + "\nassert m.engine.sound_supplied > 0") == "False"


def test_used_it_is_numpy() -> None:
    assert _loaded("from emberwatch.base.lazy import np\nassert np.arange(3).sum() == 3") == "True"
    assert np.ndarray is numpy.ndarray


def test_what_is_not_there() -> None:
    assert LazyModule("json").loads is json.loads
    with pytest.raises(AttributeError, match="no_such_function"):
        _ = LazyModule("json").no_such_function
    with pytest.raises(ModuleNotFoundError, match="no_such_module_here"):
        _ = LazyModule("no_such_module_here").anything
