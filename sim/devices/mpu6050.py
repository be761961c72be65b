"""InvenSense MPU-6050: accelerometer and gyroscope over I2C. From its register map, RM-MPU-6000A revision 4.2.

Not modelled: FIFO, auxiliary I2C master, motion detection, self-test, low-power cycling; their registers keep values.
"""

from __future__ import annotations

import struct

from emberwatch.devices.base import Device

_SMPLRT_DIV, _CONFIG, _GYRO_CONFIG, _ACCEL_CONFIG = 0x19, 0x1A, 0x1B, 0x1C
_INT_PIN_CFG, _INT_ENABLE, _INT_STATUS, _DATA, _PWR_MGMT_1, _WHO_AM_I = 0x37, 0x38, 0x3A, 0x3B, 0x6B, 0x75


class Mpu6050(Device):
    """Samples `acceleration` (g), `rotation` (degrees a second) and `celsius` at the rate that the program sets.

    Args:
        address: 0x68 (AD0 low) or 0x69.
    """

    lines = ("sda", "scl", "int")
    optional_lines = ("int",)
    i2c_addresses = frozenset({0x68})
    parameters = ("i2c_addresses",)

    def __init__(self, address: int = 0x68) -> None:
        if address not in (0x68, 0x69):
            raise ValueError(f"address is {address:#x}; an MPU-6050 has 0x68 or 0x69")
        self.i2c_addresses = frozenset({address})
        self.acceleration: tuple[float, float, float] = (0.0, 0.0, 1.0)
        self.rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)
        self.celsius = 25.0
        self.reg, self.at = bytearray(128), 0

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.reg, self.at = bytearray(128), 0
        self.reg[_PWR_MGMT_1] = 0x40  # asleep
        self.reg[_WHO_AM_I] = 0x68  # whatever AD0 is
        self._interrupt(False)

    def i2c_write(self, data: bytes, ps: int) -> int | None:
        """Address, then registers in order."""
        if not data:
            return None
        self.at = data[0] & 0x7F
        due = None
        for value in data[1:]:
            if self.at == _PWR_MGMT_1:
                was_asleep = bool(self.reg[_PWR_MGMT_1] & 0x40)
                if value & 0x80:
                    self.power_on()
                    self.at = _PWR_MGMT_1
                    value = 0x40
                if was_asleep and not value & 0x40:
                    due = ps + self._period()
            if not _INT_STATUS <= self.at <= 0x60 and self.at != _WHO_AM_I:
                self.reg[self.at] = value
            self.at = (self.at + 1) & 0x7F
        return due

    def i2c_read(self, ps: int) -> bytes:
        """Registers in order."""
        return bytes(self.reg[self.at :] + self.reg[: self.at])

    def i2c_read_done(self, count: int, ps: int) -> None:
        """Reading the status clears it, and the interrupt with it (4.15); any read does if INT_RD_CLEAR is set."""
        first, self.at = self.at, (self.at + count) & 0x7F
        if first <= _INT_STATUS < first + count or self.reg[_INT_PIN_CFG] & 0x10:
            self.reg[_INT_STATUS] = 0
            self._interrupt(False)

    def _period(self) -> int:
        hz = 8000 if self.reg[_CONFIG] & 7 in (0, 7) else 1000
        return (1 + self.reg[_SMPLRT_DIV]) * 10**12 // hz

    def wake(self, ps: int) -> int | None:
        """A sample."""
        if self.reg[_PWR_MGMT_1] & 0x40:
            return None

        def code(value: float) -> int:
            return max(-32768, min(32767, round(value)))

        per_g = 16384 >> (self.reg[_ACCEL_CONFIG] >> 3 & 3)
        per_degree = 32768 / (250 << (self.reg[_GYRO_CONFIG] >> 3 & 3))
        values = [code(a * per_g) for a in self.acceleration]
        values.append(code((self.celsius - 36.53) * 340))  # 4.18
        values += [code(r * per_degree) for r in self.rotation]
        struct.pack_into(">7h", self.reg, _DATA, *values)
        self.reg[_INT_STATUS] |= 1
        if self.reg[_INT_ENABLE] & 1:
            self._interrupt(True)
            if not self.reg[_INT_PIN_CFG] & 0x20:  # a pulse of 50 us
                self._interrupt(False, ps + 50_000_000)
        return ps + self._period()

    def _interrupt(self, active: bool, at: int | None = None) -> None:
        if self.port.connected("int"):
            self.port.drive("int", active != bool(self.reg[_INT_PIN_CFG] & 0x80), at)
