"""An SD card in SPI mode over an image file. From the SD Physical Layer Simplified Specification 6.00, chapter 7."""

from __future__ import annotations

from pathlib import Path

from emberwatch.base import atomic
from emberwatch.devices.base import Device

BLOCK = 512
_GAP = 16  # bytes before a block, in which a card finds it, and hears CMD12
_READY, _IDLE, _ILLEGAL, _ADDRESS = 0x00, 0x01, 0x04, 0x20


def crc16(data: bytes) -> int:
    """CCITT with start value 0, as data blocks carry it (4.5)."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def crc7(data: bytes) -> int:
    """Of commands, CID and CSD (4.5)."""
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            crc = crc << 1 ^ (0x89 if (crc >> 6 ^ byte >> bit) & 1 else 0)
            crc &= 0x7F
    return crc


class SdCard(Device):
    """High capacity (SDHC): single and multiple blocks, CSD, CID, OCR, CRC on request.

    Writes stay in the machine, and in its snapshots, until `write_back`.

    Args:
        file: the image; empty for a blank card.
        size: bytes of a blank card, a multiple of 512 kB; with a file, its size rounded up to one.
        init_ms: for so long ACMD41 says that the card is not ready yet.
        write_us: how long the card is busy after each written block.
    """

    lines = ("sck", "mosi", "miso", "cs")
    parameters = ("file", "blocks", "init_ms", "write_us")

    def __init__(self, file: str = "", size: int = 8 << 20, init_ms: float = 10, write_us: float = 250) -> None:
        if file:
            size = -(-Path(file).stat().st_size // (512 << 10)) * (512 << 10)
        if not 0 < size <= 32 << 30 or size % (512 << 10):
            raise ValueError(f"size is {size}; a card has a multiple of 524288 bytes, up to 32 GB")
        self.file, self.blocks, self.init_ms, self.write_us = file, size // BLOCK, init_ms, write_us
        self.written: dict[int, bytes] = {}
        self.power_on()

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.idle, self.application, self.check_crc = True, False, False
        self.init_done = self.busy_until = 0
        self._end_transfer()

    def _end_transfer(self) -> None:
        self.command = bytearray()
        self.reading = self.writing = -1
        self.one_block = True
        self.block = bytearray()
        self.collecting = False
        self.gap = 0

    # Content

    def read_block(self, number: int) -> bytes:
        """512 bytes as the card has them now."""
        if number in self.written:
            return self.written[number]
        if not self.file:
            return bytes(BLOCK)
        with Path(self.file).open("rb") as image:
            image.seek(number * BLOCK)
            return image.read(BLOCK).ljust(BLOCK, b"\0")

    def write_back(self, file: str = "") -> None:
        """Writes the blocks that the program has changed into the image file, or all of it into another one."""
        target = Path(file or self.file)
        if target != Path(self.file):
            with atomic.replacing(target) as image:
                for number in range(self.blocks):
                    image.write(self.read_block(number))
            return
        with target.open("r+b") as image:
            for number, data in sorted(self.written.items()):
                image.seek(number * BLOCK)
                image.write(data)

    # The bus

    def spi(self, received: bytes, ps: int) -> bytes:
        """One byte at a time, but for blocks that are read."""
        answer = b""
        for byte in received:
            answer += self._take(byte, ps)
        if answer:
            return answer
        if self.reading >= 0 and self.gap == 0:
            return self._next_block()
        self.gap = max(0, self.gap - 1)
        return b"\x00" if ps < self.busy_until else b"\xff"

    def spi_end(self, received: bytes, ps: int) -> None:
        """Deselected: a command in progress is void, a transfer of several blocks goes on."""
        for byte in received:
            self._take(byte, ps)
        self.command.clear()

    def _next_block(self) -> bytes:
        if self.reading >= self.blocks:
            self.reading = -1
            return b"\x08"  # out of range
        data = self.read_block(self.reading)
        self.reading = -1 if self.one_block else self.reading + 1
        self.gap = _GAP
        return b"\xfe" + data + crc16(data).to_bytes(2, "big")

    def _take(self, byte: int, ps: int) -> bytes:
        if self.writing >= 0 and (self.collecting or (not self.command and byte in (0xFE, 0xFC, 0xFD))):
            return self._take_block(byte, ps)
        if not self.command and byte & 0xC0 != 0x40:
            return b""
        self.command.append(byte)
        if len(self.command) < 6:
            return b""
        command, self.command = bytes(self.command), bytearray()
        if (self.check_crc or command[0] in (0x40, 0x48)) and command[5] != crc7(command[:5]) << 1 | 1:
            return b"\xff" + bytes([0x08 | self.idle])
        return b"\xff" + self._execute(command[0] & 0x3F, int.from_bytes(command[1:5], "big"), ps)

    def _take_block(self, byte: int, ps: int) -> bytes:
        if not self.collecting:
            if byte == 0xFD:  # stop token of CMD25
                self._end_transfer()
                self.busy_until = ps + round(self.write_us * 1e6)
                return b"\xff"
            self.collecting, self.block = True, bytearray()
            return b""
        self.block.append(byte)
        if len(self.block) < BLOCK + 2:
            return b""
        data, crc = bytes(self.block[:BLOCK]), int.from_bytes(self.block[BLOCK:], "big")
        self.collecting = False
        if self.check_crc and crc != crc16(data):
            return b"\xeb"
        if self.writing >= self.blocks:
            return b"\xed"
        self.written[self.writing] = data
        self.writing = -1 if self.one_block else self.writing + 1
        self.busy_until = ps + round(self.write_us * 1e6)
        return b"\xe5"

    def _execute(self, number: int, argument: int, ps: int) -> bytes:
        application, self.application = self.application, False
        r1 = bytes([_IDLE if self.idle else _READY])
        if number == 0:
            self.power_on()
            return bytes([_IDLE])
        if number == 8:
            return r1 + (argument & 0xFFF).to_bytes(4, "big")
        if number == 55:
            self.application = True
            return r1
        if number == 41 and application:
            self.init_done = self.init_done or ps + round(self.init_ms * 1e9)
            self.idle = ps < self.init_done or not argument & 1 << 30  # a host without HCS never sees it ready
            return bytes([_IDLE if self.idle else _READY])
        if number == 58:
            return r1 + (0x00FF8000 if self.idle else 0xC0FF8000).to_bytes(4, "big")
        if number == 59:
            self.check_crc = bool(argument & 1)
            return r1
        if self.idle:
            return bytes([_IDLE | _ILLEGAL])
        if number in (9, 10):
            register = self._csd() if number == 9 else self._cid()
            return r1 + b"\xff\xfe" + register + crc16(register).to_bytes(2, "big")
        if number == 12:
            self._end_transfer()
            return r1
        if number == 13:
            return r1 + b"\0"
        if number == 16:
            return r1 if argument == BLOCK else bytes([0x40])
        if number == 23 and application:
            return r1
        if number in (17, 18, 24, 25):
            if argument >= self.blocks:
                return bytes([_ADDRESS])
            self.one_block = number in (17, 24)
            if number in (17, 18):
                self.reading = argument
            else:
                self.writing = argument
            return r1
        return bytes([_ILLEGAL])

    def _csd(self) -> bytes:
        """Version 2.0 (5.3.3): C_SIZE counts units of 512 kB."""
        size = self.blocks * BLOCK // (512 << 10) - 1
        csd = bytes.fromhex("400e00325b5900") + size.to_bytes(3, "big") + bytes.fromhex("7f800a4000")
        return csd + bytes([crc7(csd) << 1 | 1])

    @staticmethod
    def _cid() -> bytes:
        cid = b"\x45" + b"EW" + b"EMBER" + b"\x10" + (0x20261129).to_bytes(4, "big") + b"\x01\xab"
        return cid + bytes([crc7(cid) << 1 | 1])
