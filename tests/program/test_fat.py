"""A FAT drive in flash: found by its boot sector, files in and out."""

from __future__ import annotations

import pytest

pytest.importorskip("fatfs", reason="the extra micropython is not installed")
import fatfs

from emberwatch.base.errors import ImageError
from emberwatch.program.fat import FatFiles, fat_volume

SIZE = 256 << 10


@pytest.fixture(scope="module")
def volume() -> bytes:
    content = bytearray(SIZE)
    fatfs.Partition(fatfs.RamDisk(content, sector_size=512)).mkfs()
    return bytes(content)


def test_a_volume_is_found_where_it_begins(volume: bytes) -> None:
    flash = b"\x55\xaa" * 0x8000 + volume + b"\xff" * 4096
    found = fat_volume(flash)
    assert found is not None
    assert found.offset == 0x10000 and found.size <= SIZE
    assert fat_volume(b"\xff" * (1 << 20)) is None
    assert fat_volume(flash[: 0x10000 + SIZE // 2]) is None, "a volume that flash does not hold as a whole"


def test_files_go_in_and_come_out(volume: bytes) -> None:
    files = FatFiles(volume)
    files.put("code.py", b"print(1)\n")
    files.put("lib/deep/a longer name.py", bytes(range(256)) * 20)
    files.put("code.py", b"print(2)\n")
    again = FatFiles(files.image)
    assert again.names() == ["code.py", "lib/deep/a longer name.py"]
    assert again.get("code.py") == b"print(2)\n"
    assert again.get("lib/deep/a longer name.py") == bytes(range(256)) * 20
    assert fat_volume(files.image) == fat_volume(volume)


def test_what_cannot_be_is_refused(volume: bytes) -> None:
    files = FatFiles(volume)
    with pytest.raises(ImageError, match=r"no file 'none\.txt'; it has: none"):
        files.get("none.txt")
    with pytest.raises(ImageError, match="'big' cannot be written"):
        files.put("big", bytes(SIZE))
    with pytest.raises(ImageError, match="no FAT volume"):
        FatFiles(bytes(SIZE))
