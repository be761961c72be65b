"""Files that are there as a whole or as they were: every writer of ours goes through here.

A reader never sees half a file, and neither a full disk nor Ctrl-C nor SIGTERM destroys the old one: what is new is
written beside it, flushed to the disk, and takes its name in one step (rename(2)).
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream for the new contents of `path`, which takes its place when the block ends without an error.

    What is no regular file (``/dev/stdout``, a pipe) is written directly; a symbolic link stays, its target is
    replaced; the permissions of the old file are kept. The folder must exist.

    Raises:
        OSError: it cannot be written; the old file, if there was one, is as it was.
    """
    target = Path(os.path.realpath(path))
    before = _status(target)
    if before is not None and not stat.S_ISREG(before.st_mode):
        with path.open("wb") as stream:
            yield stream
        return
    with beside(target) as (stream, name):
        if before is not None:
            os.chmod(name, stat.S_IMODE(before.st_mode))
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()
        os.replace(name, target)


@contextmanager
def beside(target: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file in the folder of `target` with the permissions of a new one, and its name; gone when the block ends."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:64]}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.chmod(name, 0o666 & ~_umask())
            yield stream, Path(name)
    finally:
        with suppress(OSError):
            os.unlink(name)


def write_bytes(path: Path, content: bytes) -> None:
    """Replaces the contents of a file; see `replacing`."""
    with replacing(path) as stream:
        stream.write(content)


def write_text(path: Path, content: str) -> None:
    """The same in UTF-8; what cannot be encoded (parts of file names that are no text) becomes a question mark."""
    write_bytes(path, content.encode("utf-8", "replace"))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _umask() -> int:
    """The mask for new files; there is no way to ask but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
