"""The engine, what feeds it and what comes out: everything that happens between power-on and now.

`emberwatch.machine.machine.Machine` adds what tests and tools ask for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from emberwatch.audio import SAMPLE_RATE, Scenario
from emberwatch.base.errors import EmulationError, EngineError, FirmwareCrash, ImageError, UsageError
from emberwatch.board.board import Board, load_board
from emberwatch.detector.protocol import Log
from emberwatch.engines import Capability, Engine, Stop, StopReason, create_engine
from emberwatch.inspect import coverage
from emberwatch.inspect.calls import CallTracer
from emberwatch.machine.console import Console, ConsoleState, Port
from emberwatch.program.elf import Image, load_image

if TYPE_CHECKING:
    from emberwatch.inspect.crash import CrashSite

BUDGETED_FUNCTIONS = (
    "pdm_decimate",
    "features_compute",
    "model_invoke",
    "model_stream_push",
    "events_update",
    "app_process_block",
)
"""Functions whose calls are measured when the firmware has them."""

MAX_SECONDS = 1e6
"""Longest run at a time, in emulated seconds."""
PICO = 10**12
_SLICE_PS = PICO // 20
"""Emulated time between two looks at console, sound supply and Ctrl-C: 50 ms."""
_SOUND_AHEAD = SAMPLE_RATE // 2
_BOOTROM_SIZE = 16 * 1024


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment; see `Machine.save`."""

    engine: bytes
    console: ConsoleState


