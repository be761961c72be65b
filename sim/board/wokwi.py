"""Boards from Wokwi's `diagram.json`: its parts become devices, its wires the pins that they are on.

The format: https://docs.wokwi.com/diagram-format. Wires, resistors, junctions and breadboards are conductors here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emberwatch.base.errors import BoardError
from emberwatch.base.regular import read_text

_MCU = re.compile(r"(wokwi|board)-pi-pico(-w)?")
_GPIO = re.compile(r"GP(\d+)")
_LED_PIN = 25  # Pico data sheet, chapter 2
_SILENT = re.compile(r"wokwi-(text|logic-analyzer|junction|gnd|vcc|breadboard.*|resistor)|board-.*breadboard.*")
_GROUND = re.compile(r".*:GND(\.\d+)?")
_SUPPLY = re.compile(r".*:(VCC|VDD|3V3(\.\d+)?|VBUS|VSYS|5V|VIN|3Vo)")

_LINES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "wokwi-ssd1306": ("Ssd1306", {"sda": ("SDA", "DATA"), "scl": ("SCL", "CLK")}),
    "board-ssd1306": ("Ssd1306", {"sda": ("SDA", "DATA"), "scl": ("SCL", "CLK")}),
    "wokwi-mpu6050": ("Mpu6050", {"sda": ("SDA",), "scl": ("SCL",), "int": ("INT",)}),
    "board-bme280": ("Bme280", {"sda": ("SDA", "SDI"), "scl": ("SCL", "SCK")}),
    "wokwi-potentiometer": ("Potentiometer", {"adc": ("SIG",)}),
    "wokwi-slide-potentiometer": ("Potentiometer", {"adc": ("SIG",)}),
    "wokwi-neopixel": ("Ws2812", {"din": ("DIN",)}),
    "wokwi-led-ring": ("Ws2812", {"din": ("DIN",)}),
    "wokwi-neopixel-matrix": ("Ws2812", {"din": ("DIN",)}),
    "wokwi-microsd-card": ("SdCard", {"sck": ("SCK",), "mosi": ("DI",), "miso": ("DO",), "cs": ("CS",)}),
    "wokwi-relay-module": ("Relay", {"coil": ("IN",), "common": ("COM",), "contact": ("NO",)}),
}
"""Part to device, and the part's names of each line's pin."""
_COUNTS = {"wokwi-led-ring": ("pixels", 16), "wokwi-neopixel": ("", 1)}


@dataclass
class Diagram:
    """What a diagram says about the chip's pins.

    Attributes:
        devices: tables as in a board file, by name.
        unknown: parts that there is no device for, as "id (type)".
        gpios: GPIO of each "part:pin" that is connected to one.
    """

    path: Path
    devices: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    gpios: dict[str, int] = field(default_factory=dict)

    def gpio(self, part: str, pin: str) -> int:
        """GPIO that a part's pin is connected to.

        Raises:
            BoardError: it is to none.
        """
        found = self.gpios.get(f"{part}:{pin}")
        if found is None:
            raise BoardError(f"{self.path}: pin {pin!r} of part {part!r} is not connected to a GPIO of the chip")
        return found


class _Nets:
    """Pins that conductors join."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, pin: str) -> str:
        while (up := self._parent.setdefault(pin, pin)) != pin:
            self._parent[pin] = self._parent[up]
            pin = up
        return pin

    def join(self, one: str, other: str) -> None:
        self._parent[self.root(one)] = self.root(other)

    def __iter__(self) -> Iterator[tuple[str, set[str]]]:
        groups: dict[str, set[str]] = {}
        for pin in list(self._parent):
            groups.setdefault(self.root(pin), set()).add(pin)
        return iter(groups.items())


