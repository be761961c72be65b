"""What puts a program into a board's flash: the drive of its boot ROM, picotool, probe-rs or OpenOCD.

Whichever is there is used. The drive and picotool reach a board in BOOTSEL mode, picotool also a program with the SDK's
USB console; probe-rs and OpenOCD reach any board through a debug probe, and can reset it without programming it anew.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import string
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from emberwatch.base.errors import EngineError, MissingDependencyError, UsageError
from emberwatch.base.text import printable
from emberwatch.program.elf import Image
from emberwatch.program.uf2 import write_uf2

_SECONDS = 180.0
"""How long a tool may take for 16 MB over a slow probe before it is taken to hang."""
_LOOK_SECONDS = 20.0
_BOARD_ID = "RPI-RP2"
"""In INFO_UF2.TXT of the boot ROM's drive (datasheet 2.8.4)."""
_SHOWN = 160
_REMEDY = (
    "hold BOOTSEL while plugging the board in, so that its drive RPI-RP2 appears (or give it: --drive DIR), "
    "or install picotool, or attach a debug probe and install probe-rs or OpenOCD"
)


class Flasher(ABC):
    """One way to a board."""

    name: ClassVar[str]
    can_reset: ClassVar[bool] = False
    """Whether it can start the program again without writing it."""

    @abstractmethod
    def reaches_board(self) -> bool:
        """Whether it is there, and a board answers as far as can be told without touching it."""

    @abstractmethod
    def flash(self, image: Image) -> None:
        """Writes a program and starts it.

        Raises:
            EngineError: the tool failed; the message has its last line.
        """

    def reset(self) -> None:
        """Starts the program again.

        Raises:
            EngineError: the tool failed.
        """
        raise EngineError(f"{self.name} cannot reset a board; use probe-rs or OpenOCD with a debug probe")


class Tool(Flasher):
    """One that is a program on PATH."""

    def _found(self) -> bool:
        return shutil.which(self.name) is not None

    def _run(self, *arguments: str) -> None:
        done = self._call(arguments, _SECONDS)
        if done.returncode != 0:
            lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
            said = printable(lines[-1].strip()[:_SHOWN]) if lines else "it said nothing"
            raise EngineError(f"{self.name} failed with exit code {done.returncode}: {said}")

    def _call(self, arguments: tuple[str, ...], seconds: float) -> subprocess.CompletedProcess[str]:
        program = shutil.which(self.name)
        if program is None:
            raise MissingDependencyError(f"{self.name} is not on PATH; {_REMEDY}")
        try:
            return subprocess.run(
                [program, *arguments],
                capture_output=True,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"{self.name} was not done after {seconds:.0f} s; unplug the board, then try again"
            ) from None
        except OSError as error:
            raise EngineError(f"{program} cannot be run: {error.strerror}; install {self.name} again") from None

    def _answers(self, *arguments: str, text: str = "") -> bool:
        if not self._found():
            return False
        with contextlib.suppress(EngineError):
            done = self._call(arguments, _LOOK_SECONDS)
            return done.returncode == 0 and text in done.stdout + done.stderr
        return False


class Drive(Flasher):
    """The drive that the boot ROM shows while BOOTSEL is held: a UF2 file that is copied there is flashed."""

    name: ClassVar[str] = "drive"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    def reaches_board(self) -> bool:
        return self._place() is not None

    def flash(self, image: Image) -> None:
        place = self._place()
        if place is None:
            where = f"{self._folder} is no drive of an RP2040" if self._folder else "no drive RPI-RP2 is mounted"
            raise EngineError(f"{where}; hold BOOTSEL while plugging the board in")
        data = write_uf2({segment.address: segment.data for segment in image.segments})
        # Not by a temporary file that is renamed: the drive has no files, it looks for blocks in what is written.
        try:
            with (place / "emberwatch.uf2").open("wb") as file:
                file.write(data)
                file.flush()
                with contextlib.suppress(OSError):  # the board has gone already: with its last block it starts
                    os.fsync(file.fileno())
        except OSError as error:
            raise EngineError(f"{place} cannot be written: {error.strerror}; plug the board in again") from None

    def _place(self) -> Path | None:
        places = [self._folder] if self._folder is not None else _mounted()
        for place in places:
            with contextlib.suppress(OSError, ValueError):
                if _BOARD_ID in (place / "INFO_UF2.TXT").read_text(encoding="ascii", errors="replace"):
                    return place
        return None


