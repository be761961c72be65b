"""``firmware/dsp`` built for the Cortex-M0+ and called function by function on an emulated one.

Two emulators run it: the project's own chip, which counts cycles, and Unicorn, an independent witness of the results.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[2]
SRAM = 0x20000000
SRAM_END = 0x20040000
BUFFERS = 0x20020000
RETURN = 0x20000000
"""Functions return here: an endless loop at the start of SRAM."""

LINKER_SCRIPT = """
SECTIONS {
    . = 0x20000000;
    .text : { SHORT(0xE7FE) SHORT(0xE7FE) *(.ram_text* .text*) }
    .rodata : { *(.rodata*) }
    .data : { *(.data*) }
    .bss (NOLOAD) : { *(.bss*) }
    ASSERT(. <= 0x20020000, "code and tables run into the test's buffers")
    /DISCARD/ : { *(.ARM.exidx* .comment) }
}
"""

MEMORY_FUNCTIONS = """
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t n) {
    for (size_t i = 0; i < n; ++i) ((volatile char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memset(void *to, int byte, size_t n) {
    for (size_t i = 0; i < n; ++i) ((volatile char *)to)[i] = (char)byte;
    return to;
}
"""


def compile_for_target(folder: Path, sources: list[Path], flags: tuple[str, ...] = ()) -> Path:
    """Links ``sources`` for SRAM with the firmware's compiler options; returns the ELF."""
    script, memory, elf = folder / "ram.ld", folder / "memory.c", folder / "dsp.elf"
    script.write_text(LINKER_SCRIPT)
    memory.write_text(MEMORY_FUNCTIONS)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-std=c11", "-O2", "-ffreestanding", "-nostdlib"]
    command += ["-fno-tree-loop-distribute-patterns", f"-I{ROOT / 'firmware'}", "-Wall", "-Wextra", *flags]
    command += [f"-Wl,-T,{script},--no-warn-rwx-segments,-e,0", *map(str, sources), str(memory), "-lgcc"]
    subprocess.run([*command, "-o", str(elf)], check=True)
    return elf


def dsp_sources() -> list[Path]:
    return sorted((ROOT / "firmware" / "dsp").glob("*.[cS]"))


class Image:
    """Segments and symbols of an ELF file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            elf = ELFFile(file)
            self.segments = [
                (int(s["p_vaddr"]), s.data()) for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
            ]
            table = elf.get_section_by_name(".symtab")
            self.symbols = {s.name: int(s["st_value"]) for s in table.iter_symbols() if s.name}
            self.sizes = {s.name: int(s["st_size"]) for s in table.iter_symbols() if s.name}


class Target(Protocol):
    """An emulated core with the image in its SRAM."""

    def call(self, function: str, *arguments: int) -> int:
        """Runs the function to its end and returns r0."""

    def write(self, address: int, data: npt.NDArray[np.generic]) -> None:
        """Puts an array into memory."""

    def read(self, address: int, size: int) -> bytes:
        """Takes bytes from memory."""


class ChipTarget:
    """The project's own RP2040; `cycles` is what the last call took."""

    def __init__(self, image: Image) -> None:
        from sim._native import Chip

        self._chip = Chip()
        self._image = image
        for address, data in image.segments:
            self._chip.load(address, data)
        self._chip.reset(ram_entry=RETURN)
        self._chip.add_breakpoint(RETURN)
        self.cycles = 0

    def call(self, function: str, *arguments: int) -> int:
        for number, value in enumerate(arguments):
            self._chip.set_register(0, f"r{number}", value)
        self._chip.set_register(0, "sp", SRAM_END)
        self._chip.set_register(0, "lr", RETURN | 1)
        self._chip.set_register(0, "pc", self._image.symbols[function] & ~1)
        start = self._chip.cycles
        stop = self._chip.run_until(start + 50_000_000)
        if stop.reason != "breakpoint" or stop.pc != RETURN:
            raise AssertionError(f"{function} stopped at {stop.pc:#x}: {stop.reason} {stop.detail}")
        self.cycles = self._chip.cycles - start
        return self._chip.registers(0)["r0"]

    def write(self, address: int, data: npt.NDArray[np.generic]) -> None:
        self._chip.write_memory(address, data.tobytes())

    def read(self, address: int, size: int) -> bytes:
        return self._chip.read_memory(address, size)


class UnicornTarget:
    """Unicorn's Cortex-M0, which knows nothing of cycles."""

    def __init__(self, image: Image) -> None:
        import unicorn
        from unicorn import arm_const

        self._arm = arm_const
        self._image = image
        self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
        self._core.mem_map(SRAM, SRAM_END - SRAM)
        for address, data in image.segments:
            self._core.mem_write(address, data)

    def call(self, function: str, *arguments: int) -> int:
        registers = [getattr(self._arm, f"UC_ARM_REG_R{n}") for n in range(4)]
        for register, value in zip(registers, arguments, strict=False):
            self._core.reg_write(register, value)
        self._core.reg_write(self._arm.UC_ARM_REG_SP, SRAM_END)
        self._core.reg_write(self._arm.UC_ARM_REG_LR, RETURN | 1)
        self._core.emu_start(self._image.symbols[function] | 1, RETURN)
        return int(self._core.reg_read(registers[0]))

    def write(self, address: int, data: npt.NDArray[np.generic]) -> None:
        self._core.mem_write(address, data.tobytes())

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._core.mem_read(address, size))
