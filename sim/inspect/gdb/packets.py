"""Framing of the GDB remote serial protocol: ``$payload#checksum``, escapes, acknowledgements, Ctrl-C.

Reference: "GDB Remote Serial Protocol" in the GDB manual, section Overview.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

MAX_PAYLOAD = 0x4000
"""Bytes of payload that either side may send; announced in the answer to qSupported."""
_ESCAPE = ord("}")
_SPECIAL = frozenset(b"#$}*")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class Mark(Enum):
    """What arrives besides packets."""

    ACK = auto()
    NACK = auto()
    INTERRUPT = auto()
    DAMAGED = auto()
    """A packet whose checksum is wrong, or that is too long: to be answered with ``-``."""


@dataclass(frozen=True)
class Packet:
    """A payload with the escapes removed."""

    payload: bytes


def frame(payload: bytes) -> bytes:
    """The bytes to send for a payload."""
    body = bytearray()
    for byte in payload:
        if byte in _SPECIAL:
            body += bytes((_ESCAPE, byte ^ 0x20))
        else:
            body.append(byte)
    return b"$%s#%02x" % (bytes(body), sum(body) & 0xFF)


def unescape(body: bytes) -> bytes:
    """Payload from the bytes between ``$`` and ``#``."""
    out = bytearray()
    escaped = False
    for byte in body:
        if escaped:
            out.append(byte ^ 0x20)
            escaped = False
        elif byte == _ESCAPE:
            escaped = True
        else:
            out.append(byte)
    return bytes(out)


class PacketReader:
    """Cuts a byte stream into packets and marks; noise between packets is skipped."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._in_packet = False
        self._too_long = False

    def feed(self, data: bytes) -> list[Packet | Mark]:
        """What is complete after these further bytes, in order."""
        found: list[Packet | Mark] = []
        self._buffer += data
        while self._buffer:
            item = self._packet() if self._in_packet else self._between()
            if item is None and self._in_packet and self._waits():
                break
            if item is not None:
                found.append(item)
        return found

    def _waits(self) -> bool:
        end = self._buffer.find(b"#")
        return end < 0 or len(self._buffer) < end + 3

    def _between(self) -> Mark | None:
        byte = self._buffer.pop(0)
        if byte == ord("$"):
            self._in_packet = True
            return None
        return {ord("+"): Mark.ACK, ord("-"): Mark.NACK, 0x03: Mark.INTERRUPT}.get(byte)

    def _packet(self) -> Packet | Mark | None:
        end = self._buffer.find(b"#")
        # An unescaped $ cannot occur within a packet: the one before it was cut short.
        restart = self._buffer.find(b"$", 0, end if end >= 0 else len(self._buffer))
        if restart >= 0:
            del self._buffer[: restart + 1]
            self._too_long = False
            return Mark.DAMAGED
        if end < 0:
            if len(self._buffer) > 2 * MAX_PAYLOAD:
                self._buffer.clear()
                self._too_long = True
            return None
        if len(self._buffer) < end + 3:
            return None
        body, given = bytes(self._buffer[:end]), bytes(self._buffer[end + 1 : end + 3])
        del self._buffer[: end + 3]
        self._in_packet = False
        too_long, self._too_long = self._too_long or len(body) > 2 * MAX_PAYLOAD, False
        if too_long or not _HEX.issuperset(given) or int(given, 16) != sum(body) & 0xFF:
            return Mark.DAMAGED
        return Packet(unescape(body))
