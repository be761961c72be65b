"""Sensors, memories and displays, by what public drivers do to them: registers in the data sheets' order."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from bench import Bench, I2c, Spi

from emberwatch.devices.bme280 import Bme280
from emberwatch.devices.eeprom import Eeprom
from emberwatch.devices.mpu6050 import Mpu6050
from emberwatch.devices.sd_card import SdCard, crc7, crc16
from emberwatch.devices.spi_flash import SpiFlash
from emberwatch.devices.ssd1306 import Ssd1306

SOFT = pytest.mark.parametrize("soft", [False, True], ids=["block", "by hand"])


def compensated(i2c: I2c, raw: bytes) -> tuple[float, float, float]:
    """Degrees, hectopascals and per cent by the data sheet's floating-point formulas (appendix 8.1)."""
    c = i2c.readfrom_mem(0x76, 0x88, 26)
    t1, t2, t3, p1, *p = struct.unpack("<HhhH8h", c[:24])
    h1 = c[25]
    e = i2c.readfrom_mem(0x76, 0xE1, 7)
    h2, h3, h6 = struct.unpack("<h", e[:2])[0], e[2], struct.unpack("b", e[6:])[0]
    h4 = struct.unpack("b", e[3:4])[0] * 16 + (e[4] & 0xF)
    h5 = struct.unpack("b", e[5:6])[0] * 16 + (e[4] >> 4)
    raw_p, raw_t, raw_h = raw[0] << 12 | raw[1] << 4 | raw[2] >> 4, raw[3] << 12 | raw[4] << 4 | raw[5] >> 4, 0
    raw_h = raw[6] << 8 | raw[7]
    fine = (raw_t / 16384 - t1 / 1024) * t2 + (raw_t / 131072 - t1 / 8192) ** 2 * t3
    v1 = fine / 2 - 64000
    v2 = v1 * v1 * p[4] / 32768 + v1 * p[3] * 2
    v2 = v2 / 4 + p[2] * 65536
    v1 = (1 + (p[1] * v1 * v1 / 524288 + p[0] * v1) / 524288 / 32768) * p1
    pressure = (1048576 - raw_p - v2 / 4096) * 6250 / v1
    pressure += (p[7] * pressure * pressure / 2147483648 + pressure * p[6] / 32768 + p[5]) / 16
    h = fine - 76800
    h = (raw_h - (h4 * 64 + h5 / 16384 * h)) * (h2 / 65536 * (1 + h6 / 67108864 * h * (1 + h3 / 67108864 * h)))
    return fine / 5120, pressure / 100, h * (1 - h1 * h / 524288)


@SOFT
def test_bme280(soft: bool) -> None:
    bench = Bench()
    sensor = Bme280(celsius=23.4, hectopascals=987.6, relative_humidity=56.7)
    bench.machine.attach(sensor, sda=4, scl=5)
    i2c = I2c(bench, soft)
    assert i2c.readfrom_mem(0x76, 0xD0, 1) == b"\x60"
    with pytest.raises(OSError, match="EIO"):
        i2c.readfrom_mem(0x77, 0xD0, 1)
    i2c.writeto_mem(0x76, 0xE0, b"\xb6")
    i2c.writeto_mem(0x76, 0xF2, b"\x01")
    started = bench.ps
    i2c.writeto_mem(0x76, 0xF4, b"\x25")
    while i2c.readfrom_mem(0x76, 0xF3, 1)[0] & 8:
        pass
    assert 8.0e9 <= bench.ps - started < 8.9e9, "8 ms at oversampling 1 (9.1)"
    measured = compensated(i2c, i2c.readfrom_mem(0x76, 0xF7, 8))
    assert measured == pytest.approx((23.4, 987.6, 56.7), abs=0.02)
    assert i2c.readfrom_mem(0x76, 0xF4, 1) == b"\x24", "asleep again"
    sensor.celsius = -12.0
    i2c.writeto_mem(0x76, 0xF5, b"\x00")
    i2c.writeto_mem(0x76, 0xF4, b"\x27")  # normal mode, 0.5 ms between
    bench.sleep(0.02)
    assert compensated(i2c, i2c.readfrom_mem(0x76, 0xF7, 8))[0] == pytest.approx(-12.0, abs=0.02)


