#!/usr/bin/env python3
"""The layers of the C and C++ sources: what a folder may include. Part of `make lint`; says what breaks it.

The Python side has the same as a contract of import-linter in pyproject.toml; docs/architecture.md draws both.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHIP = (
    "base/",
    "bus/",
    "bootrom",
    "series.inc",
    "chip",
    "cpu/",
    "device/",
    "dma/",
    "io/",
    "periph/",
    "pio/",
    "regs/",
    "rp2040/",
    "usb/",
)
"""The chip's own folders; its files include each other from sim/rp2040."""

EVENT_LOGIC = ("apps/detector/bursts.h", "apps/detector/cadence.h", "apps/detector/events.h", "hot.h")

ALLOWED: dict[str, tuple[str, ...]] = {
    # The chip knows neither what hangs on its pins nor who looks at it.
    "sim/rp2040": CHIP,
    "sim/mic": (*CHIP, "mic/"),
    "sim/capi": (*CHIP, "mic/", "capi/"),
    # Signal processing and event logic run on any computer: no register, no board.
    "firmware/dsp": ("dsp/", "hot.h"),
    **{f"firmware/apps/detector/{name}": EVENT_LOGIC for name in ("bursts.c", "cadence.c", "events.c", "events.h")},
    "firmware/hw": ("hw/", "board.h", "hot.h"),
    "firmware/drivers": ("hw/", "drivers/", "board.h", "hot.h"),
    "firmware/apps/common": ("apps/common/", "hw/", "drivers/", "board.h", "hot.h"),
    "firmware/apps/capture": ("apps/capture/", "apps/common/", "hw/", "drivers/", "dsp/", "board.h", "hot.h"),
}
"""Folder or file: what its quoted includes may begin with; a file beside the including one is always allowed."""

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_SOURCES = (".c", ".h", ".cpp", ".hpp", ".inc", ".S")


def findings(root: Path = ROOT) -> list[str]:
    """One line for each include that is not allowed, and for each rule that finds no file."""
    found = []
    for where, allowed in ALLOWED.items():
        path = root / where
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in _SOURCES)
        if not files:
            found.append(f"{where} has no sources; correct scripts/check_includes.py")
        for file in files:
            for name in _INCLUDE.findall(file.read_text(encoding="utf-8")):
                beside = "/" not in name and (file.parent / name).is_file()
                if not beside and not name.startswith(allowed):
                    found.append(f'{file.relative_to(root)} includes "{name}", which {where} may not know')
    return found


if __name__ == "__main__":
    broken = findings()
    print("\n".join(broken) or f"includes: {len(ALLOWED)} rules kept")
    sys.exit(bool(broken))
