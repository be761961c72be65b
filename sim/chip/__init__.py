"""The RP2040 as a description: memory map, blocks, registers and fields, read from platforms/rp2040/."""

from emberwatch.chip.facts import block, irq_names, load, memory
from emberwatch.chip.parts import Access, Block, Chip, Field, Memory, Register, Verdict

__all__ = ["Access", "Block", "Chip", "Field", "Memory", "Register", "Verdict", "block", "irq_names", "load", "memory"]