class Emulation:
    """A board that runs in slices, hears its scenario, collects its console and can go back to a snapshot.

    Args and errors are those of `Machine`.
    """

    def __init__(
        self,
        firmware: str | Path | Image,
        scenario: Scenario | None = None,
        *,
        board: str | Path | Board = "pico",
        engine: str = "auto",
        seed: int = 1,
        trace: tuple[str, ...] | None = None,
        bootrom: str | Path | None = None,
    ) -> None:
        self.board = board if isinstance(board, Board) else load_board(board)
        self.image = firmware if isinstance(firmware, Image) else load_image(firmware, self.board.flash.size)
        self.scenario = scenario if scenario is not None else Scenario()
        if seed < 0 or seed >= 1 << 32:
            raise UsageError(f"seed = {seed} is outside 0..{2**32 - 1}")
        self.seed = seed
        self.engine: Engine = create_engine(engine, self.board, seed)
        self.bootrom = None if bootrom is None else _read_bootrom(Path(bootrom))
        if self.bootrom is not None:
            self.engine.load_bootrom(self.bootrom)
        self.engine.load(self.image)
        coverage.attach(self.engine, self.image)
        self._console = Console()
        self._awaited = 0
        self._tracer = CallTracer(self.engine)
        self._host_seconds = 0.0
        self._closed = False
        self._keyframe: bytes | None = None
        self._keyframe_due = 0
        self.crashes: list[CrashSite] = []
        """HardFaults so far that the firmware's handler took care of."""
        self.ended_s: dict[int, float] = {}
        """When main returned, in emulated seconds, for each core whose program has ended; the chip goes on."""
        self.engine.catch_hard_faults(True)
        traced = self._functions_to_trace(trace)
        self.engine.trace_functions(traced)
        self.traced_functions = tuple(traced)
        """Names of the functions whose calls the engine counts, in its order."""

    def _functions_to_trace(self, names: tuple[str, ...] | None) -> dict[str, tuple[int, int]]:
        symbols = self.image.symbols
        chosen = [symbols[name] for name in names or ()]
        if names is None:
            chosen = [symbol for name in BUDGETED_FUNCTIONS if (symbol := symbols.get(name)) is not None]
        return {symbol.name: (symbol.address, symbol.size) for symbol in chosen}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up the engine; the results stay readable."""
        self._closed = True
        self.engine.close()

    # Time

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

    # Running

    def run(self, seconds: float, *, progress: Callable[[float], None] | None = None) -> None:
        """Runs for emulated seconds.

        Args:
            seconds: how long, more than zero.
            progress: called about every 50 emulated ms with the emulated time in seconds.

        Raises:
            EmulationError: the program locked up or touched something the chip does not have.
        """
        self._run(seconds, lambda _: False, progress)

    def _run(self, seconds: float, done: Callable[[float], bool], progress: Callable[[float], None] | None) -> bool:
        if self._closed:
            raise EngineError("this machine is closed; make a new one to run again")
        if not 0 < seconds <= MAX_SECONDS:
            raise UsageError(f"seconds = {seconds:g} must be more than 0 and at most {MAX_SECONDS:.0f}")
        engine = self.engine
        end = engine.picoseconds(engine.cycle) + round(seconds * PICO)
        started = time.perf_counter()
        try:
            look = 0
            while (now := engine.picoseconds(engine.cycle)) < end:
                # Captures stop the chip more often than every slice: they must not put off the next look.
                if now >= look:
                    look = min(end, now + _SLICE_PS)
                stop, handled = self.run_slice(engine.cycle_at(look))
                if stop.reason is StopReason.HARD_FAULT:
                    self.crashes.append(self._crash_site(stop))
                elif stop.reason is StopReason.BREAKPOINT:
                    if not handled:
                        raise EmulationError(f"stopped at {self.where(stop.core)}: a breakpoint that nobody owns")
                elif stop.reason is StopReason.LOCKUP and self._main_returned(stop):
                    continue
                elif stop.reason is not StopReason.TIME:
                    crash = FirmwareCrash(self._explain(stop), self._crash_site(stop))
                    if stop.reason is StopReason.LOCKUP:
                        self._console.drain(self.engine)
                    raise crash
                else:
                    if progress is not None:
                        progress(self.time_s)
                    if done(self.time_s):
                        return True
            return False
        finally:
            self._host_seconds += time.perf_counter() - started

    def run_slice(self, end: int, step: int | None = None) -> tuple[Stop, bool]:
        """Runs until cycle `end`, but at most 50 ms: what tools with a loop of their own are made of.

        Args:
            end: the cycle; the last instruction is not split.
            step: a core that executes only one instruction, if the engine can do that.

        Returns:
            Why it stopped, and whether a breakpoint was one of a capture's and has been dealt with.
        """
        engine = self.engine
        now = engine.picoseconds(engine.cycle)
        self._supply_sound(now)
        self._keep_keyframe(now)
        # clk_sys may change within the slice; the caller's loop then simply takes more or fewer slices.
        limit = min(end, engine.cycle_at(now + _SLICE_PS))
        stop = engine.run_until(limit) if step is None else engine.step(step, limit)
        self._console.take(self.engine)
        return stop, stop.reason is StopReason.BREAKPOINT and self._tracer.breakpoint_hit(stop.core)

    def _main_returned(self, stop: Stop) -> bool:
        """Notes that a core's program has ended as SDK programs do; whether that is why the core locked up."""
        from emberwatch.inspect.crash import main_returned

        if stop.core in self.ended_s or not main_returned(self.engine, stop.core):
            return False
        self.ended_s[stop.core] = self.time_s
        if self.crashes and self.crashes[-1].stop.core == stop.core:
            self.crashes.pop()  # the HardFault on the way
        return True

    def _keep_keyframe(self, now_ps: int) -> None:
        """Remembers a moment at most a second ago from which a crash can be replayed."""
        if Capability.SNAPSHOTS in self.engine.capabilities and now_ps >= self._keyframe_due:
            self._keyframe = self.engine.save()
            self._keyframe_due = now_ps + PICO

    def _input_given(self) -> None:
        """Something came from outside: a replay from before would not see it."""
        self._keyframe_due = 0

    def _crash_site(self, stop: Stop) -> CrashSite:
        from emberwatch.inspect.crash import CrashSite

        return CrashSite(self, stop, self.engine.cycle, self._keyframe)

    def _supply_sound(self, now_ps: int) -> None:
        supplied = self.engine.sound_supplied
        needed = now_ps * SAMPLE_RATE // PICO + _SOUND_AHEAD
        if needed > supplied:
            count = max(needed - supplied, _SOUND_AHEAD)
            self.engine.push_sound(self.scenario.render(supplied, count))

    def _explain(self, stop: Stop) -> str:
        what = stop.detail or stop.reason.name.lower().replace("_", " ")
        where = self.image.symbols.at(stop.pc) or f"{stop.pc:#010x}"
        return f"the program stopped: {what} at {where} (core {stop.core}), {self.time_s:.6f} s after power-on"

    def _context(self) -> str:
        if not self.log.lines:
            return f"the console is silent, the program is at {self.where()}"
        return f"the last console line is {self.log.lines[-1][1]!r}"

    def where(self, core: int = 0) -> str:
        """Where a core is: ``function+offset`` or the bare address."""
        pc = self.engine.register(15, core)
        return self.image.symbols.at(pc) or f"{pc:#010x}"

    @property
    def log(self) -> Log:
        """Console lines and messages so far, each with its emulated time."""
        return self._console.log

    @property
    def protocol_errors(self) -> list[str]:
        """What was wrong with console lines that do not follow the protocol."""
        return self._console.protocol_errors

    @property
    def uart_bytes(self) -> bytearray:
        """The console so far."""
        return self._console.uart.data

    @property
    def usb_bytes(self) -> bytearray:
        """What the program sent to the USB serial port."""
        return self._console.usb.data

    @property
    def ports(self) -> dict[str, Port]:
        """What came out of each serial port: the board's console first, then the other UART and USB."""
        console = self.board.uart.instance
        return {
            f"uart{console}": self._console.uart,
            f"uart{1 - console}": self._console.other_uart,
            "usb": self._console.usb,
        }

    # Snapshots

    def save(self) -> Snapshot:
        """The whole machine as it is now: chip, microphone and console."""
        self._needs(Capability.SNAPSHOTS)
        return Snapshot(self.engine.save(), self._console.save())

    def restore(self, snapshot: Snapshot) -> None:
        """Goes back to a snapshot of this machine, or of one with the same firmware, board, scenario and seed."""
        self._needs(Capability.SNAPSHOTS)
        self.engine.restore(snapshot.engine)
        self._input_given()
        self.engine.take_uart()
        self.engine.take_usb()
        self.engine.take_other_uart()
        self._console.restore(snapshot.console)
        self._awaited = min(self._awaited, len(self.log.lines))
        self.ended_s = {core: ended for core, ended in self.ended_s.items() if ended <= self.time_s}

    def reset(self) -> None:
        """Switches power off and on: time, sound and console begin again, flash holds what was loaded last."""
        fresh = create_engine(self.engine.name, self.board, self.seed)
        fresh.load(self.image)
        self.restore(Snapshot(fresh.save(), Console().save()))
        self.engine.reset(self.image)
        self.crashes.clear()

    def _needs(self, capability: Capability) -> None:
        if capability not in self.engine.capabilities:
            raise EngineError(f"engine {self.engine.name!r} has no {capability.name.lower().replace('_', ' ')}")


def _read_bootrom(path: Path) -> bytes:
    try:
        image = path.read_bytes()
    except OSError as error:
        raise ImageError(f"boot ROM {path} cannot be read: {(error.strerror or str(error)).lower()}") from None
    if image[16:19] != b"Mu\x01" or len(image) > _BOOTROM_SIZE:  # datasheet 2.8.3.1
        raise ImageError(f"boot ROM {path} is no boot ROM of the RP2040: 16 kB at most, with 'Mu' 1 at byte 16")
    return image
