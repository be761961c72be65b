"""Solomon SSD1306: an OLED display of 128 by 64 dots over I2C. From its data sheet, revision 1.1."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from emberwatch.base import atomic
from emberwatch.base.lazy import np, npt
from emberwatch.devices.base import Device

WIDTH = 128
_ARGUMENTS = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1, 0xA3: 2, 0xA8: 1,
    0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
"""Bytes that follow a command (chapter 9); all others stand alone."""


class Ssd1306(Device):
    """Its picture is what a module shows whose program sets the usual mirroring (segment remap and COM scan reversed).

    Scrolling commands are taken but nothing scrolls.

    Args:
        height: 64 or 32 dots.
        address: 0x3c or 0x3d.
    """

    i2c_addresses = frozenset({0x3C})
    parameters = ("i2c_addresses", "height")

    def __init__(self, height: int = 64, address: int = 0x3C) -> None:
        if height not in (32, 64):
            raise ValueError(f"height is {height}; it must be 32 or 64")
        if address not in (0x3C, 0x3D):
            raise ValueError(f"address is {address:#x}; an SSD1306 has 0x3c or 0x3d")
        self.height = height
        self.i2c_addresses = frozenset({address})
        self.memory = bytearray(WIDTH * 8)
        self._reset()

    def power_on(self) -> None:
        """See `Device.power_on`; the memory's content is random on the chip, dark here."""
        self.memory = bytearray(WIDTH * 8)
        self._reset()

    def _reset(self) -> None:
        self.on = self.inverse = self.all_lit = self.remap = self.reverse = False
        self.contrast, self.start_line, self.offset, self.multiplex, self.charge_pump = 0x7F, 0, 0, 63, False
        self.mode = 2
        self.columns, self.pages = [0, WIDTH - 1], [0, 7]
        self.column = self.page = 0
        self.command = bytearray()

    def i2c_write(self, data: bytes, ps: int) -> None:
        """Control bytes (8.1.5.2) say what follows: one byte (Co) or all the rest, command or data (D/C)."""
        at = 0
        while at < len(data):
            control, at = data[at], at + 1
            chunk = data[at : at + 1] if control & 0x80 else data[at:]
            at += len(chunk)
            if control & 0x40:
                self._store(chunk)
            else:
                for byte in chunk:
                    self._take(byte)

    def _take(self, byte: int) -> None:
        self.command.append(byte)
        if len(self.command) > _ARGUMENTS.get(self.command[0], 0):
            code, *arguments = self.command
            self.command.clear()
            self._execute(code, arguments)

    def _execute(self, code: int, arguments: list[int]) -> None:
        match code:
            case 0x20:
                self.mode = arguments[0] & 3
            case 0x21:
                self.columns = [a & 0x7F for a in arguments]
                self.column = self.columns[0]
            case 0x22:
                self.pages = [a & 7 for a in arguments]
                self.page = self.pages[0]
            case 0x81:
                self.contrast = arguments[0]
            case 0x8D:
                self.charge_pump = bool(arguments[0] & 4)
            case 0xA0 | 0xA1:
                self.remap = bool(code & 1)
            case 0xA4 | 0xA5:
                self.all_lit = bool(code & 1)
            case 0xA6 | 0xA7:
                self.inverse = bool(code & 1)
            case 0xA8:
                self.multiplex = arguments[0] & 0x3F
            case 0xAE | 0xAF:
                self.on = bool(code & 1)
            case 0xC0 | 0xC8:
                self.reverse = code == 0xC8
            case 0xD3:
                self.offset = arguments[0] & 0x3F
            case _ if code < 0x10:
                self.column = self.column & 0x70 | code
            case _ if code < 0x20:
                self.column = self.column & 0x0F | (code & 7) << 4
            case _ if 0x40 <= code < 0x80:
                self.start_line = code & 0x3F
            case _ if 0xB0 <= code < 0xB8:
                self.page = code & 7

    def _store(self, data: bytes) -> None:
        for byte in data:
            # Segment remap is applied when data are written (10.1.8).
            self.memory[self.page * WIDTH + (self.column if self.remap else WIDTH - 1 - self.column)] = byte
            if self.mode == 2:
                self.column = (self.column + 1) % WIDTH
            elif self.mode == 0:
                self.column, wrapped = self._next(self.column, self.columns)
                if wrapped:
                    self.page, _ = self._next(self.page, self.pages)
            else:
                self.page, wrapped = self._next(self.page, self.pages)
                if wrapped:
                    self.column, _ = self._next(self.column, self.columns)

    @staticmethod
    def _next(value: int, bounds: list[int]) -> tuple[int, bool]:
        return (bounds[0], True) if value >= bounds[1] else (value + 1, False)

    @property
    def picture(self) -> npt.NDArray[np.bool_]:
        """Lit dots, [height, 128], top row first; all dark while the display is off or its charge pump stands still."""
        if not (self.on and self.charge_pump):
            return np.zeros((self.height, WIDTH), dtype=bool)
        if self.all_lit:
            return np.ones((self.height, WIDTH), dtype=bool)
        cells = np.frombuffer(bytes(self.memory), dtype=np.uint8).reshape(8, 1, WIDTH)
        rows = (cells >> np.arange(8, dtype=np.uint8)[None, :, None] & 1).reshape(64, WIDTH).astype(bool)
        shown = rows[(np.arange(self.multiplex + 1) + self.start_line + self.offset) % 64]
        picture = np.zeros((self.height, WIDTH), dtype=bool)
        height = min(self.height, len(shown))
        picture[:height] = shown[:height] if self.reverse else shown[:height][::-1]
        return np.not_equal(picture, self.inverse)

    def text(self, lit: str = "#", dark: str = ".") -> str:
        """The picture as lines of characters."""
        return "\n".join("".join(lit if dot else dark for dot in row) for row in self.picture)

    def png(self, scale: int = 4) -> bytes:
        """The picture as a PNG file, each dot `scale` pixels wide."""
        grey = np.repeat(np.repeat(self.picture, scale, axis=0), scale, axis=1).astype(np.uint8) * 255
        rows = b"".join(b"\0" + row.tobytes() for row in grey)

        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", grey.shape[1], grey.shape[0], 8, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")

    def save_picture(self, path: str | Path, scale: int = 4) -> None:
        """Writes the picture as a PNG file."""
        atomic.write_bytes(Path(path), self.png(scale))
