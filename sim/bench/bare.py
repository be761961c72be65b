"""C functions for the Cortex-M0+ linked into SRAM and called one by one on the emulated chip, without any firmware."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from emberwatch.base.errors import EmulationError
from emberwatch.base.paths import project_root
from emberwatch.chip import memory
from emberwatch.program.toolchain import find_compiler, run_tool

SRAM = memory("sram").base
SRAM_END = SRAM + 0x40000
RETURN = SRAM
"""Functions return here: an endless loop at the start of SRAM."""
CALL_LIMIT_CYCLES = 100_000_000

_LINKER_SCRIPT = """
SECTIONS {
    . = 0x20000000;
    .text : { SHORT(0xE7FE) SHORT(0xE7FE) *(.ram_text* .text*) }
    .rodata : { *(.rodata*) }
    .data : { *(.data*) }
    .bss (NOLOAD) : { *(.bss* COMMON) }
    _end = .;
    /DISCARD/ : { *(.ARM.exidx* .ARM.extab* .comment) }
}
"""
_MEMORY_C = Path(__file__).with_name("bare_memory.c")


class BareImage:
    """Segments and symbols of a linked image.

    Args:
        path: an ELF file made by `link`.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            elf = ELFFile(file)
            self.segments: list[tuple[int, bytes]] = [
                (int(s["p_vaddr"]), bytes(s.data()))
                for s in elf.iter_segments()
                if s["p_type"] == "PT_LOAD" and s["p_filesz"]
            ]
            symbols = list(cast(SymbolTableSection, elf.get_section_by_name(".symtab")).iter_symbols())
        self.symbols: dict[str, int] = {s.name: int(s["st_value"]) for s in symbols if s.name}
        self.free: int = (self.symbols["_end"] + 15) & ~15
        """First address that the image does not use; memory for arguments."""
        self.bytes: int = sum(len(data) for _, data in self.segments)


def link(folder: Path, sources: Sequence[Path], keep: Sequence[str], flags: Sequence[str] = ()) -> BareImage:
    """Compiles and links ``sources`` in ``folder``, keeping the functions ``keep`` and what they need.

    Raises:
        BuildError: the toolchain is missing or reports an error.
    """
    script, elf = folder / "sram.ld", folder / "bare.elf"
    script.write_text(_LINKER_SCRIPT)
    command = [str(find_compiler()), "-mcpu=cortex-m0plus", "-mthumb", "-std=gnu11", "-ffreestanding", "-nostdlib"]
    # Without the second option GCC would make memcpy out of the loop in memcpy.
    command += ["-O2", "-fno-tree-loop-distribute-patterns", "-ffunction-sections", "-fdata-sections", *flags]
    # Distributions package the C library apart from the compiler; the firmware does without, and so does this.
    command += ["-idirafter", str(project_root() / "firmware" / "libc")]
    command += [f"-Wl,-T,{script},--gc-sections,--no-warn-rwx-segments,-e,{keep[0]}"]
    command += [f"-Wl,--undefined={name}" for name in keep]
    run_tool([*command, *map(str, sources), str(_MEMORY_C), "-lgcc", "-o", str(elf)], folder)
    return BareImage(elf)


class BareChip:
    """An emulated chip with an image in its SRAM; `cycles` is what the last call took, in zero-wait SRAM."""

    def __init__(self, image: BareImage) -> None:
        from emberwatch._native import Chip

        self._chip = Chip()
        self.image = image
        for address, data in image.segments:
            self._chip.load(address, data)
        self._chip.reset(ram_entry=RETURN)
        self._chip.add_breakpoint(RETURN)
        self.cycles = 0

    def call(self, function: str, *arguments: int) -> int:
        """Runs a function of up to four word arguments to its end and returns r0.

        Raises:
            EmulationError: it did not return; the message says what stopped it.
        """
        for number, value in enumerate(arguments):
            self._chip.set_register(0, f"r{number}", value)
        self._chip.set_register(0, "sp", SRAM_END)
        self._chip.set_register(0, "lr", RETURN | 1)
        self._chip.set_register(0, "pc", self.image.symbols[function] & ~1)
        start = self._chip.cycles
        stop = self._chip.run_until(start + CALL_LIMIT_CYCLES)
        if stop.reason.name != "BREAKPOINT" or stop.pc != RETURN:
            raise EmulationError(f"{function} stopped at {stop.pc:#010x} ({stop.reason.name}) {stop.detail}")
        self.cycles = self._chip.cycles - start
        return self._chip.registers(0)["r0"]

    def write(self, address: int, data: bytes) -> None:
        """Puts bytes into memory."""
        self._chip.write_memory(address, data)

    def read(self, address: int, size: int) -> bytes:
        """Takes bytes from memory."""
        return self._chip.read_memory(address, size)
