"""Microphones on USB: PCM streams to the host by USB Audio 1.0 and 2.0."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emberwatch.base.errors import DeviceError, UsageError
from emberwatch.machine.usb.descriptors import Endpoint, Interface

if TYPE_CHECKING:
    from emberwatch.machine.usb.device import UsbDevice

_AUDIO, _CONTROL, _STREAMING = 1, 1, 2
_VERSION_2 = 0x20
_GENERAL, _FORMAT, _CLASS_SPECIFIC = 1, 2, 0x24
_SET_INTERFACE = 0x0B


@dataclass(frozen=True)
class Recording:
    """What a microphone has sent.

    Attributes:
        rate: samples a second of each channel.
        channels: number of them.
        width: bytes of a sample.
        frames: samples, channels in turn, little-endian.
    """

    rate: int
    channels: int
    width: int
    frames: bytes

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.frames) / (self.rate * self.channels * self.width)

    def wav(self) -> bytes:
        """As a WAV file; samples of 8 bits are unsigned in it, as in the stream's UAC1 format."""
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(self.channels)
            file.setsampwidth(self.width)
            file.setframerate(self.rate)
            file.writeframes(self.frames)
        return out.getvalue()


@dataclass(frozen=True)
class Microphone:
    """A stream that can be recorded."""

    device: UsbDevice
    interface: Interface
    endpoint: Endpoint
    channels: int
    width: int
    rates: tuple[int, ...]
    clock: int | None
    """UAC2: wIndex of requests to its clock source; None for UAC1."""

    def record(self, seconds: float, rate: int | None = None) -> Recording:
        """Opens the stream, runs for so many emulated seconds, closes it.

        Raises:
            UsageError: the device does not have this rate.
            DeviceError: it refuses the stream.
        """
        device, machine = self.device, self.device._machine
        if seconds <= 0:
            raise UsageError(f"seconds = {seconds:g} must be more than 0")
        if rate is not None and self.rates and rate not in self.rates:
            raise UsageError(f"rate = {rate} Hz is not the microphone's; it has: {', '.join(map(str, self.rates))}")
        number = self.interface.number
        rate = self._set_rate(rate) if self.clock is not None else rate
        device.request(0x01, _SET_INTERFACE, self.interface.alternate, number)
        if self.clock is None:
            rate = self._set_rate(rate)
        assert rate is not None
        begin = len(device.packets)
        device.host.listen(self.endpoint.address)
        machine.input_given()
        machine.run(seconds)
        device.host.listen(self.endpoint.address, False)
        came = [p.data for p in device.packets[begin:] if p.endpoint == self.endpoint.address]
        device.request(0x01, _SET_INTERFACE, 0, number)
        frames = b"".join(came)
        whole = self.channels * self.width
        return Recording(rate, self.channels, self.width, frames[: len(frames) // whole * whole])

    def _set_rate(self, rate: int | None) -> int:
        """Sets the rate where one is asked for, and returns what it is."""
        device = self.device
        if self.clock is not None:
            if rate is not None:
                device.request(0x21, 0x01, 0x0100, self.clock, rate.to_bytes(4, "little"))
            found = int.from_bytes(device.request(0xA1, 0x01, 0x0100, self.clock, 4), "little")
            if not found:
                raise DeviceError("usb: the microphone's clock says no rate")
            return found
        chosen = rate if rate is not None else self.rates[0] if self.rates else 0
        if not chosen:
            raise DeviceError("usb: the microphone says no rate; give one")
        if len(self.rates) != 1:  # a device of one rate may refuse the request
            device.request(0x22, 0x01, 0x0100, self.endpoint.address, chosen.to_bytes(3, "little"))
        return chosen


def microphones(device: UsbDevice, interfaces: list[Interface]) -> list[Microphone]:
    """The first alternate setting with an isochronous IN endpoint of PCM, of each streaming interface."""
    found: dict[int, Microphone] = {}
    control = next((i for i in interfaces if (i.kind, i.subclass) == (_AUDIO, _CONTROL)), None)
    for i in interfaces:
        endpoint = i.endpoint("isochronous", True)
        if (i.kind, i.subclass) != (_AUDIO, _STREAMING) or endpoint is None or i.number in found:
            continue
        specific = {d[2]: d for d in i.specific if len(d) >= 4 and d[1] == _CLASS_SPECIFIC}
        general, form = specific.get(_GENERAL, b""), specific.get(_FORMAT, b"")
        if i.protocol == _VERSION_2:
            if len(general) < 11 or len(form) < 6 or form[3] != 1:
                continue
            clock = _clock(control, general[3])
            found[i.number] = Microphone(device, i, endpoint, general[10], form[4], (), clock)
        elif len(form) >= 8 and form[3] == 1:
            rates = (
                [int.from_bytes(form[at : at + 3], "little") for at in range(8, 8 + 3 * form[7], 3)] if form[7] else []
            )
            found[i.number] = Microphone(device, i, endpoint, form[4], form[5], tuple(rates), None)
    return [m for m in found.values() if m.channels and 1 <= m.width <= 4]


def _clock(control: Interface | None, terminal: int) -> int:
    """wIndex for requests to the clock source of a terminal (UAC2, tables 4-9 and 4-10)."""
    if control is None:
        raise DeviceError("usb: the microphone has no audio control interface")
    for d in control.specific:
        if len(d) >= 9 and d[1] == _CLASS_SPECIFIC and d[2] in (2, 3) and d[3] == terminal:
            return (d[7] if d[2] == 2 else d[8]) << 8 | control.number
    raise DeviceError(f"usb: the microphone's terminal {terminal} is not described")
