"""Reads of SRAM that nobody has written: what they bring is chance on a board, however it turns out here."""

from __future__ import annotations

from dataclasses import dataclass

from emberwatch.base.units import PICO
from emberwatch.engines.embedded import chip_of
from emberwatch.machine.machine import Machine

_MASTERS = ("core 0", "core 1", "DMA")
_BOOT2_COPY, _BOOT2_BYTES = 0x20041F00, 256
"""Where the boot ROM has put the second stage (datasheet 2.8.1.3)."""


@dataclass(frozen=True)
class NeverWrittenRead:
    """One place that read such bytes, the first time that it did.

    Attributes:
        master: "core 0", "core 1" or "DMA".
        pc: address of the instruction; 0 for the DMA.
        address: first address of the access, `bytes` long; at least one byte of it was never written.
        seconds: emulated time since power-on.
        where: function and source line as far as they are known; empty for the DMA.
    """

    master: str
    pc: int
    address: int
    bytes: int
    seconds: float
    where: str

    def __str__(self) -> str:
        place = f" in {self.where}" if self.where else ""
        return (
            f"{self.seconds:.6f} s: {self.master}{place} reads {self.bytes} bytes at 0x{self.address:08x}, "
            "which nobody has written"
        )


class NeverWrittenReads:
    """Watches a machine from its creation on; what the program file loads counts as written.

    The processors run instruction by instruction meanwhile: slower, in the same cycles.

    Raises:
        EngineError: the engine is not the embedded one.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._chip = chip_of(machine.engine)
        self._chip.watch_never_written(True)
        loaded = [(s.address, len(s.data)) for s in machine.image.segments if s.address >> 28 == 2]
        if machine.image.in_flash:
            loaded.append((_BOOT2_COPY, _BOOT2_BYTES))
        for address, length in loaded:  # the same again: now it is written
            self._chip.load(address, self._chip.read_memory(address, length))

    def take(self) -> list[NeverWrittenRead]:
        """Those since the last call, in order of time; each place in the program and in memory once."""
        return [
            NeverWrittenRead(
                _MASTERS[master],
                pc,
                address,
                length,
                self._chip.picoseconds_at(cycle) * PICO,
                (self._machine.image.symbols.at(pc) or f"{pc:#010x}") if master < 2 else "",
            )
            for master, pc, address, length, cycle in self._chip.never_written()
        ]

    def close(self) -> None:
        """Stops watching; the processors run at full speed again."""
        self._chip.watch_never_written(False)
