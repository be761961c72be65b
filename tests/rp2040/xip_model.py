"""The XIP cache by the datasheet (2.6.3), written independently of the emulator: 16 kB, two ways, 8-byte lines, each
word of which is filled by its own miss.

A new line takes an empty way; if there is none, one is drawn: the uppermost bits of a splitmix64 sequence that starts
from 0 with each flush.
"""

from __future__ import annotations

from collections.abc import Iterable

SETS, WAYS, LINE = 1024, 2, 8
_WORD = (1 << 64) - 1


def drawn_way(k: int) -> int:
    """The way that the k-th line to be replaced since the last flush is in, from 1 on."""
    z = k * 0x9E3779B97F4A7C15 & _WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _WORD
    return z >> 63


class Cache:
    """The lines of an XIP cache that was empty at first, and what CTR_HIT and CTR_ACC have counted."""

    def __init__(self) -> None:
        self._sets: dict[int, list[tuple[int, set[int]] | None]] = {}
        self._drawn = 0
        self.hits = self.accesses = 0

    def access(self, address: int) -> None:
        """A 32-bit read of flash in the plain alias."""
        line, word = (address & 0xFFFFFF) // LINE, address // 4 % 2
        ways = self._sets.setdefault(line % SETS, [None] * WAYS)
        self.accesses += 1
        for way in ways:
            if way is not None and way[0] == line:
                self.hits += word in way[1]
                way[1].add(word)
                return
        if None in ways:
            place = ways.index(None)
        else:
            self._drawn += 1
            place = drawn_way(self._drawn)
        ways[place] = (line, {word})


def hits_and_accesses(addresses: Iterable[int]) -> tuple[int, int]:
    """Counts of CTR_HIT and CTR_ACC after 32-bit accesses to cacheable flash, starting from an empty cache."""
    cache = Cache()
    for address in addresses:
        cache.access(address)
    return cache.hits, cache.accesses


def miss_cycles(spi_clkdiv: int, data_bits: int = 32) -> int:
    """SCK periods of boot2's quad read (8 for address and mode bits, 4 dummies, then data on four lanes) in clk_sys."""
    return (8 + 4 + data_bits // 4) * spi_clkdiv
