"""A board at the desk: its serial ports on the terminal, on pseudo-terminals and TCP ports, in real time."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, cast

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say
from emberwatch.base.units import PICO
from emberwatch.machine.console import USB_PORTS
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import EndRun, Observer
from emberwatch.machine.steps import PortName
from emberwatch.machine.usb.events import TEXT_PORTS

LEAVE = 0x1D
"""Ctrl-], which ends --interactive, as in telnet and miniterm."""
_SLICE_PS = 5 * PICO // 1000
_CHUNK = 4096
_MAX_BEHIND_S = 0.25
"""What real time is given up for good when the host was too slow or stood still for so long."""
_PIPE_WAITS_PS = PICO
_AFTER_INPUT_S = 1.0
"""Emulated time that goes on when a pipe on standard input has ended and nothing is printed any more."""


class Line(Protocol):
    """The other end of a serial port."""

    def read(self) -> bytes:
        """What has been typed or sent since the last time."""

    def write(self, data: bytes) -> None:
        """Shows or sends what the board has sent."""

    def close(self) -> None:
        """Gives it up."""


class Terminal:
    """Standard input and output: keys go to the board as they are pressed, Ctrl-C included; Ctrl-] leaves."""

    def __init__(self) -> None:
        if sys.platform == "win32":  # its consoles cannot be asked whether a key was pressed as files can
            raise UsageError(
                "--interactive needs a terminal as Unix has them; use --tcp auto=4000 and a terminal program"
            )
        self._input = sys.stdin.fileno()
        self.ended = False
        self._restore: Callable[[], None] | None = None
        self._begun = False
        if os.isatty(self._input):
            import termios
            import tty

            settings = termios.tcgetattr(self._input)
            tty.setraw(self._input)
            self._restore = lambda: termios.tcsetattr(self._input, termios.TCSADRAIN, settings)

    @property
    def interactive(self) -> bool:
        """Whether it is a terminal, and not a pipe or a file."""
        return self._restore is not None

    def read(self) -> bytes:
        """See `Line`.

        Raises:
            EndRun: Ctrl-] was pressed.
        """
        if self.ended or not select.select([self._input], [], [], 0)[0]:
            return b""
        data = os.read(self._input, _CHUNK)
        self.ended = not data
        if self._restore is not None and LEAVE in data:
            raise EndRun
        return data

    def write(self, data: bytes) -> None:
        """See `Line`."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        self._begun = not data.endswith(b"\n") if data else self._begun

    def close(self) -> None:
        """See `Line`; what follows begins on a line of its own."""
        if self._restore is not None:
            self._restore()
        if self._begun:
            print(flush=True)


class PseudoTerminal:
    """A serial port for other programs: `path` is the device that they open."""

    def __init__(self) -> None:
        try:
            import tty

            self._master, self._slave = os.openpty()  # held open, so that a client may come and go
            tty.setraw(self._slave)
        except (ImportError, AttributeError, OSError) as error:
            raise UsageError(f"--pty: this computer gives no pseudo-terminal ({error}); use --tcp") from None
        self.path = os.ttyname(self._slave)
        os.set_blocking(self._master, False)
        self._waiting = b""

    def read(self) -> bytes:
        """See `Line`."""
        try:
            return os.read(self._master, _CHUNK)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """See `Line`; what nobody reads is dropped beyond a buffer's length, as a UART's is."""
        self._waiting = (self._waiting + data)[-(1 << 16) :]
        with contextlib.suppress(BlockingIOError):
            self._waiting = self._waiting[os.write(self._master, self._waiting) :]

    def close(self) -> None:
        """See `Line`."""
        os.close(self._master)
        os.close(self._slave)


