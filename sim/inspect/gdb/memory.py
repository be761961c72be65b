"""Packets about memory: reading, writing, programming flash, breakpoints and watchpoints, checksums and searches.

Reference: "GDB Remote Serial Protocol" in the GDB manual, section Packets.
"""

from __future__ import annotations

from emberwatch.inspect.gdb.description import FLASH_SECTOR
from emberwatch.inspect.gdb.packets import MAX_PAYLOAD, PacketError, hex_bytes, number, pair
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
        return self._write(place, hex_bytes(data))

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
        self._pieces.append((number(address), data))
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
        place, _, rest = args.partition(b";")
        length, _, pattern = rest.partition(b";")
        start = number(place)
        at = self._whole(start, number(length)).find(pattern)
        return b"0" if at < 0 else b"1,%x" % (start + at)

    def _whole(self, address: int, size: int) -> bytes:
        if size > _LONGEST:
            raise PacketError(f"{size} bytes are more than any memory has")
        return self._target.read(address, size, whole=True)


def _point(args: bytes) -> tuple[int, int, int]:
    kind, _, place = args.partition(b";")[0].partition(b",")
    return (number(kind), *pair(place))
