"""Files of work that is done: a line of JSON for each piece, on the disk before anybody is told of it.

Whoever goes on after Ctrl-C, a full disk or a lost machine reads the lines and leaves out what they hold. A line that
was cut off counts as not done.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from emberwatch.base.errors import UsageError
from emberwatch.base.locks import locked

_LOCK = ".lock"


class Journal:
    """A journal that is open for more. See `appending`."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    def add(self, entry: dict[str, Any]) -> None:
        """Notes a piece of work; it is on the disk when this returns.

        Raises:
            UsageError: it cannot be written: the disk is full, most likely. What was noted before stays.
        """
        before = self._file.tell()
        try:
            self._file.write(line_of(entry))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(before)
            raise UsageError(
                f"{self._path} cannot be written ({error.strerror}); make room, and the same command goes on"
            ) from None


def line_of(entry: dict[str, Any]) -> bytes:
    """A line as `Journal.add` writes it."""
    return json.dumps(entry).encode() + b"\n"


@contextmanager
def appending(path: Path) -> Iterator[Journal]:
    """Opens a journal for more, while no other process has its folder; the half line of a lost machine goes.

    Raises:
        UsageError: the folder or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent / _LOCK):
            data = path.read_bytes() if path.exists() else b""
            with path.open("ab", buffering=0) as file:
                file.truncate(data.rfind(b"\n") + 1)
                file.seek(0, os.SEEK_END)
                yield Journal(file, path)
    except OSError as error:
        raise UsageError(f"{error.filename or path} cannot be written: {error.strerror or error}") from None


def entries(path: Path) -> Iterator[tuple[int, Any]]:
    """Line numbers and what the whole lines hold; nothing if there is no file.

    Raises:
        UsageError: a line is no JSON, or the file cannot be read.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror})") from None
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            yield number, json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}:{number} is no entry of a journal ({error}); remove the line") from None
