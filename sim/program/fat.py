"""Files in a FAT volume within a flash image, as CircuitPython keeps them on its drive CIRCUITPY."""

from __future__ import annotations

import struct
import weakref
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from emberwatch.base.errors import ImageError, MissingDependencyError
from emberwatch.program.binary_info import BlockDevice

_SECTOR = 512
_ERASE = 4096
_SECTORS = 19
"""Where a boot sector says how many sectors the volume has."""
_FEWEST_SECTORS = 128
_SIGNATURE = b"\x55\xaa"


def fat_volume(flash: bytes) -> BlockDevice | None:
    """The first FAT volume that begins a sector of flash; None without one.

    Told by its boot sector: bytes of a sector, number of sectors, signature (Microsoft's FAT specification 1.03, 3).
    """
    for offset in range(0, len(flash) - _SECTOR + 1, _ERASE):
        if flash[offset + _SECTOR - 2 : offset + _SECTOR] != _SIGNATURE or flash[offset] not in (0xEB, 0xE9):
            continue
        sector, small, large = struct.unpack_from("<H6xH11xI", flash, offset + 11)
        size = (small or large) * sector
        if sector == _SECTOR and 0 < size <= len(flash) - offset:
            return BlockDevice("FAT", offset, size)
    return None


class SectorDisk:
    """A disk whose sectors of 512 bytes are read when they are needed, for FatFs; what is written stays here.

    Args:
        sectors: how many it has.
        read: content of so many sectors from one on.
    """

    def __init__(self, sectors: int, read: Callable[[int, int], bytes]) -> None:
        self._sectors, self._read = sectors, read
        self._known: dict[int, bytes] = {}
        self.written: dict[int, bytes] = {}
        """Sectors that were written, by number, in the order in which they were written first."""

    def ioctl_get_sector_count(self) -> int:
        """Number of sectors."""
        return self._sectors

    def ioctl_get_sector_size(self) -> int:
        """Bytes of a sector."""
        return _SECTOR

    def ioctl_get_block_size(self) -> int:
        """Sectors that are erased at once."""
        return 1

    def ioctl_sync(self) -> None:
        """Nothing is kept back."""

    def ioctl_trim(self) -> None:
        """What is free may stay as it is."""

    def read(self, sector: int, count: int) -> bytes:
        """So many bytes from a sector on."""
        wanted = range(sector, sector + -(-count // _SECTOR))
        if any(n not in self._known for n in wanted):
            data = self._read(sector, len(wanted))
            for n in wanted:
                part = data[(n - sector) * _SECTOR :][:_SECTOR]
                self._known.setdefault(n, part)
        return b"".join(self._known[n] for n in wanted)[:count]

    def write(self, sector: int, count: int, data: bytes) -> None:
        """Writes whole sectors."""
        del count
        for at in range(0, len(data), _SECTOR):
            n = sector + at // _SECTOR
            self._known[n] = self.written[n] = bytes(data[at : at + _SECTOR])


class FatFiles:
    """A volume in memory; `image` is what flash, or a drive, holds of it.

    Args:
        content: its part of flash, or all of a drive, with or without a partition table; `SectorDisk` for one that is
            read as needed, whose `image` is not to be asked for.
        place: what holds it, for messages.

    Raises:
        MissingDependencyError: fatfs-ng is not installed.
        ImageError: it is no FAT volume.
    """

    def __init__(self, content: bytes | SectorDisk, place: str = "flash") -> None:
        try:
            from fatfs import FatFSException, Partition, PartitionExtended, RamDisk
        except ImportError:
            raise MissingDependencyError(
                "files on a FAT drive need fatfs-ng; install it: pip install 'emberwatch[micropython]'"
            ) from None
        self._failures = (FatFSException, OSError)
        self._place = place
        self._content, self._size, self._sectors = bytearray(), 0, 0
        if isinstance(content, SectorDisk):
            disk: Any = content
        else:
            self._size = len(content)
            self._content = bytearray(content)
            self._sectors = self._enlarge()
            disk = RamDisk(self._content, sector_size=_SECTOR)
        self._end = (self._sectors or len(self._content)) * _SECTOR
        self._beyond = bytes(self._content[self._end :])
        partition = Partition(disk)
        weakref.finalize(self, partition.unmount)  # FatFs has ten volumes, and frees none by itself
        try:
            partition.mount()
        except self._failures as error:
            raise ImageError(f"{place} holds no FAT volume where the program keeps its files: {error}") from None
        self._fs: Any = PartitionExtended(partition)

    @property
    def image(self) -> bytes:
        """The volume as flash holds it."""
        image = self._content[: self._size]
        if self._sectors:
            struct.pack_into("<H", image, _SECTORS, self._sectors)
        return bytes(image)

    def _enlarge(self) -> int:
        """FatFs takes a volume of fewer than 128 sectors for none: gives it as many. Returns how many it has, or 0."""
        if self._size < _SECTOR or self._content[0] not in (0xEB, 0xE9):
            return 0
        sectors = int.from_bytes(self._content[_SECTORS : _SECTORS + 2], "little")
        if not 0 < sectors < _FEWEST_SECTORS:
            return 0
        struct.pack_into("<H", self._content, _SECTORS, _FEWEST_SECTORS)
        self._content += bytes(_FEWEST_SECTORS * _SECTOR - len(self._content))
        return sectors

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, its folders included.

        Raises:
            ImageError: there is no room, or the name is none.
        """
        path = PurePosixPath("/", name)
        try:
            if str(path.parent) != "/":
                self._fs.makedirs(str(path.parent), exist_ok=True)
            self._fs.write_file(str(path), data)
            written = bytes(self._fs.read_file(str(path)))
        except self._failures as error:
            raise ImageError(f"file {name!r} cannot be written to {self._place}: {error}") from None
        # A full volume takes what fits, and says nothing; what was added to a small one is not there.
        if written != data or self._content[self._end :] != self._beyond:
            raise ImageError(
                f"file {name!r} cannot be written to {self._place}: its drive has no room for {len(data)} bytes"
            )

    def get(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            ImageError: there is none.
        """
        try:
            return bytes(self._fs.read_file(str(PurePosixPath("/", name))))
        except self._failures:
            raise ImageError(
                f"{self._place} has no file {name!r}; it has: {', '.join(self.names()) or 'none'}"
            ) from None

    def names(self) -> list[str]:
        """All files with their folders, sorted."""
        found = []
        for root, _, files in self._fs.walk("/"):
            found += [str(PurePosixPath(root, file)).lstrip("/") for file in files]
        return sorted(found)
