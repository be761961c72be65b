"""``firmware/dsp`` built for the Cortex-M0+ and called function by function on an emulated one.

Two emulators run it: the project's own chip, which counts cycles, and Unicorn, an independent witness of the results.
"""

from __future__ import annotations

from typing import Protocol

from emberwatch.bench.bare import RETURN, SRAM, SRAM_END, BareImage


class Target(Protocol):
    """An emulated core with an image in its SRAM."""

    def call(self, function: str, *arguments: int) -> int:
        """Runs the function to its end and returns r0."""

    def write(self, address: int, data: bytes) -> None:
        """Puts bytes into memory."""

    def read(self, address: int, size: int) -> bytes:
        """Takes bytes from memory."""


class UnicornTarget:
    """Unicorn's Cortex-M0, which knows nothing of cycles."""

    def __init__(self, image: BareImage) -> None:
        import unicorn
        from unicorn import arm_const

        self._arm = arm_const
        self._image = image
        self._core = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS)
        self._core.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M0)
        self._core.mem_map(SRAM, SRAM_END - SRAM)
        for address, data in image.segments:
            self._core.mem_write(address, data)

    def call(self, function: str, *arguments: int) -> int:
        registers = [getattr(self._arm, f"UC_ARM_REG_R{n}") for n in range(4)]
        for register, value in zip(registers, arguments, strict=False):
            self._core.reg_write(register, value)
        self._core.reg_write(self._arm.UC_ARM_REG_SP, SRAM_END)
        self._core.reg_write(self._arm.UC_ARM_REG_LR, RETURN | 1)
        self._core.emu_start(self._image.symbols[function] | 1, RETURN)
        return int(self._core.reg_read(registers[0]))

    def write(self, address: int, data: bytes) -> None:
        self._core.mem_write(address, data)

    def read(self, address: int, size: int) -> bytes:
        return bytes(self._core.mem_read(address, size))
