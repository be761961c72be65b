"""The Arm GNU toolchain: finding it, running it, and not running it again when nothing changed."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.errors import BuildError
from emberwatch.base.output import write_file

COMPILER = "arm-none-eabi-gcc"


def install_command() -> str:
    """How to get the toolchain on this machine."""
    if platform.system() == "Darwin":
        return "brew install --cask gcc-arm-embedded"
    return "sudo apt-get install gcc-arm-none-eabi"


def find_compiler() -> Path:
    """Path of arm-none-eabi-gcc.

    Raises:
        BuildError: it is not installed; the message has the command that installs it.
    """
    found = shutil.which(COMPILER)
    if found is None:
        raise BuildError(f"{COMPILER} is not installed; get it with: {install_command()}")
    return Path(found)


def run_tool(command: Sequence[str], folder: Path) -> None:
    """Runs a compiler or linker.

    Raises:
        BuildError: it failed; the message has its first error line.
    """
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        output = done.stderr.splitlines()
        told = (" error:", "undefined reference", "/ld:", "Error:")  # of GCC, the linker and the assembler
        errors = [line for line in output if any(word in line for word in told) and not line.startswith("collect2")]
        raise BuildError((errors or output or [f"{Path(command[0]).name} exited with {done.returncode}"])[0])


def write_if_changed(path: Path, content: str | bytes) -> None:
    """Writes a generated file, leaving it alone when it is up to date."""
    data = content.encode() if isinstance(content, str) else content
    if not path.is_file() or path.read_bytes() != data:
        write_file(path, data)


def fingerprint(texts: Iterable[str], files: Iterable[Path]) -> str:
    """SHA-256 over strings and file contents; a file that is missing counts as such."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    for path in files:
        content = path.read_bytes() if path.is_file() else b"missing"
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Step:
    """One tool run that makes `output` from files; skipped while command and file contents stay the same.

    With `dependencies` (a makefile fragment that the compiler writes) the inputs are the ones listed there.
    """

    command: tuple[str, ...]
    folder: Path
    output: Path
    inputs: tuple[Path, ...]
    dependencies: Path | None = None

    @property
    def _stamp(self) -> Path:
        return self.output.with_suffix(self.output.suffix + ".stamp")

    def _fingerprint(self) -> str:
        inputs: tuple[Path, ...] = self.inputs
        if self.dependencies is not None and self.dependencies.is_file():
            inputs += tuple(self.folder / name for name in _prerequisites(self.dependencies.read_text()))
        return fingerprint(self.command, inputs)

    def run(self) -> bool:
        """Makes the output if need be; says whether it did."""
        if self.output.is_file() and self._stamp.is_file() and self._stamp.read_text() == self._fingerprint():
            return False
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self._stamp.unlink(missing_ok=True)
        run_tool(self.command, self.folder)
        write_file(self._stamp, self._fingerprint())
        return True


def _prerequisites(fragment: str) -> list[str]:
    """File names of a makefile rule as GCC's -MMD writes it (spaces in names are escaped)."""
    names = fragment.replace("\\\n", " ").split(":", 1)[-1].replace("\\ ", "\0").split()
    return [name.replace("\0", " ") for name in names if not name.endswith(":")]
