"""The XIP cache by the datasheet (2.6.3), written independently of the emulator: 16 kB, two ways, 8-byte lines.

The replacement policy is not documented; least recently used is assumed, as in the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable

SETS, WAYS, LINE = 1024, 2, 8


def hits_and_accesses(addresses: Iterable[int]) -> tuple[int, int]:
    """Counts of CTR_HIT and CTR_ACC after 32-bit accesses to cacheable flash, starting from an empty cache."""
    cache: dict[int, list[int]] = {}
    hits = accesses = 0
    for address in addresses:
        line = (address & 0xFFFFFF) // LINE
        ways = cache.setdefault(line % SETS, [])
        accesses += 1
        if line in ways:
            hits += 1
            ways.remove(line)
        elif len(ways) == WAYS:
            ways.pop(0)
        ways.append(line)
    return hits, accesses


def miss_cycles(spi_clkdiv: int, data_bits: int = 64) -> int:
    """SCK periods of boot2's quad read (8 for address and mode bits, 4 dummies, then data on four lanes) in clk_sys."""
    return (8 + 4 + data_bits // 4) * spi_clkdiv
