"""Emberwatch: run RP2040 firmware on an emulated chip whose PDM microphone hears sound files."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("emberwatch")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"

__all__ = ["__version__"]
