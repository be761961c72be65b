"""Framing of the GDB remote serial protocol: ``$payload#checksum``, escapes, acknowledgements, Ctrl-C.

Reference: "GDB Remote Serial Protocol" in the GDB manual, section Overview.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from emberwatch.base.errors import EmberwatchError

MAX_PAYLOAD = 0x4000
"""Bytes of payload that either side may send; announced in the answer to qSupported."""
_ESCAPE = ord("}")
_SPECIAL = frozenset(b"#$}*")
_HEX = frozenset(b"0123456789abcdefABCDEF")


class PacketError(EmberwatchError):
    """A packet that cannot be answered as it is asked; GDB gets ``E01``."""


class NotGdb(EmberwatchError):
    """Bytes between packets that no debugger sends: the client speaks another protocol, HTTP for instance."""


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


def number(text: bytes) -> int:
    """A 32-bit number in hexadecimal.

    Raises:
        PacketError: it is none.
    """
    if not re.fullmatch(rb"0*[0-9a-fA-F]{1,8}", text):
        raise PacketError(f"{text!r} is no 32-bit number in hexadecimal")
    return int(text, 16)


def pair(text: bytes) -> tuple[int, int]:
    """Two of them with a comma between."""
    first, _, second = text.partition(b",")
    return number(first), number(second)


def hex_bytes(text: bytes) -> bytes:
    """Bytes of two hexadecimal digits each.

    Raises:
        PacketError: they are none.
    """
    if len(text) % 2 or not _HEX.issuperset(text):
        raise PacketError(f"{text!r} are no bytes in hexadecimal")
    return bytes.fromhex(text.decode("ascii"))


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
    """Cuts a byte stream into packets and marks.

    Between packets GDB sends acknowledgements and Ctrl-C, nothing else. A reader that skipped other bytes would find
    the packets that a web page hides in the body of a POST to this port, and a packet can run code.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._in_packet = False
        self._too_long = False

    def feed(self, data: bytes) -> list[Packet | Mark]:
        """What is complete after these further bytes, in order.

        Raises:
            NotGdb: a byte between packets is none of a debugger's; the connection is to be closed.
        """
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
        mark = {ord("+"): Mark.ACK, ord("-"): Mark.NACK, 0x03: Mark.INTERRUPT}.get(byte)
        if mark is None:
            begin = bytes([byte]) + bytes(self._buffer[:15])
            raise NotGdb(f"{begin!r} is no packet of GDB")
        return mark

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
