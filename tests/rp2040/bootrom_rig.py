"""The boot ROM's image in an instruction-set simulator that we did not write."""

from __future__ import annotations

import re
import struct

import unicorn
from paths import ROOT
from unicorn import arm_const as reg

RETURN = 0x2000F000
FLOAT_ROWS = (
    "add sub mul div cmp cmp_flags sqrt 2int 2fix 2uint 2ufix int2 fix2 uint2 ufix2 cos sin tan sincos exp ln "
    "cmp_basic atan2 int642 fix642 uint642 ufix642 2int64 2fix64 2uint64 2ufix64 2other"
).split()


class Rom:
    """The image with 64 kB of SRAM and the SIO's unsigned divider."""

    def __init__(self) -> None:
        text = (ROOT / "sim/rp2040/bus/bootrom_image.inc").read_text(encoding="utf-8")
        self.image = bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2}),", text))
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self.uc.ctl_set_cpu_model(reg.UC_CPU_ARM_CORTEX_M0)
        self.uc.mem_map(0, 0x4000)
        self.uc.mem_write(0, self.image)
        self.uc.mem_map(0x20000000, 0x10000)
        self._operands = {0x60: 0, 0x64: 1}
        self.uc.mmio_map(0xD0000000, 0x1000, self._read_sio, None, self._write_sio, None)

    def _write_sio(self, _uc: unicorn.Uc, offset: int, _size: int, value: int, _data: object) -> None:
        self._operands[offset] = value  # UDIVIDEND, UDIVISOR

    def _read_sio(self, _uc: unicorn.Uc, offset: int, _size: int, _data: object) -> int:
        assert offset in (0x70, 0x74), f"the boot ROM read SIO offset {offset:#x}"
        quotient, remainder = divmod(self._operands[0x60], self._operands[0x64])
        return quotient if offset == 0x70 else remainder

    def half(self, address: int) -> int:
        return int.from_bytes(self.image[address : address + 2], "little")

    def word(self, address: int) -> int:
        return int.from_bytes(self.image[address : address + 4], "little")

    def call(self, address: int, *arguments: int) -> tuple[int, int, int, int]:
        assert address & 1, f"entry 0x{address:x} is not a Thumb address"
        registers = (reg.UC_ARM_REG_R0, reg.UC_ARM_REG_R1, reg.UC_ARM_REG_R2, reg.UC_ARM_REG_R3)
        for number, value in zip(registers, arguments, strict=False):
            self.uc.reg_write(number, value & 0xFFFFFFFF)
        self.uc.reg_write(reg.UC_ARM_REG_SP, 0x2000E000)
        self.uc.reg_write(reg.UC_ARM_REG_LR, RETURN | 1)
        self.uc.emu_start(address, RETURN, count=200_000)
        assert self.uc.reg_read(reg.UC_ARM_REG_PC) == RETURN, "the function did not return"
        return tuple(self.uc.reg_read(number) for number in registers)  # type: ignore[return-value]

    def lookup(self, table_pointer: int, code: str) -> int:
        key = ord(code[0]) | ord(code[1]) << 8
        return self.call(self.half(0x18), self.half(table_pointer), key)[0]

    def function(self, code: str) -> int:
        return self.lookup(0x14, code)

    def float_entry(self, table: str, row: str) -> int:
        return self.word(self.lookup(0x16, table) + 4 * FLOAT_ROWS.index(row))

    def single(self, row: str, *values: float) -> float:
        bits = (struct.unpack("<I", struct.pack("<f", v))[0] for v in values)
        return struct.unpack("<f", struct.pack("<I", self.call(self.float_entry("SF", row), *bits)[0]))[0]

    def double(self, row: str, *values: float) -> float:
        words = [w for v in values for w in struct.unpack("<II", struct.pack("<d", v))]
        return struct.unpack("<d", struct.pack("<II", *self.call(self.float_entry("SD", row), *words)[:2]))[0]
