"""A board whose pins the test moves as a driver on it would: programs/bench.c is its hands."""

from __future__ import annotations

import functools
import struct
import sys
from pathlib import Path

from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch.board.board import Board, load_board
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import Image, load_image

OPERATIONS = (
    "idle i2c_init i2c_write i2c_read soft_i2c_write soft_i2c_read spi_init spi_transfer soft_spi_transfer pin_out "
    "pin_in adc_read uart_init uart_write uart_read pwm_out ws2812 clocked_in"
).split()
CS = 17


@functools.cache
def image() -> Image:
    return load_image(build("bench"), 2 << 20)


class Bench:
    """One machine; every method takes emulated time as the transfer does."""

    def __init__(self, board: str | Path | Board = "pico") -> None:
        self.machine = Machine(image(), board=board)
        self.mailbox = image().symbols["mailbox"].address
        self.machine.run(0.02)  # clocks

    @classmethod
    def with_devices(cls, folder: Path, tables: str) -> Bench:
        """A Pico whose board file ends with these tables."""
        path = folder / "bench.toml"
        path.write_text((ROOT / "platforms/boards/pico.toml").read_text() + tables)
        return cls(load_board(path))

    @property
    def ps(self) -> int:
        return self.machine.engine.picoseconds(self.machine.engine.cycle)

    def sleep(self, seconds: float) -> None:
        self.machine.run(seconds)

    def do(self, operation: str, a: int = 0, b: int = 0, data: bytes = b"", length: int | None = None) -> int:
        """Runs one operation to its end; the data that it leaves are `self.data`."""
        engine = self.machine.engine
        engine.write_memory(self.mailbox + 20, data)
        count = len(data) if length is None else length
        engine.write_memory(self.mailbox, struct.pack("<4I", OPERATIONS.index(operation), a, b, count))
        for _ in range(20_000):
            engine.run_until(engine.cycle + 2_000)
            if engine.read_memory(self.mailbox, 4) == bytes(4):
                self.data = engine.read_memory(self.mailbox + 20, count)
                return int.from_bytes(engine.read_memory(self.mailbox + 16, 4), "little", signed=True)
        raise AssertionError(f"{operation} does not end")


class I2c:
    """Like machine.I2C, on pins 4 and 5: the block, or the program's own pins."""

    def __init__(self, bench: Bench, soft: bool = False) -> None:
        self.bench, self.prefix = bench, "soft_" if soft else ""
        if not soft:
            bench.do("i2c_init", 150)  # about 400 kHz

    def writeto(self, address: int, data: bytes, stop: bool = True) -> None:
        if self.bench.do(self.prefix + "i2c_write", address, int(stop), data) < 0:
            raise OSError(5, "EIO")

    def readfrom(self, address: int, count: int) -> bytes:
        if self.bench.do(self.prefix + "i2c_read", address, 0, bytes(count)) < 0:
            raise OSError(5, "EIO")
        return self.bench.data

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        self.writeto(address, bytes([register]), stop=False)
        return self.readfrom(address, count)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self.writeto(address, bytes([register]) + data)


class Spi:
    """Like machine.SPI with a chip select on pin 17."""

    def __init__(self, bench: Bench, soft: bool = False, mode: int = 0) -> None:
        self.bench, self.soft, self.mode = bench, soft, mode
        bench.do("pin_out", CS, 1)
        if not soft:
            bench.do("spi_init", 4, mode)

    def select(self, selected: bool) -> None:
        self.bench.do("pin_out", CS, int(not selected))

    def transfer(self, data: bytes) -> bytes:
        self.bench.do("soft_spi_transfer" if self.soft else "spi_transfer", self.mode, 0, data)
        return self.bench.data

    def exchange(self, data: bytes) -> bytes:
        self.select(True)
        answer = self.transfer(data)
        self.select(False)
        return answer
