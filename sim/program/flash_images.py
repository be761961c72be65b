"""What flash holds besides the program: further images, and what an earlier run has left there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from emberwatch.base.errors import ImageError
from emberwatch.program.elf import FLASH_BASE, FLASH_WINDOW, Image, Segment

SECTOR = 4096
"""Bytes that are erased together: programming a part of one leaves the rest of it erased, as a debug probe does."""


def flash_image(option: str) -> tuple[int, bytes]:
    """Reads what IMAGE@OFFSET names: the offset into flash, and the file's bytes.

    Raises:
        ImageError: it is not written so, the file cannot be read, or the offset lies outside the flash window.
    """
    name, at, offset = option.rpartition("@")
    try:
        start = int(offset, 0) if at else -1
    except ValueError:
        start = -1
    if name and start >= FLASH_WINDOW:
        raise ImageError(f"flash image {option!r}: {start:#x} is beyond {FLASH_WINDOW:#x}, the end of any flash")
    if not name or start < 0:
        raise ImageError(f"flash image {option!r} must be FILE@OFFSET, as in settings.bin@0x100000")
    data = _read(Path(name))
    if start + len(data) > FLASH_WINDOW:
        raise ImageError(f"flash image {option!r} ends beyond the flash window of {FLASH_WINDOW} bytes")
    return start, data


def with_flash(image: Image, kept: bytes, images: Iterable[tuple[int, bytes]]) -> Image:
    """A program with what else is in flash: `kept` below it, `images` on top of it.

    Raises:
        ImageError: an image overlaps the program.
    """
    ours = [s for s in image.segments if FLASH_BASE <= s.address < FLASH_BASE + FLASH_WINDOW]
    below = bytearray(kept)
    for segment in ours:  # flashing erases whole sectors
        first, last = segment.address - FLASH_BASE, segment.end - FLASH_BASE
        begin, end = first // SECTOR * SECTOR, min(len(below), -(-last // SECTOR) * SECTOR)
        below[begin:end] = b"\xff" * max(0, end - begin)
    segments = [Segment(FLASH_BASE, bytes(below))] if below.strip(b"\xff") else []
    segments += image.segments
    for offset, data in images:
        for segment in ours:
            if offset < segment.end - FLASH_BASE and segment.address - FLASH_BASE < offset + len(data):
                raise ImageError(
                    f"a flash image of {len(data)} bytes at {offset:#x} overlaps the program, which has "
                    f"{segment.address - FLASH_BASE:#x} to {segment.end - FLASH_BASE - 1:#x}"
                )
        segments.append(Segment(FLASH_BASE + offset, data))
    return replace(image, segments=tuple(segments))


def read_kept(path: Path) -> bytes:
    """What a flash file holds; nothing while it does not exist.

    Raises:
        ImageError: it cannot be read, or is larger than any flash.
    """
    data = _read(path) if path.exists() else b""
    if len(data) > FLASH_WINDOW:
        raise ImageError(f"flash file {path} has {len(data)} bytes; a flash has at most {FLASH_WINDOW}")
    return data


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(FLASH_WINDOW + 1)
    except OSError as error:
        raise ImageError(f"flash image {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
