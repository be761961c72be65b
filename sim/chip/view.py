"""Registers with their values as text, for a person at a debugger."""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.base.errors import UsageError
from emberwatch.chip.facts import load
from emberwatch.chip.parts import Block, DescriptionError

Reader = Callable[[int], int]
"""Value of the word at an address, without side effects; ValueError where nothing can be read."""


def blocks_text() -> str:
    """All blocks with their addresses."""
    lines = []
    for block in sorted(load().blocks, key=lambda each: each.base):
        lines += [f"{base:#010x}  {instance:<20} {block.title}" for instance, base in block.bases.items()]
    return "\n".join(lines) + "\n"


def block_text(name: str, read: Reader) -> str:
    """A line a register: address, name, value."""
    block, base = _find(name)
    lines = []
    for register in block.registers:
        for single, at, _ in register.instances():
            lines.append(f"{base + at:#010x}  {single:<28} {_value(base + at, read)}")
    return "\n".join(lines) + "\n"


def register_text(name: str, register: str, read: Reader) -> str:
    """A register with a line a field: bits, name, value and its name."""
    block, base = _find(name)
    found = block.register(register.upper())
    single, at, fields = next(
        (each for each in found.instances() if each[0] == register.upper()), next(found.instances())
    )
    word = read(base + at)
    lines = [f"{base + at:#010x}  {single} = {word:#010x}"]
    for field in sorted(fields, key=lambda field: -field.lsb):
        value = field.of(word)
        bits = str(field.lsb) if field.width == 1 else f"{field.lsb + field.width - 1}:{field.lsb}"
        names = block.values.get(f"{found.name}.{field.name}", {})
        named = "".join(f"  {text}" for text, number in names.items() if number == value)
        lines.append(f"  {bits:>5}  {field.access.value}  {field.name:<24} {value:#x}{named}")
    return "\n".join(lines) + "\n"


def _find(name: str) -> tuple[Block, int]:
    try:
        block = load().block(name.upper())
    except DescriptionError as error:
        raise UsageError(str(error)) from None
    return block, block.bases.get(name.upper(), block.base)


def _value(address: int, read: Reader) -> str:
    try:
        return f"{read(address):#010x}"
    except ValueError:
        return "not readable"