def read_diagram(path: Path) -> Diagram:
    """Reads a diagram.

    Raises:
        BoardError: it is none, or has no Pico.
    """
    try:
        content = json.loads(read_text(path, "diagram", BoardError))
        parts = {str(part["id"]): (str(part["type"]), dict(part.get("attrs", {}))) for part in content["parts"]}
        wires = [(str(wire[0]), str(wire[1])) for wire in content.get("connections", [])]
    except json.JSONDecodeError as error:
        raise BoardError(f"diagram {path}, line {error.lineno}: no JSON: {error.msg}") from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        what = f"a part or wire has no {error}" if isinstance(error, KeyError) else str(error)
        raise BoardError(f"diagram {path} is no diagram.json of Wokwi: {what}") from None
    chips = [name for name, (kind, _) in parts.items() if _MCU.fullmatch(kind)]
    if len(chips) != 1:
        raise BoardError(f"diagram {path} has {len(chips)} parts wokwi-pi-pico or board-pi-pico-w; it needs one")
    diagram, nets = Diagram(path), _Nets()
    for one, other in wires:
        nets.join(_joint(one, parts), _joint(other, parts))
    for name, (kind, _) in parts.items():
        if kind == "wokwi-resistor":
            nets.join(f"{name}:1", f"{name}:2")
        elif kind == "wokwi-gnd":
            nets.join(f"{name}:GND", "power:GND")
        elif kind.startswith("wokwi-pushbutton"):  # each contact has two legs
            nets.join(f"{name}:1.l", f"{name}:1.r")
            nets.join(f"{name}:2.l", f"{name}:2.r")
    for number in range(30):
        nets.join(f"{chips[0]}:GP{number}", f"{chips[0]}:GP{number}")
    power: dict[str, str] = {}
    for _, pins in nets:
        on = [int(match[1]) for pin in pins if (match := _GPIO.fullmatch(pin.removeprefix(f"{chips[0]}:")))]
        level = "low" if any(map(_GROUND.fullmatch, pins)) else "high" if any(map(_SUPPLY.fullmatch, pins)) else ""
        for pin in pins:
            power[pin] = level
            if on:
                diagram.gpios[pin] = on[0]
    for name, (kind, attributes) in parts.items():
        if name in chips or name.startswith("$") or _SILENT.fullmatch(kind):
            continue
        table = _device(name, kind, attributes, diagram.gpios, power)
        if table is None:
            diagram.unknown.append(f"{name} ({kind})")
        else:
            diagram.devices[name] = table
    return diagram


def _joint(pin: str, parts: Mapping[str, tuple[str, object]]) -> str:
    """A breadboard's holes are joined by fives and by rails: one name for each such set."""
    name, _, hole = pin.partition(":")
    if "breadboard" in parts.get(name, ("",))[0]:
        return f"{name}:{hole.partition('.')[0]}"
    return pin


def _device(
    name: str, kind: str, attributes: Mapping[str, Any], gpios: Mapping[str, int], power: Mapping[str, str]
) -> dict[str, Any] | None:
    """The device's table, or None for a part that is unknown or not connected."""
    if kind.startswith("wokwi-pushbutton"):
        for pin, other in (("1.l", "2.l"), ("2.l", "1.l")):
            if f"{name}:{pin}" in gpios and (active := power.get(f"{name}:{other}")):
                bounce = 0.0 if str(attributes.get("bounce", "1")) == "0" else 1000.0
                return {"type": "Button", "pin": gpios[f"{name}:{pin}"], "active": active, "bounce_us": bounce}
        return None
    if kind == "wokwi-led":
        for pin, active in (("A", "high"), ("C", "low")):
            if f"{name}:{pin}" in gpios:
                return {"type": "Led", "pin": gpios[f"{name}:{pin}"], "active": active}
        return None
    if kind not in _LINES:
        return None
    device, lines = _LINES[kind]
    table: dict[str, Any] = {"type": device}
    for line, names in lines.items():
        found = [gpios[f"{name}:{pin}"] for pin in names if f"{name}:{pin}" in gpios]
        if found:
            table[line] = found[0]
    if device == "Ws2812":
        attribute, count = _COUNTS.get(kind, ("", 64))
        table["count"] = int(attributes.get(attribute, count))
    return table if len(table) > 1 else None


BOARD_LED = _LED_PIN
"""The Pico's own LED."""
