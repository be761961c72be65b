"""Packets about memory: reading, writing, programming flash, breakpoints and watchpoints, checksums and searches.

Reference: "GDB Remote Serial Protocol" in the GDB manual, section Packets.
"""

from __future__ import annotations

from emberwatch.inspect.gdb.description import FLASH_SECTOR
from emberwatch.inspect.gdb.packets import MAX_PAYLOAD
from emberwatch.inspect.gdb.target import Target, Watch
from emberwatch.program.elf import FLASH_BASE
from emberwatch.program.firmware_image import crc32_mpeg2

OK = b"OK"
ERROR = b"E01"
_LONGEST = 1 << 24
"""Bytes that one checksum or search may cover: more than any memory of the chip has."""


class MemoryPackets:
    """Answers them for one target; each method takes what follows the packet's letter."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._pieces: list[tuple[int, bytes]] = []

    def read(self, args: bytes) -> bytes:
        """m: address and size."""
        address, size = pair(args)
        return self._target.read(address, min(size, MAX_PAYLOAD // 2)).hex().encode()

    def write_hex(self, args: bytes) -> bytes:
        """M: address, size, bytes in hexadecimal."""
        place, _, data = args.partition(b":")
        return self._write(place, bytes.fromhex(data.decode("ascii")))

    def write_binary(self, args: bytes) -> bytes:
        """X: address, size, bytes."""
        place, _, data = args.partition(b":")
        return self._write(place, data)

    def _write(self, place: bytes, data: bytes) -> bytes:
        address, size = pair(place)
        if size != len(data):
            return ERROR
        if data:
            self._target.write(address, data)
        return OK

    # Flash

    def erase_flash(self, args: bytes) -> bytes:
        """vFlashErase: address and size, whole sectors; takes effect in `program_flash`."""
        address, size = pair(args)
        flash = self._target.machine.board.flash.size
        if address % FLASH_SECTOR or size % FLASH_SECTOR or not FLASH_BASE <= address <= FLASH_BASE + flash - size:
            return ERROR
        self._pieces.append((address, b"\xff" * size))
        return OK

    def write_flash(self, args: bytes) -> bytes:
        """vFlashWrite: address and bytes; takes effect in `program_flash`."""
        address, _, data = args.partition(b":")
        self._pieces.append((int(address, 16), data))
        return OK

    def program_flash(self) -> bytes:
        """vFlashDone: erases and writes what was announced."""
        chunks, self._pieces = self._pieces, []
        for address, data in chunks:
            self._target.write(address, data)
        self._target.flash_programmed = True
        return OK

    # Breakpoints

    def insert_point(self, args: bytes) -> bytes:
        """Z: kind, address, size of a breakpoint or watchpoint."""
        kind, address, size = _point(args)
        if kind in (0, 1):
            self._target.add_breakpoint(address & ~1, "swbreak" if kind == 0 else "hwbreak")
        elif kind in (2, 3, 4) and size:
            self._target.add_watch(Watch(kind, address, size))
        else:
            return b""
        return OK

    def remove_point(self, args: bytes) -> bytes:
        """z: as Z."""
        kind, address, size = _point(args)
        if kind in (0, 1):
            self._target.remove_breakpoint(address & ~1)
        elif kind in (2, 3, 4):
            self._target.remove_watch(Watch(kind, address, size))
        else:
            return b""
        return OK

    # Checksum and search

    def checksum(self, args: bytes) -> bytes:
        """qCRC: address and size."""
        return b"C%08x" % crc32_mpeg2(self._whole(*pair(args)))

    def search(self, args: bytes) -> bytes:
        """qSearch:memory: address, size and the bytes to find."""
        start, length, pattern = args.split(b";", 2)
        at = self._whole(int(start, 16), int(length, 16)).find(pattern)
        return b"0" if at < 0 else b"1,%x" % (int(start, 16) + at)

    def _whole(self, address: int, size: int) -> bytes:
        if size > _LONGEST:
            raise ValueError("too much")
        return self._target.chip.read_memory(address, size)


def pair(text: bytes) -> tuple[int, int]:
    """Two 32-bit numbers in hexadecimal with a comma between.

    Raises:
        ValueError: they are none.
    """
    first, _, second = text.partition(b",")
    values = int(first, 16), int(second, 16)
    if not 0 <= values[0] <= 0xFFFFFFFF or not 0 <= values[1] <= 0xFFFFFFFF:
        raise ValueError("not a 32-bit number")
    return values


def _point(args: bytes) -> tuple[int, int, int]:
    kind, address, size = args.split(b";")[0].split(b",")
    return (int(kind, 16), *pair(address + b"," + size))
