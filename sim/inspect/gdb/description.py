"""What GDB is told about the chip: registers and memory map.

The features are those of the GDB manual, "ARM Features": org.gnu.gdb.arm.m-profile and org.gnu.gdb.arm.m-system.
"""

from __future__ import annotations

from emberwatch.chip import load
from emberwatch.program.elf import FLASH_BASE, FLASH_WINDOW

REGISTERS = (
    *(f"r{n}" for n in range(13)),
    "sp",
    "lr",
    "pc",
    "xpsr",
    "msp",
    "psp",
    "primask",
    "control",
)
"""In the order of GDB's register numbers; all are 32 bits wide."""

FLASH_SECTOR = 4096
"""Bytes of the smallest erasable unit of the serial flash."""

_TYPES = {"sp": "data_ptr", "pc": "code_ptr", "msp": "data_ptr", "psp": "data_ptr"}
_SYSTEM = ("msp", "psp", "primask", "control")


def target_xml() -> bytes:
    """The target description."""
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
        "<target><architecture>armv6s-m</architecture>",
        '<feature name="org.gnu.gdb.arm.m-profile">',
        *(_register(name) for name in REGISTERS if name not in _SYSTEM),
        "</feature>",
        '<feature name="org.gnu.gdb.arm.m-system">',
        *(_register(name) for name in _SYSTEM),
        "</feature></target>",
    ]
    return "\n".join(lines).encode()


def _register(name: str) -> str:
    group = ' group="system"' if name in _SYSTEM else ""
    return f'<reg name="{name}" bitsize="32" type="{_TYPES.get(name, "uint32")}"{group}/>'


def memory_map_xml(flash_size: int) -> bytes:
    """The memory map; GDB erases and programs what is of type flash."""
    chip = load()
    others = (*chip.memories[2:], *chip.windows, *chip.private)
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" '
        '"http://sourceware.org/gdb/gdb-memory-map.dtd">',
        "<memory-map>",
        _memory("rom", chip.memories[0].base, chip.memories[0].size),
        f'<memory type="flash" start="{FLASH_BASE:#x}" length="{flash_size:#x}">'
        f'<property name="blocksize">{FLASH_SECTOR:#x}</property></memory>',
        _memory("rom", FLASH_BASE + FLASH_WINDOW, 3 * FLASH_WINDOW),  # the flash's other aliases
        *(_memory("ram", each.base, each.size) for each in sorted(others, key=lambda each: each.base)),
        "</memory-map>",
    ]
    return "\n".join(lines).encode()


def _memory(kind: str, start: int, size: int) -> str:
    return f'<memory type="{kind}" start="{start:#x}" length="{size:#x}"/>'
