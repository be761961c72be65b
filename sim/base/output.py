"""What commands write: files, checked before the work begins and named when they cannot be written; lines on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.text import printable


def check_outputs(outputs: Mapping[str, Path | None], inputs: Iterable[Path | None] = ()) -> None:
    """Refuses files that cannot be written, or that would overwrite what the command reads or another of its files.

    Args:
        outputs: what is to be written, by the option that names it; None is not asked for.
        inputs: what the command reads; None and files that do not exist are skipped.

    Raises:
        UsageError: the first output that cannot be as it is.
    """
    read = [path for path in inputs if path is not None and path.exists()]
    before: list[tuple[str, Path]] = []
    for option, path in outputs.items():
        if path is None:
            continue
        if str(path) == "-":
            raise UsageError(f"{option} - is no file name; for standard output give /dev/stdout")
        for source in read:
            if _same(path, source):
                raise UsageError(f"{option} {path} would overwrite its own input {source}; give another name")
        for other, earlier in before:
            if _same(path, earlier):
                raise UsageError(f"{option} {path} is the file of {other}, too; give another name")
        _check_writable(option, path)
        before.append((option, path))


def _same(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other) and (path.is_file() or path.is_dir())
    return path.resolve() == other.resolve()


def _check_writable(option: str, path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder; give the name of a file")
    if path.exists():
        if not os.access(path, os.W_OK):
            raise UsageError(f"{option} {path} cannot be written: permission denied")
        return
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        raise UsageError(f"{option} {path} cannot be written: {folder} is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {path} cannot be written: folder {folder} may not be written to")


def say(text: str) -> None:
    """Tells the user something beside the result: one line on stderr that names the program."""
    print(f"emberwatch: {printable(text)}", file=sys.stderr)


def write_file(path: Path, content: str | bytes, option: str = "") -> None:
    """Writes a file as a whole or not at all, its folder included.

    Args:
        path: the file.
        content: bytes, or text to be encoded as UTF-8; what cannot be encoded becomes a question mark.
        option: the option that named the file, for the message.

    Raises:
        UsageError: it cannot be written, or the disk is full; the message names the file, and an old one is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(path, content.encode("utf-8", "replace") if isinstance(content, str) else content)
    except OSError as error:
        raise UsageError(f"{option} {path} cannot be written: {error.strerror or error}".lstrip()) from None
