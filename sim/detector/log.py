"""What our firmware said on its console: the protocol's messages with their times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from emberwatch.base.errors import ProtocolError
from emberwatch.base.text import printable
from emberwatch.detector.protocol import Alarm, Banner, Fault, Kind, Message, Statistics, Window, parse_line
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import Observer


@dataclass
class Log:
    """All messages of one run, with the emulated time at which each line was complete.

    Attributes:
        messages: (seconds, message) in order.
        errors: what was wrong with lines that begin like a protocol line but do not follow it.
    """

    messages: list[tuple[float, Message]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def take(self, lines: Iterable[tuple[float, str]]) -> None:
        """Parses console lines and keeps what they say; control characters stand as escapes in it."""
        for t_s, line in lines:
            try:
                self.messages.append((t_s, parse_line(printable(line))))
            except ProtocolError as error:
                self.errors.append(str(error))

    @property
    def banner(self) -> Banner | None:
        """The latest boot banner."""
        return next((m for _, m in reversed(self.messages) if isinstance(m, Banner)), None)

    @property
    def banners(self) -> list[Banner]:
        """All boot banners; more than one means that the chip was reset."""
        return [m for _, m in self.messages if isinstance(m, Banner)]

    @property
    def windows(self) -> list[Window]:
        """All windows in order."""
        return [m for _, m in self.messages if isinstance(m, Window)]

    @property
    def alarms(self) -> list[Alarm]:
        """All alarm events in order."""
        return [m for _, m in self.messages if isinstance(m, Alarm)]

    @property
    def first_alarm(self) -> Alarm | None:
        """The event by which the alarm first went on, or None."""
        return next((event for event in self.alarms if event.state == "on"), None)

    @property
    def alarm_on(self) -> bool:
        """Whether the alarm is on now, as far as its events say; one that is merely possible is not."""
        return next((a.state != "off" for a in reversed(self.alarms) if a.state in ("on", "kind", "off")), False)

    @property
    def kinds(self) -> list[Kind]:
        """The kinds that alarms were given, in order."""
        return [event.kind for event in self.alarms if event.state in ("on", "kind")]

    @property
    def statistics(self) -> Statistics | None:
        """The newest counters."""
        return next((m for _, m in reversed(self.messages) if isinstance(m, Statistics)), None)

    @property
    def faults(self) -> list[Fault]:
        """All faults in order."""
        return [m for _, m in self.messages if isinstance(m, Fault)]


class DetectorLog(Observer):
    """Listens to the console of a machine; `log` is what it has said so far."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._log = Log()
        self._taken = 0

    @property
    def log(self) -> Log:
        """All messages up to now."""
        lines = self.machine.lines
        self._log.take(lines[self._taken :])
        self._taken = len(lines)
        return self._log

    def restored(self) -> None:
        """Reads the console anew: it may be shorter now."""
        self._log = Log()
        self._taken = 0

    def facts(self) -> list[tuple[str, str]]:
        """The last alarm events, if it is our firmware that speaks."""
        if self.log.banner is None:
            return []
        return [("alarms", ", ".join(f"{event.label} {event.t_s:.3f} s" for event in self.log.alarms[-3:]) or "none")]
