"""Steps about time and what is said on the program's serial ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from emberwatch.base.errors import ExpectationError, UsageError
from emberwatch.machine.console import USB_PORTS, Port
from emberwatch.machine.raw_repl import run_python
from emberwatch.machine.stepping import step
from emberwatch.machine.usb.events import TEXT_PORTS
from emberwatch.machine.values import Pattern, Seconds

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

PortName = Literal[
    "any",
    "auto",
    "uart0",
    "uart1",
    "usb",
    "usb1",
    "usb2",
    "usb3",
    "usb4",
    "usb5",
    "usb6",
    "keyboard",
    "mouse",
    "hid",
    "midi",
    "rtt",
    "semihosting",
]
_FINE_PS = 10**9
"""Slice while a step waits: what it waits for is seen within 1 ms."""
_QUIET_S = 0.02
"""A regular expression takes an unfinished line once nothing has come for so long."""


@dataclass(frozen=True)
class Seen:
    """A text that came.

    Attributes:
        text: what matched.
        groups: those of a regular expression.
        port: where it came.
        t_s: emulated seconds since power-on, within a millisecond.
    """

    text: str
    groups: tuple[str, ...]
    port: str
    t_s: float


class ConsoleSteps:
    """`Steps` derives from it."""

    _seen: dict[str, int]
    _refused: list[tuple[Pattern, str]]

    # Time

    @step
    def wait(self, seconds: Seconds) -> None:
        """Lets emulated time pass."""
        if seconds > 0:
            self._board.run(seconds)

    # Console

    @step
    def expect(self, text: str, timeout: Seconds = 10.0, port: PortName = "any") -> Seen:
        """Waits until a text comes on a serial port, after what an earlier `expect` has seen there.

        A text between slashes is a regular expression, within one line. What has come already counts.
        """
        pattern, found = Pattern.of(text), list[Seen]()

        def look() -> bool:
            if not found and (seen := self._find(pattern, port)) is not None:
                found.append(seen)
            return bool(found)

        if not look():
            with self.finely():
                self._board.wait_until(lambda _: look(), max(timeout, 1e-9), f"text {pattern} did not come")
        return found[0]

    @step
    def refuse(self, text: str, port: PortName = "any") -> None:
        """From now on the run fails as soon as this text comes; regular expressions as in `expect`."""
        self._refused.append((Pattern.of(text), port))

    @step
    def write(self, text: str, port: PortName = "auto") -> None:
        """Sends a text to a serial port.

        `auto` is the one that the program spoke on last, else an open USB port, else the board's console.
        """
        self.write_bytes(text.encode("utf-8", "surrogateescape"), port)

    def write_bytes(self, data: bytes, port: PortName = "auto") -> None:
        """As `write`, bytes."""
        board = self._board
        name = port
        if port in ("auto", "any"):
            name = self.speaking_port()
        if name in USB_PORTS:
            board.send_usb(data, USB_PORTS.index(name))
        elif name in ("semihosting", *TEXT_PORTS):
            raise UsageError(f"port = {name!r} only prints; write to uart0, uart1, usb, usb1 to usb6 or rtt")
        elif name == "rtt":
            board.send_rtt(data)
        elif name == next(iter(board.ports)):
            board.send(data)
        else:
            board.send_other(data)

    def forget_seen(self) -> None:
        """Lets the next `expect` see everything again that the ports hold."""
        self._seen = {}

    def check_refused(self) -> None:
        """Looks for what must not come.

        Raises:
            ExpectationError: it has.
        """
        for pattern, port in self._refused:
            if (seen := self._find(pattern, port, keep=True)) is not None:
                raise ExpectationError(f"text {pattern} came on {seen.port} at {seen.t_s:.6f} s: {seen.text!r}")

    @step
    def run_python(self, code: str, timeout: Seconds = 10.0) -> str:
        """Runs code on the board's MicroPython; it must not raise. Returns what it printed."""
        return run_python(self._board, code, timeout)

    # Helpers

    @property
    def _board(self) -> Machine:
        return cast("Machine", self)

    def speaking_port(self) -> PortName:
        """The serial port on which the program spoke last, else an open USB port, else the board's console."""
        board = self._board
        spoken = {n: p for n, p in board.ports.items() if p.data and n not in ("semihosting", *TEXT_PORTS)}
        silent = "usb" if board.engine.usb_open else next(iter(board.ports))
        return cast(PortName, max(spoken, key=lambda n: spoken[n].last_s, default=silent))

    @contextmanager
    def finely(self) -> Iterator[None]:
        """While a step waits: what it waits for is seen within a millisecond."""
        board = self._board
        before, board.slice_ps = board.slice_ps, min(board.slice_ps, _FINE_PS)
        try:
            yield
        finally:
            board.slice_ps = before

    def _find(self, pattern: Pattern, port: str, keep: bool = False) -> Seen | None:
        """The first match of what has not been seen yet; it has then, unless `keep`."""
        ports = self._board.ports
        if port not in get_args(PortName):
            raise UsageError(f"port = {port!r} is not known; there are: {', '.join(get_args(PortName))}")
        for name in ports if port in ("any", "auto") else (port,):
            if name not in ports:  # the device does not have it yet
                continue
            begin = 0 if keep else self._seen.get(name, 0)
            if (found := _match(pattern, ports[name], begin, self._board.time_s)) is not None:
                end, text, groups = found
                if not keep:
                    self._seen[name] = end
                return Seen(text, groups, name, ports[name].last_s)
        return None


def _match(pattern: Pattern, port: Port, begin: int, now_s: float) -> tuple[int, str, tuple[str, ...]] | None:
    """End of the first match from a byte on, its text and groups."""
    if pattern.expression is None:
        at = port.data.find(pattern.text, begin)
        return None if at < 0 else (at + len(pattern.text), pattern.source, ())
    end = len(port.data) if now_s - port.last_s >= _QUIET_S else len(port.data) - len(port.begun)
    while begin < end:
        stop = port.data.find(b"\n", begin, end)
        stop = end if stop < 0 else stop
        line = bytes(port.data[begin:stop]).removesuffix(b"\r")
        if (match := pattern.expression.search(line)) is not None:
            groups = tuple(_text(group or b"") for group in match.groups())
            return begin + match.end(), _text(match[0]), groups
        begin = stop + 1
    return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="backslashreplace")
