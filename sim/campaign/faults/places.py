"""What of a program and its board a fault can hit: memories, registers, pins."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile

from emberwatch.base.errors import UsageError
from emberwatch.board.board import Board, load_board
from emberwatch.chip import block, memory
from emberwatch.program.elf import SRAM_BASE, load_image
from emberwatch.program.symbols import SymbolTable

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
        peripherals: names and addresses of registers of the blocks that the firmware uses.
        dma: the same of the DMA channels' registers.
        written: what is in registers that cannot be read back.
        pins: GPIOs that the firmware uses.
        xosc_hz: the crystal.
    """

    sha256: str
    symbols: SymbolTable
    memories: dict[str, list[range]]
    peripherals: dict[str, int] = field(default_factory=dict)
    dma: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    pins: tuple[int, ...] = ()
    xosc_hz: int = 12_000_000

    @classmethod
    def of(cls, elf: Path, board: str | Path | Board = "pico") -> Targets:
        """Those of our firmware on a board.

        Raises:
            EmberwatchError: the file is no ELF, or the board has no microphone, console or LED.
        """
        loaded = board if isinstance(board, Board) else load_board(board)
        return cls(
            hashlib.sha256(elf.read_bytes()).hexdigest(),
            load_image(elf).symbols,
            memories(elf),
            peripherals(loaded),
            dma_registers(),
            pio_program(loaded),
            _gpios(loaded),
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
    """Registers of all blocks that our firmware or its start uses: names and addresses."""
    return configuration(board) | _named(board, _unchecked(board))


def configuration(board: Board) -> dict[str, int]:
    """Those that our firmware sets once, and looks at ever after."""
    gpios = _gpios(board)
    return _named(
        board,
        [
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
        ],
    )


def _unchecked(board: Board) -> list[tuple[str, str]]:
    """What the boot sets, what cannot be read back, and what is used as it is after a reset."""
    number = board.needed_led.pin >> 1 & 7  # datasheet 4.5.2
    return [
        *(("pio", name) for name in ("INSTR_MEM0", "INSTR_MEM1", "INPUT_SYNC_BYPASS")),
        *(("pwm", f"CH{number}_{name}") for name in ("CSR", "DIV", "TOP", "CC")),
        *(("clocks", f"{name}_EN{n}") for name in ("WAKE", "SLEEP") for n in (0, 1)),
        ("clocks", "CLK_SYS_RESUS_CTRL"),
        *(("ssi", name) for name in ("CTRLR0", "SSIENR", "BAUDR", "RX_SAMPLE_DLY", "SPI_CTRLR0")),
        ("xip_ctrl", "CTRL"),
        *(("pads_qspi", name) for name in ("GPIO_QSPI_SCLK", "GPIO_QSPI_SD0", "GPIO_QSPI_SS")),
        *(("xosc", name) for name in ("CTRL", "STARTUP")),
        *(("rosc", name) for name in ("CTRL", "DIV")),
        ("busctrl", "BUS_PRIORITY"),
    ]


def pio_program(board: Board) -> dict[str, int]:
    """The two instructions of our firmware's PDM program (firmware/drivers/pdm_mic.c), which PIO does not give back."""
    sample, hold = (0x4001, 0xB042) if board.needed_microphone.channel == "right" else (0x5001, 0xA042)
    return {"PIO0.INSTR_MEM0": sample, "PIO0.INSTR_MEM1": hold}


def _gpios(board: Board) -> tuple[int, ...]:
    microphone = board.needed_microphone
    return microphone.clock, microphone.data, board.uart.tx, board.needed_led.pin


def _named(board: Board, used: Iterable[tuple[str, str]]) -> dict[str, int]:
    instances = {"uart": f"UART{board.uart.instance}", "pll": "PLL_SYS", "pio": "PIO0"}
    return {
        f"{instances.get(name, name.upper())}.{register}": block(name).address(register, instances.get(name, ""))
        for name, register in used
    }


def dma_registers() -> dict[str, int]:
    """Read and write address, count and control of the channels that our firmware uses."""
    names = [f"CH{n}_{name}" for n in _CHANNELS for name in ("READ_ADDR", "WRITE_ADDR", "TRANS_COUNT", "AL1_CTRL")]
    return {f"DMA.{name}": block("dma").address(name) for name in names}
