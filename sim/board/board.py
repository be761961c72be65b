"""Boards: one TOML file each, read by the firmware build and by the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from emberwatch.base import toml
from emberwatch.base.errors import BoardError
from emberwatch.base.paths import project_root
from emberwatch.board.clocktree import PdmClock, PllSettings, solve_pdm, solve_pll, solve_uart

Wires = tuple[tuple[int, int], ...]
"""Jumpers between two pins each."""


@dataclass(frozen=True)
class DeviceConfig:
    """A table [devices.NAME]: what is attached, by type, with GPIOs of its lines and options (`emberwatch.devices`)."""

    name: str
    type: str
    values: Mapping[str, object]


Devices = tuple[DeviceConfig, ...]

PINS = range(30)
#: GPIOs with the UART function, per instance (datasheet table 279).
UART_TX_PINS = {0: (0, 12, 16, 28), 1: (4, 8, 20, 24)}
UART_RX_PINS = {0: (1, 13, 17, 29), 1: (5, 9, 21, 25)}


@dataclass(frozen=True)
class ClockConfig:
    """Crystal and system clock in hertz."""

    xosc_hz: int
    clk_sys_hz: int


@dataclass(frozen=True)
class FlashConfig:
    """The QSPI flash: size in bytes, how boot2 sets it up, clk_sys cycles per flash clock."""

    size: int
    read: Literal["quad", "dual", "serial"]
    clkdiv: int


@dataclass(frozen=True)
class UartConfig:
    """The console."""

    instance: int
    tx: int
    rx: int
    baud: int


@dataclass(frozen=True)
class LedConfig:
    """The alarm LED, driven by PWM."""

    pin: int
    active: Literal["high", "low"]


@dataclass(frozen=True)
class MicrophoneConfig:
    """The PDM microphone; `channel` is what its SEL pin is strapped to (left: low)."""

    data: int
    clock: int
    channel: Literal["left", "right"]
    pdm_hz: int


def _devices(value: object, key: str) -> Devices:
    found: list[DeviceConfig] = []
    for name, table in toml.convert(dict[str, dict[str, Any]], value, key, BoardError).items():
        if not (name.isascii() and name.isidentifier()):
            raise BoardError(f"{key}.{name}: the name may hold only letters, digits and '_'")
        if "type" not in table:
            raise BoardError(f"missing key '{key}.{name}.type'; add it: text in quotes")
        kind = toml.convert(str, table["type"], f"{key}.{name}.type", BoardError)
        found.append(DeviceConfig(name, kind, {word: entry for word, entry in table.items() if word != "type"}))
    return tuple(found)


@dataclass(frozen=True)
class Board:
    """A board: what is connected to which pin, and at what speed it runs."""

    name: str
    description: str
    clock: ClockConfig
    flash: FlashConfig
    uart: UartConfig
    led: LedConfig
    microphone: MicrophoneConfig
    wires: Annotated[Wires, toml.Written("pairs of pins, as in [[4, 6], [5, 7]]")] = ()
    devices: Annotated[Devices, toml.By(_devices)] = ()
    without_errata: Annotated[tuple[Literal["E1", "E13"], ...], toml.Written('flaws of the chip, as in ["E1"]')] = ()
    """Flaws of the chip that are switched off; docs/chip.md lists all."""
    folder: Path = field(default=Path(), metadata=toml.NO_KEY)
    """Where the board file lies; files that it names are relative to it."""

    @property
    def file(self) -> str:
        """Name of the board file, for messages."""
        return f"{self.name}.toml"

    @property
    def pll(self) -> PllSettings:
        """Settings of PLL_SYS."""
        return solve_pll(self.clock.xosc_hz, self.clock.clk_sys_hz)

    @property
    def pdm(self) -> PdmClock:
        """Divider and real rate of the PDM clock."""
        return solve_pdm(self.clock.clk_sys_hz, self.microphone.pdm_hz)

    @property
    def uart_divisors(self) -> tuple[int, int]:
        """PL011 IBRD and FBRD; clk_peri runs at clk_sys."""
        return solve_uart(self.clock.clk_sys_hz, self.uart.baud)


def boards_folder() -> Path:
    """Where the shipped board files are."""
    return project_root() / "platforms" / "boards"


def known_boards() -> list[str]:
    """Names accepted by `load_board`, sorted."""
    return sorted(path.stem for path in boards_folder().glob("*.toml"))


def load_board(name: str | Path) -> Board:
    """Reads and checks a board file.

    Args:
        name: a name from `known_boards`, or the path of a TOML file.

    Raises:
        BoardError: unknown board, malformed file, unknown or missing key, value out of range, pin used twice.
    """
    is_file = str(name).endswith(".toml")
    path = Path(name) if is_file else boards_folder() / f"{name}.toml"
    if is_file and not path.exists():
        raise BoardError(f"board file {path} does not exist; known boards: {', '.join(known_boards())}")
    if not path.exists():
        raise BoardError(f"unknown board '{name}'; known boards: {', '.join(known_boards())} (or give a .toml file)")
    board = replace(toml.read(Board, path, "board file", BoardError, name=path.stem), folder=path.parent)
    try:
        _check(board)
    except BoardError as error:
        raise BoardError(f"board file {path}: {error}") from None
    return board


def _check(board: Board) -> None:
    """Ranges, pin functions and pins used twice; the clock solvers raise for themselves."""
    if not board.name.replace("_", "").replace("-", "").isalnum() or not board.name.isascii():
        raise BoardError(f"the file name '{board.name}' may hold only letters, digits, '-' and '_'")
    if not board.description.isprintable() or "\\" in board.description:  # it becomes a comment of one line in board.h
        raise BoardError(f"description = {board.description!r}; it must be one line without backslashes")
    if not 1_000_000 <= board.clock.xosc_hz <= 15_000_000 or board.clock.xosc_hz % 1_000_000:
        raise BoardError(f"clock.xosc_hz = {board.clock.xosc_hz}; the crystal must be a whole 1 to 15 MHz")
    if board.flash.clkdiv < 2 or board.flash.clkdiv % 2 or board.flash.clkdiv > 254:
        raise BoardError(f"flash.clkdiv = {board.flash.clkdiv}; it must be an even number from 2 to 254")
    if not 0x10000 <= board.flash.size <= 0x1000000 or board.flash.size % 0x1000:
        raise BoardError(f"flash.size = {board.flash.size}; it must be 64 kB to 16 MB, a multiple of 4096")
    if board.uart.instance not in (0, 1):
        raise BoardError(f"uart.instance = {board.uart.instance}; the RP2040 has UART 0 and 1")
    if board.uart.baud <= 0:
        raise BoardError(f"uart.baud = {board.uart.baud}; it must be positive")
    if board.microphone.pdm_hz != 1_024_000:
        raise BoardError(f"microphone.pdm_hz = {board.microphone.pdm_hz}; the decimator works at 1024000 only")
    _check_pins(board)
    _ = board.pll, board.pdm, board.uart_divisors


def _check_pins(board: Board) -> None:
    uses = {
        "uart.tx": board.uart.tx,
        "uart.rx": board.uart.rx,
        "led.pin": board.led.pin,
        "microphone.data": board.microphone.data,
        "microphone.clock": board.microphone.clock,
    }
    for first, second in board.wires:
        if first not in PINS or second not in PINS or first == second:
            raise BoardError(f"wires has [{first}, {second}]; a jumper connects two of GPIO 0 to 29")
    seen: dict[int, str] = {}
    for use, pin in uses.items():
        if pin not in PINS:
            raise BoardError(f"{use} = {pin}; the RP2040 has GPIO 0 to 29")
        if pin in seen:
            raise BoardError(f"{use} and {seen[pin]} both use GPIO {pin}; give each its own pin")
        seen[pin] = use
    for use, pin, allowed in (
        ("uart.tx", board.uart.tx, UART_TX_PINS[board.uart.instance]),
        ("uart.rx", board.uart.rx, UART_RX_PINS[board.uart.instance]),
    ):
        if pin not in allowed:
            choices = ", ".join(map(str, allowed))
            raise BoardError(f"{use} = {pin} has no UART{board.uart.instance} function; choose from {choices}")
