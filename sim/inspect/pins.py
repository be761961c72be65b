"""What the chip's pins are connected to, from IO_BANK0's registers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from emberwatch.chip import block
from emberwatch.chip.parts import Field

PINS = 30


def pin_functions(read_memory: Callable[[int, int], bytes]) -> list[str]:
    """Name of the function that each GPIO is given to, "-" for none (datasheet 2.19.2)."""
    addresses, field, names = _facts()
    controls = (int.from_bytes(read_memory(address, 4), "little") for address in addresses)
    return [names.get(field.of(control), "-") for control in controls]


@cache
def _facts() -> tuple[list[int], Field, dict[int, str]]:
    """Addresses of the control registers, their field, and the names of its values; a view asks many times a second."""
    io = block("io_bank0")
    names = {value: name for name, value in io.values["GPIO%_CTRL.FUNCSEL"].items() if name != "NULL"}
    return [io.address(f"GPIO{pin}_CTRL") for pin in range(PINS)], io.field("GPIO%_CTRL.FUNCSEL"), names
