"""Devices by name, as board files attach them: `[devices.NAME]` with `type`, a GPIO for each line, and options."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from types import ModuleType

from emberwatch.base.errors import BoardError, DeviceError
from emberwatch.board.board import Board, DeviceConfig
from emberwatch.devices.base import Device
from emberwatch.devices.bme280 import Bme280
from emberwatch.devices.button import Button
from emberwatch.devices.eeprom import Eeprom
from emberwatch.devices.jumper import Jumper
from emberwatch.devices.led import Led
from emberwatch.devices.microphones import I2sMicrophone, PdmMicrophone
from emberwatch.devices.mpu6050 import Mpu6050
from emberwatch.devices.potentiometer import Potentiometer
from emberwatch.devices.probe import Probe
from emberwatch.devices.relay import Relay
from emberwatch.devices.sd_card import SdCard
from emberwatch.devices.spi_flash import SpiFlash
from emberwatch.devices.ssd1306 import Ssd1306
from emberwatch.devices.uart_peer import UartPeer
from emberwatch.devices.ws2812 import Ws2812

TYPES: dict[str, type[Device]] = {
    kind.__name__: kind
    for kind in (
        Bme280,
        Button,
        Eeprom,
        I2sMicrophone,
        Jumper,
        Led,
        Mpu6050,
        PdmMicrophone,
        Potentiometer,
        Probe,
        Relay,
        SdCard,
        SpiFlash,
        Ssd1306,
        UartPeer,
        Ws2812,
    )
}
"""The devices that come with Emberwatch."""


def board_devices(board: Board) -> list[tuple[Device, dict[str, int]]]:
    """The devices of a board, made anew, each with the GPIOs of its lines.

    Raises:
        BoardError: an unknown type, line or option, a missing line, a value that the device refuses.
    """
    return [_make(config, board) for config in board.devices]


def device_class(kind: str, folder: Path) -> type[Device]:
    """The class that `type` names: one of `TYPES`, or ``FILE.py:Class`` with the file relative to `folder`.

    Raises:
        BoardError: there is none; the message has no place in a file yet.
    """
    file, colon, name = kind.rpartition(":")
    if not colon:
        if kind not in TYPES:
            raise BoardError(f"{kind!r} is no device; known: {', '.join(sorted(TYPES))}, or FILE.py:Class")
        return TYPES[kind]
    found = getattr(_load(folder / file), name, None)
    if not (isinstance(found, type) and issubclass(found, Device)):
        raise BoardError(f"{file} has no class {name} that derives from Device")
    return found


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"emberwatch_device_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BoardError(f"there is no Python file {path}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise BoardError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    return module


def _fits(value: object, option: inspect.Parameter) -> bool:
    """Whether a value may stand where the default stands; a device of one's own may have options without one."""
    default = option.default
    if isinstance(default, float) or option.annotation in (float, "float"):
        return type(value) in (int, float)
    return default in (None, inspect.Parameter.empty) or type(value) is type(default)


def _kind(option: inspect.Parameter) -> str:
    default = 0.0 if option.annotation in (float, "float") else option.default
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    return names.get(type(default), f"a {type(default).__name__}")


def _make(config: DeviceConfig, board: Board) -> tuple[Device, dict[str, int]]:
    where = f"devices.{config.name}"
    try:
        kind = device_class(config.type, board.folder)
    except BoardError as error:
        raise BoardError(f"{board.file}: {where}.type: {error}") from None
    names = kind.line_names()
    options = {n: p for n, p in inspect.signature(kind).parameters.items() if n not in ("args", "kwargs")}
    lines: dict[str, int] = {}
    values: dict[str, object] = {}
    for key, value in config.values.items():
        if key in names:
            if type(value) is not int or not 0 <= value < 30:
                raise BoardError(f"{board.file}: {where}.{key} = {value!r}; the RP2040 has GPIO 0 to 29")
            lines[key] = value
        elif key in options:
            if not _fits(value, options[key]):
                raise BoardError(f"{board.file}: {where}.{key} = {value!r}; it must be {_kind(options[key])}")
            values[key] = str(board.folder / str(value)) if key in ("file", "sound") and value else value
        else:
            known = ", ".join((*names, *options))
            raise BoardError(f"{board.file}: unknown key '{where}.{key}'; {config.type} has {known or 'none'}")
    for line in names:
        if line not in lines and line not in kind.optional_lines:
            raise BoardError(f"{board.file}: missing key '{where}.{line}': the GPIO of that line")
    try:
        device = kind(**values)
    except (TypeError, ValueError, OSError, DeviceError) as error:
        raise BoardError(f"{board.file}: {where}: {error}") from None
    device.name = config.name
    return device, lines
