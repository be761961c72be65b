"""The shared library for the tests of this folder: the installed one, or EMBERWATCH_LIBRP2040."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import EngineError
from emberwatch.engines.renode import install, library

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


@pytest.fixture(scope="session")
def real_renode(librp2040: Path) -> None:
    if not any(os.environ.get(name) for name in install.VARIABLES):
        pytest.skip("no real Renode: PYRENODE_BIN, PYRENODE_BUILD_DIR or another variable of pyrenode3's must name it")
    if importlib.util.find_spec("pyrenode3") is None:
        pytest.skip("no real Renode: pyrenode3 is not installed")
