"""Reads and checks platforms/rp2040/: one TOML file a block, and `chip.toml` for what belongs to no block alone.

docs/extending.md describes the files. Every mistake is a DescriptionError that names file, register and remedy.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from emberwatch.base.paths import PACKAGE
from emberwatch.chip.parts import Access, Block, Chip, DescriptionError, Field, Memory, Register, Verdict


def folder() -> Path:
    """Where the description lies: in the clone, or inside the installed package."""
    inside = PACKAGE / "tree" / "platforms" / "rp2040"
    return inside if inside.is_dir() else PACKAGE.parent / "platforms" / "rp2040"


@cache
def memory(name: str) -> Memory:
    """A memory or window of `chip.toml`, without reading the blocks.

    Raises:
        DescriptionError: there is none of that name.
    """
    chip = _toml("chip.toml")
    ranges = chip["memories"] | chip["windows"] | chip["private"]
    if name not in ranges:
        raise DescriptionError(f"chip.toml has no memory {name!r}; it has {', '.join(ranges)}")
    return Memory(name, ranges[name]["base"], ranges[name]["size"])


@cache
def irq_names() -> tuple[str, ...]:
    """Names of the external interrupts, by number."""
    return tuple(_toml("chip.toml")["irqs"])


@cache
def block(file: str) -> Block:
    """One block by the name of its file, without reading the others.

    Raises:
        DescriptionError: a fact of the file is malformed.
    """
    return _block(f"{file}.toml")


@cache
def load() -> Chip:
    """The whole description, checked.

    Raises:
        DescriptionError: a fact is malformed, or two contradict each other.
    """
    chip = _toml("chip.toml")
    blocks = tuple(block(path.stem) for path in sorted(folder().glob("*.toml")) if path.name != "chip.toml")
    windows = [Memory(name, entry["base"], entry["size"]) for name, entry in chip["windows"].items()]
    for each in blocks:
        if each.private:
            continue
        windows += [Memory(each.windows[instance], base, each.size) for instance, base in each.bases.items()]
    loaded = Chip(
        irqs=tuple(chip["irqs"]),
        dreqs=tuple(chip["dreqs"]),
        memories=tuple(Memory(name, entry["base"], entry["size"]) for name, entry in chip["memories"].items()),
        windows=tuple(sorted(windows, key=lambda window: window.base)),
        private=tuple(Memory(name, entry["base"], entry["size"]) for name, entry in chip["private"].items()),
        blocks=blocks,
    )
    _check_chip(loaded)
    return loaded


def _toml(name: str) -> dict[str, Any]:
    try:
        return tomllib.loads((folder() / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DescriptionError(f"platforms/rp2040/{name} does not exist; restore it from the repository") from None
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"platforms/rp2040/{name} is no TOML: {error}") from None


_BLOCK_KEYS = {"name", "title", "datasheet", "bases", "resets", "irqs", "window", "registers", "notes", "values"}
_REGISTER_KEYS = {"at", "count", "stride", "first", "of", "fields", "like", "access", "reset", "verdict", "same_as"}
_FIELD = re.compile(
    r"(?P<name>[A-Z0-9_%]+) (?:(?P<msb>\d+):(?P<lsb>\d+)|(?P<bit>\d+)(?:\+(?P<step>\d+)\*(?P<count>\d+))?) "
    r"(?P<access>ro|rw|wo|wc|sc|rf|rp)(?: (?P<reset>%|0x[0-9a-f]+|\d+))?(?: (?P<verdict>stored|refused))?"
)


def _block(file: str) -> Block:
    raw = _toml(file)
    if unknown := set(raw) - _BLOCK_KEYS:
        raise DescriptionError(f"{file}: unknown {sorted(unknown)[0]!r}; use some of {', '.join(sorted(_BLOCK_KEYS))}")
    registers: dict[str, Register] = {}
    for name, entry in raw["registers"].items():
        registers[name] = _register(file, name, entry, registers)
    instances = list(raw["bases"])
    window = raw.get("window")
    made = Block(
        name=raw["name"],
        file=file,
        title=raw["title"],
        datasheet=raw["datasheet"],
        bases=raw["bases"],
        resets=raw.get("resets", {}),
        irqs=raw.get("irqs", {}),
        windows={name: window or name.lower() for name in instances},
        registers=tuple(sorted(registers.values(), key=lambda register: register.at)),
        notes=raw.get("notes", {}),
        values=raw.get("values", {}),
    )
    _check_block(made)
    return made


def _register(file: str, name: str, entry: dict[str, Any], before: dict[str, Register]) -> Register:
    where = f"{file}: {name}"
    if unknown := set(entry) - _REGISTER_KEYS:
        raise DescriptionError(
            f"{where}: unknown {sorted(unknown)[0]!r}; use some of {', '.join(sorted(_REGISTER_KEYS))}"
        )
    if like := entry.get("like"):
        if like not in before:
            raise DescriptionError(f"{where}: like = {like!r} names no register above it")
        fields = before[like].fields
        if access := entry.get("access"):
            fields = tuple(replace(field, access=Access(access), verdict=Verdict.FULL) for field in fields)
        if "reset" in entry:
            fields = tuple(
                replace(field, reset=entry["reset"] >> field.lsb & (1 << field.width) - 1) for field in fields
            )
    else:
        fields = tuple(_field(where, text) for text in entry["fields"])
    if verdict := entry.get("verdict"):
        fields = tuple(replace(f, verdict=Verdict(verdict)) if f.access.writable else f for f in fields)
    if like:
        different = {field.name: field for field in (_field(where, text) for text in entry.get("fields", []))}
        fields = tuple(different.get(field.name, field) for field in fields)
    same = entry.get("same_as", [])
    of = entry.get("of", before[like].of if like else None)
    return Register(
        name=name,
        at=entry["at"],
        fields=fields,
        count=entry.get("count", 1),
        stride=entry.get("stride", 4),
        first=entry.get("first", 0),
        of=of,
        same_as=tuple([same] if isinstance(same, str) else same),
    )


def _field(where: str, text: str) -> Field:
    found = _FIELD.fullmatch(text)
    if found is None:
        raise DescriptionError(f'{where}: {text!r} is no field; write "NAME BITS ACCESS [RESET] [stored|refused]"')
    part = found.groupdict()
    lsb = int(part["lsb"] or part["bit"])
    width = int(part["msb"] or part["bit"]) - lsb + 1
    reset = None if part["reset"] == "%" else int(part["reset"] or "0", 0)
    field = Field(
        name=part["name"],
        lsb=lsb,
        width=width,
        access=Access(part["access"]),
        reset=reset,
        verdict=Verdict(part["verdict"] or "full"),
        count=int(part["count"] or 1),
        step=int(part["step"] or 0),
    )
    if width < 1 or field.mask >> 32:
        raise DescriptionError(f"{where}: {text!r} has no bits or bits above 31")
    if reset is not None and reset >> width:
        raise DescriptionError(f"{where}: {text!r} resets to more than its {width} bits hold")
    if not field.access.writable and field.verdict is not Verdict.FULL:
        raise DescriptionError(f"{where}: {text!r} is read-only and cannot be {field.verdict.value}")
    return field


def _check_block(made: Block) -> None:
    taken: dict[int, str] = {}
    names: set[str] = set()
    for register in made.registers:
        if (register.count > 1) != ("%" in register.name):
            raise DescriptionError(f"{made.file}: {register.name}: a count goes with % in the name")
        for name, at, fields in register.instances():
            if at in taken or at % 4:
                raise DescriptionError(f"{made.file}: {name} at {at:#x} is taken by {taken.get(at, 'no whole word')}")
            if name in names:
                raise DescriptionError(f"{made.file}: there are two registers {name}")
            taken[at] = name
            names.add(name)
            bits = 0
            for field in fields:
                mask = (1 << field.width) - 1 << field.lsb
                if bits & mask:
                    raise DescriptionError(f"{made.file}: {name}.{field.name} overlaps another field")
                bits |= mask
        for field in register.fields:
            if field.verdict is not Verdict.FULL and not made.note(register.name, field.name):
                raise DescriptionError(
                    f"{made.file}: {register.name}.{field.name} is {field.verdict.value}; say why in [notes]"
                )
        for other in register.same_as:
            made.register(other)
    for key in made.notes:
        if "." in key:
            made.field(key)
        else:
            made.register(key)
    for key, values in made.values.items():
        field = made.field(key)
        for name, value in values.items():
            if value >> field.width:
                raise DescriptionError(f"{made.file}: {key}: {name} = {value:#x} does not fit {field.width} bits")


def _check_chip(chip: Chip) -> None:
    lines = {field.name for field in chip.block("RESETS").register("RESET").fields}
    for each in chip.blocks:
        for instance, reset in each.resets.items():
            if reset not in lines or instance not in each.bases:
                raise DescriptionError(f"{each.file}: resets: {instance} = {reset!r} is no field of RESETS.RESET")
        for instance, irqs in each.irqs.items():
            for irq in irqs:
                if irq not in chip.irqs or instance not in each.bases:
                    raise DescriptionError(f"{each.file}: irqs: {irq!r} is not in chip.toml")
    end = 0
    for window in chip.windows:
        if window.base < end:
            raise DescriptionError(f"window {window.name} at {window.base:#x} overlaps the one before it")
        end = window.base + window.size
