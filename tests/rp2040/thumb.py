"""Assembles ARMv6-M code and runs it on a bare chip, for the tests in this folder."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from emberwatch import _native

RAM = 0x2000_0000
FLASH_CODE = 0x1000_0100
STACK = 0x2004_2000

SYSTICK = """
    ldr r4, =0xe000e010
    ldr r0, =0xffffff
    str r0, [r4, #4]
    movs r0, #5
    str r0, [r4, #0]
    str r0, [r4, #8]
"""
"""Starts SysTick on the processor clock, from 0xffffff down; r4 holds its address."""

# Core 0 launches core 1 at the label core1: sends 0, 0, 1, vector table, stack, entry, each answered by its echo. As in
# a real program, core 1 has had time to get into its waiting loop before that.
LAUNCH = """
    ldr r0, =300
    settle: subs r0, #1
    bne settle
    ldr r4, =0xd0000000
    ldr r5, =sequence
    movs r6, #0
    next: ldr r0, [r5, r6]
    cmp r0, #0
    bne send
    drain: ldr r1, [r4, #0x58]
    ldr r1, [r4, #0x50]
    lsrs r1, r1, #1
    bcs drain
    sev
    send: ldr r1, [r4, #0x50]
    lsrs r1, r1, #2
    bcc send
    str r0, [r4, #0x54]
    sev
    wait: ldr r1, [r4, #0x50]
    lsrs r1, r1, #1
    bcs arrived
    wfe
    b wait
    arrived: ldr r1, [r4, #0x58]
    adds r6, #4
    cmp r1, r0
    beq good
    movs r6, #0
    good: cmp r6, #24
    bne next
"""
LAUNCH_TABLE = """
    .ltorg
    .align 2
    sequence: .word 0, 0, 1, 0x20000000, 0x20030000, core1 + 1
"""


@functools.cache
def assemble(source: str, address: int = RAM) -> bytes:
    """Machine code of `source`, located at `address`; skips the test where there is no Arm assembler."""
    if shutil.which("arm-none-eabi-as") is None:
        pytest.skip("arm-none-eabi-as is not installed (Debian: binutils-arm-none-eabi)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "t.s").write_text(f".syntax unified\n.cpu cortex-m0plus\n.thumb\n{source}\n")
        subprocess.run(["arm-none-eabi-as", "-o", path / "t.o", path / "t.s"], check=True)
        subprocess.run(
            ["arm-none-eabi-ld", f"-Ttext={address:#x}", "--entry=0", "-o", path / "t.elf", path / "t.o"], check=True
        )
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", path / "t.elf", path / "t.bin"], check=True)
        return (path / "t.bin").read_bytes()


@dataclass
class Outcome:
    """Registers, flags and the chip after a program reached its BKPT."""

    chip: _native.Chip
    registers: dict[str, int]
    stop: _native.Stop

    def __getitem__(self, name: str) -> int:
        return self.registers[name]

    @property
    def flags(self) -> str:
        """Set flags, as in "NzCv"."""
        bits = self.registers["xpsr"] >> 28
        return "".join(c.upper() if bits >> (3 - i) & 1 else c for i, c in enumerate("nzcv"))


def run(source: str, *, cycles: int = 100_000, chip: _native.Chip | None = None, **registers: int) -> Outcome:
    """Runs `source` from SRAM until its BKPT, starting with the given registers (r0=..., xpsr=...)."""
    chip = chip if chip is not None else _native.Chip()
    chip.attach_debugger(True)
    chip.load(RAM, assemble(source))
    chip.reset(RAM | 1)
    for name, value in registers.items():
        chip.set_register(0, name, value)
    stop = chip.run_until(cycles)
    return Outcome(chip, chip.registers(0), stop)


def word(chip: _native.Chip, address: int) -> int:
    """A word of memory as a debugger reads it."""
    return int.from_bytes(chip.read_memory(address, 4), "little")


def boot2_crc(data: bytes) -> int:
    """The boot ROM's CRC-32, written independently of the model: polynomial division, MSB first."""
    crc = 0xFFFF_FFFF
    for byte in data:
        for bit in range(7, -1, -1):
            top = crc >> 31 ^ byte >> bit & 1
            crc = crc << 1 & 0xFFFF_FFFF
            if top:
                crc ^= 0x04C1_1DB7
    return crc
