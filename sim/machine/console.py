"""What a program prints: bytes of the UARTs and of USB as they came, and their lines with times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from emberwatch.base.errors import EmulationError
from emberwatch.base.units import PICO
from emberwatch.engines import Engine, UsbHost
from emberwatch.machine.usb.events import UsbEvents

USB_PORTS = ("usb", "usb1", "usb2", "usb3", "usb4", "usb5", "usb6")
"""Serial ports of one USB device, in the order of its configuration."""
MOST_BYTES = 128 << 20
MOST_LINES = 4_000_000
"""What is kept of one port: the detector's console of 32 emulated hours. A program that sends more ends the run."""


@dataclass
class Port:
    """A serial port: its bytes, its complete lines with the seconds at which they ended, and the line begun.

    Attributes:
        last_s: when the last byte came, in emulated seconds.
    """

    data: bytearray = field(default_factory=bytearray)
    lines: list[tuple[float, str]] = field(default_factory=list)
    begun: bytearray = field(default_factory=bytearray)
    last_s: float = 0.0

    def feed(self, seconds: float, byte: int) -> None:
        """Takes one byte.

        Raises:
            EmulationError: the program has sent more than is kept.
        """
        if len(self.data) >= MOST_BYTES or len(self.lines) >= MOST_LINES:
            raise EmulationError(
                f"the program has sent {len(self.data)} bytes in {len(self.lines)} lines to one serial port, more than "
                f"is kept ({MOST_BYTES} bytes, {MOST_LINES} lines); give a shorter time to run"
            )
        self.last_s = seconds
        self.data.append(byte)
        if byte != 0x0A:
            self.begun.append(byte)
            return
        self.lines.append((seconds, self.unfinished))
        self.begun.clear()

    def feed_all(self, sent: Sequence[tuple[int, int]], seconds: Callable[[int], float]) -> None:
        """Takes bytes with the cycles in which each came, as `feed` does one by one; ``seconds`` is a cycle's time."""
        if len(self.data) + len(sent) > MOST_BYTES or len(self.lines) + len(sent) > MOST_LINES:
            for cycle, byte in sent:
                self.feed(seconds(cycle), byte)
            return
        data = bytes(byte for _, byte in sent)
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            self.begun += data[begin:end]
            self.lines.append((seconds(sent[end][0]), self.unfinished))
            self.begun.clear()
            begin = end + 1
        self.begun += data[begin:]
        self.data += data
        if sent:
            self.last_s = seconds(sent[-1][0])

    def forget(self) -> None:
        """Drops the bytes and the complete lines so far."""
        self.data.clear()
        self.lines.clear()

    def copy(self) -> Port:
        """A port of its own with the same content."""
        return Port(bytearray(self.data), list(self.lines), bytearray(self.begun), self.last_s)

    @property
    def text(self) -> str:
        """Everything so far; what is no ASCII stands as an escape."""
        return self.data.decode("ascii", errors="backslashreplace")

    @property
    def unfinished(self) -> str:
        """The line begun, as text."""
        return self.begun.decode("ascii", errors="backslashreplace").removesuffix("\r")


@dataclass
class Console:
    """The board's console, the other UART, the USB serial port, RTT and the semihosting output of one machine."""

    uart: Port = field(default_factory=Port)
    other_uart: Port = field(default_factory=Port)
    usb: Port = field(default_factory=Port)
    rtt: Port = field(default_factory=Port)
    semihosting: Port = field(default_factory=Port)
    more_usb: dict[int, Port] = field(default_factory=dict)
    """Further USB serial ports, by number from 1 on, once the device has them."""
    text: dict[str, Port] = field(default_factory=dict)
    """What a USB device sent otherwise: `TEXT_PORTS`, once something came."""
    events: UsbEvents = field(default_factory=UsbEvents)

    def take(self, engine: Engine) -> None:
        """Takes what the program has sent since the last time."""
        for port, sent in (
            (self.uart, engine.take_uart()),
            (self.other_uart, engine.take_other_uart()),
            (self.usb, engine.take_usb()),
        ):
            if sent:
                port.feed_all(sent, lambda cycle: engine.picoseconds(cycle) / PICO)
        if (host := engine.usb_host) is not None:
            self._take_usb(engine, host)

    def _take_usb(self, engine: Engine, host: UsbHost) -> None:
        """The same from what a USB device has beside its first serial port."""

        def seconds(cycle: int) -> float:
            return engine.picoseconds(cycle) / PICO

        for number in range(1, len(USB_PORTS)):
            if number not in self.more_usb and not host.serial_open(number):
                break
            port = self.more_usb.setdefault(number, Port())
            if sent := engine.take_usb_port(number):
                port.feed_all(sent, seconds)
        self.events.take(host, seconds, self._show)

    def _show(self, name: str, seconds: float, text: str) -> None:
        port = self.text.setdefault(name, Port())
        for byte in text.encode():
            port.feed(seconds, byte)

    @property
    def received(self) -> int:
        """Bytes of all ports so far."""
        return len(self.uart.data) + len(self.other_uart.data) + len(self.usb.data)

    def copy(self) -> Console:
        """A console of its own with the same content."""
        return Console(
            self.uart.copy(),
            self.other_uart.copy(),
            self.usb.copy(),
            self.rtt.copy(),
            self.semihosting.copy(),
            {number: port.copy() for number, port in self.more_usb.items()},
            {name: port.copy() for name, port in self.text.items()},
            self.events.copy(),
        )
