"""Calls of firmware functions, seen from outside: arguments on entry, memory on return.

A breakpoint on a function's first instruction sees the call, one on its return address sees the end. Breakpoints cost
no emulated time, so the firmware is neither instrumented nor changed. Cycles are counted by the engine itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emberwatch.engines import Stop
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import Observer

_SP, _LR, _PC = 13, 14, 15


@dataclass(frozen=True)
class Call:
    """One finished or running call."""

    name: str
    start: int
    """Cycle at which the first instruction was about to execute."""
    arguments: tuple[int, int, int, int]
    """R0-R3 on entry."""
    core: int


OnReturn = Callable[[Call, int], None]
"""Called at the end of a call with it and the cycle; memory is as the function left it."""


@dataclass
class _Frame:
    call: Call
    return_address: int
    stack_pointer: int


class CallTracer(Observer):
    """Watches functions of one machine from now on."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._engine = machine.engine
        self._entries: dict[int, str] = {}
        self._listeners: dict[str, list[OnReturn]] = {}
        self._frames: dict[int, list[_Frame]] = {}

    def on_return(self, name: str, listener: OnReturn) -> None:
        """Shows `listener` each finished call of a function and the cycle of its end; memory is as it left it.

        Raises:
            ImageError: the firmware has no such symbol.
        """
        address = self.machine.image.symbols[name].address
        if address not in self._entries:
            self._entries[address] = name
            self._engine.await_call(address)
        self._listeners.setdefault(name, []).append(listener)

    def breakpoint(self, stop: Stop) -> bool:
        """Whether a core stands at the beginning or behind the end of a call."""
        engine, core = self._engine, stop.core
        pc = engine.register(_PC, core)
        known = False
        frames = self._frames.get(pc)
        if frames:
            known = True
            stack_pointer = engine.register(_SP, core)
            if frames[-1].stack_pointer == stack_pointer and frames[-1].call.core == core:
                self._finish(frames.pop(), engine.cycle)
                if not frames:
                    del self._frames[pc]
                    if pc not in self._entries:
                        engine.forget_call(pc)
        name = self._entries.get(pc)
        if name is not None:
            known = True
            self._enter(name, core)
        return known

    def _enter(self, name: str, core: int) -> None:
        engine = self._engine
        r0, r1, r2, r3 = (engine.register(number, core) for number in range(4))
        call = Call(name, engine.cycle, (r0, r1, r2, r3), core)
        return_address = engine.register(_LR, core) & ~1
        frames = self._frames.setdefault(return_address, [])
        if not frames and return_address not in self._entries:
            engine.await_call(return_address)
        frames.append(_Frame(call, return_address, engine.register(_SP, core)))

    def _finish(self, frame: _Frame, cycle: int) -> None:
        for listener in self._listeners.get(frame.call.name, ()):
            listener(frame.call, cycle)
