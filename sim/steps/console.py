"""What came on a machine's serial ports, as text for people."""

from __future__ import annotations

from emberwatch.base.text import printable
from emberwatch.machine.machine import Machine


def console_text(machine: Machine) -> str:
    """All that came on the serial ports as text: their lines with times, and ports where it is not the console."""
    lines = [(t, name, line) for name, port in machine.ports.items() for t, line in port.lines]
    lines += [(port.last_s, name, port.unfinished) for name, port in machine.ports.items() if port.begun]
    console = next(iter(machine.ports))
    return "".join(
        f"{t:10.6f}  {'' if name == console else name + ': '}{printable(line)}\n"
        for t, name, line in sorted(lines, key=lambda entry: entry[0])
    )
