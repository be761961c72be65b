"""A running machine's console and LED on a terminal."""

from __future__ import annotations

from emberwatch.base.text import printable
from emberwatch.inspect.led import led_brightness
from emberwatch.machine.machine import Machine


class ConsolePrinter:
    """Prints the lines of all serial ports as they come, with their times; what is not of the console has its port."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._printed = dict.fromkeys(machine.ports, 0)
        self._console = next(iter(machine.ports))

    def show(self, *, end: bool = False) -> None:
        """Prints what is new; at the end of a run also the lines that were begun."""
        ports = self._machine.ports
        new = []
        for name, port in ports.items():
            first = min(self._printed[name], len(port.lines))  # less than before when a debugger went back in time
            new += [(t, name, line) for t, line in port.lines[first:]]
            self._printed[name] = len(port.lines)
            if end and port.begun:
                new.append((self._machine.time_s, name, port.unfinished))
        for t, name, line in sorted(new, key=lambda entry: entry[0]):
            shown = printable(line)  # the program's own text: it must not steer the terminal
            print(f"{t:10.6f}  {shown}" if name == self._console else f"{t:10.6f}  {name}: {shown}", flush=True)


class LedChanges:
    """Notices when the board's LED goes on and off between looks 50 ms apart."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lit = led_brightness(machine) >= 0.5
        self.times_s: list[float] = []

    def look(self) -> None:
        """Compares with the last look."""
        lit = led_brightness(self._machine) >= 0.5
        if lit != self._lit:
            self._lit = lit
            self.times_s.append(self._machine.time_s)

    def text(self) -> str:
        """One line for people."""
        now = "on" if self._lit else "off"
        if not self.times_s:
            return f"{now} all the time"
        plural = "s" if len(self.times_s) != 1 else ""
        return f"{len(self.times_s)} change{plural}, the first before {self.times_s[0]:.2f} s; {now} at the end"
