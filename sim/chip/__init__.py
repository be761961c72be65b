"""The RP2040 as a description: memory map, blocks, registers and fields, read from platforms/rp2040/."""

from emberwatch.chip.facts import Access, Block, Chip, Field, Memory, Register, Verdict, block, irq_names, load, memory

__all__ = ["Access", "Block", "Chip", "Field", "Memory", "Register", "Verdict", "block", "irq_names", "load", "memory"]
