"""What a USB device sends beside its serial ports: packets as they came, and as text."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from emberwatch.base.errors import EmulationError
from emberwatch.engines import UsbHost
from emberwatch.machine.usb.descriptors import interfaces_of
from emberwatch.machine.usb.hid import HidDecoder
from emberwatch.machine.usb.midi import MidiDecoder

TEXT_PORTS = ("keyboard", "mouse", "hid", "midi")
"""Ports on which what a device sends stands as text: typed keys, and a line for each other event."""
MOST_PACKETS = 4_000_000
"""What is kept; a device that sends more ends the run."""
_AUDIO, _HID, _MIDI_STREAMING = 1, 3, 3


@dataclass(frozen=True)
class UsbPacket:
    """A packet from an IN endpoint that the host polls: a report of a HID, MIDI events, samples.

    Attributes:
        t_s: when it came, in emulated seconds.
        endpoint: address, bit 7 set.
        data: its bytes.
    """

    t_s: float
    endpoint: int
    data: bytes


class Decoder(Protocol):
    """Makes text of the packets of one endpoint."""

    def decode(self, data: bytes) -> list[tuple[str, str]]:
        """(port, text) for each event of a packet."""


@dataclass
class UsbEvents:
    """The packets of one machine, and what reads them."""

    packets: list[UsbPacket] = field(default_factory=list)
    _configuration: bytes = b""
    _decoders: dict[int, Decoder] = field(default_factory=dict)

    def take(self, host: UsbHost, seconds: Callable[[int], float], show: Callable[[str, float, str], None]) -> None:
        """Takes what came since the last time; `show` gets (port, seconds, text) for each event.

        Raises:
            EmulationError: the device has sent more than is kept.
        """
        came = host.take_packets()
        if not came:
            return
        if len(self.packets) + len(came) > MOST_PACKETS:
            raise EmulationError(
                f"the program has sent more than {MOST_PACKETS} USB packets, which is what is kept; give a shorter time"
            )
        self._look_at(host)
        for endpoint, cycle, data in came:
            packet = UsbPacket(seconds(cycle), endpoint, data)
            self.packets.append(packet)
            if (decoder := self._decoders.get(endpoint)) is not None:
                for port, text in decoder.decode(data):
                    show(port, packet.t_s, text)

    def keyboard(self, host: UsbHost, interface: int | None = None) -> tuple[int, HidDecoder] | None:
        """(interface, decoder) of the first keyboard with LEDs, or of the given interface."""
        for i in interfaces_of(host.identity()["configuration"]):
            if i.kind == _HID and i.alternate == 0 and interface in (None, i.number):
                decoder = HidDecoder.of(host.opening_answer(i.number))
                if decoder.led_report(set()) is not None:
                    return i.number, decoder
        return None

    def _look_at(self, host: UsbHost) -> None:
        """Makes decoders when the device is another than before."""
        configuration = host.identity()["configuration"]
        if configuration == self._configuration:
            return
        self._configuration = configuration
        self._decoders = {}
        for i in interfaces_of(configuration):
            interrupt, bulk = i.endpoint("interrupt", True), i.endpoint("bulk", True)
            if i.kind == _HID and interrupt is not None:
                self._decoders[interrupt.address] = HidDecoder.of(host.opening_answer(i.number))
            elif (i.kind, i.subclass) == (_AUDIO, _MIDI_STREAMING) and bulk is not None:
                self._decoders[bulk.address] = MidiDecoder()

    def forget(self) -> None:
        """Drops the packets so far."""
        self.packets.clear()

    def copy(self) -> UsbEvents:
        """Events of their own with the same content."""
        return UsbEvents(list(self.packets), self._configuration, copy.deepcopy(self._decoders))
