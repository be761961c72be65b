"""Records pins and internal signals of a machine over a window of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.lazy import np, npt
from emberwatch.board.board import Board
from emberwatch.chip import irq_names
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.signals import GROUPS, Signals
from emberwatch.inspect.trace.vcd import Variable, write_vcd

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_PINS = 30
_DMA_CHANNELS, _PIO_MACHINES = 12, 8
MOST_CHANGES = 20_000_000
"""Changes that are kept: 320 MB, and a file of half a gigabyte."""
_LINES_AT_A_TIME = 1 << 14
_CHANGE = [("when", "<i8"), ("which", "<i4"), ("value", "<i4")]
_T = TypeVar("_T")


def batched(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of `size` items, the last one shorter (`itertools` has it since Python 3.12)."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


@dataclass(frozen=True)
class TraceSettings:
    """What to record.

    Attributes:
        pins: GPIO numbers.
        groups: some of `emberwatch.inspect.signals.GROUPS`.
    """

    pins: tuple[int, ...]
    groups: tuple[str, ...] = ("irq", "cores", "functions")

    def __post_init__(self) -> None:
        for pin in self.pins:
            if not 0 <= pin < _PINS:
                raise UsageError(f"pin {pin} does not exist; the RP2040 has GPIO 0..29")
        for group in self.groups:
            if group not in GROUPS:
                raise UsageError(f"signals {group!r} are not known; use some of: {', '.join(GROUPS)}")


def board_pins(board: Board) -> dict[int, str]:
    """The pins that a board uses, with what for."""
    pins = {board.uart.tx: "uart_tx", board.uart.rx: "uart_rx"}
    if board.microphone is not None:
        pins = {board.microphone.clock: "pdm_clock", board.microphone.data: "pdm_data", **pins}
    if board.led is not None:
        pins[board.led.pin] = "led"
    return pins


@dataclass(frozen=True)
class Wave:
    """Recorded signals: variables and their changes as (picoseconds since power-on, index, value) in time order."""

    variables: list[Variable]
    changes: Sequence[tuple[int, int, int]]
    start_ps: int
    end_ps: int

    def save(self, path: Path, timescale: str = "1ns", comment: str = "") -> int:
        """Writes a VCD file, line by line; returns its size in bytes.

        Raises:
            UsageError: it cannot be written, or the timescale is not known.
        """
        lines = write_vcd(self.variables, self.changes, self.start_ps, self.end_ps, timescale, comment)
        size = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replacing(path) as file:
                for batch in batched(lines, _LINES_AT_A_TIME):
                    text = "".join(f"{line}\n" for line in batch).encode("ascii", errors="replace")
                    file.write(text)
                    size += len(text)
        except OSError as error:
            raise UsageError(f"--vcd {path} cannot be written: {error.strerror or error}") from None
        return size


class _Changes(Sequence[tuple[int, int, int]]):
    """Changes in 16 bytes each instead of the 170 that a list of tuples takes."""

    def __init__(self, entries: npt.NDArray[np.void]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> tuple[int, int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> _Changes: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int, int] | _Changes:
        if isinstance(index, slice):
            return _Changes(self._entries[index])
        when, which, value = self._entries[index].item()
        return when, which, value

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        for first in range(0, len(self._entries), _LINES_AT_A_TIME):
            yield from self._entries[first : first + _LINES_AT_A_TIME].tolist()


class TraceRecorder:
    """Records from now on; `collect` as often as the machine has run some way, `wave` once at the end."""

    def __init__(self, machine: Machine, settings: TraceSettings) -> None:
        self._machine = machine
        self._settings = settings
        self._chip = chip_of(machine.engine)
        self._start = machine.cycles
        self._start_ps = machine.engine.picoseconds(self._start)
        self._levels = {pin: machine.pin(pin) for pin in settings.pins}
        self._chip.take_edges()
        self._chip.record_pins(sum(1 << pin for pin in settings.pins))
        self._signals = Signals(machine.engine, settings.groups)
        self._keys = [("pin", pin) for pin in settings.pins] + [key for key, _ in self._internal()]
        self._numbers = {key: number for number, key in enumerate(self._keys)}
        self._pieces: list[npt.NDArray[np.void]] = []
        self._count = 0
        self._active: set[tuple[str, int]] = set()
        self._initial: dict[tuple[str, int], int] = {}

    def collect(self) -> None:
        """Takes what the chip has recorded so far.

        Raises:
            UsageError: there are more changes than a file that anyone could look at.
        """
        found = [(cycle, self._numbers["pin", pin], int(level)) for cycle, pin, level in self._chip.take_edges()]
        for change in self._signals.take():
            key = change.group, change.index
            number = self._numbers.get(key)
            if number is None:
                continue
            if change.cycle <= self._start:
                self._initial.setdefault(key, change.value)
            if change.value:
                self._active.add(key)
            found.append((change.cycle, number, change.value))
            if change.group == "dma_transfer":
                found.append((change.cycle + 1, number, 0))
        self._pieces.append(np.array(found, dtype=_CHANGE))
        self._count += len(found)
        if self._count > MOST_CHANGES:
            raise UsageError(
                f"more than {MOST_CHANGES} changes by {self._machine.time_s:.6f} s: too many for a wave form; narrow "
                "the window (--from, --to), or record fewer --pins and --signals"
            )

    def wave(self) -> Wave:
        """Ends recording. Inside the chip, only signals that are not zero all the time are part of it."""
        self.collect()
        self._signals.stop()
        self._chip.record_pins(0)
        names = board_pins(self._machine.board)
        variables: list[Variable] = []
        index = np.full(len(self._keys), -1, dtype=np.int32)
        for pin in self._settings.pins:
            index[self._numbers["pin", pin]] = len(variables)
            name = f"gpio{pin}_{names[pin]}" if pin in names else f"gpio{pin}"
            variables.append(Variable("pins", name, 1, int(self._levels[pin])))
        for key, (scope, name, width) in self._internal():
            if key in self._active:
                index[self._numbers[key]] = len(variables)
                first = 0 if key[0] == "dma_transfer" else self._initial.get(key, 0)
                variables.append(Variable(scope, name, width, first))
        changes = np.concatenate([*self._pieces, np.zeros(0, dtype=_CHANGE)])
        self._pieces.clear()
        changes = changes[(index[changes["which"]] >= 0) & (changes["when"] <= self._machine.cycles)]
        changes = changes[np.argsort(changes["when"], kind="stable")]
        changes["which"] = index[changes["which"]]
        changes["when"] = self._in_time(changes["when"])
        return Wave(
            variables,
            _Changes(changes),
            self._start_ps,
            self._machine.engine.picoseconds(self._machine.cycles),
        )

    def _in_time(self, cycles: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Picoseconds of cycles in ascending order."""
        distinct, place = np.unique(np.maximum(cycles, self._start), return_inverse=True)
        picoseconds = self._machine.engine.picoseconds
        times = np.fromiter((picoseconds(int(cycle)) for cycle in distinct), np.int64, len(distinct))
        return np.asarray(times[place])

    def _internal(self) -> Iterator[tuple[tuple[str, int], tuple[str, str, int]]]:
        """Every signal inside the chip: its key, and scope, name and width.

        Names say the scope again, because wave form viewers leave it out.
        """
        for line, name in enumerate(irq_names()):
            yield ("irq", line), ("irq", name, 1)
        for core in range(2):
            yield ("exception", core), (f"core{core}", f"core{core}_exception", 6)
            yield ("asleep", core), (f"core{core}", f"core{core}_asleep", 1)
        for channel in range(_DMA_CHANNELS):
            yield ("dma_busy", channel), ("dma", f"dma{channel}_busy", 1)
            yield ("dma_transfer", channel), ("dma", f"dma{channel}_transfer", 1)
        for machine in range(_PIO_MACHINES):
            yield ("pio_pc", machine), (f"pio{machine >> 2}", f"pio{machine >> 2}_sm{machine & 3}_pc", 5)
        for position, name in enumerate(self._machine.traced_functions):
            for core in range(2):
                yield ("function", 2 * position + core), (f"core{core}_functions", name.replace(" ", "_"), 1)
