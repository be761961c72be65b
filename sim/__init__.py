"""Emberwatch: run RP2040 firmware on an emulated chip whose PDM microphone hears sound files."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emberwatch.audio import Clip, Scenario
    from emberwatch.base.errors import EmberwatchError
    from emberwatch.detector.machine import DetectorMachine
    from emberwatch.machine.bench import Bench
    from emberwatch.machine.machine import Machine

    __version__: str

__all__ = ["Bench", "Clip", "DetectorMachine", "EmberwatchError", "Machine", "Scenario", "__version__"]

_HOME = {
    "Bench": "emberwatch.machine.bench",
    "Clip": "emberwatch.audio",
    "DetectorMachine": "emberwatch.detector.machine",
    "EmberwatchError": "emberwatch.base.errors",
    "Machine": "emberwatch.machine.machine",
    "Scenario": "emberwatch.audio",
}


def __getattr__(name: str) -> Any:
    """Loads the public names on first use, so that `import emberwatch` stays cheap."""
    if name == "__version__":
        return _version()
    if name in ("robot", "training"):
        return import_module(f"emberwatch.{name}")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'emberwatch' has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # with all of `email`: a third of the import's time

    try:
        return version("emberwatch")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0.0.0"


if os.environ.get("EMBERWATCH_COVERAGE"):  # asked for from outside, for whatever makes machines in this process
    import_module("emberwatch.inspect.coverage").start()
