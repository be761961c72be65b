"""What a program prints: bytes of UART and USB as they came, and the UART's lines with their times."""

from __future__ import annotations

from dataclasses import dataclass

from sim.engines import Engine, StopReason
from sim.errors import ProtocolError
from sim.protocol import Log

_PICO = 10**12
_MILLISECOND_PS = _PICO // 1000


@dataclass(frozen=True)
class ConsoleState:
    """A console at one moment; see `Console.save`."""

    log: Log
    uart: bytes
    usb: bytes
    line: bytes
    protocol_errors: tuple[str, ...]


class Console:
    """Collects what an engine's program sends."""

    def __init__(self) -> None:
        self.log = Log()
        self.uart = bytearray()
        self.usb = bytearray()
        self.protocol_errors: list[str] = []
        self._line = bytearray()

    def take(self, engine: Engine) -> None:
        """Takes what the program has sent since the last time."""
        self.usb += engine.take_usb()
        for cycle, byte in engine.take_uart():
            self.uart.append(byte)
            if byte != 0x0A:
                self._line.append(byte)
                continue
            text = self._line.decode("ascii", errors="backslashreplace").removesuffix("\r")
            self._line.clear()
            seconds = engine.picoseconds(cycle) / _PICO
            try:
                self.log.add(seconds, text)
            except ProtocolError as error:
                self.log.lines.append((seconds, text))
                self.protocol_errors.append(str(error))

    def drain(self, engine: Engine) -> None:
        """What a core that locked up has sent is still on its way: a full UART FIFO takes 3 ms at 115200 baud."""
        for _ in range(50):
            before = len(self.uart) + len(self.usb)
            stop = engine.run_until(engine.cycle_at(engine.picoseconds(engine.cycle) + _MILLISECOND_PS))
            self.take(engine)
            if stop.reason is not StopReason.TIME or len(self.uart) + len(self.usb) == before:
                break

    def save(self) -> ConsoleState:
        """The console as it is now."""
        log = Log(list(self.log.lines), list(self.log.messages))
        return ConsoleState(log, bytes(self.uart), bytes(self.usb), bytes(self._line), tuple(self.protocol_errors))

    def restore(self, state: ConsoleState) -> None:
        """Goes back to a saved state."""
        self.log = Log(list(state.log.lines), list(state.log.messages))
        self.uart = bytearray(state.uart)
        self.usb = bytearray(state.usb)
        self._line = bytearray(state.line)
        self.protocol_errors = list(state.protocol_errors)
