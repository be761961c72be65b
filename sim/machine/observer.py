"""What takes part in a machine's run without the machine knowing it: debuggers, crash reports, call tracing, taps."""

from __future__ import annotations

from emberwatch.engines import Stop


class Observer:
    """Registered with `Machine.observe`; every method has a default that does nothing."""

    def before_slice(self, now_ps: int) -> None:
        """The machine is about to run on from this emulated time; it does so at least every 50 emulated ms."""

    def breakpoint(self, stop: Stop) -> bool:
        """A core stands at a breakpoint; returns whether it is one of this observer's, which has been dealt with."""
        del stop
        return False

    def stopped(self, stop: Stop) -> None:
        """A core met a HardFault, and runs on, or something that ends the run."""

    def ended(self, core: int) -> None:
        """A core's program came to its end; the fault just told of was its way to stop."""

    def input_given(self) -> None:
        """Something came from outside the scenario: a replay from before would not see it."""

    def restored(self) -> None:
        """The machine is at another moment: a snapshot was put back, or power was switched off and on."""

    def facts(self) -> list[tuple[str, str]]:
        """What this observer adds to the machine's table of facts, by name."""
        return []