def test_mpu6050_samples_at_the_rate_that_is_set() -> None:
    bench = Bench()
    sensor = Mpu6050()
    bench.machine.attach(sensor, sda=4, scl=5, int=6)
    i2c = I2c(bench)
    assert i2c.readfrom_mem(0x68, 0x75, 1) == b"\x68"
    assert i2c.readfrom_mem(0x68, 0x6B, 1) == b"\x40"
    sensor.acceleration, sensor.rotation, sensor.celsius = (0.5, -1.0, 0.25), (10.0, -250.0, 100.0), 30.0
    i2c.writeto_mem(0x68, 0x19, b"\x09\x01\x08\x08")  # divider 10, filter on: 100 Hz; 500 degrees a second, 4 g
    i2c.writeto_mem(0x68, 0x37, b"\x20\x01")  # interrupt held until the status is read
    i2c.writeto_mem(0x68, 0x6B, b"\x00")
    assert bench.do("pin_in", 6) == 0
    bench.sleep(0.011)
    assert bench.do("pin_in", 6) == 1
    values = struct.unpack(">7h", i2c.readfrom_mem(0x68, 0x3B, 14))
    assert values[:3] == (4096, -8192, 2048)
    assert values[3] / 340 + 36.53 == pytest.approx(30.0, abs=0.01)
    assert [v / 65.536 for v in values[4:]] == pytest.approx([10, -250, 100], abs=0.02)
    assert i2c.readfrom_mem(0x68, 0x3A, 1) == b"\x01"
    assert bench.do("pin_in", 6) == 0
    sensor.acceleration = (9.0, 0.0, 0.0)
    bench.sleep(0.011)
    assert struct.unpack(">h", i2c.readfrom_mem(0x68, 0x3B, 2)) == (32767,)


@SOFT
def test_eeprom_pages_wrap_and_write_cycles_are_polled(soft: bool) -> None:
    bench = Bench()
    memory = Eeprom(32768)
    bench.machine.attach(memory, sda=4, scl=5)
    i2c = I2c(bench, soft)
    i2c.writeto(0x50, b"\x01\x3e" + b"abcd")  # two bytes before the end of a page of 64
    started = bench.ps
    polls = 0
    while True:
        try:
            i2c.writeto(0x50, b"\x01\x3e", stop=False)
            break
        except OSError:
            polls += 1
    assert polls > 5
    assert 4.9e9 < bench.ps - started < 5.4e9
    assert i2c.readfrom(0x50, 2) == b"ab"
    i2c.writeto(0x50, b"\x01\x00", stop=False)
    assert i2c.readfrom(0x50, 3) == b"cd\xff"
    assert i2c.readfrom(0x50, 1) == b"\xff", "the address goes on"
    assert bytes(memory.data[0x13E:0x140]) == b"ab"


