"""The XIP cache by the datasheet (2.6.3), written independently of the emulator: 16 kB, two ways, 8-byte lines, each
word of which is filled by its own miss.

A new line takes an empty way; if there is none, one is drawn, from a sequence of the set's own that starts anew with
each flush: the uppermost bits of what splitmix64 makes of the set's number and of how many lines it has replaced.
"""

from __future__ import annotations

from collections.abc import Iterable

SETS, WAYS, LINE = 1024, 2, 8
_WORD = (1 << 64) - 1


def drawn_way(number: int, replaced: int) -> int:
    """The way of the next line to go from a set that has replaced so many since the last flush."""
    z = (number << 16 | replaced & 0xFFFF) + 0x9E3779B97F4A7C15 & _WORD
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _WORD
    return z >> 63


class Cache:
    """The lines of an XIP cache that was empty at first, and what CTR_HIT and CTR_ACC have counted."""

    def __init__(self) -> None:
        self._sets: dict[int, list[tuple[int, set[int]] | None]] = {}
        self._replaced: dict[int, int] = {}
        self.hits = self.accesses = 0

    def access(self, address: int) -> None:
        """A 32-bit read of flash in the plain alias."""
        line, word = (address & 0xFFFFFF) // LINE, address // 4 % 2
        number = line % SETS
        ways = self._sets.setdefault(number, [None] * WAYS)
        self.accesses += 1
        for way in ways:
            if way is not None and way[0] == line:
                self.hits += word in way[1]
                way[1].add(word)
                return
        if None in ways:
            place = ways.index(None)
        else:
            replaced = self._replaced.get(number, 0)
            self._replaced[number] = replaced + 1
            place = drawn_way(number, replaced)
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
