"""What each block is made to do before its fields are looked at, and what stirs it while they are."""

from __future__ import annotations

from audit import Scene

from scenes import clocks, dma, flash, i2c, pins, pio, sio, spi, timers, uart, usb

BLOCKS: dict[str, tuple[Scene, ...]] = {
    name: scenes
    for module in (clocks, dma, flash, i2c, pins, pio, sio, spi, timers, uart, usb)
    for name, scenes in module.BLOCKS.items()
}
