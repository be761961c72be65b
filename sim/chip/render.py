"""Renders what is made from platforms/rp2040/: tables of the C++ core, the firmware's header, rows of docs/chip.md.

    python -m emberwatch.chip            write them
    python -m emberwatch.chip --check    exit with 1 if one is stale

The files are committed, so that nothing but the core's own build needs them; a test renders them again and compares.
"""

from __future__ import annotations

from pathlib import Path

from emberwatch.base import atomic
from emberwatch.base.paths import project_root
from emberwatch.chip.addresses import render_addresses
from emberwatch.chip.cpp import render_blocks, render_chip, render_table
from emberwatch.chip.docs import render_document
from emberwatch.chip.facts import load
from emberwatch.chip.header import render_header
from emberwatch.chip.parts import Chip


def render_all(chip: Chip | None = None) -> dict[Path, str]:
    """Text of every rendered file by its path."""
    chip = chip or load()
    root = project_root()
    tables = root / "sim" / "rp2040" / "regs"
    files = {tables / name: text for name, text in render_blocks(chip).items()}
    files[tables / "chip.hpp"] = render_chip(chip)
    files[tables / "table.hpp"] = render_table(chip)
    files[root / "firmware" / "hw" / "rp2040.h"] = render_header(chip)
    files[root / "firmware" / "hw" / "rp2040_addresses.h"] = render_addresses(chip)
    files[root / "sim" / "rp2040" / "bootrom" / "rp2040_addresses.h"] = render_addresses(chip)
    document = root / "docs" / "chip.md"
    files[document] = render_document(chip, document.read_text(encoding="utf-8"))
    return files


def stale() -> list[Path]:
    """Files that are not what the description gives."""
    return [path for path, text in render_all().items() if not path.is_file() or path.read_text("utf-8") != text]


def write() -> list[Path]:
    """Writes what is stale; returns what was written."""
    files = render_all()
    written = []
    for path, text in files.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(exist_ok=True)
        atomic.write_text(path, text)
        written.append(path)
    return written
