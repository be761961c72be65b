"""Whoever sits at the other end of a serial line: a modem, a GPS receiver, another board."""

from __future__ import annotations

from emberwatch.devices.base import Device


class UartPeer(Device):
    """Keeps what it hears, sends what it is told, and answers lines that it knows.

    Args:
        baud: bits per second, 8N1; a program with another rate is not understood, as on the bench.
        replies: what to send (without the line's end) for a line that was received; `"*"` stands for all others.
        newline: what ends a line in either direction.
        delay_us: from the end of a line to its answer.
    """

    lines = ("rx", "tx")
    optional_lines = ("rx", "tx")
    parameters = ("baud", "replies", "newline", "delay_us")

    def __init__(
        self, baud: int = 115_200, replies: dict[str, str] | None = None, newline: str = "\r\n", delay_us: float = 100
    ) -> None:
        if not 50 <= baud <= 8_000_000:
            raise ValueError(f"baud is {baud}; it must be 50 to 8000000")
        if not newline:
            raise ValueError("newline is empty; a line must end with something")
        self.baud, self.replies, self.newline, self.delay_us = baud, dict(replies or {}), newline, delay_us
        self.received = bytearray()
        self.line = bytearray()
        self.answers: list[bytes] = []

    def power_on(self) -> None:
        """See `Device.power_on`."""
        self.received.clear()
        self.line.clear()
        self.answers.clear()

    def send(self, data: bytes) -> None:
        """Sends bytes now, or after what is still going out."""
        self.port.uart_send(data)

    def uart_received(self, data: bytes, ps: int) -> int | None:
        """See `Device.uart_received`."""
        self.received += data
        self.line += data
        end = self.newline.encode()
        if not self.line.endswith(end):
            return None
        line = self.line[: -len(end)].decode(errors="replace")
        self.line.clear()
        reply = self.replies.get(line, self.replies.get("*"))
        if reply is None:
            return None
        self.answers.append(reply.encode() + end)
        return ps + round(self.delay_us * 1e6)

    def wake(self, ps: int) -> None:
        """The answers are due."""
        for answer in self.answers:
            self.port.uart_send(answer)
        self.answers.clear()
