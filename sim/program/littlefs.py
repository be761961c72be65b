"""Files in a LittleFS within a flash image, as MicroPython keeps them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from emberwatch.base.errors import ImageError, MissingDependencyError

_BLOCK, _PROGRAM, _READ = 4096, 256, 32
"""Geometry of MicroPython's rp2 port: erase sector, page, read size of its VfsLfs2 (ports/rp2/modules/_boot.py)."""


class FlashFiles:
    """A file system in memory; `image` is what flash holds of it.

    Args:
        content: its part of flash; formatted anew if it holds no file system.

    Raises:
        MissingDependencyError: littlefs-python is not installed.
        ImageError: it is no file system, but not empty either.
    """

    def __init__(self, content: bytes) -> None:
        try:
            from littlefs import LittleFS, LittleFSError
        except ImportError:
            raise MissingDependencyError(
                "files in flash need littlefs-python; install it: pip install emberwatch[micropython]"
            ) from None
        blank = not content.strip(b"\xff")
        self._fs: Any = LittleFS(
            block_size=_BLOCK, block_count=len(content) // _BLOCK, prog_size=_PROGRAM, read_size=_READ, mount=False
        )
        self._fs.context.buffer[:] = content
        try:
            if blank:
                self._fs.format()
            self._fs.mount()
        except LittleFSError as error:
            raise ImageError(f"flash holds no LittleFS where the program keeps its files: {error}") from None

    @property
    def image(self) -> bytes:
        """The file system as flash holds it."""
        return bytes(self._fs.context.buffer)

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, its folders included.

        Raises:
            ImageError: there is no room.
        """
        from littlefs import LittleFSError

        path = PurePosixPath("/", name)
        try:
            for folder in reversed(path.parents[:-1]):
                self._fs.makedirs(str(folder), exist_ok=True)
            with self._fs.open(str(path), "wb") as file:
                file.write(data)
        except LittleFSError as error:
            raise ImageError(f"file {name!r} cannot be written to flash: {error}") from None

    def get(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            ImageError: there is none.
        """
        from littlefs import LittleFSError

        try:
            with self._fs.open(name, "rb") as file:
                return bytes(file.read())
        except (LittleFSError, FileNotFoundError):
            raise ImageError(f"flash has no file {name!r}; it has: {', '.join(self.names()) or 'none'}") from None

    def names(self) -> list[str]:
        """All files with their folders, sorted."""
        found = []
        for root, _, files in self._fs.walk("/"):
            found += [str(PurePosixPath(root, file)).lstrip("/") for file in files]
        return sorted(found)
