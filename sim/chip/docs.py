"""The tables of docs/chip.md between its markers `<!-- chip: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re

from emberwatch.chip.parts import Chip, Verdict

_SECTION = re.compile(r"(<!-- chip: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render_document(chip: Chip, text: str) -> str:
    """The page with its rendered tables renewed."""
    tables = {
        "blocks": _blocks(chip),
        "refused": _fields(chip, Verdict.REFUSED),
        "stored": _fields(chip, Verdict.STORED),
    }
    return _SECTION.sub(lambda found: found[1] + "\n".join(tables[found[2]]) + "\n" + found[3], text)


def _blocks(chip: Chip) -> list[str]:
    rows = ["", "| block | address | registers | interrupts | [DS] |", "|---|---|---|---|---|"]
    for block in sorted(chip.blocks, key=lambda each: each.base):
        names = ", ".join(block.bases)
        bases = ", ".join(f"{base:#010x}" for base in block.bases.values())
        count = sum(register.count for register in block.registers)
        irqs = ", ".join(str(chip.irqs.index(irq)) for lines in block.irqs.values() for irq in lines)
        rows.append(f"| {names} | {bases} | {count} | {irqs} | {block.datasheet} |")
    return [*rows, ""]


def _fields(chip: Chip, verdict: Verdict) -> list[str]:
    rows = ["", "| field | why |", "|---|---|"]
    for block in chip.blocks:
        reasons: dict[str, list[str]] = {}
        for register in block.registers:
            found = [field for field in register.fields if field.verdict is verdict]
            whole = len(found) == sum(field.access.writable for field in register.fields)
            if whole and len({block.note(register.name, field.name) for field in found}) == 1:
                reasons.setdefault(block.note(register.name, found[0].name), []).append(register.name)
                continue
            for field in found:
                reason = block.note(register.name, field.name)
                reasons.setdefault(reason, []).append(_name(register.name, field.name))
        rows += [f"| {block.name}: {_shorten(fields)} | {reason} |" for reason, fields in reasons.items()]
    return [*rows, ""]


def _name(register: str, field: str) -> str:
    return register if field == register else f"{register}.{field}"


def _shorten(names: list[str]) -> str:
    """`A.X, A.Y` as `A.X, .Y`."""
    result, before = [], ""
    for name in names:
        register, dot, field = name.partition(".")
        result.append(f".{field}" if dot and register == before else name)
        before = register
    return ", ".join(result).replace("%", "n")
