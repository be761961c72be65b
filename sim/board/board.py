"""Boards: one TOML file each, read by the firmware build and by the emulator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from emberwatch.base import toml
from emberwatch.base.errors import BoardError, EmberwatchError
from emberwatch.base.paths import project_root
from emberwatch.board.clocktree import PdmClock, PllSettings, solve_pdm, solve_pll, solve_uart
from emberwatch.board.wokwi import BOARD_LED, read_diagram

Wires = tuple[tuple[int, int], ...]
"""Jumpers between two pins each."""


@dataclass(frozen=True)
class DeviceConfig:
    """A table [devices.NAME]: what is attached, by type, with GPIOs of its lines and options (`emberwatch.devices`)."""

    name: str
    type: str
    values: Mapping[str, object]


Devices = tuple[DeviceConfig, ...]

PINS, ADC_PINS = range(30), range(26, 30)
#: GPIOs with the UART function, per instance (datasheet table 279).
UART_TX_PINS = {0: (0, 12, 16, 28), 1: (4, 8, 20, 24)}
UART_RX_PINS = {0: (1, 13, 17, 29), 1: (5, 9, 21, 25)}


@dataclass(frozen=True)
class ClockConfig:
    """Crystal and system clock in hertz."""

    xosc_hz: int = 12_000_000
    clk_sys_hz: int = 125_000_000


@dataclass(frozen=True)
class FlashConfig:
    """The QSPI flash: size in bytes, how boot2 sets it up, clk_sys cycles per flash clock."""

    size: int = 0x200000
    read: Literal["quad", "dual", "serial"] = "quad"
    clkdiv: int = 2


@dataclass(frozen=True)
class UartConfig:
    """The console."""

    instance: int = 0
    tx: int = 0
    rx: int = 1
    baud: int = 115_200


@dataclass(frozen=True)
class LedConfig:
    """The board's LED."""

    pin: int
    active: Literal["high", "low"] = "high"


@dataclass(frozen=True)
class MicrophoneConfig:
    """The PDM microphone; `channel` is what its SEL pin is strapped to (left: low)."""

    data: int
    clock: int
    channel: Literal["left", "right"] = "left"
    pdm_hz: int = 1_024_000


