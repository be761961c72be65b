"""What takes part in a machine's run without the machine knowing it: debuggers, crash reports, call tracing, taps."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emberwatch.base.units import PICO
from emberwatch.engines import Stop

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_LOOK_PS = PICO // 50


class Observer:
    """Takes part in the runs of one machine from now on; every method has a default that does nothing.

    The machine keeps its observers, an observer does not keep its machine: one that is dropped gives up its engine at
    once, be that a process of Renode.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine_reference = weakref.ref(machine)
        machine.observe(self)

    @property
    def machine(self) -> Machine:
        """Whom it observes.

        Raises:
            ReferenceError: the machine is gone.
        """
        machine = self._machine_reference()
        if machine is None:
            raise ReferenceError("the machine that was observed is gone; keep it as long as you ask about it")
        return machine

    def before_slice(self, now_ps: int) -> None:
        """The machine is about to run on from this emulated time; it does so at least every 50 emulated ms."""

    def breakpoint(self, stop: Stop) -> bool:
        """A core stands at a breakpoint; returns whether it is one of this observer's, which has been dealt with."""
        del stop
        return False

    def stopped(self, stop: Stop) -> None:
        """A core met a HardFault, and runs on, or something that ends the run."""

    def input_given(self) -> None:
        """Something came from outside the scenario: a replay from before would not see it."""

    def restored(self) -> None:
        """The machine is at another moment: a snapshot was put back, or power was switched off and on."""

    def facts(self) -> list[tuple[str, str]]:
        """What this observer adds to the machine's table of facts, by name."""
        return []


class EndRun(Exception):
    """What an observer raises to end a run that is not to go on: nothing is wrong."""


class _Look(Observer):
    """Calls a function about every 20 emulated ms."""

    def __init__(self, machine: Machine, look: Callable[[float], object]) -> None:
        super().__init__(machine)
        self._look = look
        self._due = 0

    def before_slice(self, now_ps: int) -> None:
        if now_ps >= self._due:
            self._due = now_ps + _LOOK_PS
            self._look(now_ps / PICO)

    def restored(self) -> None:
        self._due = 0


@contextmanager
def looking(machine: Machine, look: Callable[[float], object]) -> Iterator[None]:
    """Has `look` called with the emulated seconds about every 20 emulated ms while the machine runs, and at the end."""
    observer = _Look(machine, look)
    try:
        yield
    finally:
        machine.forget(observer)
        look(machine.time_s)
