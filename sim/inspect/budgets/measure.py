"""Cycles, stack, flash and RAM per function, from one profiled run and the ELF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from emberwatch.audio import Scenario
from emberwatch.base.errors import ImageError
from emberwatch.inspect.profiling import ProfileRecorder
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import FLASH_WINDOW, SRAM_BASE, SRAM_SIZE, Image

_SHF_ALLOC = 2

FIGURES = ("mean", "max", "stack", "flash", "ram")
"""Of a function: cycles per call with callees and without interrupts, bytes of stack with callees, bytes of code."""

MEMORY = ("flash", "ram", "stack")
"""Of the firmware: everything in flash, everything reserved in SRAM, and the deepest stack seen, in bytes."""


@dataclass(frozen=True)
class FunctionFigures:
    """Figures of a function, see `FIGURES`; `share` is its part of all busy cycles, callees included, 0..1."""

    mean: int
    max: int
    stack: int
    flash: int
    ram: int
    share: float = 0.0


@dataclass(frozen=True)
class Measurement:
    """Attributes: `functions` by name, `memory` by `MEMORY`, `compiler` version or "" if the ELF does not say."""

    functions: dict[str, FunctionFigures]
    memory: dict[str, int]
    compiler: str


def compiler_version(elf: Path) -> str:
    """The compiler that made the first unit of an ELF, by its debug information."""
    try:
        with elf.open("rb") as stream:
            file = ELFFile(stream)
            if not file.has_dwarf_info():
                return ""
            for unit in file.get_dwarf_info().iter_CUs():
                attribute = unit.get_top_DIE().attributes.get("DW_AT_producer")
                producer = attribute.value.decode("utf-8", "replace") if attribute else ""
                if found := re.match(r"(GNU C\d*|clang)\D* (\d+\.\d+\.\d+)", producer):
                    return f"{'GCC' if found[1].startswith('GNU') else 'clang'} {found[2]}"
    except (OSError, ELFError, DWARFError, KeyError, ValueError):
        return ""
    return ""


def measure(firmware: Path, scenario: Scenario, seconds: float, board: str = "pico") -> Measurement:
    """Runs a firmware and takes the figures of every function that was called and returned.

    Args:
        firmware: an ELF with symbols.
        scenario: what the microphone hears.
        seconds: emulated time.
        board: name or TOML file.

    Raises:
        ImageError: the firmware has no symbols of functions.
    """
    with Machine(firmware, scenario, board=board, engine="embedded", trace=()) as machine:
        if not machine.image.symbols.functions():
            raise ImageError(f"firmware {firmware} has no symbols to measure functions by; give an ELF, not stripped")
        recorder = ProfileRecorder(machine)
        machine.run(seconds)
        profile = recorder.profile()
    core = profile.cores[0]
    busy = core.busy.cycles or 1
    functions = {
        f.name: FunctionFigures(
            round(f.mean), f.max, f.stack, *_code_bytes(machine.image, f.name), f.total.cycles / busy
        )
        for f in core.functions
        if f.finished and f.name in machine.image.symbols
    }
    flash = len(machine.image.flash_image(FLASH_WINDOW))
    memory = {"flash": flash, "ram": _reserved_ram(firmware), "stack": core.high_water.used}
    return Measurement(functions, memory, compiler_version(firmware))


def _reserved_ram(elf: Path) -> int:
    """Bytes of SRAM that the sections of an ELF reserve."""
    with elf.open("rb") as stream:
        sections = [s for s in ELFFile(stream).iter_sections() if s["sh_flags"] & _SHF_ALLOC]
        return sum(int(s["sh_size"]) for s in sections if SRAM_BASE <= s["sh_addr"] < SRAM_BASE + SRAM_SIZE)


def _code_bytes(image: Image, name: str) -> tuple[int, int]:
    """Flash and RAM of a function's code; code that runs in RAM is loaded from flash and takes both."""
    symbol = image.symbols[name]
    in_ram = SRAM_BASE <= symbol.address < SRAM_BASE + SRAM_SIZE
    return symbol.size if image.in_flash else 0, symbol.size if in_ram else 0
