"""`Machine`: firmware on an emulated board that hears a scenario.

Example::

    from sim import Machine, Scenario

    with Machine("build/firmware/pico/emberwatch.elf", Scenario.from_file("smoke.wav")) as machine:
        machine.run_until_line("ALARM on", timeout_s=10)
        print(machine.time_s, machine.log.alarms)
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

from sim import coverage
from sim.audio import SAMPLE_RATE, Scenario
from sim.board import Board, load_board
from sim.elf import Image, load_image
from sim.engines import Capability, Engine, FunctionCycles, Stop, StopReason, create_engine
from sim.errors import (
    EmulationError,
    EmulationTimeout,
    EngineError,
    FirmwareCrash,
    ImageError,
    ProtocolError,
    UsageError,
)
from sim.protocol import Log, Message
from sim.result import RunResult
from sim.tracing import Call, CallTracer

if TYPE_CHECKING:
    from rich.table import Table

    from sim.crash import CrashSite

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
_PICO = 10**12
_SLICE_PS = _PICO // 20
"""Emulated time between two looks at console, sound supply and Ctrl-C: 50 ms."""
_SOUND_AHEAD = SAMPLE_RATE // 2

# RP2040 registers that tell the LED's state (datasheet 2.19.6.1 and 4.5.3).
_IO_BANK0 = 0x40014000
_PWM = 0x40050000
_FUNCSEL_PWM = 4


@dataclass(frozen=True)
class Snapshot:
    """A machine at one moment; see `Machine.save`."""

    engine: bytes
    log: Log
    uart: bytes
    usb: bytes
    line: bytes
    protocol_errors: tuple[str, ...]


class Machine:
    """One emulated board, from power-on.

    Args:
        firmware: ELF, UF2, HEX or BIN file, or a loaded `Image`.
        scenario: what the microphone hears; time zero is power-on. None is silence.
        board: name or TOML file of the board, or a `Board`.
        engine: 'embedded', 'renode' or 'auto'.
        seed: seed of the microphone's dither.
        trace: functions to measure; None takes `BUDGETED_FUNCTIONS` as far as the firmware has them.
        bootrom: boot ROM image (16 kB) to boot through; None boots as the ROM does, without one.

    Raises:
        EmberwatchError: firmware, board or engine cannot be used; the message says why.
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
        self.log = Log()
        self.protocol_errors: list[str] = []
        self.uart_bytes = bytearray()
        self.usb_bytes = bytearray()
        self._line = bytearray()
        self._awaited = 0
        self._tracer = CallTracer(self.engine)
        self._breakpoints: dict[int, str] = {}
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

    def __repr__(self) -> str:
        return (
            f"<Machine {self.image.path.name} on {self.board.name}, {self.engine.name} engine: {self.time_s:.6f} s, "
            f"{self.cycles} cycles, pc {self.where()}, {len(self.log.lines)} console lines>"
        )

    def _facts(self) -> list[tuple[str, str]]:
        alarms = ", ".join(f"{event.state} {event.t_s:.3f} s" for event in self.log.alarms[-3:]) or "none"
        last = self.log.lines[-1][1] if self.log.lines else "(silent)"
        return [
            ("firmware", str(self.image.path)),
            ("board", self.board.name),
            ("engine", self.engine.name),
            ("time", f"{self.time_s:.6f} s"),
            ("cycles", f"{self.cycles:,}"),
            ("program counter", self.where()),
            ("alarms", alarms),
            ("console", f"{len(self.log.lines)} lines, last: {last}"),
            ("crashes", str(len(self.crashes))),
        ]

    def __rich__(self) -> Table:
        """The state as a table, for `rich.print`."""
        from rich.table import Table

        table = Table("Machine", "", show_header=False, title=f"Machine {self.image.path.name}")
        for name, value in self._facts():
            table.add_row(name, value)
        return table

    def _repr_html_(self) -> str:
        """The state as a table, for notebooks."""
        rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in self._facts())
        return f"<table>{rows}</table>"

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
        return self.engine.picoseconds(cycle) / _PICO

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

    def run_until(self, condition: Callable[[Self], bool], timeout_s: float, what: str = "the condition") -> None:
        """Runs until `condition` is true; it is asked about every 50 emulated ms.

        Raises:
            EmulationTimeout: it did not come true within `timeout_s` emulated seconds.
        """
        if condition(self):
            return
        if not self._run(timeout_s, lambda _: condition(self), None):
            raise EmulationTimeout(
                f"{what} did not come true within {timeout_s:g} s of emulated time; {self._context()}"
            )

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
            while self._awaited < len(self.log.lines):
                self._awaited += 1
                if self.log.lines[self._awaited - 1][1].startswith(prefix):
                    return True
            return False

        if not find() and not self._run(timeout_s, lambda _: find(), None) and not find():
            raise EmulationTimeout(
                f"no console line {prefix!r} within {timeout_s:g} s of emulated time; {self._context()}"
            )
        return self.log.lines[self._awaited - 1]

    def run_until_function(self, name: str, timeout_s: float) -> None:
        """Runs until a core is about to execute the first instruction of a function.

        Raises:
            ImageError: the firmware has no such symbol.
            EmulationTimeout: it was not called within `timeout_s` emulated seconds.
            FirmwareCrash: the program stopped before.
        """
        engine = self.engine
        address = self.image.symbols[name].address
        end = engine.cycle_at(engine.picoseconds(engine.cycle) + round(timeout_s * _PICO))
        engine.add_breakpoint(address)
        try:
            while engine.cycle < end:
                stop, _ = self.run_slice(end)
                if stop.reason is StopReason.BREAKPOINT and stop.pc == address:
                    return
                if stop.reason is StopReason.HARD_FAULT:
                    self.crashes.append(self._crash_site(stop))
                elif stop.reason not in (StopReason.TIME, StopReason.BREAKPOINT):
                    raise FirmwareCrash(self._explain(stop), self._crash_site(stop))
        finally:
            engine.remove_breakpoint(address)
        raise EmulationTimeout(f"{name} was not called within {timeout_s:g} s of emulated time; {self._context()}")

    def _run(self, seconds: float, done: Callable[[float], bool], progress: Callable[[float], None] | None) -> bool:
        if self._closed:
            raise EngineError("this machine is closed; make a new one to run again")
        if not 0 < seconds <= MAX_SECONDS:
            raise UsageError(f"seconds = {seconds:g} must be more than 0 and at most {MAX_SECONDS:.0f}")
        engine = self.engine
        end = engine.picoseconds(engine.cycle) + round(seconds * _PICO)
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
                        self._drain_console()
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
        self._take_console()
        return stop, stop.reason is StopReason.BREAKPOINT and self._tracer.breakpoint_hit(stop.core)

    def _main_returned(self, stop: Stop) -> bool:
        """Whether a locked-up core ended its program: BKPT in the endless loop of `_exit`, with status 0 in r0.

        That is how SDK programs end. Without a debugger the BKPT is a HardFault, whose handler is a BKPT: the core
        locks up, and the rest of the chip goes on, sending what is left to send.
        """
        endings = (b"\x00\xbe\xfd\xe7", b"\x00\xbe\xfe\xe7")  # bkpt #0, then a branch to it or to itself
        engine = self.engine
        if stop.core in self.ended_s:
            return False
        try:
            r0, *_, pc, _ = struct.unpack("<8I", engine.read_memory(engine.register(13, stop.core), 32))
            if r0 != 0 or engine.read_memory(pc, 4) not in endings:
                return False
        except (ValueError, EngineError):
            return False
        self.ended_s[stop.core] = self.time_s
        if self.crashes and self.crashes[-1].stop.core == stop.core:
            self.crashes.pop()  # the HardFault on the way
        return True

    def _drain_console(self) -> None:
        """What a core that locked up has sent is still on its way: a full UART FIFO takes 3 ms at 115200 baud."""
        for _ in range(50):
            before = len(self.uart_bytes) + len(self.usb_bytes)
            stop = self.engine.run_until(
                self.engine.cycle_at(self.engine.picoseconds(self.engine.cycle) + _PICO // 1000)
            )
            self._take_console()
            if stop.reason is not StopReason.TIME or len(self.uart_bytes) + len(self.usb_bytes) == before:
                break

    def _keep_keyframe(self, now_ps: int) -> None:
        """Remembers a moment at most a second ago from which a crash can be replayed."""
        if Capability.SNAPSHOTS in self.engine.capabilities and now_ps >= self._keyframe_due:
            self._keyframe = self.engine.save()
            self._keyframe_due = now_ps + _PICO

    def _input_given(self) -> None:
        """Something came from outside: a replay from before would not see it."""
        self._keyframe_due = 0

    def _crash_site(self, stop: Stop) -> CrashSite:
        from sim.crash import CrashSite

        return CrashSite(self, stop, self.engine.cycle, self._keyframe)

    def _supply_sound(self, now_ps: int) -> None:
        supplied = self.engine.sound_supplied
        needed = now_ps * SAMPLE_RATE // _PICO + _SOUND_AHEAD
        if needed > supplied:
            count = max(needed - supplied, _SOUND_AHEAD)
            self.engine.push_sound(self.scenario.render(supplied, count))

    def _take_console(self) -> None:
        self.usb_bytes += self.engine.take_usb()
        for cycle, byte in self.engine.take_uart():
            self.uart_bytes.append(byte)
            if byte != 0x0A:
                self._line.append(byte)
                continue
            text = self._line.decode("ascii", errors="backslashreplace").removesuffix("\r")
            self._line.clear()
            try:
                self.log.add(self.seconds_at(cycle), text)
            except ProtocolError as error:
                self.log.lines.append((self.seconds_at(cycle), text))
                self.protocol_errors.append(str(error))

    def _explain(self, stop: Stop) -> str:
        what = stop.detail or stop.reason.name.lower().replace("_", " ")
        where = self.image.symbols.at(stop.pc) or f"{stop.pc:#010x}"
        return f"the program stopped: {what} at {where} (core {stop.core}), {self.time_s:.6f} s after power-on"

    def _context(self) -> str:
        if not self.log.lines:
            return f"the console is silent, the program is at {self.where()}"
        return f"the last console line is {self.log.lines[-1][1]!r}"

    # Looking inside

    def where(self, core: int = 0) -> str:
        """Where a core is: ``function+offset`` or the bare address."""
        pc = self.engine.register(15, core)
        return self.image.symbols.at(pc) or f"{pc:#010x}"

    @property
    def uart(self) -> str:
        """The console so far, as received."""
        return self.uart_bytes.decode("ascii", errors="backslashreplace")

    @property
    def usb(self) -> str:
        """What the program sent to the USB serial port, as received."""
        return self.usb_bytes.decode("ascii", errors="backslashreplace")

    @property
    def messages(self) -> Iterator[tuple[float, Message]]:
        """Console messages with the emulated time at which each was complete."""
        return iter(self.log.messages)

    def send(self, data: bytes) -> None:
        """Sends bytes to the firmware's console."""
        self._input_given()
        self.engine.send_uart(data)

    def send_usb(self, data: bytes) -> None:
        """Sends bytes to the firmware's USB serial port; they wait until it is open.

        Raises:
            EngineError: the engine has no USB host.
        """
        self._input_given()
        self.engine.send_usb(data)

    def pin(self, number: int) -> bool:
        """Level of a pin now."""
        if not 0 <= number < 30:
            raise UsageError(f"pin {number} does not exist; the RP2040 has GPIO 0..29")
        return self.engine.pin(number)

    @property
    def led(self) -> float:
        """Brightness of the board's LED, 0..1: the PWM duty of its pin, or its level when PWM does not drive it."""
        pin = self.board.led.pin
        active_low = self.board.led.active == "low"
        if self._word(_IO_BANK0 + 8 * pin + 4) & 0x1F != _FUNCSEL_PWM:
            return float(self.pin(pin) != active_low)
        slice_base = _PWM + 0x14 * ((pin >> 1) & 7)
        control, compare, top = (self._word(slice_base + offset) for offset in (0x00, 0x0C, 0x10))
        output_b = pin & 1
        duty = min(1.0, (compare >> (16 * output_b) & 0xFFFF) / (top + 1)) if control & 1 else 0.0
        inverted = bool(control & (0x8 if output_b else 0x4))
        return 1.0 - duty if inverted != active_low else duty

    def _word(self, address: int) -> int:
        return int.from_bytes(self.engine.read_memory(address, 4), "little")

    def read(self, where: str | int, size: int | None = None) -> bytes:
        """Memory at a symbol or an address; `size` defaults to the symbol's."""
        if isinstance(where, int):
            if size is None:
                raise UsageError("read() of an address needs a size")
            return self.engine.read_memory(where, size)
        symbol = self.image.symbols[where]
        return self.engine.read_memory(symbol.address, symbol.size if size is None else size)

    # Calls

    @property
    def functions(self) -> dict[str, FunctionCycles]:
        """Cycles of the measured functions that were called."""
        return {name: cycles for name, cycles in self.engine.function_cycles().items() if cycles.calls}

    def on_return(self, name: str, listener: Callable[[Call, int], None]) -> None:
        """Shows `listener` each finished call of a function and the cycle of its end; memory is as it left it.

        Raises:
            ImageError: the firmware has no such symbol.
        """
        self._tracer.on_return(name, self.image.symbols[name].address, listener)

    def capture_pcm(self) -> PcmCapture:
        """Collects from now on the PCM that the firmware's decimator produces."""
        return PcmCapture(self)

    def capture_features(self) -> FeatureCapture:
        """Collects from now on the features that the firmware computes."""
        return FeatureCapture(self)

    # Microphone faults

    def microphone_fault(self, fault: str) -> None:
        """Breaks or repairs the microphone: 'none', 'missing', 'stuck_low' or 'stuck_high'."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if fault not in ("none", "missing", "stuck_low", "stuck_high"):
            raise UsageError(f"microphone fault {fault!r} is not known; use none, missing, stuck_low or stuck_high")
        self.engine.set_microphone_fault(fault)
        self._input_given()

    def microphone_analog(self, gain: float = 1.0, offset: float = 0.0) -> None:
        """Gain (0..8) and constant offset (-1..1 of full scale) before the modulator, which limits."""
        self._needs(Capability.MICROPHONE_FAULTS)
        if not 0 <= gain <= 8 or not -1 <= offset <= 1:
            raise UsageError(f"microphone gain {gain:g} must be 0..8 and offset {offset:g} -1..1")
        self.engine.set_microphone_analog(gain, offset)
        self._input_given()

    def _needs(self, capability: Capability) -> None:
        if capability not in self.engine.capabilities:
            raise EngineError(f"engine {self.engine.name!r} has no {capability.name.lower().replace('_', ' ')}")

    # Snapshots

    def save(self) -> Snapshot:
        """The whole machine as it is now: chip, microphone and console."""
        self._needs(Capability.SNAPSHOTS)
        log = Log(list(self.log.lines), list(self.log.messages))
        texts = (bytes(self.uart_bytes), bytes(self.usb_bytes), bytes(self._line))
        return Snapshot(self.engine.save(), log, *texts, tuple(self.protocol_errors))

    def restore(self, snapshot: Snapshot) -> None:
        """Goes back to a snapshot of this machine, or of one with the same firmware, board, scenario and seed."""
        self._needs(Capability.SNAPSHOTS)
        self.engine.restore(snapshot.engine)
        self._input_given()
        self.engine.take_uart()
        self.engine.take_usb()
        self.log = Log(list(snapshot.log.lines), list(snapshot.log.messages))
        self.uart_bytes = bytearray(snapshot.uart)
        self.usb_bytes = bytearray(snapshot.usb)
        self._line = bytearray(snapshot.line)
        self._awaited = min(self._awaited, len(self.log.lines))
        self.ended_s = {core: ended for core, ended in self.ended_s.items() if ended <= self.time_s}
        self.protocol_errors = list(snapshot.protocol_errors)

    def reset(self) -> None:
        """Switches power off and on: time, sound and console begin again, flash holds what was loaded last."""
        fresh = create_engine(self.engine.name, self.board, self.seed)
        fresh.load(self.image)
        self.restore(Snapshot(fresh.save(), Log(), b"", b"", b"", ()))
        self.engine.reset(self.image)
        self.crashes.clear()

    # Debugger

    def gdb(self, port: int = 3333, *, on_listening: Callable[[int], None] | None = None) -> int | None:
        """Lets GDB take over: serves its remote protocol on 127.0.0.1 until it says `kill` or the firmware exits.

        Emulated time stands still while the program is stopped.

        Args:
            port: TCP port; 0 takes a free one.
            on_listening: called with the port when a debugger can connect.

        Returns:
            The exit code that the firmware gave by semihosting, or None.

        Raises:
            UsageError: the port is in use.
            EngineError: the engine has no debugger interface here.
        """
        from sim.gdb.server import serve

        return serve(self, port, on_listening=on_listening)

    # Results

    def result(self) -> RunResult:
        """What `emberwatch run --json` prints, for the run so far."""
        return RunResult.of(self)


def _read_bootrom(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"boot ROM {path} cannot be read: {(error.strerror or str(error)).lower()}") from None


class PcmCapture:
    """PCM blocks as `pdm_decimate` leaves them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._blocks: list[npt.NDArray[np.int16]] = []
        machine.on_return("pdm_decimate", self._take)

    def _take(self, call: Call, cycle: int) -> None:
        _state, _words, address, samples = call.arguments
        self._blocks.append(np.frombuffer(self._machine.engine.read_memory(address, 2 * samples), dtype="<i2"))

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """All samples so far, 16 kHz."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, dtype=np.int16)


class FeatureCapture:
    """Feature frames as `features_compute` leaves them."""

    BANDS = 32

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._frames: list[npt.NDArray[np.int8]] = []
        machine.on_return("features_compute", self._take)

    def _take(self, call: Call, cycle: int) -> None:
        self._frames.append(
            np.frombuffer(self._machine.engine.read_memory(call.arguments[1], self.BANDS), dtype=np.int8)
        )

    @property
    def frames(self) -> npt.NDArray[np.int8]:
        """All frames so far, shape (frames, 32), one per 8 ms."""
        return np.stack(self._frames) if self._frames else np.zeros((0, self.BANDS), dtype=np.int8)
