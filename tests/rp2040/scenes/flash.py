"""Scenes in which the fields of XIP_CTRL, XIP_SSI can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from scenes.common import BYTE, SOURCE, TARGET, TREQ_PERMANENT, WORD, paced


def flash(bench: Bench) -> None:
    """The SSI as a second stage sets it up, and a channel that copies from flash through the cache."""
    bench.chip.write_memory(0x10000000, bytes(range(256)) * 64)
    for name, value in (
        ("SSIENR", 0),
        ("BAUDR", 4),
        ("CTRLR0", 0x005F0300),
        ("SPI_CTRLR0", 0xEB002221),  # the instruction with each read, on one lane
        ("SSIENR", 1),
    ):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_CTRL.FLUSH", 1)
    bench.run(5000)
    bench.dma(0, 0x10000040, TARGET, 64, paced(TREQ_PERMANENT, WORD | 1 << 4 | 1 << 5))
    for _ in range(2):  # the second time the cache hits
        bench.put("DMA.CH0_READ_ADDR", 0x10000040)
        bench.trigger(0)
        bench.run(6000)
    bench.dma(1, bench.address("XIP_CTRL.STREAM_FIFO"), TARGET, 8, paced(37, WORD | 1 << 5))
    bench.put("XIP_CTRL.STREAM_CTR", 3)
    bench.trigger(1)


def flash_stir(bench: Bench) -> None:
    """The same words again, which the cache has by now."""
    bench.put("DMA.CH0_READ_ADDR", 0x10000040)
    bench.trigger(0)


def serial_flash(bench: Bench) -> None:
    """Single frames by hand, as a driver of the flash makes them."""
    for name, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)
    bench.put("XIP_SSI.IMR", 0x3F)
    bench.dma(0, bench.address("XIP_SSI.DR0"), TARGET, 8, paced(39, BYTE | 1 << 5))
    bench.dma(1, SOURCE, bench.address("XIP_SSI.DR0"), 4, paced(38, BYTE | 1 << 4))
    bench.trigger(0, 1)


def serial_overrun(bench: Bench) -> None:
    """Everything that latches has happened, and nothing is enabled."""
    for name, value in (("SSIENR", 0), ("BAUDR", 4), ("CTRLR0", 7 << 16), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)
    bench.dma(0, bench.address("XIP_SSI.DR0"), TARGET, 1, paced(TREQ_PERMANENT, BYTE))
    bench.trigger(0)
    bench.run(50)
    for _ in range(2):
        for _ in range(18):
            bench.put("XIP_SSI.DR0", 0)
        bench.run(2000)


def quad_read(bench: Bench) -> None:
    flash(bench)
    for name, value in (("SSIENR", 0), ("CTRLR1", 3), ("SER", 1), ("SSIENR", 1)):
        bench.put(f"XIP_SSI.{name}", value)


def quad_read_stir(bench: Bench) -> None:
    for word in (0xEB, 0x40 << 8):  # the instruction, then address and mode
        bench.put("XIP_SSI.DR0", word)


def write_to_flash(bench: Bench) -> None:
    bench.dma(3, SOURCE, 0x13000000, 1, paced(TREQ_PERMANENT, WORD))
    bench.trigger(3)


def serial_flash_stir(bench: Bench) -> None:
    for word in (0x9F, 0, 0, 0):
        bench.put("XIP_SSI.DR0", word)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "XIP_CTRL": (Scene(flash, flash_stir), Scene(flash, write_to_flash)),
    "XIP_SSI": (
        Scene(serial_flash, serial_flash_stir),
        Scene(flash, flash_stir),
        Scene(serial_overrun),
        Scene(quad_read, quad_read_stir),
    ),
}
