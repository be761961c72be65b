"""What a program prints: bytes of the UARTs and of USB as they came, and their lines with times."""

from __future__ import annotations

from dataclasses import dataclass, field

from emberwatch.base.errors import ProtocolError
from emberwatch.detector.protocol import Log
from emberwatch.engines import Engine, StopReason

_PICO = 10**12
_MILLISECOND_PS = _PICO // 1000


@dataclass
class Port:
    """A serial port: its bytes, its complete lines with the seconds at which they ended, and the line begun."""

    data: bytearray = field(default_factory=bytearray)
    lines: list[tuple[float, str]] = field(default_factory=list)
    begun: bytearray = field(default_factory=bytearray)

    def feed(self, seconds: float, byte: int) -> str | None:
        """Takes one byte; returns the line that it ended, if it did."""
        self.data.append(byte)
        if byte != 0x0A:
            self.begun.append(byte)
            return None
        text = self.unfinished
        self.begun.clear()
        self.lines.append((seconds, text))
        return text

    def copy(self) -> Port:
        """A port of its own with the same content."""
        return Port(bytearray(self.data), list(self.lines), bytearray(self.begun))

    @property
    def unfinished(self) -> str:
        """The line begun, as text."""
        return self.begun.decode("ascii", errors="backslashreplace").removesuffix("\r")


@dataclass(frozen=True)
class ConsoleState:
    """A console at one moment; see `Console.save`."""

    log: Log
    ports: tuple[Port, Port, Port]
    protocol_errors: tuple[str, ...]


class Console:
    """Collects what an engine's program sends."""

    def __init__(self) -> None:
        self.log = Log()
        self.uart = Port()
        self.other_uart = Port()
        self.usb = Port()
        self.protocol_errors: list[str] = []

    def take(self, engine: Engine) -> None:
        """Takes what the program has sent since the last time."""
        for port, sent in ((self.usb, engine.take_usb()), (self.other_uart, engine.take_other_uart())):
            for cycle, byte in sent:
                port.feed(engine.picoseconds(cycle) / _PICO, byte)
        for cycle, byte in engine.take_uart():
            seconds = engine.picoseconds(cycle) / _PICO
            text = self.uart.feed(seconds, byte)
            if text is None:
                continue
            try:
                self.log.add(seconds, text)
            except ProtocolError as error:
                self.log.lines.append((seconds, text))
                self.protocol_errors.append(str(error))

    def drain(self, engine: Engine) -> None:
        """What a core that locked up has sent is still on its way: a full UART FIFO takes 3 ms at 115200 baud."""
        for _ in range(50):
            before = self._received
            stop = engine.run_until(engine.cycle_at(engine.picoseconds(engine.cycle) + _MILLISECOND_PS))
            self.take(engine)
            if stop.reason is not StopReason.TIME or self._received == before:
                break

    @property
    def _received(self) -> int:
        return len(self.uart.data) + len(self.other_uart.data) + len(self.usb.data)

    def save(self) -> ConsoleState:
        """The console as it is now."""
        log = Log(list(self.log.lines), list(self.log.messages))
        ports = (self.uart.copy(), self.other_uart.copy(), self.usb.copy())
        return ConsoleState(log, ports, tuple(self.protocol_errors))

    def restore(self, state: ConsoleState) -> None:
        """Goes back to a saved state."""
        self.log = Log(list(state.log.lines), list(state.log.messages))
        self.uart, self.other_uart, self.usb = (port.copy() for port in state.ports)
        self.protocol_errors = list(state.protocol_errors)
