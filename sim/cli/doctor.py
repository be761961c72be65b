"""`emberwatch doctor`."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base import extras
from emberwatch.base.errors import EmberwatchError


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    what: str
    found: str | None
    """Version or place; None when it is missing."""
    needed_for: str
    remedy: str
    required: bool = True


def doctor() -> int:
    """Say what is there, what is missing, what for, and how to get it.

    Exits with 1 when something that everyday work needs is missing.
    """
    missing = False
    for finding in findings():
        if finding.found is not None:
            print(f"ok       {finding.what:<22} {finding.found}")
        else:
            missing |= finding.required
            mark = "MISSING" if finding.required else "absent "
            print(f"{mark}  {finding.what:<22} needed for {finding.needed_for}")
            print(f"{'':9}{'':<22} get it: {finding.remedy}")
    print("\nEverything needed is there." if not missing else "\nInstall what is MISSING, then run this again.")
    return 1 if missing else 0


def findings() -> Iterator[Finding]:
    """Looks for everything, one thing at a time."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", python, "everything", "")
    yield Finding(
        "emulator core",
        _try(lambda: str(Path(importlib.import_module("emberwatch._native").__file__ or "").name)),
        "emberwatch run, robot",
        "make setup",
    )
    yield Finding(
        "arm-none-eabi-gcc",
        _tool_version("arm-none-eabi-gcc", "-dumpversion"),
        "emberwatch build",
        "apt-get install gcc-arm-none-eabi (Debian, Ubuntu), brew install --cask gcc-arm-embedded (macOS)",
    )
    yield Finding(
        "C++ compiler", _tool_version("c++", "-dumpversion"), "building the emulator core", "apt-get install g++"
    )
    for package in ("numpy", "soundfile", "soxr", "elftools", "jinja2"):
        yield Finding(f"Python: {package}", _package(package), "emberwatch", "make setup")
    for package, (_, extra, needed_for) in extras.PACKAGES.items():
        remedy = f"make setup, or pip install 'emberwatch[{extra}]'"
        if _lacks_library(package):
            library, remedy = extras.LIBRARIES[package]
            needed_for = f"{needed_for}; the package is there, {library} is not"
        yield Finding(f"Python: {package}", _package(package), needed_for, remedy, required=False)
    again = "install the package again, or run inside a clone"
    yield Finding("boards", _try(_boards), "emberwatch build, run", again)
    yield Finding("released model", _try(_released_model), "emberwatch build", again)
    yield Finding("firmware (pico)", _try(_firmware), "robot robot/", "emberwatch build", required=False)
    yield Finding("real recordings", _try(_recordings), "tests on real sound", "set EMBERWATCH_AUDIO", required=False)
    yield Finding(
        "TensorFlow", _try(_tensorflow), "emberwatch train", "make train, or pip install -e .[train]", required=False
    )
    yield Finding(
        "gdb-multiarch",
        _tool_version("gdb-multiarch", "--version"),
        "debugging",
        "apt-get install gdb-multiarch",
        required=False,
    )
    for tool, option in (("picotool", "version"), ("probe-rs", "--version"), ("openocd", "--version")):
        remedy = "your distribution, or copy the UF2 file to the board's drive"
        yield Finding(tool, _tool_version(tool, option), "emberwatch flash", remedy, required=False)
    from emberwatch.engines.renode import install

    for name, found, remedy in install.findings():
        yield Finding(name, found, "--engine renode", remedy, required=False)


def _try(look: Callable[[], str | None]) -> str | None:
    try:
        return look()
    except (ImportError, OSError, EmberwatchError):
        return None


def _package(name: str) -> str | None:
    def look() -> str:
        module = importlib.import_module(name)
        return str(getattr(module, "__version__", "installed"))

    return _try(look)


def _lacks_library(package: str) -> bool:
    """Whether a package is installed and cannot be used for want of a library of the system."""
    if package not in extras.LIBRARIES:
        return False
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    except OSError:
        return True
    return False


def _tool_version(tool: str, option: str) -> str | None:
    path = shutil.which(tool)
    if path is None:
        return None
    output = subprocess.run([path, option], capture_output=True, text=True, check=False).stdout.strip()
    return output.splitlines()[0] if output else path


def _boards() -> str:
    from emberwatch.board.board import known_boards

    return ", ".join(known_boards())


def _released_model() -> str | None:
    from emberwatch.base.paths import RELEASED_MODEL

    return f"{_short(RELEASED_MODEL)} ({RELEASED_MODEL.stat().st_size} bytes)"


def _firmware() -> str | None:
    from emberwatch.base.paths import build_folder

    path = build_folder() / "firmware/pico/emberwatch.elf"
    return f"{_short(path)} ({path.stat().st_size} bytes)"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _recordings() -> str | None:
    from emberwatch.base.paths import recordings_folder

    folder = recordings_folder()
    return str(folder) if folder else None


def _tensorflow() -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None
