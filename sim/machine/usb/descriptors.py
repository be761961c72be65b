"""What a USB device says of itself: descriptors of USB 2.0, section 9.6."""

from __future__ import annotations

from dataclasses import dataclass, field

_INTERFACE, _ENDPOINT, _CONFIGURATION, _ASSOCIATION = 4, 5, 2, 11
TYPES = ("control", "isochronous", "bulk", "interrupt")
_CLASSES = {
    1: "audio",
    2: "communications",
    3: "human interface",
    6: "still image",
    7: "printer",
    8: "mass storage",
    10: "CDC data",
    14: "video",
    0xE0: "wireless",
    0xEF: "miscellaneous",
    0xFE: "application-specific",
    0xFF: "vendor-specific",
}
_SUBCLASSES = {
    (1, 1): "audio control",
    (1, 2): "audio streaming",
    (1, 3): "MIDI",
    (2, 2): "serial port",
    (2, 6): "Ethernet",
    (2, 13): "network",
    (0xFE, 1): "firmware upgrade",
    (0xFE, 3): "test and measurement",
}


@dataclass(frozen=True)
class Endpoint:
    """An endpoint.

    Attributes:
        address: with bit 7 for IN.
        type: one of `TYPES`.
        packet: bytes of the largest packet.
        interval: as bInterval says it.
    """

    address: int
    type: str
    packet: int
    interval: int

    @property
    def is_in(self) -> bool:
        """Whether data goes to the host."""
        return bool(self.address & 0x80)


@dataclass
class Interface:
    """An interface in one alternate setting; `specific` has its class-specific descriptors whole."""

    number: int
    alternate: int
    kind: int
    subclass: int
    protocol: int
    endpoints: list[Endpoint] = field(default_factory=list)
    specific: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Class in words."""
        known = _SUBCLASSES.get((self.kind, self.subclass)) or _CLASSES.get(self.kind)
        return known or f"class {self.kind:#04x}"

    def endpoint(self, kind: str, is_in: bool) -> Endpoint | None:
        """The first endpoint of a type and direction."""
        return next((e for e in self.endpoints if e.type == kind and e.is_in == is_in), None)


def interfaces_of(configuration: bytes) -> list[Interface]:
    """All interfaces of a configuration descriptor with their alternate settings; what is damaged ends it."""
    found: list[Interface] = []
    at = 0
    while at + 2 <= len(configuration):
        length = configuration[at]
        if length < 2 or at + length > len(configuration):
            break
        d = configuration[at : at + length]
        at += length
        if d[1] == _INTERFACE and length >= 9:
            found.append(Interface(d[2], d[3], d[5], d[6], d[7]))
        elif d[1] == _ENDPOINT and length >= 7 and found:
            packet = int.from_bytes(d[4:6], "little") & 0x7FF
            found[-1].endpoints.append(Endpoint(d[2], TYPES[d[3] & 3], packet, d[6]))
        elif d[1] not in (_CONFIGURATION, _ASSOCIATION) and found:
            found[-1].specific.append(d)
    return found


def text_of(string_descriptor: bytes) -> str:
    """The text of a string descriptor; what is no UTF-16 stands as U+FFFD."""
    return string_descriptor[2:].decode("utf-16-le", errors="replace")