def test_small_eeprom_has_block_bits_in_its_address(tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(bytes(range(256)) * 4)
    bench = Bench()
    bench.machine.attach(Eeprom(1024, file=str(tmp_path / "content")), sda=4, scl=5)
    i2c = I2c(bench)
    assert i2c.readfrom_mem(0x53, 0x80, 4) == b"\x80\x81\x82\x83"
    i2c.writeto_mem(0x52, 0x10, b"\0")
    bench.sleep(0.006)
    assert i2c.readfrom_mem(0x52, 0x0F, 3) == b"\x0f\x00\x11"
    with pytest.raises(OSError, match="EIO"):
        i2c.readfrom(0x54, 1)


@SOFT
def test_spi_flash(soft: bool, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"hello, flash")
    bench = Bench()
    flash = SpiFlash(1 << 20, file=str(tmp_path / "image"))
    bench.machine.attach(flash, sck=18, mosi=19, miso=16, cs=17)
    spi = Spi(bench, soft)
    assert spi.exchange(b"\x9f\0\0\0")[1:] == b"\xef\x40\x14"
    assert spi.exchange(b"\x03\0\0\x07" + bytes(5))[4:] == b"flash"
    spi.exchange(b"\x06")
    spi.exchange(b"\x02\x00\x10\xfe" + b"wrap")
    assert spi.exchange(b"\x05\0")[1] & 1, "busy"
    bench.sleep(0.0005)
    assert spi.exchange(b"\x05\0")[1] == 0
    assert flash.read(0x10FE, 2) + flash.read(0x1000, 2) == b"wrap"
    spi.exchange(b"\x06")
    spi.exchange(b"\x20\x00\x10\x00")
    bench.sleep(0.05)
    assert flash.read(0x1000, 4096) == b"\xff" * 4096


class SdDriver:
    """As MicroPython's sdcard driver talks to a card."""

    def __init__(self, spi: Spi) -> None:
        self.spi = spi

    def command(self, number: int, argument: int, extra: int = 0) -> bytes:
        frame = bytes([0x40 | number]) + argument.to_bytes(4, "big")
        self.spi.transfer(frame + bytes([crc7(frame) << 1 | 1]) + (b"\xff" if number == 12 else b""))
        for _ in range(9):
            answer = self.spi.transfer(b"\xff")
            if not answer[0] & 0x80:
                return answer + (self.spi.transfer(b"\xff" * extra) if extra else b"")
        raise AssertionError(f"no answer to CMD{number}")

    def wait_for(self, token: int) -> None:
        for _ in range(100):
            if self.spi.transfer(b"\xff")[0] == token:
                return
        raise AssertionError(f"no {token:#x}")

    def read_block(self) -> bytes:
        self.wait_for(0xFE)
        data = self.spi.transfer(b"\xff" * 514)
        assert crc16(data[:512]) == int.from_bytes(data[512:], "big")
        return data[:512]

    def write_block(self, token: int, data: bytes) -> int:
        self.spi.transfer(bytes([token]))
        answer = self.spi.transfer(data + crc16(data).to_bytes(2, "big") + b"\xff")[-1]
        while self.spi.transfer(b"\xff")[0] != 0xFF:
            pass
        return answer & 0x1F


@SOFT
def test_sd_card_over_a_file(soft: bool, tmp_path: Path) -> None:
    image = tmp_path / "card.img"
    image.write_bytes(b"".join(bytes([n]) * 512 for n in range(4)))
    bench = Bench()
    card = SdCard(str(image))
    bench.machine.attach(card, sck=18, mosi=19, miso=16, cs=17)
    spi = Spi(bench, soft)
    spi.transfer(b"\xff" * 10)
    driver = SdDriver(spi)
    spi.select(True)
    assert driver.command(0, 0) == b"\x01"
    assert driver.command(8, 0x1AA, 4) == b"\x01\x00\x00\x01\xaa"
    for _ in range(1000):
        driver.command(55, 0)
        if driver.command(41, 1 << 30) == b"\0":
            break
    assert driver.command(58, 0, 4)[1] & 0x40, "high capacity"
    assert driver.command(9, 0) == b"\0"
    driver.wait_for(0xFE)
    csd = spi.transfer(b"\xff" * 18)[:16]
    assert csd[0] >> 6 == 1
    assert ((csd[7] << 16 | csd[8] << 8 | csd[9]) + 1) * 1024 == card.blocks == 1024
    assert csd[15] == crc7(csd[:15]) << 1 | 1
    assert driver.command(17, 2) == b"\0"
    assert driver.read_block() == b"\2" * 512
    assert driver.command(18, 0) == b"\0"
    assert [driver.read_block()[0] for _ in range(3)] == [0, 1, 2]
    driver.command(12, 0)
    spi.transfer(b"\xff" * 8)
    assert driver.command(24, 1) == b"\0"
    assert driver.write_block(0xFE, b"new!" * 128) == 5
    assert driver.command(25, 5) == b"\0"
    assert [driver.write_block(0xFC, bytes([n]) * 512) for n in (7, 8)] == [5, 5]
    spi.transfer(b"\xfd\xff")
    while spi.transfer(b"\xff")[0] != 0xFF:
        pass
    assert driver.command(17, 6) == b"\0"
    assert driver.read_block() == b"\x08" * 512
    assert driver.command(17, 5000) == b"\x20", "address beyond the card"
    spi.select(False)
    assert image.stat().st_size == 2048, "the file is as it was"
    card.write_back()
    assert image.read_bytes()[512:1024] == b"new!" * 128


@SOFT
def test_ssd1306_shows_what_a_driver_draws(soft: bool) -> None:
    bench = Bench()
    display = Ssd1306()
    bench.machine.attach(display, sda=4, scl=5)
    i2c = I2c(bench, soft)
    assert not display.picture.any()
    # The usual start: off, horizontal addressing, start line 0, mirrored both ways, 64 lines, charge pump, on.
    for command in bytes.fromhex("ae2000 40a1a83fc8d300da12d580d9f1db3081ffa4a68d14af"):
        i2c.writeto(0x3C, bytes([0x80, command]))
    i2c.writeto(0x3C, b"\x00\x21\x00\x7f\x22\x00\x07")
    buffer = bytearray(1024)
    for x, y in ((0, 0), (127, 0), (5, 10), (64, 63)):
        buffer[y // 8 * 128 + x] |= 1 << y % 8
    for at in range(0, 1024, 256):
        i2c.writeto(0x3C, b"\x40" + buffer[at : at + 256])
    assert sorted(map(tuple, np.argwhere(display.picture))) == [(0, 0), (0, 127), (10, 5), (63, 64)]
    i2c.writeto(0x3C, b"\x00\xa7")
    assert display.picture.sum() == 64 * 128 - 4
    i2c.writeto(0x3C, b"\x00\xa6\x20\x02\xb1\x03\x10")  # page addressing, page 1, column 3
    i2c.writeto(0x3C, b"\x40\xff")
    assert display.picture[8:16, 3].all()
    png = display.png(scale=2)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (256, 128)
    i2c.writeto(0x3C, b"\x00\xae")
    assert not display.picture.any()
