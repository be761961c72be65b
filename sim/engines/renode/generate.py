"""Renode's platform files from the boards' TOML: `rp2040.repl`, and `BOARD.repl` and `BOARD.resc` for each board.

They are committed; a test regenerates them and compares.
"""

from __future__ import annotations

from pathlib import Path

import jinja2

from emberwatch.base.errors import BoardError
from emberwatch.base.paths import project_root
from emberwatch.board.board import Board, known_boards, load_board
from emberwatch.chip import load

BRIDGE = (
    "Range.cs",
    "Native.cs",
    "BlockEnd.cs",
    "BlockHook.cs",
    "Exceptions.cs",
    "Exclusives.cs",
    "Time.cs",
    "Quantum.cs",
    "Core.cs",
    "SecondCore.cs",
    "BusHook.cs",
    "Faults.cs",
    "Accesses.cs",
    "SysTick.cs",
    "Power.cs",
    "Host.cs",
    "Visitors.cs",
    "Chip.cs",
    "Windows.cs",
    "Buses.cs",
    "Microphone.cs",
    "Runner.cs",
)
"""The bridge's sources; each needs only those before it."""

DEFAULT_FLASH = 0x200000
DEFAULT_XOSC = 12_000_000
DEFAULT_MIPS = 125

# Windows that are more than registers: class, name in Renode, number of its kind.
_KINDS = {
    "io_bank0": ("GPIOPort.RP2040_GPIO", "gpio", None),
    "uart0": ("UART.RP2040_UART", "uart0", 0),
    "uart1": ("UART.RP2040_UART", "uart1", 1),
    "i2c0": ("I2C.RP2040_I2C", "i2c0", 0),
    "i2c1": ("I2C.RP2040_I2C", "i2c1", 1),
    "spi0": ("SPI.RP2040_SPI", "spi0", 0),
    "spi1": ("SPI.RP2040_SPI", "spi1", 1),
    "usb": ("UART.RP2040_UART", "usb", 2),
}


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
    chip = load()
    memories = {memory.name: memory for memory in chip.memories}
    flash = memories["flash"]
    return _render(
        "rp2040.repl.j2",
        mips=DEFAULT_MIPS,
        memories=memories,
        windows=chip.windows,
        kinds=_KINDS,
        xip_aliases=tuple(flash.base + n * flash.size for n in range(4)),
        flash_size=DEFAULT_FLASH,
        xosc_hz=DEFAULT_XOSC,
        irq_count=len(chip.irqs),
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
