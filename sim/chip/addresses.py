"""Addresses for C and for the assembler: `rp2040_addresses.h` of the firmware and of the built-in boot ROM."""

from __future__ import annotations

from emberwatch.chip.cpp import enumerator
from emberwatch.chip.parts import Chip

_HEAD = """\
// Rendered from platforms/rp2040/ by `make chip`: change it there. Plain numbers, for C and for the assembler.
#ifndef RP2040_ADDRESSES_H
#define RP2040_ADDRESSES_H

// clang-format off
"""


def render_addresses(chip: Chip) -> str:
    """Base of every block, offset of every register, names of the interrupts in order."""
    lines = [_HEAD]
    lines += [f"#define {memory.name.upper()}_BASE {memory.base:#010x}" for memory in chip.memories]
    for block in chip.blocks:
        lines.append("")
        lines += [f"#define {instance}_BASE {base:#010x}" for instance, base in block.bases.items()]
        for register in block.registers:
            # ADDR_ENDP1 to 15 stand beside an ADDR_ENDP.
            name = f"{block.name}_{register.name.replace('%', 'N' if register.first else '')}"
            lines.append(f"#define {name}_OFFSET {register.at:#05x}")
            if register.count > 1:
                lines.append(f"#define {name}_STRIDE {register.stride:#x}")
    lines += ["", "// External interrupts in order of their numbers, for the assembler's .irp"]
    names = ", ".join(enumerator(name) for name in chip.irqs)
    return "\n".join([*lines, f"#define IRQ_NAMES {names}", "", "#endif", ""])
