"""Files that keep other processes out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keeps other processes out of what `path`, a lock file, stands for; waits while one is in.

    Raises:
        OSError: the file cannot be made.
    """
    with path.open("w") as lock:
        lock_file(lock)
        yield


def lock_file(file: IO[str]) -> None:
    """Locks an open file for this process until it is closed; waits while another holds it."""
    if sys.platform == "win32":
        import msvcrt
        import time

        while True:
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)  # gives up after ten seconds
                return
            except OSError:
                time.sleep(0.1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
