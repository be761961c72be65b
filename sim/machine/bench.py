"""Several boards on one bench: pins wired to pins, one clock for all.

Example::

    with Machine("sender.elf") as sender, Machine("receiver.elf") as receiver:
        bench = Bench(sender, receiver)
        bench.wire(sender, 0, receiver, 1)  # TX to RX
        receiver.expect("got 42")

Whichever machine is told to run, all do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emberwatch.base.errors import EngineError, UsageError
from emberwatch.engines import Capability, Stop, StopReason

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

LATENCY_S = 100e-9
"""Default time that a change needs along a wire: twenty metres of it, or 12 cycles at 125 MHz."""


class Bench:
    """Machines that run side by side from now on; what one does on a wire, the others see `latency_s` later.

    Wires join pins whoever drives them: programs, PIO, PWM, UARTs, SPI and I2C, open drains included.

    Args:
        machines: two or more, on the embedded engine, all at the same emulated time.
        latency_s: 1 ns to 1 ms; a larger one makes emulation faster.

    Raises:
        EngineError: a machine runs on another engine, or is at another time.
    """

    def __init__(self, *machines: Machine, latency_s: float = LATENCY_S) -> None:
        if not 1e-9 <= latency_s <= 1e-3:
            raise UsageError(f"latency_s = {latency_s:g} must be 1e-9 to 1e-3")
        if len(machines) < 2 or len(set(map(id, machines))) != len(machines):
            raise UsageError("a bench needs two machines or more, each once")
        for machine in machines:
            if Capability.OBSERVATION not in machine.engine.capabilities:
                raise EngineError(f"engine {machine.engine.name!r} cannot be on a bench; use --engine embedded")
            if machine.time_s != machines[0].time_s:
                raise EngineError("machines on a bench must be at the same emulated time; put them there at power-on")
            if machine.bench is not None:
                raise EngineError(f"{machine!r} is on a bench already")
        from emberwatch import _native
        from emberwatch.engines.embedded import chip_of

        self._machines = machines
        self._link = _native.Link(round(latency_s * 1e12))
        for machine in machines:
            self._link.add(chip_of(machine.engine))
            machine.bench = self

    def wire(self, one: Machine, pin: int, other: Machine, other_pin: int) -> None:
        """Wires a pin of one machine to a pin of another.

        Raises:
            UsageError: a machine is not on this bench, or there is no such pin.
        """
        try:
            self._link.wire(self._machines.index(one), pin, self._machines.index(other), other_pin)
        except ValueError as error:
            raise UsageError(f"wire from pin {pin} to pin {other_pin}: {error}") from None

    def run(self, leader: Machine, limit: int) -> Stop:
        """For `Machine.stops`: runs all until `leader` has reached a cycle or stops."""
        index = self._machines.index(leader)
        peers = [machine for machine in self._machines if machine is not leader]
        for peer in peers:
            peer.before_slice()
        while True:
            stopped, native = self._link.run(index, limit)
            machine = self._machines[stopped]
            stop = Stop(StopReason[native.reason.name], native.core, native.pc, native.detail, native.address)
            for peer in peers:
                peer.after_slice()
            if machine is leader:
                return stop
            machine.deal_with(stop)
