"""`firmware/hw/rp2040.h`: structures, addresses, bits, interrupts and DMA requests for C."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from emberwatch.chip.parts import Block, Chip, Register

_HEAD = """\
// Rendered from platforms/rp2040/ by `make chip`: change it there. The datasheet's names; the layout is checked.
//
// Every peripheral on the APB and AHB-Lite buses has three aliases for atomic bit operations
// (datasheet 2.1.2); hw_set and hw_clear write to them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "hw/rp2040_addresses.h"

// clang-format off
typedef volatile uint32_t reg32_t;

static inline void hw_set(reg32_t* reg, uint32_t bits) { *(reg32_t*)((uintptr_t)reg | 0x2000u) = bits; }
static inline void hw_clear(reg32_t* reg, uint32_t bits) { *(reg32_t*)((uintptr_t)reg | 0x3000u) = bits; }

#define REG_AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
"""


@dataclass
class _Member:
    """A register, an array of them, or an array of structures."""

    name: str
    at: int
    count: int
    stride: int
    inner: list[Register] = field(default_factory=list)


def render_header(chip: Chip) -> str:
    """The header's text."""
    parts = [_HEAD]
    parts += [_block(block) for block in chip.blocks]
    parts.append("// External interrupts (datasheet 2.3.2) and DMA requests (datasheet 2.5.3.1)")
    parts += [f"#define {name} {number}u" for number, name in enumerate(chip.irqs)]
    parts += [f"#define DREQ_{name} {number}u" for number, name in enumerate(chip.dreqs)]
    return "\n".join(parts) + "\n// clang-format on\n"


def _block(block: Block) -> str:
    kind = block.name.lower() + "_t"
    members = _members(block)
    lines = [f"// {block.title} (datasheet {block.datasheet})"]
    for member in members:
        lines += _structure(block, member)
    lines.append("typedef struct {")
    at = 0
    checks = []
    reserved = 0
    for member in members:
        if member.at > at:
            lines.append(f"    reg32_t reserved{reserved}[{(member.at - at) // 4}];")
            reserved += 1
        lines.append(_declare(block, member))
        checks.append(f"REG_AT({kind}, {member.name}, {member.at:#x});")
        at = member.at + member.count * member.stride
    lines += [f"}} {kind};", *checks]
    lines += [f"#define {instance} (({kind}*){instance}_BASE)" for instance in block.bases]
    lines += _macros(block)
    return "\n".join(lines) + "\n"


def _members(block: Block) -> list[_Member]:
    """Registers in order; those that alternate in one array are a structure."""
    members: dict[str, _Member] = {}
    for register in block.registers:
        name = register.name
        if register.count > 1 and not name.endswith("%"):
            stem = name.partition("%")[0].rstrip("_")
            if stem in members and register.at >= members[stem].at + members[stem].stride:
                stem = name.rpartition("_")[0].replace("%", "")  # another array of the same channels
            if stem in members and register.stride == members[stem].stride:
                members[stem].inner.append(register)
                continue
            if stem not in members and register.stride > 4:
                members[stem] = _Member(stem, register.at, register.count, register.stride, [register])
                continue
        bare = name.replace("%", "")
        if register.count > 1 and (register.stride > 4 or bare in members):  # each by its own name
            for single, at, _ in register.instances():
                members[single] = _Member(single, at, 1, 4)
            continue
        members[bare] = _Member(bare, register.at, register.count, register.stride)
    return _untangled(sorted(members.values(), key=lambda member: member.at))


def _untangled(members: list[_Member]) -> list[_Member]:
    """Structures whose space holds something else become single registers."""
    result: list[_Member] = []
    for n, member in enumerate(members):
        end = member.at + member.count * member.stride
        following = members[n + 1].at if n + 1 < len(members) else end
        if member.inner and (end > following):
            for register in member.inner:
                result += [_Member(single, at, 1, 4) for single, at, _ in register.instances()]
        else:
            result.append(member)
    return sorted(result, key=lambda member: member.at)


def _structure_name(block: Block, member: _Member) -> str:
    return f"{block.name}_{member.name}_t".lower()


def _structure(block: Block, member: _Member) -> list[str]:
    if not member.inner:
        return []
    lines, at, reserved = ["typedef struct {"], 0, 0
    for register in sorted(member.inner, key=lambda register: register.at):
        offset = register.at - member.at
        if offset > at:
            lines.append(f"    reg32_t reserved{reserved}[{(offset - at) // 4}];")
            reserved += 1
        lines.append(f"    reg32_t {re.sub('^.*%_?', '', register.name)};")
        at = offset + 4
    if at < member.stride:
        lines.append(f"    reg32_t reserved{reserved}[{(member.stride - at) // 4}];")
    return [*lines, f"}} {_structure_name(block, member)};"]


def _declare(block: Block, member: _Member) -> str:
    kind = _structure_name(block, member) if member.inner else "reg32_t"
    return f"    {kind} {member.name}" + (f"[{member.count}];" if member.count > 1 else ";")


def _macros(block: Block) -> list[str]:
    lines = []
    seen = set()
    for register in block.registers:
        stem = f"{block.name}_{register.name.replace('%', 'N' if register.first else '')}"
        if len(register.fields) > 1:
            lines.append(f"#define {stem}_BITS {register.mask():#010x}u")
        shape = tuple((each.name, each.lsb, each.width) for each in register.fields)
        if shape in seen and len(shape) > 1:
            continue  # INTE, INTF and INTS have the bits of INTR
        seen.add(shape)
        for each in register.fields:
            if each.width == 32:
                continue
            name = f"{stem}_{each.name.replace('%', '')}"
            if each.count > 1:
                lines.append(f"#define {name}(n) (1u << ({each.lsb} + {each.step} * (n)))")
            elif each.width == 1:
                lines.append(f"#define {name} (1u << {each.lsb})")
            else:
                lines.append(f"#define {name}_LSB {each.lsb}")
                lines.append(f"#define {name}_MASK {each.mask:#x}u")
            for value, number in block.values.get(f"{register.name}.{each.name}", {}).items():
                lines.append(f"#define {name}_{value} ({number:#x}u << {each.lsb})")
    return lines
