"""Records pins and internal signals of a machine over a window of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file
from emberwatch.board.board import Board
from emberwatch.chip import irq_names
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.signals import GROUPS, Change, Signals
from emberwatch.inspect.trace.vcd import Variable, write_vcd

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_PINS = 30
_DMA_CHANNELS, _PIO_MACHINES = 12, 8


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
    changes: list[tuple[int, int, int]]
    start_ps: int
    end_ps: int

    def save(self, path: Path, timescale: str = "1ns", comment: str = "") -> int:
        """Writes a VCD file; returns its size in bytes.

        Raises:
            UsageError: it cannot be written, or the timescale is not known.
        """
        lines = write_vcd(self.variables, self.changes, self.start_ps, self.end_ps, timescale, comment)
        text = "".join(f"{line}\n" for line in lines).encode("ascii", errors="replace")
        write_file(path, text, "--vcd")
        return len(text)


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
        self._edges: list[tuple[int, int, bool]] = []
        self._changes: list[Change] = []

    def collect(self) -> None:
        """Takes what the chip has recorded so far."""
        self._edges += self._chip.take_edges()
        self._changes += self._signals.take()

    def wave(self) -> Wave:
        """Ends recording. Inside the chip, only signals that are not zero all the time are part of it."""
        self.collect()
        self._signals.stop()
        self._chip.record_pins(0)
        names = board_pins(self._machine.board)
        variables: list[Variable] = []
        timed: list[tuple[int, int, int]] = []
        index: dict[tuple[str, int], int] = {}
        for pin in self._settings.pins:
            index["pin", pin] = len(variables)
            name = f"gpio{pin}_{names[pin]}" if pin in names else f"gpio{pin}"
            variables.append(Variable("pins", name, 1, int(self._levels[pin])))
        timed += [(cycle, index["pin", pin], int(level)) for cycle, pin, level in self._edges]
        active = {(c.group, c.index) for c in self._changes if c.value}
        initial = {(c.group, c.index): c.value for c in reversed(self._changes) if c.cycle <= self._start}
        for key, (scope, name, width) in self._internal():
            if key in active:
                index[key] = len(variables)
                first = 0 if key[0] == "dma_transfer" else initial.get(key, 0)
                variables.append(Variable(scope, name, width, first))
        for change in self._changes:
            at = index.get((change.group, change.index))
            if at is None:
                continue
            timed.append((change.cycle, at, change.value))
            if change.group == "dma_transfer":
                timed.append((change.cycle + 1, at, 0))
        timed.sort(key=lambda entry: entry[0])
        return Wave(
            variables,
            list(self._in_time(timed)),
            self._start_ps,
            self._machine.engine.picoseconds(self._machine.cycles),
        )

    def _in_time(self, timed: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
        end = self._machine.cycles
        cycle, picoseconds = -1, 0
        for when, index, value in timed:
            if when > end:
                break
            if when != cycle:
                cycle, picoseconds = when, self._machine.engine.picoseconds(max(when, self._start))
            yield picoseconds, index, value

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
