"""An SPI flash chip: the W25Q that the RP2040 boots from, on pins of its own."""

from __future__ import annotations

from pathlib import Path

from emberwatch import _native
from emberwatch.base.errors import DeviceError
from emberwatch.base.regular import read_regular
from emberwatch.devices.base import NativeDevice


class SpiFlash(NativeDevice):
    """Winbond W25Q-like, with the data sheet's program and erase times.

    Args:
        size: bytes, a power of two from 65536 to 16777216.
        file: initial content; erased (0xff) beyond its end.
    """

    lines = ("sck", "mosi", "miso", "cs")

    def __init__(self, size: int = 1 << 21, file: str = "") -> None:
        if not 65536 <= size <= 1 << 24 or size & (size - 1):
            raise ValueError(f"size is {size}; it must be a power of two from 65536 to 16777216")
        self.size = size
        self._content = read_regular(Path(file), "image", DeviceError) if file else b""
        if len(self._content) > size:
            raise ValueError(f"{file} has {len(self._content)} bytes; the flash chip holds {size}")

    def plug(self) -> _native.Device:
        """See `Device.plug`."""
        flash = _native.Flash(self.size, self.title)
        flash.load(0, self._content)
        self._plugged = flash
        return flash

    def read(self, offset: int, size: int) -> bytes:
        """What it holds."""
        if not isinstance(self._plugged, _native.Flash):
            raise DeviceError(f"device {self.title!r} is not attached; call machine.attach first")
        return self._plugged.read(offset, size)
