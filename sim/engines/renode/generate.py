"""Renode's platform files from the boards' TOML: `rp2040.repl`, and `BOARD.repl` and `BOARD.resc` for each board.

They are committed; a test regenerates them and compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2

from emberwatch.base.errors import BoardError
from emberwatch.base.paths import project_root
from emberwatch.board.board import Board, known_boards, load_board

BRIDGE = ("Native.cs", "Exceptions.cs", "Time.cs", "Chip.cs", "Windows.cs", "Microphone.cs", "Runner.cs")
"""The bridge's sources; each needs only those before it."""

DEFAULT_FLASH = 0x200000
DEFAULT_XOSC = 12_000_000
DEFAULT_MIPS = 125
IRQ_COUNT = 26
XIP_ALIASES = (0x10000000, 0x11000000, 0x12000000, 0x13000000)

# Windows that are more than registers: class, name in Renode, serial port.
_KINDS = {
    "io_bank0": ("GPIOPort.RP2040_GPIO", "gpio", None),
    "uart0": ("UART.RP2040_UART", "uart0", 0),
    "uart1": ("UART.RP2040_UART", "uart1", 1),
    "usb": ("UART.RP2040_UART", "usb", 2),
}


@dataclass(frozen=True)
class _Range:
    name: str
    base: int
    size: int


# The map as librp2040 reports it (rp2040_windows, rp2040_memories), kept here so that the files can be generated where
# the library is not built; a test compares the two.
_BLOCKS = (
    "sysinfo syscfg clocks resets psm io_bank0 io_qspi pads_bank0 pads_qspi xosc pll_sys pll_usb busctrl uart0 uart1 "
    "spi0 spi1 i2c0 i2c1 adc pwm timer watchdog rtc rosc vreg"
).split()
WINDOWS = (
    _Range("xip_ctrl", 0x14000000, 0x4000),
    _Range("ssi", 0x18000000, 0x4000),
    _Range("sram_banks", 0x21000000, 0x40000),
    *(_Range(name, 0x40000000 + 0x4000 * n, 0x4000) for n, name in enumerate(_BLOCKS)),
    _Range("tbman", 0x4006C000, 0x4000),
    _Range("dma", 0x50000000, 0x4000),
    _Range("usb_dpram", 0x50100000, 0x1000),
    _Range("usb", 0x50110000, 0x4000),
    _Range("pio0", 0x50200000, 0x4000),
    _Range("pio1", 0x50300000, 0x4000),
    _Range("xip_aux", 0x50400000, 0x1000),
    _Range("sio", 0xD0000000, 0x1000),
)
MEMORIES = (
    _Range("rom", 0x00000000, 0x4000),
    _Range("flash", 0x10000000, 0x1000000),
    _Range("xip_sram", 0x15000000, 0x4000),
    _Range("sram", 0x20000000, 0x42000),
)


def mips(clk_sys_hz: int) -> int:
    """Smallest PerformanceInMips that divides 1000 and is no slower than the clock, so that time is only ever skipped.

    Raises:
        BoardError: the clock is faster than 1 GHz.
    """
    for candidate in (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000):
        if candidate * 1_000_000 >= clk_sys_hz:
            return candidate
    raise BoardError(f"clock.clk_sys_hz = {clk_sys_hz} is too fast for Renode's time; use at most 1000000000")


def folder() -> Path:
    """Where the files are."""
    return project_root() / "platforms" / "renode"


def render_chip() -> str:
    """`rp2040.repl`."""
    return _render(
        "rp2040.repl.j2",
        mips=DEFAULT_MIPS,
        systick_hz=DEFAULT_MIPS * 1_000_000,
        memories={memory.name: memory for memory in MEMORIES},
        windows=WINDOWS,
        kinds=_KINDS,
        xip_aliases=XIP_ALIASES,
        flash_size=DEFAULT_FLASH,
        xosc_hz=DEFAULT_XOSC,
        irq_count=IRQ_COUNT,
    )


def render_board(board: Board) -> dict[str, str]:
    """`BOARD.repl` and `BOARD.resc` by file name."""
    values = {
        "board": board,
        "mips": mips(board.clock.clk_sys_hz),
        "default_mips": DEFAULT_MIPS,
        "default_flash": DEFAULT_FLASH,
        "default_xosc": DEFAULT_XOSC,
        "bridge": BRIDGE,
    }
    return {f"{board.name}.{kind}": _render(f"board.{kind}.j2", **values) for kind in ("repl", "resc")}


def render_all() -> dict[str, str]:
    """Every generated file by name."""
    files = {"rp2040.repl": render_chip()}
    for name in known_boards():
        files |= render_board(load_board(name))
    return files


def _render(template: str, **values: object) -> str:
    loader = jinja2.FileSystemLoader(folder() / "templates")
    environment = jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=False, keep_trailing_newline=True, autoescape=False
    )
    return environment.get_template(template).render(hex=lambda value: f"0x{value:08X}", **values)
