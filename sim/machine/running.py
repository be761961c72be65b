"""The run loop of a machine: slices of emulated time, and what is looked after between two of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self, cast

from emberwatch.audio import SAMPLE_RATE, Scenario
from emberwatch.base.errors import EmulationError, EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.base.limits import check_host_time
from emberwatch.base.units import PICO
from emberwatch.chip import block
from emberwatch.engines import Stop, StopReason
from emberwatch.machine.bench import Bench
from emberwatch.machine.console import Port
from emberwatch.machine.ending import Exit, main_status
from emberwatch.machine.observer import Observer
from emberwatch.machine.owner import Owner
from emberwatch.machine.ports import Ports
from emberwatch.machine.rtt import POLL_PS
from emberwatch.machine.semihosting import CALL, Semihosting
from emberwatch.machine.values import MAX_SECONDS
from emberwatch.program.elf import Image

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_SLICE_PS = PICO // 20
_SOUND_AHEAD = SAMPLE_RATE // 2
PC = 15
"""Number of the program counter among the registers of a core."""
_DRAIN_PS = PICO // 1000
_RESET_PS = PICO // 10_000
"""A program that ends at a reset is looked at so often: it says nothing in so short a time after its start."""


class Running(Ports):
    """Time and runs; `Machine` derives from it."""

    image: Image
    scenario: Scenario
    bench: Bench | None = None
    """The bench that it shares with other machines, or None."""
    answers_semihosting = True
    """Whether the machine answers semihosting calls; a debugger does it otherwise."""
    ends_at_reset = False
    """Whether a reset by the watchdog ends the run."""
    slice_ps = _SLICE_PS
    """Longest emulated time between two looks at console, sound supply and Ctrl-C: 50 ms."""
    exit: Exit | None = None
    """How the program has ended itself, or None; it does not run any more then."""
    ended_s: dict[int, float]
    """When main returned, in emulated seconds, for each core whose program has ended; the chip goes on."""
    _semihosting: Semihosting | None
    _observers: list[Observer]
    _owner: Owner
    _due: list[tuple[int, Callable[[], object]]]
    _awaited = 0
    _host_seconds = 0.0

    if TYPE_CHECKING:

        def where(self, core: int = 0) -> str:
            """See `Machine`."""

        def check_refused(self) -> None:
            """See `Steps`."""

    @property
    def cycles(self) -> int:
        """clk_sys cycles since power-on."""
        return self.engine.cycle

    @property
    def time_s(self) -> float:
        """Emulated seconds since power-on."""
        return self.seconds_at(self.engine.cycle)

    def seconds_at(self, cycle: int) -> float:
        """Emulated seconds of a cycle count."""
        return self.engine.picoseconds(cycle) / PICO

    @property
    def real_time_factor(self) -> float:
        """Emulated seconds per second of the host spent running; 0 before the first run."""
        return self.time_s / self._host_seconds if self._host_seconds > 0 else 0.0

    def run(self, seconds: float, *, progress: Callable[[float], None] | None = None) -> None:
        """Runs for emulated seconds.

        Args:
            seconds: how long, more than zero.
            progress: called about every 50 emulated ms with the emulated time in seconds.

        Raises:
            EmulationError: the program locked up or touched something the chip does not have.
        """
        self._advance(seconds, lambda: False, progress)

    def run_until(self, condition: Callable[[Self], bool], timeout_s: float, what: str = "the condition") -> None:
        """Runs until `condition` is true; it is asked about every 50 emulated ms.

        Raises:
            EmulationTimeout: it did not come true within `timeout_s` emulated seconds.
        """
        self.wait_until(condition, timeout_s, f"{what} did not come true")

    def wait_until(self, condition: Callable[[Self], bool], timeout_s: float, complaint: str) -> None:
        """As `run_until`, with the words for when it did not come true."""
        if not condition(self) and not self._advance(timeout_s, lambda: condition(self)):
            raise self.timed_out(complaint, timeout_s)

    def run_until_line(self, prefix: str, timeout_s: float) -> tuple[float, str]:
        """Runs until the console prints a line that begins with `prefix`.

        Lines are taken in order: the search begins after the line that the previous call found, so that none is lost
        between two calls; lines printed meanwhile count.

        Returns:
            Emulated time in seconds at which the line was complete, and the line.

        Raises:
            EmulationTimeout: no such line came within `timeout_s` emulated seconds.
        """

        def find() -> bool:
            while self._awaited < len(self.lines):
                self._awaited += 1
                if self.lines[self._awaited - 1][1].startswith(prefix):
                    return True
            return False

        if not find() and not self._advance(timeout_s, find) and not find():
            raise self.timed_out(f"no console line {prefix!r}", timeout_s)
        return self.lines[self._awaited - 1]

    def run_until_function(self, name: str, timeout_s: float) -> None:
        """Runs until a core is about to execute the first instruction of a function.

        Raises:
            ImageError: the firmware has no such symbol.
            EmulationTimeout: it was not called within `timeout_s` emulated seconds.
            FirmwareCrash: the program stopped before.
        """
        address = self.image.symbols[name].address
        self.engine.add_breakpoint(address)
        try:
            if not self._advance(timeout_s, lambda: False, address=address):
                raise self.timed_out(f"{name} was not called", timeout_s)
        finally:
            if not self._owner.closed:
                self.engine.remove_breakpoint(address)

    def _advance(
        self,
        seconds: float,
        done: Callable[[], bool],
        progress: Callable[[float], None] | None = None,
        address: int | None = None,
    ) -> bool:
        """The run loop: until `done` or a breakpoint at `address`, True; or for all of the time, False."""
        if not (math.isfinite(seconds) and 0 < seconds <= MAX_SECONDS):
            raise UsageError(f"seconds = {seconds:g} must be more than 0 and at most {MAX_SECONDS:.0f}")
        engine = self.engine
        end_ps = engine.picoseconds(engine.cycle) + round(seconds * PICO)

        def left() -> int | None:
            return engine.cycle_at(end_ps) if engine.picoseconds(engine.cycle) < end_ps else None

        for stop, handled in self.stops(left):
            if stop.reason is StopReason.TIME:
                if progress is not None:
                    progress(self.time_s)
                self.check_refused()
                if done():
                    return True
            elif stop.reason is StopReason.BREAKPOINT:
                if stop.pc == address:
                    return True
                if not handled:
                    raise EmulationError(f"stopped at {self.where(stop.core)}: a breakpoint that nobody owns")
            else:
                self._judge(stop)
        return False

    def stops(self, left: Callable[[], int | None], step: int | None = None) -> Iterator[tuple[Stop, bool]]:
        """Runs on, and yields whenever the chip stops: what every run is made of.

        Sound, console and observers are looked after; what a stop means is the caller's to decide.

        Args:
            left: asked before each slice for the cycle at which to end; None ends it.
            step: a core that executes only one instruction at a time, if the engine can do that.

        Yields:
            Why it stopped, TIME at least every 50 emulated ms, and whether an observer has dealt with it.
        """
        with self._owner.alone():
            yield from self._slices(left, step)

    def _slices(self, left: Callable[[], int | None], step: int | None) -> Iterator[tuple[Stop, bool]]:
        engine = self.engine
        look = 0
        while self.exit is None and (end := left()) is not None:
            check_host_time()
            started = time.perf_counter()
            now = engine.picoseconds(engine.cycle)
            if now >= look:  # what observers' breakpoints interrupt does not put off the next look
                look = now + self.slice_ps
                if self.rtt is not None:
                    look = min(look, now - now % POLL_PS + POLL_PS)
                if self.ends_at_reset:
                    look = min(look, now + _RESET_PS)
            self._call_due(now)
            self.before_slice()
            # clk_sys may change within the slice; there are then simply more or fewer of them.
            limit = min(end, *(engine.cycle_at(at) for at in (look, *(at for at, _ in self._due))))
            if self.bench is not None and step is None:
                stop = self.bench.run(cast("Machine", self), limit)
            else:
                stop = engine.run_until(limit) if step is None else engine.step(step, limit)
            self.after_slice()
            handled = False
            if stop.reason is StopReason.BKPT and self._answered(stop.core):
                stop = Stop(StopReason.TIME)
            if stop.reason is StopReason.BREAKPOINT:
                handled = any([observer.breakpoint(stop) for observer in self._observers])
            self._host_seconds += time.perf_counter() - started
            yield stop, handled

    def call_at(self, seconds: float, function: Callable[[], object]) -> None:
        """Has a function called once at an emulated time since power-on, before the first instruction from there on."""
        self._due.append((round(seconds * PICO), function))

    def _call_due(self, now_ps: int) -> None:
        due = [entry for entry in self._due if entry[0] <= now_ps]
        self._due = [entry for entry in self._due if entry[0] > now_ps]
        for _, function in due:
            function()

    def before_slice(self) -> None:
        """What observers and the microphone need before emulated time passes."""
        now = self.engine.picoseconds(self.engine.cycle)
        for observer in self._observers:
            observer.before_slice(now)
        if self.rtt is not None:  # after observers that take a snapshot: a replay from it polls, too
            self.rtt.poll(now)
        self._supply_sound(now)

    def after_slice(self) -> None:
        """Takes in what the program has sent."""
        self._console.take(self.engine)
        if self.ends_at_reset and self._was_reset():
            self.exit = Exit("reset", 0, self.time_s)

    def deal_with(self, stop: Stop) -> None:
        """What a stop means when another machine of the bench was told to run.

        Raises:
            EmulationError: the program cannot go on.
        """
        if stop.reason is StopReason.BKPT and self._answered(stop.core):
            return
        if stop.reason is StopReason.BREAKPOINT:
            for observer in self._observers:
                observer.breakpoint(stop)
        elif stop.reason is not StopReason.TIME:
            self._judge(stop)

    def stops_until(self, cycle: int, step: int | None = None) -> Iterator[tuple[Stop, bool]]:
        """`stops`, up to a cycle."""
        return self.stops(lambda: cycle if self.engine.cycle < cycle else None, step)

    def _answered(self, core: int) -> bool:
        """Answers a semihosting call, if it is one and the machine's to answer."""
        host = self._semihosting
        if host is None or not self.answers_semihosting:
            return False
        pc = self.engine.register(PC, core)
        if self.engine.read_memory(pc, 2) != CALL.to_bytes(2, "little"):
            return False
        if not host.repeat(core):
            host.call(core)
        if host.exit_code is not None:
            self.exit = Exit("semihosting", host.exit_code, self.time_s)
            self._halt()
            self._drain()
        return True

    def main_status(self, core: int) -> int | None:
        """What a core's `main` returned, if the core stands in the fault by which SDK programs end; else None."""
        return main_status(self.engine, core, self.image.symbols)

    def _halt(self) -> None:
        """Holds both cores, as a debugger does at a program's end; the rest of the chip goes on."""
        from emberwatch.engines.embedded import chip_of

        psm = block("psm")
        cores = psm.field("FRCE_OFF.PROC0").mask | psm.field("FRCE_OFF.PROC1").mask
        chip_of(self.engine).write_bus(psm.address("FRCE_OFF"), 4, cores)

    def _was_reset(self) -> bool:
        """Whether the watchdog has reset the chip since power-on."""
        watchdog = block("watchdog")
        return int.from_bytes(self.engine.read_memory(watchdog.address("REASON"), 4), "little") != 0

    def _judge(self, stop: Stop) -> None:
        """Lets the run go on after a stop, or ends it as a crash."""
        if stop.reason is StopReason.LOCKUP and stop.core not in self.ended_s:
            status = self.main_status(stop.core)
            if status is not None:
                self.ended_s[stop.core] = self.time_s
                if status and stop.core == 0:
                    self._drain()
                    self.exit = Exit("main", status, self.ended_s[0])
                return
        for observer in self._observers:
            observer.stopped(stop)
        if stop.reason is StopReason.HARD_FAULT:
            return
        crash = FirmwareCrash(self._explain(stop), stop.core, stop.pc, self.engine.cycle)
        if stop.reason is StopReason.LOCKUP:
            self._drain()
        raise crash

    def _drain(self) -> None:
        """What a core that locked up has sent is still on its way: a full UART FIFO takes 3 ms at 115200 baud."""
        engine = self.engine
        for _ in range(50):
            before = self._console.received
            stop = engine.run_until(engine.cycle_at(engine.picoseconds(engine.cycle) + _DRAIN_PS))
            self._console.take(engine)
            if stop.reason is not StopReason.TIME or self._console.received == before:
                break

    def _supply_sound(self, now_ps: int) -> None:
        supplied = self.engine.sound_supplied
        if supplied is None:
            return
        needed = now_ps * SAMPLE_RATE // PICO + _SOUND_AHEAD
        if needed <= supplied:
            return
        count = max(needed - supplied, _SOUND_AHEAD)
        if self.scenario.clips:
            self.engine.push_sound(self.scenario.render(supplied, count))
        else:
            self.engine.push_silence(count)

    def _explain(self, stop: Stop) -> str:
        what = stop.detail or stop.reason.name.lower().replace("_", " ")
        where = self.image.symbols.at(stop.pc) or f"{stop.pc:#010x}"
        return f"the program stopped: {what} at {where} (core {stop.core}), {self.time_s:.6f} s after power-on"

    def timed_out(self, what: str, seconds: float) -> EmulationTimeout:
        """The error that says what did not come in time, and what the program did instead."""
        if self.exit is not None:
            return EmulationTimeout(f"{what}: the program ended itself at {self.exit.t_s:.6f} s ({self.exit.how})")
        spoken = max((p for p in self.ports.values() if p.data), key=lambda port: port.last_s, default=Port())
        last = spoken.unfinished or (spoken.lines[-1][1] if spoken.lines else "")
        said = f"the last console line is {last!r}" if spoken.data else "the console is silent"
        where = "" if spoken.data else f", the program is at {self.where()}"
        return EmulationTimeout(f"{what} within {seconds:g} s of emulated time; {said}{where}")
