"""Renode 1.16.1 on this computer: where it is, how it gets here, and its monitor."""

from __future__ import annotations

import contextlib
import ctypes.util
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import EngineError, MissingDependencyError
from emberwatch.base.locks import locked
from emberwatch.base.paths import cache_folder, project_root
from emberwatch.board.board import load_board
from emberwatch.engines.renode import download, generate
from emberwatch.engines.renode.library import library_path

VERSION = "1.16.1"
RELEASE = f"https://github.com/renode/renode/releases/download/v{VERSION}/"
PYRENODE = "git+https://github.com/antmicro/pyrenode3.git@dde4a47"
"""A commit that this engine was written against; newer ones do as well as far as their sources say."""
SYSTEM_PACKAGE = Path("/opt/renode")
"""Where Renode's .deb, .rpm and Arch packages put it."""

_INVARIANT = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"
VARIABLES = ("PYRENODE_PATH", "PYRENODE_BIN", "PYRENODE_BUILD_DIR", "PYRENODE_PKG")
"""What pyrenode3 asks for the place of a Renode."""


@dataclass(frozen=True)
class Asset:
    """One file of the release."""

    name: str
    sha256: str


# The release page's SHA-256 sums. A file without a sum here is not downloaded.
ASSETS = {
    ("Linux", "x86_64"): Asset(
        "renode-1.16.1.linux-portable-dotnet.tar.gz", "00e113cdbd0f5354cf2f64bbe3f5a070d8958409542fca66e45ac97d982938c0"
    ),
    ("Linux", "aarch64"): Asset(
        "renode-1.16.1.linux-arm64-portable-dotnet.tar.gz",
        "fff3a098c96ed0a4ffbdff3f028c9c5fde432db09587c7bd7c99406180f90007",
    ),
    ("Darwin", "arm64"): Asset(
        "renode-1.16.1-dotnet.osx-arm64-portable.dmg",
        "99b8ae5897b8926ef179868d39a504fe5296555dc9c9b973718ddf3ab09175d9",
    ),
    ("Windows", "AMD64"): Asset(
        "renode-1.16.1.windows-portable-dotnet.zip", "d09b7934cfd560cd06bde8f131ef78f521f10d423d5aac6096f2a583224aeb3e"
    ),
}


def asset() -> Asset:
    """The file for this system.

    Raises:
        EngineError: there is none.
    """
    found = ASSETS.get((platform.system(), platform.machine()))
    if found is None:
        raise EngineError(
            f"Renode {VERSION} has no portable .NET package for {platform.system()} {platform.machine()}; "
            "build it from source and set PYRENODE_BUILD_DIR"
        )
    return found


def installed() -> Path | None:
    """Renode's program as `install` left it."""
    names = ("renode.exe", "Renode.exe") if sys.platform == "win32" else ("renode", "Renode")
    folder = cache_folder() / f"renode-{VERSION}"
    for name in names:
        for candidate in (folder / name, *sorted(folder.glob(f"*/{name}")), *sorted(folder.glob(f"*.app/**/{name}"))):
            if candidate.is_file():
                return candidate
    return None


def install() -> Path:
    """Downloads, checks and unpacks Renode unless it is there; returns its program.

    Raises:
        EngineError: no network, no room, a wrong checksum, or no package for this system.
    """
    if (program := installed()) is not None:
        return program
    wanted = asset()
    target = cache_folder() / f"renode-{VERSION}"
    archive = download.fetch(RELEASE + wanted.name, wanted.sha256, target.parent)
    try:
        download.unpack(archive, target)
    finally:
        archive.unlink()
    program = installed()
    if program is None:
        raise EngineError(f"{wanted.name} holds no program named renode; remove {target} and report this")
    if sys.platform != "win32":
        program.chmod(program.stat().st_mode | 0o111)
    return program


def environment() -> dict[str, str]:
    """Variables with which pyrenode3 finds Renode and the bridge finds librp2040; the user's own win.

    Raises:
        MissingDependencyError: pyrenode3 or Renode is not installed.
    """
    if importlib.util.find_spec("pyrenode3") is None:
        raise MissingDependencyError(
            f"engine 'renode' needs pyrenode3, which is not installed; run: pip install \"pyrenode3 @ {PYRENODE}\" "
            "and emberwatch renode install (docs/renode.md)"
        )
    variables = {"PYRENODE_RUNTIME": os.environ.get("PYRENODE_RUNTIME", "coreclr")}
    if not any(os.environ.get(name) for name in VARIABLES):
        program = installed() or _portable_on_path()
        if program is not None:
            variables["PYRENODE_BIN"] = str(program)
        elif not _system_package():
            raise MissingDependencyError(
                f"engine 'renode' needs Renode {VERSION}, which is not installed; run: emberwatch renode install, "
                "or set PYRENODE_BIN to its program (docs/renode.md)"
            )
    else:  # Renode changes the working folder
        given = {name: os.environ.get(name, "") for name in VARIABLES}
        variables |= {name: os.path.abspath(path) for name, path in given.items() if os.path.exists(path)}
    if sys.platform == "linux" and _INVARIANT not in os.environ and ctypes.util.find_library("icuuc") is None:
        variables[_INVARIANT] = "1"  # or .NET, loaded without Renode's own settings, ends the process for want of ICU
    variables["EMBERWATCH_LIBRP2040"] = str(library_path())
    return variables


