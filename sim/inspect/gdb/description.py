"""What GDB is told about the chip: registers and memory map.

The features are those of the GDB manual, "ARM Features": org.gnu.gdb.arm.m-profile and org.gnu.gdb.arm.m-system.
"""

from __future__ import annotations

from emberwatch.program.elf import FLASH_BASE, SRAM_BASE, SRAM_SIZE, XIP_SRAM_BASE, XIP_SRAM_SIZE

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

_DEVICES = (
    (0x1400_0000, 0x4000),  # XIP control
    (XIP_SRAM_BASE, XIP_SRAM_SIZE),
    (0x1800_0000, 0x4000),  # SSI
    (SRAM_BASE, SRAM_SIZE),
    (0x2100_0000, 0x40000),  # SRAM0-3 bank by bank
    (0x4000_0000, 0x70000),  # APB
    (0x5000_0000, 0x400000),  # AHB-Lite
    (0xD000_0000, 0x200),  # SIO
    (0xE000_0000, 0x100000),  # private peripheral bus
)


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
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN" '
        '"http://sourceware.org/gdb/gdb-memory-map.dtd">',
        "<memory-map>",
        '<memory type="rom" start="0x0" length="0x4000"/>',
        f'<memory type="flash" start="{FLASH_BASE:#x}" length="{flash_size:#x}">'
        f'<property name="blocksize">{FLASH_SECTOR:#x}</property></memory>',
        '<memory type="rom" start="0x11000000" length="0x3000000"/>',
        *(f'<memory type="ram" start="{start:#x}" length="{size:#x}"/>' for start, size in _DEVICES),
        "</memory-map>",
    ]
    return "\n".join(lines).encode()
