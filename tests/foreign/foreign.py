"""Programs written as SDK programs are, compiled for one of several layouts and run on a bare chip."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from emberwatch import _native
from emberwatch.base.locks import locked
from emberwatch.program.elf import load_image
from emberwatch.program.firmware_image import seal_elf

PROGRAMS = Path(__file__).parent / "programs"
SUPPORT = ROOT / "examples" / "support"
"""Start-up, second stage, clocks and console, which the examples have too."""
BUILD = ROOT / "build" / "foreign"
PREFIX = "arm-none-eabi-"


def build(program: str, layout: str = "flash") -> Path:
    """Compiles `program`.c for `layout`.ld and seals its second stage; returns the ELF."""
    if shutil.which(PREFIX + "gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    BUILD.mkdir(parents=True, exist_ok=True)
    elf = BUILD / f"{program}-{layout}.elf"
    support = [SUPPORT / name for name in ("boot2.S", "start.S", "sdk.c")]
    link = next(path for folder in (PROGRAMS, SUPPORT) if (path := folder / f"{layout}.ld").exists())
    inputs = [*support, PROGRAMS / f"{program}.c", link, SUPPORT / "sdk.h", *PROGRAMS.glob("*.h")]
    with locked(BUILD / f"{elf.stem}.lock"):
        if elf.exists() and all(elf.stat().st_mtime > path.stat().st_mtime for path in inputs):
            return elf
        unsealed = elf.with_suffix(".unsealed")
        command = [PREFIX + "gcc", "-mcpu=cortex-m0plus", "-mthumb", "-std=c11", "-Os", "-g", "-ffreestanding"]
        command += [
            "-nostdlib",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-array-bounds",
            "-Wl,--no-warn-rwx-segments",
            f"-I{SUPPORT}",
        ]
        command += [str(path) for path in inputs[:4]]
        command += ["-T", str(inputs[4]), "-lgcc", "-o", str(unsealed)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        seal_elf(unsealed)
        unsealed.rename(elf)
    return elf


def objcopy(elf: Path, form: str, folder: Path) -> Path:
    """The same program as 'ihex' or 'binary', in `folder`."""
    path = folder / f"{elf.stem}.{'hex' if form == 'ihex' else 'bin'}"
    subprocess.run([PREFIX + "objcopy", "-O", form, str(elf), str(path)], check=True)
    return path


@dataclass
class Run:
    """A chip with a program in it, from power-on."""

    chip: _native.Chip
    uart: bytearray = field(default_factory=bytearray)
    usb: bytearray = field(default_factory=bytearray)
    stop: _native.Stop | None = None

    @classmethod
    def of(cls, path: Path, bootrom: bytes | None = None) -> Run:
        """Loads a file of any kind and resets the chip."""
        image = load_image(path, 2 << 20)
        chip = _native.Chip()
        if bootrom is not None:
            chip.load_rom(bootrom)
        for segment in image.segments:
            chip.load(segment.address, segment.data)
        chip.reset(None if image.in_flash else image.entry)
        return cls(chip)

    @property
    def text(self) -> str:
        return self.uart.decode("ascii", "backslashreplace")

    @property
    def values(self) -> dict[str, int]:
        """The `name=value` lines; of a name printed twice the last."""
        pairs = (line.split("=") for line in self.text.splitlines() if "=" in line)
        return {name: int(value, 0) for name, value in pairs}

    def collect(self) -> None:
        self.uart += self.chip.uart_take(0)[0]
        self.usb += self.chip.usb_take()[0]

    def run(self, seconds: float) -> Run:
        """Runs for emulated seconds, or until the program ends (BKPT, which without a debugger locks the core up)."""
        end = self.chip.picoseconds + round(seconds * 1e12)
        while self.chip.picoseconds < end:
            target = min(end, self.chip.picoseconds + 10**10)
            self.stop = self.chip.run_until(self.chip.cycles_at(target))
            self.collect()
            if self.stop.reason.name != "TIME":
                break
        return self

    def run_until(self, text: str, seconds: float) -> Run:
        """Runs until the console shows `text`."""
        for _ in range(round(seconds * 1000)):
            self.run(0.001)
            if text in self.text or (self.stop is not None and self.stop.reason.name != "TIME"):
                break
        assert text in self.text, f"no {text!r} in {self.text!r}; {self.stop}"
        return self

    def ended(self) -> bool:
        """Whether main returned 0: the core is locked up behind the BKPT of _exit, with the frame of its HardFault."""
        if self.stop is None or self.stop.reason.name != "LOCKUP":
            return False
        frame = struct.unpack("<8I", self.chip.read_memory(self.chip.registers(0)["sp"], 32))
        return frame[0] == 0 and self.chip.read_memory(frame[6], 2) == b"\x00\xbe"


def run(program: str, seconds: float = 5.0, layout: str = "flash") -> Run:
    """Compiles and runs a program to its end; fails when it does not get there."""
    result = Run.of(build(program, layout)).run(seconds)
    stop = result.stop
    why = f"{stop.reason.name} at {stop.pc:#010x} {stop.detail}" if stop else "not run"
    assert result.ended(), f"{program}: {why}, console: {result.text!r}"
    return result