def _system_package() -> bool:
    """Whether the distribution's package is there: pyrenode3 looks for it when no variable says otherwise."""
    return (SYSTEM_PACKAGE / "bin" / "Renode.dll").is_file() and shutil.which("renode") is not None


def _portable_on_path() -> Path | None:
    """A portable Renode on the PATH; the packages install a shell script there, which pyrenode3 cannot use."""
    found = shutil.which("renode")
    if found is None:
        return None
    program = Path(found).resolve()
    with program.open("rb") as file:
        return None if file.read(2) == b"#!" else program


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """Held while pyrenode3 loads Renode: it prepares files under ~/.net, which processes must not do all at once."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a read-only cache: nothing to hold on to
            cache_folder().mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(cache_folder() / "loading.lock"))
        yield


def renode_program() -> Path | None:
    """Renode for the monitor and for `doctor`: what a variable of pyrenode3's names, the installed one, the PATH's.

    A source tree has its program at its top, a script; a package as a file (PYRENODE_PKG) is no program.
    """
    for name in ("PYRENODE_BIN", "PYRENODE_PATH", "PYRENODE_BUILD_DIR"):
        if not (chosen := os.environ.get(name)):
            continue
        for program in (Path(chosen), Path(chosen) / "renode"):
            if program.is_file():
                return program.absolute()
    if (present := installed()) is not None:
        return present
    found = shutil.which("renode")
    return Path(found) if found else None


def renode_version(program: Path) -> str | None:
    """What `renode --version` says, None when it does not run."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"v?(\d+\.\d+\.\d+)\S*", done.stdout)
    return match[1] if match else None


def findings() -> Iterator[tuple[str, str | None, str]]:
    """What is there for this engine: name, version or place, and how to get it."""
    try:
        library: str | None = str(library_path())
    except EngineError:
        library = None
    yield "librp2040", library, "make setup"
    program = renode_program()
    version = renode_version(program) if program is not None else None
    found = f"{version} ({program})" if version else None
    if version is not None and version != VERSION:
        found = f"{version} ({program}), made for {VERSION}"
    if found is None and (package := os.environ.get("PYRENODE_PKG")) and Path(package).is_file():
        found = f"in the package {package}"
    yield "Renode", found, "emberwatch renode install"
    if os.environ.get("PYRENODE_RUNTIME") == "mono":
        yield "Mono", _mono(), "apt-get install mono-runtime, or unset PYRENODE_RUNTIME for a Renode on .NET"
    else:
        runtime = _dotnet()
        if runtime is None and found is not None:
            runtime = "the one inside Renode's portable package"
        yield ".NET runtime", runtime, "comes with the portable Renode; else https://dotnet.microsoft.com, version 8"
    present = importlib.util.find_spec("pyrenode3") is not None
    yield "pyrenode3", "installed" if present else None, f'pip install "pyrenode3 @ {PYRENODE}"'


def _version(program: str, option: str, pattern: str) -> str | None:
    """The last version that a program tells of, None where it is not there or tells none."""
    path = shutil.which(program)
    if path is None:
        return None
    done = subprocess.run([path, option], capture_output=True, text=True, check=False)
    versions = re.findall(pattern, done.stdout)
    return versions[-1] if versions else None


def _dotnet() -> str | None:
    return _version("dotnet", "--list-runtimes", r"Microsoft\.NETCore\.App (\S+)")


def _mono() -> str | None:
    return _version("mono", "--version", r"^Mono .*version (\S+)")


def open_monitor(board_name: str, elf: Path | None) -> int:
    """Opens a board in Renode's monitor and waits for its end; returns Renode's exit code."""
    program = renode_program()
    if program is None:
        raise MissingDependencyError(f"Renode {VERSION} is not installed; run: emberwatch renode install")
    board = load_board(board_name)
    script = generate.folder() / f"{board.name}.resc"
    if not script.is_file():
        raise EngineError(f"{script} does not exist; run: emberwatch renode generate --board {board_name}")
    commands = []
    if elf is not None:
        if not elf.is_file():
            raise EngineError(f"--elf {elf} does not exist")
        commands += ["-e", f"$elf=@{quoted(elf.resolve())}"]
    commands += ["-e", f"include @{quoted(script)}"]
    variables = {**os.environ, "EMBERWATCH_LIBRP2040": str(library_path())}
    return subprocess.run([program, *commands], cwd=project_root(), env=variables, check=False).returncode


def quoted(path: Path) -> str:
    """A path for the monitor, which ends it at a blank."""
    return path.as_posix().replace(" ", "\\ ")
