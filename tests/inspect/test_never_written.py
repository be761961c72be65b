"""Reads of memory that nobody has written are reported, others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from thumb import RAM, assemble

from emberwatch.inspect.never_written import NeverWrittenReads
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import Image, Segment
from emberwatch.program.symbols import SymbolTable

PROGRAM = """
    ldr r0, =0x20010000
    ldr r1, [r0]
    ldrb r1, [r0, #4]
    str r1, [r0, #8]
    ldr r1, [r0, #8]
    ldrh r1, [r0, #8]
    ldr r1, [r0, #12]
    push {r0-r3}
    pop {r4-r7}
1:  ldr r1, [r0]
    b 1b
"""


def image() -> Image:
    return Image(Path("never.elf"), (Segment(RAM, assemble(PROGRAM, RAM)),), RAM, SymbolTable([]))


def test_each_place_is_reported_once_and_what_was_written_is_not() -> None:
    with Machine(image()) as machine:
        reads = NeverWrittenReads(machine)
        machine.run(0.0001)
        found = reads.take()
        assert [(read.pc - RAM, read.address - 0x20010000, read.bytes) for read in found] == [
            (2, 0, 4),
            (4, 4, 1),
            (12, 12, 4),
            (18, 0, 4),
        ]
        assert {read.master for read in found} == {"core 0"}
        assert "reads 4 bytes at 0x20010000, which nobody has written" in str(found[0])
        machine.run(0.0001)
        assert reads.take() == []


def test_the_dma_reads_and_writes_too() -> None:
    with Machine(image()) as machine:
        reads = NeverWrittenReads(machine)
        machine.run(0.0001)
        reads.take()
        chip = machine.engine.chip  # type: ignore[attr-defined]
        chip.write_bus(0x4000C000, 4, 0)
        for offset, value in (
            (0x00, 0x20020000),
            (0x04, 0x20021000),
            (0x08, 3),
            (0x0C, 0x3F << 15 | 2 << 2 | 3 << 4 | 1),
        ):
            chip.write_bus(0x50000000 + offset, 4, value)
        machine.run(0.0001)
        found = reads.take()
        assert [(read.master, read.pc, read.address) for read in found] == [
            ("DMA", 0, 0x20020000 + 4 * n) for n in range(3)
        ]
        chip.write_bus(0x50000000 + 0x04, 4, 0x20022000)
        chip.write_bus(0x50000000 + 0x3C, 4, 0x20021000)  # READ_ADDR_TRIG: what the channel has written
        machine.run(0.0001)
        assert reads.take() == []
