"""Names of a program: functions and variables, by name and by address."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass

from emberwatch.base.errors import ImageError


@dataclass(frozen=True, order=True)
class Symbol:
    """A named address; functions have the Thumb bit removed."""

    address: int
    size: int
    name: str
    is_function: bool = False


class SymbolTable:
    """Symbols by name and by address."""

    def __init__(self, symbols: list[Symbol]) -> None:
        self._by_name = {symbol.name: symbol for symbol in sorted(symbols, reverse=True)}
        self._ordered = sorted(symbol for symbol in symbols if symbol.is_function)
        self._starts = [symbol.address for symbol in self._ordered]

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(sorted(self._by_name.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def functions(self) -> list[Symbol]:
        """All functions by address."""
        return list(self._ordered)

    def get(self, name: str) -> Symbol | None:
        """The symbol, or None."""
        return self._by_name.get(name)

    def __getitem__(self, name: str) -> Symbol:
        symbol = self._by_name.get(name)
        if symbol is None:
            raise ImageError(f"the firmware has no symbol {name!r}; load an ELF that is not stripped and defines it")
        return symbol

    def at(self, address: int) -> str | None:
        """``name`` or ``name+offset`` of the function around an address, or None."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        symbol = self._ordered[index]
        offset = address - symbol.address
        if offset >= max(symbol.size, 2):
            return None
        return symbol.name if offset == 0 else f"{symbol.name}+{offset:#x}"
