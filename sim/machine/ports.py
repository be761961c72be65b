"""The serial ports of a machine: what came out of each, and what is sent into it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, cast

from emberwatch.base.errors import NotPossibleError
from emberwatch.board.board import Board
from emberwatch.engines import Engine
from emberwatch.machine.console import USB_PORTS, Console, Port
from emberwatch.machine.rtt import AT_POWER_ON, Rtt
from emberwatch.machine.usb import UsbDevice, UsbEvents
from emberwatch.machine.usb.events import TEXT_PORTS

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine


class Ports:
    """Console, the other UART, USB, RTT and semihosting; `Machine` derives from it."""

    engine: Engine
    board: Board
    rtt: Rtt | None
    """The host's end of the program's RTT, if it may have one."""
    _console: Console

    if TYPE_CHECKING:

        @property
        def time_s(self) -> float:
            """See `Running`."""

        def _input(self) -> AbstractContextManager[None]: ...

    @property
    def lines(self) -> list[tuple[float, str]]:
        """Complete lines of the board's console, each with the emulated seconds at which it ended."""
        return self._console.uart.lines

    @property
    def ports(self) -> dict[str, Port]:
        """What came out of each port: the console first, the other UART, USB, RTT, semihosting.

        A USB device's further serial ports, `usb1` and so on, and what it types or sends as `keyboard`, `mouse`, `hid`
        and `midi` are there once it has them.
        """
        console = self.board.uart.instance
        return {
            f"uart{console}": self._console.uart,
            f"uart{1 - console}": self._console.other_uart,
            "usb": self._console.usb,
            **{USB_PORTS[number]: port for number, port in self._console.more_usb.items()},
            **{name: self._console.text[name] for name in TEXT_PORTS if name in self._console.text},
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

    def send(self, data: bytes) -> None:
        """Sends bytes to the firmware's console."""
        with self._input():
            self.engine.send_uart(data)

    def send_usb(self, data: bytes, port: int = 0) -> None:
        """Sends bytes to a USB serial port of the firmware, 0..6; they wait until it is open.

        Raises:
            NotPossibleError: the engine has no USB host.
        """
        with self._input():
            if port == 0:
                self.engine.send_usb(data)
            else:
                self.engine.send_usb_port(port, data)

    @property
    def usb_events(self) -> UsbEvents:
        """What the USB device sent beside its serial ports."""
        return self._console.events

    @property
    def usb_device(self) -> UsbDevice:
        """The device that the program is on USB, seen from the host."""
        return UsbDevice(cast("Machine", self))

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
        return self.rtt.state if self.rtt is not None else AT_POWER_ON

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

    def _semihosting_output(self, text: str) -> None:
        for byte in text.encode():
            self._console.semihosting.feed(self.time_s, byte)

    def _rtt_output(self, data: bytes) -> None:
        for byte in data:
            self._console.rtt.feed(self.time_s, byte)
