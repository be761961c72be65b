"""A running machine's console and LED on a terminal."""

from __future__ import annotations

from emberwatch.base.text import printable
from emberwatch.engines.base import Capability
from emberwatch.inspect.led import led_brightness
from emberwatch.machine.console import Port
from emberwatch.machine.machine import Machine

_PATIENCE_S = 0.1
"""A line that was begun is shown when nothing has come for so long."""


class ConsolePrinter:
    """Prints what comes on all serial ports, with times; what is not of the console has its port.

    Lines are printed when they are complete, and what was begun of one when nothing more comes: a prompt, dots.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._printed = dict.fromkeys(machine.ports, 0)
        self._console = next(iter(machine.ports))
        self._open: tuple[str, int] | None = None
        """Port whose begun line is on the terminal, and how much of it."""

    def show(self, *, end: bool = False) -> None:
        """Prints what is new; at the end of a run also the lines that were begun."""
        ports = self._machine.ports
        new = []
        for name, port in ports.items():
            # Less than before when a debugger went back in time.
            first = min(self._printed.get(name, 0), len(port.lines))
            new += [(t, name, line) for t, line in port.lines[first:]]
            self._printed[name] = len(port.lines)
        for t, name, line in sorted(new, key=lambda entry: entry[0]):
            self._line(t, name, line)
            print(flush=True)
            self._open = None
        for name, port in ports.items():
            if port.begun and (end or self._machine.time_s - port.last_s >= _PATIENCE_S):
                self._begun(name, port)
        if end and self._open is not None:
            print(flush=True)
            self._open = None

    def _line(self, t: float, name: str, line: str) -> None:
        """Prints a line, or what is missing of it, without its end."""
        if self._open is not None and self._open[0] == name:
            print(printable(line[self._open[1] :]), end="", flush=True)
            return
        if self._open is not None:
            print()
        shown = printable(line)
        print(f"{t:10.6f}  {shown}" if name == self._console else f"{t:10.6f}  {name}: {shown}", end="", flush=True)

    def _begun(self, name: str, port: Port) -> None:
        text = port.unfinished
        if self._open != (name, len(text)):
            self._line(port.last_s, name, text)
            self._open = name, len(text)


class LedChanges:
    """Notices when the board's LED goes on and off between looks some milliseconds apart."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        seen = Capability.MEMORY in machine.engine.capabilities
        self._watched = seen and machine.board.led is not None
        self._lit = self._now()
        self.times_s: list[float] = []

    def _now(self) -> bool:
        return self._watched and led_brightness(self._machine) >= 0.5

    def look(self) -> None:
        """Compares with the last look."""
        lit = self._now()
        if lit != self._lit:
            self._lit = lit
            self.times_s.append(self._machine.time_s)

    def text(self) -> str:
        """One line for people; empty without an LED that can be seen."""
        if not self._watched:
            return ""
        now = "on" if self._lit else "off"
        if not self.times_s:
            return f"{now} all the time"
        plural = "s" if len(self.times_s) != 1 else ""
        return f"{len(self.times_s)} change{plural}, the first before {self.times_s[0]:.2f} s; {now} at the end"
