"""The shared library for the tests of this folder: the installed one, or EMBERWATCH_LIBRP2040."""

from __future__ import annotations

from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import EngineError
from emberwatch.engines.renode import library

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"


@pytest.fixture(scope="session")
def librp2040() -> Path:
    try:
        path = library.library_path()
        library.load()
    except EngineError as error:
        pytest.skip(str(error))
    return path


@pytest.fixture(scope="session")
def firmware() -> Path:
    if not FIRMWARE.is_file():
        pytest.skip("no firmware; run: make firmware")
    return FIRMWARE
