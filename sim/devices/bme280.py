"""Bosch BME280: temperature, pressure and humidity, over I2C. From its data sheet, BST-BME280-DS002."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import ClassVar

from emberwatch.devices.base import Device

T1, T2, T3 = 27504, 26435, -1000  # trimming of the data sheet's worked example (BMP280 data sheet 3.12)
P = (36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
H1, H2, H3, H4, H5, H6 = 75, 362, 0, 315, 50, 30


def temperature(raw: int) -> tuple[int, int]:
    """Hundredths of a degree and t_fine, by the data sheet's integer formula (4.2.3)."""
    a = ((raw >> 3) - (T1 << 1)) * T2 >> 11
    b = (((raw >> 4) - T1) * ((raw >> 4) - T1) >> 12) * T3 >> 14
    return ((a + b) * 5 + 128) >> 8, a + b


def pressure(raw: int, t_fine: int) -> int:
    """Pascals in 1/256, 64-bit formula of 4.2.3."""
    a = t_fine - 128000
    b = a * a * P[5] + (a * P[4] << 17) + (P[3] << 35)
    a = (a * a * P[2] >> 8) + (a * P[1] << 12)
    a = ((1 << 47) + a) * P[0] >> 33
    if a == 0:
        return 0
    p = ((1048576 - raw << 31) - b) * 3125
    p = -(-p // a) if p < 0 else p // a  # division truncates in C
    b2 = P[8] * (p >> 13) * (p >> 13) >> 25
    return ((p + b2 + (P[7] * p >> 19)) >> 8) + (P[6] << 4)


def humidity(raw: int, t_fine: int) -> int:
    """Per cent in 1/1024, 32-bit formula of 4.2.3."""
    v = t_fine - 76800
    left = ((raw << 14) - (H4 << 20) - H5 * v + 16384) >> 15
    right = ((((v * H6 >> 10) * ((v * H3 >> 11) + 32768) >> 10) + 2097152) * H2 + 8192) >> 14
    v = left * right
    v -= ((v >> 15) * (v >> 15) >> 7) * H1 >> 4
    return min(max(v, 0), 419430400) >> 12


def _invert(function: Callable[[int], int], target: int, bits: int) -> int:
    """The raw code whose compensated value comes closest to `target`; the formulas are monotonic."""
    low, high = 0, (1 << bits) - 1
    rising = function(high) > function(low)
    while low < high:
        middle = (low + high) // 2
        if (function(middle) < target) == rising:
            low = middle + 1
        else:
            high = middle
    return low


class Bme280(Device):
    """Sleep, forced and normal mode with the data sheet's measurement times; `celsius`, `hectopascals` and
    `relative_humidity` may be set at any time, the next measurement takes them.

    Args:
        address: 0x76 (SDO to ground) or 0x77.
    """

    controls: ClassVar[Mapping[str, str]] = {
        "temperature": "celsius",
        "humidity": "relative_humidity",
        "pressure": "hectopascals",
    }
    i2c_addresses = frozenset({0x76})
    parameters = ("i2c_addresses",)

    def __init__(
        self,
        address: int = 0x76,
        celsius: float = 21.0,
        hectopascals: float = 1013.25,
        relative_humidity: float = 45.0,
    ) -> None:
        if address not in (0x76, 0x77):
            raise ValueError(f"address is {address:#x}; a BME280 has 0x76 or 0x77")
        self.i2c_addresses = frozenset({address})
        self.celsius, self.hectopascals, self.relative_humidity = celsius, hectopascals, relative_humidity
        self.reg, self.at = bytearray(256), 0

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.reg, self.at = bytearray(256), 0
        self.reg[0xD0] = 0x60
        self.reg[0x88:0xA0] = struct.pack("<Hhh H8h", T1, T2, T3, *P)
        self.reg[0xA1] = H1
        self.reg[0xE1:0xE8] = struct.pack(
            "<hBBBBb", H2, H3, H4 >> 4 & 0xFF, (H4 & 0xF) | (H5 & 0xF) << 4, H5 >> 4 & 0xFF, H6
        )
        self.reg[0xF7:0xFF] = bytes.fromhex("8000008000008000")  # skipped measurements
        self.active_hum = 0

    def i2c_write(self, data: bytes, ps: int) -> int | None:
        """Register and value by turns (6.2.1); one byte alone sets the address of a read."""
        self.at = data[0] if data else self.at
        due = None
        for register, value in zip(data[0::2], data[1::2], strict=False):
            if register == 0xE0 and value == 0xB6:
                self.power_on()
            elif register in (0xF2, 0xF4, 0xF5):
                self.reg[register] = value
            if register == 0xF4:
                self.active_hum = self.reg[0xF2] & 7  # takes effect with ctrl_meas (5.4.3)
                due = self._begin(ps) if value & 3 else None
        return due

    def i2c_read(self, ps: int) -> bytes:
        """From the address on, as far as the master reads."""
        return bytes(self.reg[self.at :])

    def _oversampling(self) -> tuple[int, int, int]:
        codes = self.active_hum, self.reg[0xF4] >> 5, self.reg[0xF4] >> 2 & 7
        hum, temp, press = (0 if code == 0 else min(1 << code - 1, 16) for code in codes)
        return hum, temp, press

    def _begin(self, ps: int) -> int:
        hum, temp, press = self._oversampling()
        self.reg[0xF3] |= 8
        typical_us = 1000 + 2000 * temp + (2000 * press + 500) * bool(press) + (2000 * hum + 500) * bool(hum)  # 9.1
        return ps + typical_us * 1_000_000

    def wake(self, ps: int) -> int | None:
        """A measurement is ready, or the standby time of normal mode is over."""
        if not self.reg[0xF3] & 8:
            return self._begin(ps)
        self.reg[0xF3] &= ~8
        hum, temp, press = self._oversampling()
        raw_t = _invert(lambda raw: temperature(raw)[0], round(self.celsius * 100), 20)
        t_fine = temperature(raw_t)[1]
        raw_p = _invert(lambda raw: pressure(raw, t_fine), round(self.hectopascals * 100 * 256), 20)
        raw_h = _invert(lambda raw: humidity(raw, t_fine), round(self.relative_humidity * 1024), 16)
        if press:
            self.reg[0xF7:0xFA] = (raw_p << 4).to_bytes(3, "big")
        if temp:
            self.reg[0xFA:0xFD] = (raw_t << 4).to_bytes(3, "big")
        if hum:
            self.reg[0xFD:0xFF] = raw_h.to_bytes(2, "big")
        if self.reg[0xF4] & 3 != 3:
            self.reg[0xF4] &= 0xFC  # forced mode ends asleep
            return None
        standby_us = (500, 62_500, 125_000, 250_000, 500_000, 1_000_000, 10_000, 20_000)[self.reg[0xF5] >> 5]
        return ps + standby_us * 1_000_000