@dataclass(frozen=True)
class SupplyConfig:
    """What the chip can learn of its supply, which is plugged in; each a pin, or None: there is no such thing."""

    vbus: int | None = None
    """GPIO that is high while USB gives power."""
    vsys: int | None = None
    """ADC input, GPIO 26 to 29, that a divider gives a part of the supply's voltage to."""
    vsys_volts: float = 4.7
    """Before the divider, at most 5.5."""
    vsys_divider: float = 3.0


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
    """A board: what is connected to which pin, and at what speed it runs. What a file does not say is a bare Pico's."""

    name: str
    description: str = ""
    clock: ClockConfig = ClockConfig()
    flash: FlashConfig = FlashConfig()
    uart: UartConfig = UartConfig()
    led: LedConfig | None = None
    microphone: MicrophoneConfig | None = None
    supply: SupplyConfig = SupplyConfig()
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
        return solve_pdm(self.clock.clk_sys_hz, self.needed_microphone.pdm_hz)

    @property
    def needed_microphone(self) -> MicrophoneConfig:
        """The microphone, for what cannot do without.

        Raises:
            BoardError: there is none.
        """
        if self.microphone is None:
            raise BoardError(f"board {self.name!r} has no microphone; add [microphone] to {self.file}, or --board pico")
        return self.microphone

    @property
    def needed_led(self) -> LedConfig:
        """The LED, for what cannot do without.

        Raises:
            BoardError: there is none.
        """
        if self.led is None:
            raise BoardError(f"board {self.name!r} has no LED; add [led] to {self.file}, or --board pico")
        return self.led

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
        name: a name from `known_boards`, or the path of a TOML file or of a diagram.json of Wokwi.

    Raises:
        BoardError: unknown board, malformed file, unknown or missing key, value out of range, pin used twice.
    """
    if str(name).endswith(".json"):
        return _of_diagram(Path(name))
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
        raise toml.located(error, path, "board file") from None
    return board


_NAMED = re.compile(rb"emberwatch(?:-capture)? [\w.+-]+ board=([\w-]+)")
"""How our own firmware names its board, in the banner that it carries."""


def board_of(program: Sequence[bytes], flash_bytes: int, microphone: bool) -> Board:
    """The board of a program that nobody has named one for.

    Args:
        program: what is loaded.
        flash_bytes: of flash that it needs.
        microphone: whether there is a sound for one to hear.

    Returns:
        The known board that a firmware of ours names; the Pico of `platforms/boards` when there is something to hear;
        else a Pico with nothing on its pins. Flash is as large as the program needs, 2 MB at least.
    """
    for data in program:
        if (found := _NAMED.search(data)) and found[1].decode() in known_boards():
            return load_board(found[1].decode())
    pico = load_board("pico")
    size = max(pico.flash.size, 1 << (flash_bytes - 1).bit_length() if flash_bytes else 0)
    pico = replace(pico, flash=replace(pico.flash, size=size))
    return pico if microphone else replace(pico, description="Raspberry Pi Pico", microphone=None)


def _of_diagram(path: Path) -> Board:
    diagram = read_diagram(path)
    name = re.sub(r"[^A-Za-z0-9_-]", "_", path.stem)
    board = Board(
        name,
        f"Pico of {path.name}",
        led=LedConfig(BOARD_LED),
        devices=_devices(diagram.devices, "devices"),
        folder=path.parent,
    )
    _check(board)
    return board


def _wrong(key: str, text: str) -> EmberwatchError:
    return toml.about(key, BoardError(f"{key} {text}"))


def _check(board: Board) -> None:
    """Ranges, pin functions and pins used twice; the clock solvers raise for themselves."""
    if not board.name.replace("_", "").replace("-", "").isalnum() or not board.name.isascii():
        raise BoardError(f"the file name '{board.name}' may hold only letters, digits, '-' and '_'")
    if not board.description.isprintable() or "\\" in board.description:  # it becomes a comment of one line in board.h
        raise _wrong("description", f"= {board.description!r}; it must be one line without backslashes")
    if not 1_000_000 <= board.clock.xosc_hz <= 15_000_000 or board.clock.xosc_hz % 1_000_000:
        raise _wrong("clock.xosc_hz", f"= {board.clock.xosc_hz}; the crystal must be a whole 1 to 15 MHz")
    if board.flash.clkdiv < 2 or board.flash.clkdiv % 2 or board.flash.clkdiv > 254:
        raise _wrong("flash.clkdiv", f"= {board.flash.clkdiv}; it must be an even number from 2 to 254")
    if not 0x10000 <= board.flash.size <= 0x1000000 or board.flash.size % 0x1000:
        raise _wrong("flash.size", f"= {board.flash.size}; it must be 64 kB to 16 MB, a multiple of 4096")
    if board.uart.instance not in (0, 1):
        raise _wrong("uart.instance", f"= {board.uart.instance}; the RP2040 has UART 0 and 1")
    if board.uart.baud <= 0:
        raise _wrong("uart.baud", f"= {board.uart.baud}; it must be positive")
    if board.microphone is not None and board.microphone.pdm_hz != 1_024_000:
        raise _wrong("microphone.pdm_hz", f"= {board.microphone.pdm_hz}; the decimator works at 1024000 only")
    _check_pins(board)
    _ = board.pll, board.uart_divisors
    if board.microphone is not None:
        _ = board.pdm


def _check_pins(board: Board) -> None:
    uses = {"uart.tx": board.uart.tx, "uart.rx": board.uart.rx}
    if board.led is not None:
        uses["led.pin"] = board.led.pin
    if board.microphone is not None:
        uses |= {"microphone.data": board.microphone.data, "microphone.clock": board.microphone.clock}
    supply = board.supply
    uses |= {f"supply.{use}": pin for use, pin in (("vbus", supply.vbus), ("vsys", supply.vsys)) if pin is not None}
    if supply.vsys is not None and supply.vsys not in ADC_PINS:
        raise _wrong("supply.vsys", f"= {supply.vsys}; the ADC has GPIO 26 to 29")
    if not 0 <= supply.vsys_volts <= 5.5:
        raise _wrong("supply.vsys_volts", f"= {supply.vsys_volts}; a Pico takes up to 5.5")
    if not 1 <= supply.vsys_divider <= 100:
        raise _wrong("supply.vsys_divider", f"= {supply.vsys_divider}; it must be from 1 to 100")
    for first, second in board.wires:
        if first not in PINS or second not in PINS or first == second:
            raise _wrong("wires", f"has [{first}, {second}]; a jumper connects two of GPIO 0 to 29")
    seen: dict[int, str] = {}
    for use, pin in uses.items():
        if pin not in PINS:
            raise _wrong(use, f"= {pin}; the RP2040 has GPIO 0 to 29")
        if pin in seen:
            raise _wrong(use, f"and {seen[pin]} both use GPIO {pin}; give each its own pin")
        seen[pin] = use
    for use, pin, allowed in (
        ("uart.tx", board.uart.tx, UART_TX_PINS[board.uart.instance]),
        ("uart.rx", board.uart.rx, UART_RX_PINS[board.uart.instance]),
    ):
        if pin not in allowed:
            choices = ", ".join(map(str, allowed))
            raise _wrong(use, f"= {pin} has no UART{board.uart.instance} function; choose from {choices}")
