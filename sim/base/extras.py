"""Packages that only some commands need: loaded when they are needed, with the remedy when they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from emberwatch.base.errors import MissingDependencyError

PACKAGES = {
    "PIL": ("Pillow", "report", "pages about runs and evaluations"),
    "distributed": ("distributed", "campaign", "campaigns on a cluster"),
    "matplotlib": ("matplotlib", "plot", "plots of measurements and of training"),
    "pyarrow": ("pyarrow", "campaign", "results of campaigns"),
    "robot": ("robotframework", "robot", "robot robot/, emberwatch summary"),
    "serial": ("pyserial", "serial", "emberwatch record, --engine hardware"),
    "sounddevice": ("sounddevice", "mic", "emberwatch run --audio mic"),
    "textual": ("textual", "live", "emberwatch run --live"),
}
"""The name on PyPI, the extra in pyproject.toml that brings it, and what needs it, by the name that is imported."""

LIBRARIES = {"sounddevice": ("PortAudio", "apt-get install libportaudio2 (Debian, Ubuntu); brew install portaudio")}
"""The library of the system that a package loads when it is imported but may not bring, and how to get it."""


def load(module: str, purpose: str) -> Any:
    """Imports a module of an optional package.

    Args:
        module: as in an import statement, `PIL.Image`.
        purpose: who needs it, the subject of the message: "the spectrogram of a report".

    Raises:
        MissingDependencyError: it is not installed; the message has the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError:
        package, extra, _ = PACKAGES[module.partition(".")[0]]
        raise MissingDependencyError(
            f"{purpose} needs {package}, which is not installed; run: pip install 'emberwatch[{extra}]'"
        ) from None


def figure(width: float, height: float) -> Any:
    """A matplotlib Figure of `width` by `height` inches that needs no display and nobody to close it.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    return load("matplotlib.figure", "a plot").Figure(figsize=(width, height), layout="constrained")
