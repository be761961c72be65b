"""Drives: SCSI commands over Bulk-Only Transport 1.0, blocks, images and files."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emberwatch.base.errors import DeviceError, UsageError
from emberwatch.machine.usb.descriptors import Interface
from emberwatch.program.fat import FatFiles, SectorDisk

if TYPE_CHECKING:
    from emberwatch.machine.usb.device import UsbDevice

_CHUNK = 32 * 1024
"""Bytes of one READ or WRITE command."""
_SECTOR = 512
_SMALL_BLOCKS = 4096
"""Larger drives are read as needed: 2 MB take two emulated seconds."""
_COMMAND_S = 10.0
"""Emulated time that a command may take."""
_ATTEMPTS = 50
_PAUSE_S = 0.1
_SENSE_KEYS = (
    "no sense",
    "recovered error",
    "not ready",
    "medium error",
    "hardware error",
    "illegal request",
    "unit attention",
    "data protect",
    "blank check",
)
_NOT_READY, _UNIT_ATTENTION = 2, 6


class ScsiError(DeviceError):
    """A drive refused a command; `sense`, `code` and `qualifier` are its sense data (SPC-4, 4.5)."""

    def __init__(self, command: int, sense: bytes) -> None:
        padded = sense.ljust(14, b"\0")
        self.sense, self.code, self.qualifier = padded[2] & 0xF, padded[12], padded[13]
        name = _SENSE_KEYS[self.sense] if self.sense < len(_SENSE_KEYS) else f"sense key {self.sense}"
        super().__init__(
            f"usb: the drive refused SCSI command {command:#04x}: {name}, {self.code:#04x}/{self.qualifier:#04x}"
        )


@dataclass(frozen=True)
class Inquiry:
    """What a drive says of itself (SPC-4, 6.4)."""

    vendor: str
    product: str
    revision: str
    removable: bool


class Drive:
    """One unit of a mass storage interface."""

    def __init__(self, device: UsbDevice, interface: Interface, unit: int) -> None:
        self._device, self._interface, self.unit = device, interface, unit
        points = interface.endpoint("bulk", True), interface.endpoint("bulk", False)
        if points[0] is None or points[1] is None:
            raise DeviceError(f"usb: mass storage interface {interface.number} lacks a bulk endpoint")
        self._in, self._out = points[0].address, points[1].address
        self._tag = 0
        self._geometry: tuple[int, int] | None = None

    def command(self, cdb: bytes, length: int = 0, data: bytes = b"") -> bytes:
        """A SCSI command: data to the drive, or at most `length` bytes from it.

        Raises:
            ScsiError: the drive refused it.
            DeviceError: the transport failed.
        """
        from emberwatch.machine.usb.device import Transfer

        self._tag += 1
        size = len(data) or length
        header = struct.pack("<IIIBBB", 0x43425355, self._tag, size, 0 if data else 0x80, self.unit, len(cdb))
        transfers = [Transfer(self._out, data=header + cdb.ljust(16, b"\0"))]
        if data:
            transfers.append(Transfer(self._out, data=data, may_stall=True))
        elif length:
            transfers.append(Transfer(self._in, length=length, may_stall=True))
        transfers.append(Transfer(self._in, length=13, may_stall=True))
        done = self._device.run_job(transfers, self._interface.number, _COMMAND_S)
        received = done[1][1] if length and not data else b""
        how, status = next((each for each in reversed(done) if len(each[1]) == 13), done[-1])
        if how == "stalled" or len(status) != 13:  # asked for once more (Bulk-Only 1.0, 6.7.2)
            status = self._device.run_job([Transfer(self._in, length=13)], self._interface.number, _COMMAND_S)[0][1]
        signature, tag, residue, result = struct.unpack("<IIIB", status.ljust(13, b"\xff")[:13])
        if signature != 0x53425355 or tag != self._tag:
            raise DeviceError(f"usb: the drive answered SCSI command {cdb[0]:#04x} with {status.hex(' ')}, no status")
        if result == 1 and cdb[0] != 0x03:
            raise ScsiError(cdb[0], self.command(bytes([0x03, 0, 0, 0, 18, 0]), 18))
        if result:
            raise DeviceError(f"usb: the drive failed at SCSI command {cdb[0]:#04x}, status {result}")
        return received[: size - residue] if residue <= size else received

    def inquiry(self) -> Inquiry:
        """What the drive says of itself."""
        answer = self.command(bytes([0x12, 0, 0, 0, 36, 0]), 36).ljust(36, b"\0")

        def text(begin: int, end: int) -> str:
            return answer[begin:end].decode("ascii", "replace").strip(" \0")

        return Inquiry(text(8, 16), text(16, 32), text(32, 36), bool(answer[1] & 0x80))

    def wait_ready(self) -> None:
        """Asks until the drive is ready, for 5 emulated seconds.

        Raises:
            ScsiError: it is not; a drive without medium never is.
        """
        for attempt in range(_ATTEMPTS):
            try:
                self.command(bytes(6))
                return
            except ScsiError as error:
                waits = error.sense == _UNIT_ATTENTION or (error.sense == _NOT_READY and error.code != 0x3A)
                if not waits or attempt == _ATTEMPTS - 1:
                    raise
                self._device._machine.wait(_PAUSE_S)

    @property
    def geometry(self) -> tuple[int, int]:
        """Number of blocks, and bytes of each (READ CAPACITY)."""
        if self._geometry is None:
            self.wait_ready()
            last, size = struct.unpack(">II", self.command(bytes([0x25, *bytes(9)]), 8).ljust(8, b"\0"))
            if not size:
                raise DeviceError("usb: the drive says that its blocks have no bytes")
            self._geometry = last + 1, size
        return self._geometry

    @property
    def size(self) -> int:
        """Bytes."""
        blocks, size = self.geometry
        return blocks * size

    @property
    def write_protected(self) -> bool:
        """As MODE SENSE says; a drive that does not know that command is not."""
        try:
            return bool(self.command(bytes([0x1A, 0, 0x3F, 0, 192, 0]), 192).ljust(4, b"\0")[2] & 0x80)
        except ScsiError:
            return False

    def read(self, block: int, count: int = 1) -> bytes:
        """Content of blocks (READ 10).

        Raises:
            UsageError: the drive does not have them.
            ScsiError: it refused.
        """
        size = self._check(block, count)
        data = b""
        step = max(1, _CHUNK // size)
        for at in range(block, block + count, step):
            blocks = min(step, block + count - at)
            part = self.command(struct.pack(">BBIBHB", 0x28, 0, at, 0, blocks, 0), blocks * size)
            if len(part) != blocks * size:
                raise DeviceError(f"usb: the drive sent {len(part)} bytes of block {at}, not {blocks * size}")
            data += part
        return data

    def write(self, block: int, data: bytes) -> None:
        """Writes whole blocks (WRITE 10).

        Raises:
            UsageError: the drive does not have them, or it is no whole number.
            ScsiError: it refused.
        """
        _, size = self.geometry
        if len(data) % size:
            raise UsageError(f"{len(data)} bytes are no whole number of blocks of {size} bytes")
        self._check(block, len(data) // size)
        step = max(1, _CHUNK // size)
        for at in range(0, len(data) // size, step):
            part = data[at * size : (at + step) * size]
            self.command(struct.pack(">BBIBHB", 0x2A, 0, block + at, 0, len(part) // size, 0), data=part)

    def _check(self, block: int, count: int) -> int:
        blocks, size = self.geometry
        if block < 0 or count < 0 or block + count > blocks:
            raise UsageError(f"blocks {block} to {block + count - 1} are outside of the drive, which has {blocks}")
        return size

    def synchronize(self) -> None:
        """Has the drive write what it keeps; one that does not know the command keeps nothing."""
        try:
            self.command(bytes([0x35, *bytes(9)]))
        except ScsiError as error:
            if error.sense != 5:
                raise

    def eject(self) -> None:
        """Ejects the medium (START STOP UNIT)."""
        self.command(bytes([0x1B, 0, 0, 0, 0x02, 0]))

    def image(self) -> bytes:
        """All of the drive."""
        return self.read(0, self.geometry[0])

    def load(self, image: bytes) -> None:
        """Writes an image from block 0 on, the blocks that differ.

        Raises:
            UsageError: it is larger than the drive.
        """
        blocks, size = self.geometry
        if len(image) > blocks * size:
            raise UsageError(f"the image has {len(image)} bytes, the drive holds {blocks * size}")
        self._write_changes(self.image(), image.ljust(-(-len(image) // size) * size, b"\0"))

    def _write_changes(self, before: bytes, after: bytes) -> None:
        _, size = self.geometry
        changed = [at for at in range(0, len(after), size) if after[at : at + size] != before[at : at + size]]
        while changed:
            first = end = changed.pop(0)
            end += size
            while changed and changed[0] == end:
                end += size
                changed.pop(0)
            self.write(first // size, after[first:end])
        self.synchronize()

    # Files

    def names(self) -> list[str]:
        """All files of its FAT volume with their folders, sorted.

        Raises:
            ImageError: it holds no FAT volume.
        """
        return self._files()[0].names()

    def get(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            ImageError: there is none.
        """
        return self._files()[0].get(name)

    def put(self, name: str, data: bytes) -> None:
        """Writes a file, its folders included.

        Raises:
            ImageError: there is no room, or the name is none.
        """
        files, disk, before = self._files()
        files.put(name, data)
        if disk is None:
            self._write_changes(before, files.image)
            return
        for first, part in _runs(disk.written):
            self.write(first, part)
        self.synchronize()

    def _files(self) -> tuple[FatFiles, SectorDisk | None, bytes]:
        """Its volume, and the disk below it if it is too large to be read as a whole, else its image."""
        blocks, size = self.geometry
        if size == _SECTOR and blocks > _SMALL_BLOCKS:
            disk = SectorDisk(blocks, self.read)
            return FatFiles(disk, "the drive"), disk, b""
        image = self.image()
        return FatFiles(image, "the drive"), None, image


def _runs(sectors: dict[int, bytes]) -> list[tuple[int, bytes]]:
    """Sectors that follow each other, joined, in the order in which they were first written."""
    found: list[tuple[int, bytes]] = []
    for number, data in sectors.items():
        if found and found[-1][0] + len(found[-1][1]) // _SECTOR == number:
            found[-1] = found[-1][0], found[-1][1] + data
        else:
            found.append((number, data))
    return found
