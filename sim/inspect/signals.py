"""Signals inside the chip: interrupt lines, exceptions, sleep, DMA channels, PIO program counters, calls."""

from __future__ import annotations

from dataclasses import dataclass

from emberwatch.base.errors import UsageError
from emberwatch.base.lazy import np
from emberwatch.chip import irq_names
from emberwatch.engines import Engine
from emberwatch.engines.embedded import chip_of

GROUPS = ("irq", "cores", "dma", "pio", "functions")
"""What can be recorded."""

_EXCEPTIONS = {1: "Reset", 2: "NMI", 3: "HardFault", 11: "SVCall", 14: "PendSV", 15: "SysTick"}
_FIRST_IRQ = 16
_RECORD = [("cycle", "<u8"), ("signal", "<u4"), ("value", "<u4")]
# First number and name of each group of signals, see Chip.take_signals.
_BASES = ((0, "irq"), (32, "exception"), (34, "asleep"), (40, "dma_busy"), (56, "dma_transfer"), (72, "pio_pc"))
_FUNCTIONS = 128


def exception_name(number: int) -> str:
    """The Arm manual's or the datasheet's name of an exception number."""
    if number in _EXCEPTIONS:
        return _EXCEPTIONS[number]
    irq = number - _FIRST_IRQ
    names = irq_names()
    if len(names) <= irq < 32:
        return f"SPARE_IRQ_{irq - len(names)}"  # no input; software pends it
    return names[irq] if 0 <= irq < len(names) else f"exception {number}"


@dataclass(frozen=True)
class Change:
    """A new value of signal `index` of `group`.

    Groups: irq (line), exception and asleep (core), dma_busy and dma_transfer (channel; a transfer lasts one cycle),
    pio_pc (4 * PIO + state machine), function (2 * position in `Engine.trace_functions` + core).
    """

    cycle: int
    group: str
    index: int
    value: int


class Signals:
    """Records groups of signals from now on.

    Raises:
        UsageError: a group is not one of `GROUPS`.
        EngineError: the engine cannot record signals.
    """

    def __init__(self, engine: Engine, groups: tuple[str, ...]) -> None:
        for name in groups:
            if name not in GROUPS:
                raise UsageError(f"signals {name!r} are not known; use some of: {', '.join(GROUPS)}")
        self._chip = chip_of(engine)
        self._chip.record_signals(list(groups))

    def take(self) -> list[Change]:
        """Changes since the last call, in time order; those of one cycle in the order in which they were made."""
        records = np.frombuffer(self._chip.take_signals(), dtype=_RECORD)
        ordered = records[np.argsort(records["cycle"], kind="stable")]
        return [_change(*row) for row in ordered.tolist()]

    def stop(self) -> None:
        """Ends recording."""
        self._chip.record_signals([])


def _change(cycle: int, signal: int, value: int) -> Change:
    if signal >= _FUNCTIONS:
        return Change(cycle, "function", signal - _FUNCTIONS, value)
    base, group = next(entry for entry in reversed(_BASES) if signal >= entry[0])
    return Change(cycle, group, signal - base, value)
