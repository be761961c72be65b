"""The state of a machine as a table, for terminals and notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from emberwatch.machine.machine import Machine


def facts(machine: Machine) -> list[tuple[str, str]]:
    """What one wants to know at first sight, by name."""
    log = machine.log
    alarms = ", ".join(f"{event.label} {event.t_s:.3f} s" for event in log.alarms[-3:]) or "none"
    last = log.lines[-1][1] if log.lines else "(silent)"
    return [
        ("firmware", str(machine.image.path)),
        ("board", machine.board.name),
        ("engine", machine.engine.name),
        ("time", f"{machine.time_s:.6f} s"),
        ("cycles", f"{machine.cycles:,}"),
        ("program counter", machine.where()),
        ("alarms", alarms),
        ("console", f"{len(log.lines)} lines, last: {last}"),
        ("crashes", str(len(machine.crashes))),
    ]


def as_table(machine: Machine) -> Table:
    """For `rich.print`."""
    from rich.table import Table

    table = Table("Machine", "", show_header=False, title=f"Machine {machine.image.path.name}")
    for name, value in facts(machine):
        table.add_row(name, value)
    return table


def as_html(machine: Machine) -> str:
    """For notebooks."""
    rows = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in facts(machine))
    return f"<table>{rows}</table>"
