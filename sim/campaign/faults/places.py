"""What of a program and its board a fault can hit: memories, registers, pins."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile

from emberwatch.base.errors import UsageError
from emberwatch.board.board import Board, load_board
from emberwatch.chip import block, memory
from emberwatch.program.elf import SRAM_BASE, SymbolTable, load_image

CPU_REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc", "xpsr", "primask")
MICROPHONE = {
    "missing": None,
    "stuck_low": None,
    "stuck_high": None,
    "deaf": (0.0, 0.0),
    "offset": (1.0, 0.9),
    "saturated": (8.0, 0.6),
}
"""What can be wrong with a microphone: a fault of its wires, or gain and offset before its modulator."""
_ALLOCATED, _EXECUTABLE = 2, 4
"""SHF_ALLOC and SHF_EXECINSTR (gABI, chapter 4)."""
_CHANNELS = range(3)
"""DMA channels of our firmware (firmware/drivers/dma_channels.h)."""


@dataclass(frozen=True)
class Targets:
    """What there is to hit.

    Attributes:
        sha256: of the program's file; draws depend on it.
        memories: "sram", "code" and "flash" with their stretches of addresses.
        peripherals: names and addresses of registers that the firmware sets once and never again.
        dma: the same of the DMA channels' registers.
        pins: GPIOs that the firmware uses.
        xosc_hz: the crystal.
    """

    sha256: str
    symbols: SymbolTable
    memories: dict[str, list[range]]
    peripherals: dict[str, int] = field(default_factory=dict)
    dma: dict[str, int] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    xosc_hz: int = 12_000_000

    @classmethod
    def of(cls, elf: Path, board: str | Path | Board = "pico") -> Targets:
        """Those of our firmware on a board.

        Raises:
            EmberwatchError: the file is no ELF, or the board has no microphone, console or LED.
        """
        loaded = board if isinstance(board, Board) else load_board(board)
        microphone = loaded.needed_microphone
        return cls(
            hashlib.sha256(elf.read_bytes()).hexdigest(),
            load_image(elf).symbols,
            memories(elf),
            peripherals(loaded),
            dma_registers(),
            (microphone.clock, microphone.data, loaded.uart.tx, loaded.needed_led.pin),
            loaded.clock.xosc_hz,
        )

    def within(self, kind: str, addresses: range | None, function: str) -> list[range]:
        """The stretches of a memory that lie in a range of addresses and in what a symbol names.

        Raises:
            ImageError: there is no such symbol.
            UsageError: nothing is left.
        """
        limits = [addresses] if addresses is not None else []
        if function:
            symbol = self.symbols[function]
            limits.append(range(symbol.address & ~1, (symbol.address & ~1) + symbol.size))
        places = self.memories[kind]
        for limit in limits:
            cut = (range(max(p.start, limit.start), min(p.stop, limit.stop)) for p in places)
            places = [place for place in cut if len(place)]
        if not places:
            where = " and ".join(f"{limit.start:#010x} to {limit.stop:#010x}" for limit in limits) or "the program"
            raise UsageError(f"no address of {kind} lies in {where}; give another range, function or kind")
        return places


def memories(elf: Path) -> dict[str, list[range]]:
    """Data in SRAM, code in SRAM, and all that flash holds of a program.

    Raises:
        ImageError: the file is no ELF for the chip.
    """
    load_image(elf)
    places: dict[str, list[range]] = {"sram": [], "code": [], "flash": []}
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        for section in file.iter_sections():
            if not section["sh_flags"] & _ALLOCATED or not section["sh_size"] or section.name == ".stack":
                continue
            place = range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
            if place.start < SRAM_BASE:
                places["flash"].append(place)
                continue
            executable = bool(section["sh_flags"] & _EXECUTABLE)
            places["code" if executable else "sram"].append(place)
            if executable:  # its image in flash, too
                load = next(s for s in file.iter_segments() if s.section_in_segment(section))
                start = load["p_paddr"] + place.start - load["p_vaddr"]
                if start in range(memory("flash").base, memory("flash").end):
                    places["flash"].append(range(start, start + len(place)))
    return places


def peripherals(board: Board) -> dict[str, int]:
    """Configuration that our firmware sets once: names and addresses."""
    microphone = board.needed_microphone
    gpios = (microphone.clock, microphone.data, board.uart.tx, board.needed_led.pin)
    used = [
        *(("pio", name) for name in ("CTRL", "SM0_CLKDIV", "SM0_EXECCTRL", "SM0_SHIFTCTRL", "SM0_PINCTRL")),
        *(("dma", name) for name in ("INTE0", "INTE1")),
        *(("clocks", name) for name in ("CLK_REF_CTRL", "CLK_SYS_CTRL", "CLK_SYS_DIV", "CLK_PERI_CTRL")),
        *(("pll", name) for name in ("CS", "PWR", "FBDIV_INT", "PRIM")),
        *(("watchdog", name) for name in ("CTRL", "LOAD", "TICK")),
        *(("uart", name) for name in ("UARTIBRD", "UARTFBRD", "UARTLCR_H", "UARTCR", "UARTDMACR")),
        *(("io_bank0", f"GPIO{n}_CTRL") for n in gpios),
        *(("pads_bank0", f"GPIO{n}") for n in gpios),
        ("resets", "RESET"),
        ("timer", "PAUSE"),
        ("psm", "WDSEL"),
    ]
    instances = {"uart": f"UART{board.uart.instance}", "pll": "PLL_SYS", "pio": "PIO0"}
    return {
        f"{instances.get(name, name.upper())}.{register}": block(name).address(register, instances.get(name, ""))
        for name, register in used
    }


def dma_registers() -> dict[str, int]:
    """Read and write address, count and control of the channels that our firmware uses."""
    names = [f"CH{n}_{name}" for n in _CHANNELS for name in ("READ_ADDR", "WRITE_ADDR", "TRANS_COUNT", "AL1_CTRL")]
    return {f"DMA.{name}": block("dma").address(name) for name in names}
