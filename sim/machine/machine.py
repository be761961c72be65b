"""`Machine`: firmware on an emulated board that hears a scenario.

Example::

    from emberwatch import Machine, Scenario

    with Machine("blink.elf", Scenario.from_file("door.wav")) as machine:
        machine.run_until_line("ready", timeout_s=10)
        print(machine.time_s, machine.pin(25))

A machine runs a board: time, console bytes, memory, pins, snapshots. Whoever wants to look on registers an `Observer`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from emberwatch.audio import SAMPLE_RATE, Scenario
from emberwatch.base.display import FactSheet
from emberwatch.base.errors import (
    EmulationError,
    EmulationTimeout,
    FirmwareCrash,
    ImageError,
    NotPossibleError,
    UsageError,
)
from emberwatch.base.limits import check_host_time
from emberwatch.base.regular import read_regular
from emberwatch.base.units import PICO
from emberwatch.board.board import Board, board_of, load_board
from emberwatch.chip import block
from emberwatch.devices.base import Device
from emberwatch.engines import Capability, Engine, FunctionCycles, Stop, StopReason, create_engine
from emberwatch.machine.bench import Bench
from emberwatch.machine.console import Console, Port
from emberwatch.machine.ending import Exit, main_returned
from emberwatch.machine.observer import Observer
from emberwatch.machine.owner import Owner
from emberwatch.machine.rtt import AT_POWER_ON as RTT_AT_POWER_ON
from emberwatch.machine.rtt import POLL_PS, Rtt
from emberwatch.machine.semihosting import CALL, Semihosting, existing_folder
from emberwatch.machine.steps import Steps
from emberwatch.machine.values import MAX_SECONDS
from emberwatch.program.elf import FLASH_BASE, Image, load_image

_SLICE_PS = PICO // 20
"""Emulated time between two looks at console, sound supply and Ctrl-C: 50 ms."""
_SOUND_AHEAD = SAMPLE_RATE // 2
_BOOTROM_SIZE = 16 * 1024
_PC = 15
_DRAIN_PS = PICO // 1000
MICROPHONE_FAULTS = ("none", "missing", "stuck_low", "stuck_high")

_new_machine: list[Callable[[Machine], object]] = []


def on_new_machine(listener: Callable[[Machine], object]) -> None:
    """Has every machine made from now on in this process shown to `listener` before it runs; once for each listener."""
    if listener not in _new_machine:
        _new_machine.append(listener)


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment; see `Machine.save`."""

    engine: bytes
    console: Console
    ended_s: dict[int, float]
    rtt: tuple[int, bytes] = RTT_AT_POWER_ON