class Picotool(Tool):
    """Raspberry Pi's tool, over USB."""

    name: ClassVar[str] = "picotool"

    def reaches_board(self) -> bool:
        return self._answers("info")

    def flash(self, image: Image) -> None:
        # -f: a program with the SDK's USB console is brought into BOOTSEL mode; -x: the new one is started.
        self._run("load", "-f", "-v", "-x", str(image.path.absolute()))


class ProbeRs(Tool):
    """probe-rs, through a debug probe."""

    name: ClassVar[str] = "probe-rs"
    can_reset: ClassVar[bool] = True

    def reaches_board(self) -> bool:
        return self._answers("list", text="[0]")

    def flash(self, image: Image) -> None:
        kind = {".bin": "bin", ".hex": "hex", ".uf2": "uf2"}.get(image.path.suffix.lower(), "elf")
        self._run("download", "--chip", "RP2040", "--binary-format", kind, "--verify", str(image.path.absolute()))
        self.reset()

    def reset(self) -> None:
        self._run("reset", "--chip", "RP2040")


class OpenOcd(Tool):
    """OpenOCD, through a CMSIS-DAP probe such as Raspberry Pi's."""

    name: ClassVar[str] = "openocd"
    can_reset: ClassVar[bool] = True
    _SCRIPTS = ("-f", "interface/cmsis-dap.cfg", "-f", "target/rp2040.cfg", "-c", "adapter speed 5000")

    def reaches_board(self) -> bool:
        return self._answers(*self._SCRIPTS, "-c", "init; shutdown")

    def flash(self, image: Image) -> None:
        name = str(image.path.absolute())
        if any(sign in name for sign in "{}\\"):
            raise UsageError(f"firmware {name} has braces or backslashes in its name, which OpenOCD's Tcl cannot take")
        # Tcl takes what stands in braces as it is.
        self._run(*self._SCRIPTS, "-c", f"program {{{name}}} verify reset exit")

    def reset(self) -> None:
        self._run(*self._SCRIPTS, "-c", "init; reset run; shutdown")


FLASHERS = (Drive.name, Picotool.name, ProbeRs.name, OpenOcd.name)
"""In the order in which they are tried: what is known without a tool, then what says whether a board is there."""


def flasher(name: str = "auto", drive: Path | None = None) -> Flasher:
    """The way to the board that is to be used.

    Args:
        name: one of `FLASHERS`, or 'auto' for the first that reaches a board.
        drive: where the boot ROM's drive is, if it is not found by itself; makes 'auto' mean 'drive'.

    Raises:
        UsageError: there is no such way.
        MissingDependencyError: none reaches a board; the message says what to do.
    """
    ways: dict[str, Flasher] = {way.name: way for way in (Drive(drive), Picotool(), ProbeRs(), OpenOcd())}
    if name == "auto" and drive is not None:
        name = Drive.name
    if name != "auto":
        if name not in ways:
            raise UsageError(f"no way to a board is called {name!r}; use one of: auto, {', '.join(FLASHERS)}")
        return ways[name]
    for way in ways.values():
        if way.reaches_board():
            return way
    raise MissingDependencyError(f"no board can be reached; {_REMEDY}")


def _mounted() -> Iterator[Path]:
    """Places where the boot ROM's drive may be mounted."""
    if sys.platform == "win32":
        yield from (Path(f"{letter}:/") for letter in string.ascii_uppercase[2:])
    elif sys.platform == "darwin":
        with contextlib.suppress(OSError):
            yield from Path("/Volumes").iterdir()
    else:
        with contextlib.suppress(OSError):
            for line in Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines():
                _, place, kind, *_ = line.split(" ")
                if kind in ("vfat", "msdos"):
                    yield Path(place.replace("\\040", " "))
