"""The RP2040 as a description: memory map, blocks, registers and fields, read from platforms/rp2040/."""

from emberwatch.chip.facts import Access, Block, Chip, Field, Memory, Register, Verdict, block, load

__all__ = ["Access", "Block", "Chip", "Field", "Memory", "Register", "Verdict", "block", "load"]
