"""`Machine`: firmware on an emulated board that hears a scenario.

Example::

    from emberwatch import Machine, Scenario

    with Machine("build/firmware/pico/emberwatch.elf", Scenario.from_file("smoke.wav")) as machine:
        machine.run_until_line("ALARM on", timeout_s=10)
        print(machine.time_s, machine.log.alarms)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Self

from emberwatch.base.errors import EmulationTimeout, FirmwareCrash, UsageError
from emberwatch.detector.protocol import Message
from emberwatch.detector.result import RunResult
from emberwatch.detector.taps import FeatureCapture, PcmCapture
from emberwatch.engines import Capability, FunctionCycles, StopReason
from emberwatch.inspect.calls import Call
from emberwatch.inspect.led import brightness
from emberwatch.machine.emulation import BUDGETED_FUNCTIONS, MAX_SECONDS, PICO, Emulation, Snapshot

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["BUDGETED_FUNCTIONS", "MAX_SECONDS", "FeatureCapture", "Machine", "PcmCapture", "Snapshot"]


class Machine(Emulation):
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

    def __repr__(self) -> str:
        return (
            f"<Machine {self.image.path.name} on {self.board.name}, {self.engine.name} engine: {self.time_s:.6f} s, "
            f"{self.cycles} cycles, pc {self.where()}, {len(self.log.lines)} console lines>"
        )

    def __rich__(self) -> Table:
        """The state as a table, for `rich.print`."""
        from emberwatch.report.machine import as_table

        return as_table(self)

    def _repr_html_(self) -> str:
        """The state as a table, for notebooks."""
        from emberwatch.report.machine import as_html

        return as_html(self)

    # Waiting

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
        end = engine.picoseconds(engine.cycle) + round(timeout_s * PICO)
        engine.add_breakpoint(address)
        try:
            while engine.picoseconds(engine.cycle) < end:
                stop, _ = self.run_slice(engine.cycle_at(end))
                if stop.reason is StopReason.BREAKPOINT and stop.pc == address:
                    return
                if stop.reason is StopReason.HARD_FAULT:
                    self.crashes.append(self._crash_site(stop))
                elif stop.reason not in (StopReason.TIME, StopReason.BREAKPOINT):
                    raise FirmwareCrash(self._explain(stop), self._crash_site(stop))
        finally:
            engine.remove_breakpoint(address)
        raise EmulationTimeout(f"{name} was not called within {timeout_s:g} s of emulated time; {self._context()}")

    # Looking inside

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
        return brightness(self.engine, self.board.led)

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
        from emberwatch.inspect.gdb.server import serve

        return serve(self, port, on_listening=on_listening)

    # Results

    def result(self) -> RunResult:
        """What `emberwatch run --json` prints, for the run so far."""
        return RunResult.of(self)