class TcpPort:
    """A serial port on a TCP port of this computer alone; one client at a time, others wait."""

    def __init__(self, number: int) -> None:
        try:
            self._server = socket.create_server(("127.0.0.1", number), backlog=1)
        except (OSError, OverflowError) as error:
            raise UsageError(f"--tcp: port {number} cannot be taken: {error}") from None
        self._server.setblocking(False)
        self.number = int(self._server.getsockname()[1])
        self._client: socket.socket | None = None
        self._waiting = b""

    def read(self) -> bytes:
        """See `Line`."""
        if self._client is None:
            try:
                self._client, _ = self._server.accept()
            except BlockingIOError:
                return b""
            self._client.setblocking(False)
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._waiting = b""
        try:
            data = self._client.recv(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._client.close()
            self._client = None
        return data

    def write(self, data: bytes) -> None:
        """See `Line`."""
        if self._client is None:
            return
        self._waiting = (self._waiting + data)[-(1 << 20) :]
        with contextlib.suppress(OSError):
            self._waiting = self._waiting[self._client.send(self._waiting) :]

    def close(self) -> None:
        """See `Line`."""
        if self._client is not None:
            self._client.close()
        self._server.close()


class Desk(Observer):
    """Carries bytes between a machine's serial ports and lines while it runs, and keeps to real time.

    Args:
        machine: whose ports.
        lines: (port, line); the port "auto" is all of the serial ones, and writes as the step `write` does.
        realtime: emulated time is not to run ahead of the host's.
    """

    def __init__(self, machine: Machine, lines: Sequence[tuple[PortName, Line]], realtime: bool) -> None:
        super().__init__(machine)
        self._lines = lines
        self._told = {name: len(port.data) for name, port in machine.ports.items()}
        self._realtime = realtime
        self._origin: float | None = None
        self._input_ended_ps: int | None = None
        machine.slice_ps = _SLICE_PS

    def before_slice(self, now_ps: int) -> None:
        """Exchanges bytes, then waits for the host's clock."""
        machine = self.machine
        for name, line in self._lines:
            if self._listens(line, now_ps) and (data := line.read()):
                machine.write_bytes(data, name)
        self.show()
        self._end_of_input(now_ps)
        if self._realtime:
            self._pace(now_ps / PICO)

    def _listens(self, line: Line, now_ps: int) -> bool:
        """A pipe has its text at once: it waits until there is somebody to read it."""
        if not isinstance(line, Terminal) or line.interactive or now_ps > _PIPE_WAITS_PS:
            return True
        machine = self.machine
        return machine.engine.usb_open or any(port.data for port in machine.ports.values())

    def show(self) -> None:
        """Hands on what the ports hold that has not been shown."""
        for name, port in self.machine.ports.items():
            if fresh := bytes(port.data[self._told.get(name, 0) :]):
                self._told[name] = len(port.data)
                for wanted, line in self._lines:
                    if wanted == name or (wanted == "auto" and name not in TEXT_PORTS):
                        line.write(fresh)

    def _pace(self, now_s: float) -> None:
        host = time.monotonic()
        if self._origin is None or host - self._origin - now_s > _MAX_BEHIND_S:
            self._origin = host - now_s
        ahead = self._origin + now_s - host
        if ahead > 0:
            time.sleep(ahead)

    def _end_of_input(self, now_ps: int) -> None:
        """A pipe that has ended ends the run when the board has nothing more to say."""
        if not any(isinstance(line, Terminal) and line.ended for _, line in self._lines):
            return
        spoken = max(port.last_s for port in self.machine.ports.values())
        if self._input_ended_ps is None:
            self._input_ended_ps = now_ps
        if now_ps / PICO - max(spoken, self._input_ended_ps / PICO) > _AFTER_INPUT_S:
            raise EndRun


def _port(text: str, option: str) -> PortName:
    names = ("uart0", "uart1", *USB_PORTS, "rtt", "auto")
    if text not in names:
        raise UsageError(f"{option} {text!r} is no serial port; there are: {', '.join(names)}")
    return cast(PortName, text)


@contextlib.contextmanager
def desk(
    machine: Machine, interactive: bool, ptys: Sequence[str], tcps: Sequence[str], realtime: bool
) -> Iterator[Desk | None]:
    """What --interactive, --pty and --tcp ask for, for the length of a run; None without any of it.

    Raises:
        UsageError: a port does not exist, or cannot be opened.
    """
    lines: list[tuple[PortName, Line]] = []
    try:
        for name in ptys:
            port = _port(name, "--pty")
            pty = PseudoTerminal()
            lines.append((port, pty))
            say(f"{name} is {pty.path}; as in: mpremote connect {pty.path}")
        for text in tcps:
            name, equals, number = text.partition("=")
            if not number.isdecimal() or not equals or int(number) > 65535:
                raise UsageError(f"--tcp {text!r} must be PORT=NUMBER, as in usb=4000; 0 takes a free one")
            port = _port(name, "--tcp")
            tcp = TcpPort(int(number))
            lines.append((port, tcp))
            say(f"{name} is socket://127.0.0.1:{tcp.number}; as in: mpremote connect socket://127.0.0.1:{tcp.number}")
        if interactive:
            if os.isatty(sys.stdin.fileno()):
                say("the terminal is the board's console; Ctrl-] leaves")
            lines.append(("auto", Terminal()))
        if not lines and not realtime:
            yield None
            return
        made = Desk(machine, lines, realtime)
        try:
            yield made
        finally:
            made.show()
            machine.forget(made)
    finally:
        for _, line in lines:
            line.close()
