"""C++ tables of librp2040: a header a block, and one for the map, interrupts, DMA requests and reset lines."""

from __future__ import annotations

import json

from emberwatch.chip.parts import Block, Chip, Field, Memory, Register, Verdict

_NOTE = "// Rendered from platforms/rp2040/{source} by `make chip`: change it there."


def camel(name: str) -> str:
    """`IO_BANK0` as `IoBank0`."""
    return "".join(part.capitalize() for part in name.lower().split("_"))


def render_blocks(chip: Chip) -> dict[str, str]:
    """Headers with the registers of each block, by file name."""
    return {f"{block.file.removesuffix('.toml')}.hpp": _render_block(block) for block in chip.blocks}


def _render_block(block: Block) -> str:
    name = camel(block.name)
    lines = [
        _NOTE.format(source=block.file),
        f"// {block.title} (datasheet {block.datasheet}).",
        "#pragma once",
        "",
        '#include "base/registers.hpp"',
        "",
        "namespace rp2040::regs {",
        "",
        "// clang-format off",
        f"inline constexpr Field k{name}Fields[] = {{",
    ]
    first: dict[tuple[Field, ...], int] = {}
    at = 0
    for register in block.registers:
        if register.fields in first:
            continue
        first[register.fields] = at
        at += len(register.fields)
        lines.append(f"    // {register.name}")
        lines += [f"    {_field(field, block.note(register.name, field.name))}," for field in register.fields]
    lines += ["};", f"inline constexpr Register k{name}Registers[] = {{"]
    lines += [f"    {_register(register, name, first[register.fields])}," for register in block.registers]
    bases = ", ".join(f"{base:#010x}" for base in block.bases.values())
    instances = ", ".join(f'"{instance}"' for instance in block.bases)
    lines += [
        "};",
        f"inline constexpr std::string_view k{name}Instances[] = {{{instances}}};",
        f"inline constexpr std::uint32_t k{name}Bases[] = {{{bases}}};",
        f"inline constexpr Block k{name}{{",
        f'    "{block.name}", k{name}Instances, k{name}Bases, {block.size:#x}, k{name}Registers}};',
        "// clang-format on",
        "",
        "}  // namespace rp2040::regs",
        "",
    ]
    return "\n".join(lines)


def _field(field: Field, note: str) -> str:
    values = [f'"{field.name}"', str(field.lsb), str(field.width), f"Access::{field.access.value}"]
    reset = "kResetIsIndex" if field.reset is None else f"{field.reset:#x}" if field.reset > 9 else str(field.reset)
    why = json.dumps(note) if field.verdict is Verdict.REFUSED else '""'
    rest = [f"Verdict::{field.verdict.value}", reset, str(field.count), str(field.step), why]
    for default in ('""', "0", "1", "0", "Verdict::full"):
        if rest[-1] != default:
            break
        rest.pop()
    return "{" + ", ".join(values + rest) + "}"


def _register(register: Register, block: str, at: int) -> str:
    fields = (
        f"{{k{block}Fields + {at}, {len(register.fields)}}}" if at else f"{{k{block}Fields, {len(register.fields)}}}"
    )
    values = [f'"{register.name}"', f"{register.at:#05x}", fields]
    rest = [str(register.count), f"{register.stride:#x}", str(register.first), str(register.of or 0)]
    for default in ("0", "0", "0x4", "1"):
        if rest[-1] != default:
            break
        rest.pop()
    return "{" + ", ".join(values + rest) + "}"


def render_table(chip: Chip) -> str:
    """`table.hpp`: all blocks, for names in messages."""
    lines = [
        _NOTE.format(source="*.toml"),
        "#pragma once",
        "",
        *(f'#include "regs/{block.file.removesuffix(".toml")}.hpp"' for block in chip.blocks),
        "",
        "namespace rp2040::regs {",
        "",
        "// clang-format off",
        "inline constexpr const Block* kBlocks[] = {",
        *(f"    &k{camel(block.name)}," for block in chip.blocks),
        "};",
        "// clang-format on",
        "",
        "}  // namespace rp2040::regs",
        "",
    ]
    return "\n".join(lines)


def enumerator(name: str) -> str:
    """Interrupt `PWM_IRQ_WRAP` as `pwm_wrap`."""
    return name.lower().replace("_irq", "", 1)


def render_chip(chip: Chip) -> str:
    """`chip.hpp`: addresses, interrupts, DMA requests, reset lines, windows."""
    resets = sorted(chip.block("RESETS").register("RESET").fields, key=lambda field: field.lsb)
    lines = [
        _NOTE.format(source="chip.toml and the blocks"),
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace rp2040 {",
        "",
        "// clang-format off",
        "// Memories and windows (datasheet 2.2).",
    ]
    named = [memory for memory in (*chip.memories, *chip.windows, *chip.private) if memory.name not in _bases(chip)]
    for memory in named:
        lines.append(f"inline constexpr std::uint32_t k{camel(memory.name)}Base = {memory.base:#010x},")
        lines.append(f"                               k{camel(memory.name)}Size = {memory.size:#x};")
    lines += ["", "// Blocks of registers."]
    for block in chip.blocks:
        for instance, base in block.bases.items():
            lines.append(f"inline constexpr std::uint32_t k{camel(instance)}Base = {base:#010x};")
    lines += ["", "/// External interrupts (datasheet 2.3.2).", "enum class Irq : std::uint8_t {"]
    lines += [f"    {enumerator(name)}," for name in chip.irqs] + ["    count", "};"]
    lines += ["", "/// DMA data requests (datasheet 2.5.3.1). Values are TREQ_SEL encodings."]
    lines += ["enum class Dreq : std::uint8_t {"]
    lines += [f"    {name.lower()}," for name in chip.dreqs] + ["    count", "};"]
    lines += ["", "/// Bits of RESETS' registers (datasheet 2.14.3).", "enum class ResetBit : std::uint8_t {"]
    lines += [f"    {field.name.lower()}," for field in resets] + ["    count", "};"]
    lines += ["", "/// A range of addresses with its name in the C ABI.", "struct Window {"]
    lines += ["    std::uint32_t base, size;", "    const char* name;", "};"]
    for name, ranges in (("kWindows", chip.windows), ("kMemories", chip.memories)):
        lines += [f"inline constexpr Window {name}[] = {{", *(f"    {_window(each)}," for each in ranges), "};"]
    lines += ["// clang-format on", "", "}  // namespace rp2040", ""]
    return "\n".join(lines)


def _bases(chip: Chip) -> set[str]:
    return {window for block in chip.blocks for window in block.windows.values()}


def _window(memory: Memory) -> str:
    return f'{{{memory.base:#010x}, {memory.size:#x}, "{memory.name}"}}'