class Machine(Steps, FactSheet):
    """One emulated board, from power-on.

    Args:
        firmware: ELF, UF2, HEX or BIN file, or a loaded `Image`.
        scenario: what the microphone hears; time zero is power-on. None is silence.
        board: name or file of the board, or a `Board`; None: the one that a firmware of ours names, else a Pico, with
            a microphone if there is something to hear (`board_of`).
        engine: 'embedded', 'renode', 'hardware' or 'auto'.
        seed: seed of the microphone's dither and of what memory holds at power-on.
        trace: functions whose calls the engine counts, see `functions`.
        bootrom: boot ROM image (16 kB) to boot through; None boots as the ROM does, without one.
        semihosting_dir: folder whose files the program may open by semihosting; None: no file at all.

    Raises:
        EmberwatchError: firmware, board or engine cannot be used; the message says why.
    """

    def __init__(
        self,
        firmware: str | Path | Image,
        scenario: Scenario | None = None,
        *,
        board: str | Path | Board | None = None,
        engine: str = "auto",
        seed: int = 1,
        trace: tuple[str, ...] = (),
        bootrom: str | Path | bytes | None = None,
        semihosting_dir: str | Path | None = None,
    ) -> None:
        if semihosting_dir is not None:
            semihosting_dir = existing_folder(semihosting_dir)
        self.scenario = scenario if scenario is not None else Scenario()
        if board is None:
            self.image = firmware if isinstance(firmware, Image) else load_image(firmware)
            contents = [segment.data for segment in self.image.segments]
            self.board = board_of(contents, self.image.flash_end, bool(self.scenario.clips))
        else:
            self.board = board if isinstance(board, Board) else load_board(board)
            self.image = firmware if isinstance(firmware, Image) else load_image(firmware, self.board.flash.size)
        if seed < 0 or seed >= 1 << 32:
            raise UsageError(f"seed = {seed} is outside 0..{2**32 - 1}")
        self.seed = seed
        self.engine: Engine = create_engine(engine, self.board, seed)
        if self.scenario.clips:
            self._needs(Capability.SOUND)
        self.bootrom = bootrom if isinstance(bootrom, bytes) or bootrom is None else _read_bootrom(Path(bootrom))
        if self.bootrom is not None:
            self.engine.load_bootrom(self.bootrom)
        self.engine.load(self.image)
        self.traced_functions: tuple[str, ...] = ()
        """Names of the functions whose calls the engine counts, in its order."""
        self.ended_s: dict[int, float] = {}
        """When main returned, in emulated seconds, for each core whose program has ended; the chip goes on."""
        self.exit: Exit | None = None
        """How the program has ended itself, or None; it does not run any more then."""
        self.answers_semihosting = True
        """Whether the machine answers semihosting calls; a debugger does it otherwise."""
        self.ends_at_reset = False
        """Whether a reset by the watchdog ends the run."""
        self.slice_ps = _SLICE_PS
        """Longest emulated time between two looks at console, sound supply and Ctrl-C."""
        self.bench: Bench | None = None
        """The bench that it shares with other machines, or None."""
        self._console = Console()
        self._semihosting: Semihosting | None = None
        self.rtt: Rtt | None = None
        """The host's end of the program's RTT, if it may have one."""
        self._due: list[tuple[int, Callable[[], object]]] = []
        if Capability.OBSERVATION in self.engine.capabilities:
            from emberwatch.engines.embedded import chip_of

            self._semihosting = Semihosting(chip_of(self.engine), self._semihosting_output, semihosting_dir)
            self.engine.answer_semihosting(True)
            if Rtt.used_by(self.image):
                self.rtt = Rtt(self.engine, self.image, self._rtt_output)
        self._awaited = 0
        self.begin_steps()
        self._observers: list[Observer] = []
        self._host_seconds = 0.0
        self._owner = Owner()
        self.trace_functions(trace)
        for listener in _new_machine:
            listener(self)

    def twin(self) -> Machine:
        """A machine of its own with the same firmware, scenario, devices and seed, at power-on, unobserved."""
        twin = Machine(
            self.image, self.scenario, board=self.board, engine=self.engine.name, seed=self.seed, bootrom=self.bootrom
        )
        twin._observers.clear()
        if twin._semihosting is not None and self._semihosting is not None:
            twin._semihosting.remember(self._semihosting)
        if twin.rtt is not None and self.rtt is not None:
            twin.rtt.follow(self.rtt)
        for name, (device, lines) in self.engine.devices.items():
            if name not in twin.engine.devices:  # not from the board file
                twin.engine.attach(device.clone(), lines)
        return twin

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives up the engine; the results stay readable.

        Raises:
            EngineError: it is running in another thread.
        """
        self._owner.close()
        self.engine.close()

    def __repr__(self) -> str:
        return (
            f"<Machine {self.image.path.name} on {self.board.name}, {self.engine.name} engine: {self.time_s:.6f} s, "
            f"{self.cycles} cycles, pc {self.where()}, {len(self.lines)} console lines>"
        )

    def facts(self) -> list[tuple[str, str]]:
        """What one wants to know at first sight, by name; observers add theirs."""
        last = self.lines[-1][1] if self.lines else "(silent)"
        own = [
            ("firmware", str(self.image.path)),
            ("board", self.board.name),
            ("engine", self.engine.name),
            ("time", f"{self.time_s:.6f} s"),
            ("cycles", f"{self.cycles:,}"),
            ("program counter", self.where()),
            ("console", f"{len(self.lines)} lines, last: {last}"),
        ]
        return own + [fact for observer in self._observers for fact in observer.facts()]

    def observe(self, observer: Observer) -> None:
        """Has an observer take part from now on."""
        self._observers.append(observer)

    def forget(self, observer: Observer) -> None:
        """Ends that."""
        self._observers.remove(observer)

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
            self._call_due(now)
            self.before_slice()
            # clk_sys may change within the slice; there are then simply more or fewer of them.
            limit = min(end, *(engine.cycle_at(at) for at in (look, *(at for at, _ in self._due))))
            if self.bench is not None and step is None:
                stop = self.bench.run(self, limit)
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
        pc = self.engine.register(_PC, core)
        if self.engine.read_memory(pc, 2) != CALL.to_bytes(2, "little"):
            return False
        if not host.repeat(core):
            host.call(core)
        if host.exit_code is not None:
            self.exit = Exit("semihosting", host.exit_code, self.time_s)
            self._halt()
            self._drain()
        return True

    def _halt(self) -> None:
        """Holds both cores, as a debugger does at a program's end; the rest of the chip goes on."""
        from emberwatch.engines.embedded import chip_of

        psm = block("psm")
        cores = psm.field("FRCE_OFF.PROC0").mask | psm.field("FRCE_OFF.PROC1").mask
        chip_of(self.engine).write_bus(psm.address("FRCE_OFF"), 4, cores)

    def _semihosting_output(self, text: str) -> None:
        for byte in text.encode():
            self._console.semihosting.feed(self.time_s, byte)

    def _rtt_output(self, data: bytes) -> None:
        for byte in data:
            self._console.rtt.feed(self.time_s, byte)

    def _was_reset(self) -> bool:
        """Whether the watchdog has reset the chip since power-on."""
        watchdog = block("watchdog")
        return int.from_bytes(self.engine.read_memory(watchdog.address("REASON"), 4), "little") != 0

    def _judge(self, stop: Stop) -> None:
        """Lets the run go on after a stop, or ends it as a crash."""
        if stop.reason is StopReason.LOCKUP and stop.core not in self.ended_s and main_returned(self.engine, stop.core):
            self.ended_s[stop.core] = self.time_s
            for observer in self._observers:
                observer.ended(stop.core)
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
        if needed > supplied:
            self.engine.push_sound(self.scenario.render(supplied, max(needed - supplied, _SOUND_AHEAD)))

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

    # Devices

    def attach(self, device: Device, **lines: int) -> None:
        """Attaches a device to pins from now on: ``machine.attach(Weather(), sda=4, scl=5)``.

        Raises:
            NotPossibleError: the engine has no devices.
            DeviceError: its name is taken, its lines are others, or its own code failed.
        """
        with self._input():
            self.engine.attach(device, lines)

    @property
    def devices(self) -> dict[str, Device]:
        """Attached devices by name: those of the board file and those of `attach`."""
        return {name: device for name, (device, _) in self.engine.devices.items()}

    # Looking inside

    def where(self, core: int = 0) -> str:
        """Where a core is: ``function+offset``, the bare address, or that nobody can tell."""
        if Capability.MEMORY not in self.engine.capabilities:
            return "a place that this engine cannot see"
        pc = self.engine.register(_PC, core)
        return self.image.symbols.at(pc) or f"{pc:#010x}"

    @property
    def lines(self) -> list[tuple[float, str]]:
        """Complete lines of the board's console, each with the emulated seconds at which it ended."""
        return self._console.uart.lines

    @property
    def ports(self) -> dict[str, Port]:
        """What came out of each serial port: the console first, the other UART, USB, RTT, semihosting."""
        console = self.board.uart.instance
        return {
            f"uart{console}": self._console.uart,
            f"uart{1 - console}": self._console.other_uart,
            "usb": self._console.usb,
            "rtt": self._console.rtt,
            "semihosting": self._console.semihosting,
        }

    @property
    def uart(self) -> str:
        """The console so far, as received."""
        return self._console.uart.text

    @property
    def usb(self) -> str:
        """What the program sent to the USB serial port, as received."""
        return self._console.usb.text

    @property
    def uart_bytes(self) -> bytearray:
        """The console so far."""
        return self._console.uart.data

    @property
    def usb_bytes(self) -> bytearray:
        """What the program sent to the USB serial port."""
        return self._console.usb.data

    @property
    def flash(self) -> bytes:
        """All that flash holds now."""
        return self.engine.read_memory(FLASH_BASE, self.board.flash.size)

    def pin(self, number: int) -> bool:
        """Level of a pin now."""
        if not 0 <= number < 30:
            raise UsageError(f"pin {number} does not exist; the RP2040 has GPIO 0..29")
        return self.engine.pin(number)

    def read(self, where: str | int, size: int | None = None) -> bytes:
        """Memory at a symbol or an address; `size` defaults to the symbol's."""
        if isinstance(where, int):
            if size is None:
                raise UsageError("read() of an address needs a size")
            address = where
        else:
            symbol = self.image.symbols[where]
            address, size = symbol.address, symbol.size if size is None else size
        with self._owner.alone():
            return self.engine.read_memory(address, size)

    def trace_functions(self, names: tuple[str, ...]) -> None:
        """Has the engine count the calls of these functions from now on; earlier counts are forgotten.

        Raises:
            ImageError: the firmware has no such symbol.
        """
        chosen = [self.image.symbols[name] for name in names]
        self.engine.trace_functions({symbol.name: (symbol.address, symbol.size) for symbol in chosen})
        self.traced_functions = tuple(symbol.name for symbol in chosen)

    @property
    def functions(self) -> dict[str, FunctionCycles]:
        """Cycles of the counted functions that were called."""
        return {name: cycles for name, cycles in self.engine.function_cycles().items() if cycles.calls}

    def forget_console(self) -> None:
        """Drops what the ports hold, all but the lines that are not complete yet: for runs of days."""
        for port in self.ports.values():
            port.forget()
        self._awaited = 0
        self.forget_seen()
        for observer in self._observers:
            observer.restored()

    # Input

    def send(self, data: bytes) -> None:
        """Sends bytes to the firmware's console."""
        with self._input():
            self.engine.send_uart(data)

    def send_usb(self, data: bytes) -> None:
        """Sends bytes to the firmware's USB serial port; they wait until it is open.

        Raises:
            NotPossibleError: the engine has no USB host.
        """
        with self._input():
            self.engine.send_usb(data)

    def microphone_fault(self, fault: str) -> None:
        """Breaks or repairs the microphone: one of `MICROPHONE_FAULTS`."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if fault not in MICROPHONE_FAULTS:
            raise UsageError(f"microphone fault {fault!r} is not known; use one of: {', '.join(MICROPHONE_FAULTS)}")
        with self._input():
            self.engine.set_microphone_fault(fault)

    def microphone_analog(self, gain: float = 1.0, offset: float = 0.0) -> None:
        """Gain (0..8) and constant offset (-1..1 of full scale) before the modulator, which limits."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if not 0 <= gain <= 8 or not -1 <= offset <= 1:
            raise UsageError(f"microphone gain {gain:g} must be 0..8 and offset {offset:g} -1..1")
        with self._input():
            self.engine.set_microphone_analog(gain, offset)

    @contextmanager
    def _input(self) -> Iterator[None]:
        """Around something that comes from outside the scenario."""
        with self._owner.alone():
            yield
            self.input_given()

    def send_other(self, data: bytes) -> None:
        """Sends bytes to the UART that is not the board's console.

        Raises:
            NotPossibleError: the engine cannot.
        """
        with self._input():
            self.engine.send_other_uart(data)

    @property
    def rtt_state(self) -> tuple[int, bytes]:
        """The state of the host's end of RTT, which snapshots need beside the chip's."""
        return self.rtt.state if self.rtt is not None else RTT_AT_POWER_ON

    @rtt_state.setter
    def rtt_state(self, state: tuple[int, bytes]) -> None:
        if self.rtt is not None:
            self.rtt.state = state

    def send_rtt(self, data: bytes) -> None:
        """Sends bytes to the program's RTT terminal; they wait until it has one, and room.

        Raises:
            NotPossibleError: the program has no RTT, or the engine cannot look for it.
        """
        if self.rtt is None:
            raise NotPossibleError("this program has no RTT: its image holds no identifier of a control block")
        with self._input():
            self.rtt.send(data)

    def input_given(self) -> None:
        """Tells the observers that something came from outside."""
        for observer in self._observers:
            observer.input_given()

    # Snapshots

    def save(self) -> Snapshot:
        """The whole machine as it is now: chip, microphone and console."""
        self._needs(Capability.SNAPSHOTS)
        with self._owner.alone():
            return Snapshot(self.engine.save(), self._console.copy(), dict(self.ended_s), self.rtt_state)

    def restore(self, snapshot: Snapshot) -> None:
        """Goes back to a snapshot of this machine, or of one with the same firmware, board, scenario and seed."""
        self._restore(snapshot)

    def _restore(self, snapshot: Snapshot, power_on_others: bool = False) -> None:
        self._needs(Capability.SNAPSHOTS)
        with self._owner.alone():
            self.engine.restore(snapshot.engine, power_on_others=power_on_others)
            self._console.take(self.engine)  # on the way when it was taken, and counted then
            self._console = snapshot.console.copy()
            self._awaited = min(self._awaited, len(self.lines))
            self.ended_s = dict(snapshot.ended_s)
            self.exit = None
            if self._semihosting is not None:
                self._semihosting.exit_code = None
            self.rtt_state = snapshot.rtt
            self.forget_seen()
        self.input_given()
        for observer in self._observers:
            observer.restored()

    def reset(self) -> None:
        """Switches power off and on: time, sound and console begin again, flash holds what was loaded last."""
        with self._owner.alone():
            self._reset()

    def _reset(self) -> None:
        flash = self.flash
        fresh = create_engine(self.engine.name, replace(self.board, devices=()), self.seed)
        fresh.load(self.image)
        self._restore(Snapshot(fresh.save(), Console(), {}), power_on_others=True)
        if self.engine.read_memory(FLASH_BASE, len(flash)) != flash:  # flash needs no power to remember
            self.engine.write_memory(FLASH_BASE, flash)
        self.engine.reset(self.image)

    def _needs(self, capability: Capability) -> None:
        if capability not in self.engine.capabilities:
            what = capability.name.lower().replace("_", " ")
            raise NotPossibleError(f"engine {self.engine.name!r} has no {what}; use --engine embedded")


def _read_bootrom(path: Path) -> bytes:
    image = read_regular(path, "boot ROM", ImageError)
    if image[16:19] != b"Mu\x01" or len(image) > _BOOTROM_SIZE:  # datasheet 2.8.3.1
        raise ImageError(f"boot ROM {path} is no boot ROM of the RP2040: 16 kB at most, with 'Mu' 1 at byte 16")
    return image
