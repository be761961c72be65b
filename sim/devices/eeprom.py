"""Serial EEPROMs 24C01 to 24C512 over I2C. From the data sheets of Microchip's 24LC02B, 24LC16B and 24LC256."""

from __future__ import annotations

from pathlib import Path

from emberwatch.base.errors import DeviceError
from emberwatch.base.regular import read_regular
from emberwatch.devices.base import Device


class Eeprom(Device):
    """Page writes that wrap, a write cycle during which it does not answer, sequential reads.

    Args:
        size: bytes, a power of two from 128 to 65536. Up to 2048 it takes one address byte, and the address of the
            device carries the bits above it; beyond, two.
        address: the base address on the bus, 0x50 with its address pins low.
        file: initial content; erased (0xff) beyond its end.
        write_ms: length of a write cycle; 5 ms at most by the data sheets.
    """

    lines = ("sda", "scl", "wp")
    optional_lines = ("wp",)
    i2c_addresses = frozenset({0x50})
    parameters = ("i2c_addresses", "size", "address", "page", "write_ms")

    def __init__(self, size: int = 32768, address: int = 0x50, file: str = "", write_ms: float = 5) -> None:
        if not 128 <= size <= 65536 or size & (size - 1):
            raise ValueError(f"size is {size}; it must be a power of two from 128 to 65536")
        if not 0x08 <= address <= 0x77:
            raise ValueError(f"address is {address:#x}; it must be 0x08 to 0x77")
        self.size, self.address, self.write_ms = size, address, write_ms
        self.page = 8 if size <= 256 else 16 if size <= 2048 else 32 if size <= 8192 else 64 if size <= 32768 else 128
        self.i2c_addresses = frozenset(address + block for block in range(max(1, size // 256) if size <= 2048 else 1))
        content = read_regular(Path(file), "image", DeviceError)[:size] if file else b""
        self.data = bytearray(content.ljust(size, b"\xff"))
        self.at = self.block = self.busy_until = 0

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.at = self.block = self.busy_until = 0

    def i2c_start(self, address: int, read: bool, ps: int) -> bool:
        """No acknowledge during a write cycle: programs poll for it."""
        if ps < self.busy_until:
            return False
        self.block = address - self.address
        return True

    def i2c_write(self, data: bytes, ps: int) -> None:
        """Address, and at STOP the bytes of a page."""
        width = 1 if self.size <= 2048 else 2
        if len(data) < width:
            return
        self.at = (self.block << 8 | int.from_bytes(data[:width], "big")) % self.size
        values = data[width:]
        if not values or (self.port.connected("wp") and self.port.level("wp")):
            return
        page = self.at & ~(self.page - 1)
        for value in values:
            self.data[self.at] = value
            self.at = page | (self.at + 1) & (self.page - 1)
        self.busy_until = ps + round(self.write_ms * 1e9)

    def i2c_read(self, ps: int) -> bytes:
        """From the address on, round and round."""
        return bytes(self.data[self.at :] + self.data[: self.at])

    def i2c_read_done(self, count: int, ps: int) -> None:
        """The address stands behind what was read."""
        self.at = (self.at + count) % self.size
