"""The XIP cache by the datasheet (2.6.3), written independently of the emulator: 16 kB, two ways, 8-byte lines, each
word of which is filled by its own miss.

The replacement policy is not documented; least recently used is assumed, as in the emulator.
"""

from __future__ import annotations

from collections.abc import Iterable

SETS, WAYS, LINE = 1024, 2, 8


def hits_and_accesses(addresses: Iterable[int]) -> tuple[int, int]:
    """Counts of CTR_HIT and CTR_ACC after 32-bit accesses to cacheable flash, starting from an empty cache."""
    cache: dict[int, dict[int, set[int]]] = {}  # words by line, oldest use first, by set
    hits = accesses = 0
    for address in addresses:
        line, word = (address & 0xFFFFFF) // LINE, address // 4 % 2
        ways = cache.setdefault(line % SETS, {})
        accesses += 1
        words = ways.pop(line, set())
        hits += word in words
        if len(ways) == WAYS:
            del ways[next(iter(ways))]
        ways[line] = words | {word}
    return hits, accesses


def miss_cycles(spi_clkdiv: int, data_bits: int = 32) -> int:
    """SCK periods of boot2's quad read (8 for address and mode bits, 4 dummies, then data on four lanes) in clk_sys."""
    return (8 + 4 + data_bits // 4) * spi_clkdiv
