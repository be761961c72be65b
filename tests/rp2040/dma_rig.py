"""Registers and fields of the DMA, and a channel set up in one go."""

from __future__ import annotations

from unit import DMA, UnitChip

EN, HIGH, INCR_READ, INCR_WRITE, RING_WRITE, QUIET, BSWAP, SNIFF = (
    1,
    2,
    1 << 4,
    1 << 5,
    1 << 10,
    1 << 21,
    1 << 22,
    1 << 23,
)
BUSY, WRITE_ERROR, READ_ERROR, AHB_ERROR = 1 << 24, 1 << 29, 1 << 30, 1 << 31
BYTE, HALF, WORD = 0, 1 << 2, 2 << 2
PERMANENT, TIMER0 = 0x3F, 0x3B
INTR, INTE0, INTF0, INTS0, INTE1, INTS1 = 0x400, 0x404, 0x408, 0x40C, 0x414, 0x41C
TIMER, MULTI, SNIFF_CTRL, SNIFF_DATA, ABORT, N_CHANNELS = 0x420, 0x430, 0x434, 0x438, 0x444, 0x448
DMA_IRQ_0, DMA_IRQ_1 = 11, 12


def ring(bits: int) -> int:
    return bits << 6


def setup(
    chip: UnitChip, channel: int, source: int, target: int, count: int, flags: int, *, treq: int = PERMANENT,
    chain: int | None = None, start: bool = True,
) -> None:  # fmt: skip
    base = DMA + 0x40 * channel
    chip.write(base + 0x0, source)
    chip.write(base + 0x4, target)
    chip.write(base + 0x8, count)
    control = EN | flags | treq << 15 | (channel if chain is None else chain) << 11
    chip.write(base + (0xC if start else 0x10), control)
