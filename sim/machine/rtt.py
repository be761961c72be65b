"""SEGGER's Real Time Transfer: text through rings in SRAM that a debug probe empties and fills while a program runs.

The control block is found as probes find it, by its identifier (SEGGER UM08001, chapter 16): sixteen bytes that begin
with "SEGGER RTT", the numbers of buffers up and down, then for each a name, its memory, its size, where is written,
where is read, flags. Channel 0 is a terminal in both directions. The buffers are looked at once in every emulated
millisecond, so that a run repeats to the cycle.
"""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.base.units import PICO
from emberwatch.engines import Engine
from emberwatch.program.elf import SRAM_BASE, SRAM_SIZE, Image

POLL_PS = PICO // 1000
AT_POWER_ON = (-1, b"")
"""State of the host's end: never polled, nothing waiting."""
_SEARCH_EVERY = 10
"""Polls between two searches through all of SRAM."""
_IDENTIFIER = b"SEGGER RTT\0"
_TRACES = (b"SEGGER", b"REGGES")
"""A program holds its identifier in pieces or backwards, so that it is found only once it has been put together."""
_HEAD, _BUFFER = 24, 24
_MEMORY, _SIZE, _WRITTEN, _READ = 4, 8, 12, 16
_MOST_BUFFERS = 64


class Rtt:
    """The host's end of a program's terminal.

    Args:
        engine: whose memory.
        image: the program.
        output: gets what it prints.
    """

    def __init__(self, engine: Engine, image: Image, output: Callable[[bytes], None]) -> None:
        self._engine = engine
        self._output = output
        symbol = image.symbols.get("_SEGGER_RTT")
        self._symbol = symbol.address if symbol is not None else None
        self._block: int | None = None
        self._waiting = bytearray()
        self._polled = -1

    @staticmethod
    def used_by(image: Image) -> bool:
        """Whether a program may have a control block."""
        if image.symbols.get("_SEGGER_RTT") is not None:
            return True
        return any(trace in segment.data for segment in image.segments for trace in _TRACES)

    @property
    def state(self) -> tuple[int, bytes]:
        """What is part of a machine's state: number of the last poll, and what waits for room in the program."""
        return self._polled, bytes(self._waiting)

    @state.setter
    def state(self, state: tuple[int, bytes]) -> None:
        self._polled, self._waiting = state[0], bytearray(state[1])

    def follow(self, other: Rtt) -> None:
        """Knows the control block that another host of the same program has found, for replays."""
        self._block = other._block

    def send(self, data: bytes) -> None:
        """Bytes for the program; they wait for room in its buffer."""
        self._waiting += data

    def poll(self, now_ps: int) -> None:
        """Empties and fills the buffers, if that has not been done in this millisecond."""
        number = now_ps // POLL_PS
        if number == self._polled:
            return
        self._polled = number
        block = self._find(number)
        if block is None:
            return
        up, down = self._word(block + 16), self._word(block + 20)
        if up > _MOST_BUFFERS or down > _MOST_BUFFERS:
            return  # not yet, or not any more, a control block
        try:
            if up:
                self._empty(block + _HEAD)
            if down and self._waiting:
                self._fill(block + _HEAD + _BUFFER * up)
        except ValueError:
            return  # it points to where no memory is

    def _find(self, number: int) -> int | None:
        for known in (self._block, self._symbol):
            if known is not None and self._engine.read_memory(known, len(_IDENTIFIER)) == _IDENTIFIER:
                return known
        if self._symbol is None and number % _SEARCH_EVERY == 0:
            at = self._engine.read_memory(SRAM_BASE, SRAM_SIZE).find(_IDENTIFIER)
            self._block = SRAM_BASE + at if at >= 0 and at % 4 == 0 else None
            return self._block
        return None

    def _empty(self, buffer: int) -> None:
        """Takes what has been written to a ring."""
        memory, size, written, read = self._ring(buffer)
        if not size or written == read:
            return
        if written > read:
            data = self._engine.read_memory(memory + read, written - read)
        else:
            data = self._engine.read_memory(memory + read, size - read) + self._engine.read_memory(memory, written)
        self._engine.write_memory(buffer + _READ, written.to_bytes(4, "little"))
        self._output(data)

    def _fill(self, buffer: int) -> None:
        """Puts what waits into a ring as far as there is room."""
        memory, size, written, read = self._ring(buffer)
        if not size:
            return
        data = self._waiting[: (read - written - 1) % size]
        del self._waiting[: len(data)]
        behind = size - written
        self._engine.write_memory(memory + written, bytes(data[:behind]))
        self._engine.write_memory(memory, bytes(data[behind:]))
        self._engine.write_memory(buffer + _WRITTEN, ((written + len(data)) % size).to_bytes(4, "little"))

    def _ring(self, buffer: int) -> tuple[int, int, int, int]:
        """Memory, size, and where is written and read; size 0 if it is no ring in SRAM."""
        memory, size, written, read = (self._word(buffer + at) for at in (_MEMORY, _SIZE, _WRITTEN, _READ))
        fits = memory >= SRAM_BASE and memory + size <= SRAM_BASE + SRAM_SIZE and max(written, read) < size
        return (memory, size, written, read) if fits else (memory, 0, 0, 0)

    def _word(self, address: int) -> int:
        return int.from_bytes(self._engine.read_memory(address, 4), "little")
