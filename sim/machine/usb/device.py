"""What is asked of the USB device: requests, data, reports, MIDI messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emberwatch.base.errors import DeviceError, NotPossibleError, UsageError
from emberwatch.engines import UsbHost
from emberwatch.machine.usb import midi
from emberwatch.machine.usb.audio import Microphone, microphones
from emberwatch.machine.usb.descriptors import Interface, interfaces_of, text_of
from emberwatch.machine.usb.drive import Drive
from emberwatch.machine.usb.events import UsbPacket
from emberwatch.machine.usb.picoboot import Picoboot

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

READY_S = 10.0
"""Emulated time in which a device must be configured, where something is asked of it."""
TRANSFER_S = 5.0
"""Emulated time that a transfer may take unless its caller says otherwise; Linux gives a request as long."""
USB_BOOT = (0x2E8A, 0x0003)
"""idVendor and idProduct of an RP2040 in USB boot."""
_HID, _AUDIO, _STORAGE = 3, 1, 8
_MIDI, _SCSI, _BULK_ONLY = 3, 6, 0x50
_ANY_LANE = 0xFF


@dataclass(frozen=True)
class Transfer:
    """One transfer of a job.

    Attributes:
        endpoint: address; 0 is a request.
        setup: of a request, 8 bytes.
        data: to the device.
        length: most bytes wanted of an IN endpoint.
        may_stall: whether a stall is cleared and the job goes on.
    """

    endpoint: int = 0
    setup: bytes = b""
    data: bytes = b""
    length: int = 0
    may_stall: bool = False


class UsbDevice:
    """The device that the program is, seen from the host.

    All methods that ask something of it let emulated time pass until it has answered.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def host(self) -> UsbHost:
        """The engine's USB host.

        Raises:
            NotPossibleError: it has none.
        """
        host = self._machine.engine.usb_host
        if host is None:
            raise NotPossibleError(f"engine {self._machine.engine.name!r} has no USB host; use --engine embedded")
        return host

    # What it is

    @property
    def configured(self) -> bool:
        """Whether the host has found and configured it."""
        return self.host.configured

    def wait(self, timeout: float = READY_S) -> None:
        """Runs until the device is configured and its functions are open.

        Raises:
            EmulationTimeout: it is not, within so many emulated seconds.
        """
        host, machine = self.host, self._machine
        if not host.configured:
            with machine.finely():
                machine.wait_until(lambda _: host.configured, timeout, "no USB device was configured")

    def _number(self, at: int) -> int:
        return int.from_bytes(self.host.identity()["device"][at : at + 2], "little")

    @property
    def vendor_id(self) -> int:
        """idVendor; 0 before it is known."""
        return self._number(8)

    @property
    def product_id(self) -> int:
        """idProduct; 0 before it is known."""
        return self._number(10)

    @property
    def manufacturer(self) -> str:
        """As its string descriptor says; empty without one."""
        return text_of(self.host.identity()["manufacturer"])

    @property
    def product(self) -> str:
        """As its string descriptor says; empty without one."""
        return text_of(self.host.identity()["product"])

    @property
    def serial(self) -> str:
        """As its string descriptor says; empty without one."""
        return text_of(self.host.identity()["serial"])

    @property
    def interfaces(self) -> list[Interface]:
        """Its interfaces with all alternate settings."""
        return interfaces_of(self.host.identity()["configuration"])

    @property
    def packets(self) -> list[UsbPacket]:
        """What came from endpoints that the host polls, but for serial ports: reports, MIDI events, samples."""
        return self._machine.usb_events.packets

    # Transfers

    def run_job(self, transfers: list[Transfer], lane: int, timeout: float = TRANSFER_S) -> list[tuple[str, bytes]]:
        """Makes transfers, one after another, and waits for their end; (how, data) of each.

        How is "done", "stalled", "timed out", "gone" or "pending".

        Raises:
            DeviceError: one failed that must not.
        """
        self.wait()
        host, machine = self.host, self._machine
        wanted = [(t.endpoint, t.setup, t.data, t.length, t.may_stall) for t in transfers]
        job = host.submit(wanted, lane, max(1, round(timeout * 1000)))
        machine.input_given()
        ended: list[tuple[str, list[tuple[str, bytes, int]]]] = []

        def look() -> bool:
            if not ended and (found := host.take_job(job)) is not None:
                ended.append(found)
            return bool(ended)

        with machine.finely():
            machine.wait_until(lambda _: look(), timeout + 1, "a USB transfer did not end")
        how, done = ended[0]
        if how != "done":
            at = next((n for n, (each, _, _) in enumerate(done) if each not in ("done", "stalled")), len(done) - 1)
            raise DeviceError(f"usb: transfer on endpoint {transfers[min(at, len(transfers) - 1)].endpoint:#04x} {how}")
        return [(each, data) for each, data, _ in done]

    def request(self, type_: int, code: int, value: int = 0, index: int = 0, data: bytes | int = b"") -> bytes:
        """A request on endpoint 0 (USB 2.0, 9.3): bmRequestType, bRequest, wValue, wIndex.

        Args:
            type_: bit 7 set asks the device for data.
            code: bRequest.
            value: wValue.
            index: wIndex.
            data: what goes to the device, or how many bytes are wanted of it.

        Returns:
            What the device sent.

        Raises:
            DeviceError: it refused, or did not answer.
        """
        length = data if isinstance(data, int) else len(data)
        for name, number, most in (("type", type_, 255), ("code", code, 255), ("value", value, 65535)):
            if not 0 <= number <= most:
                raise UsageError(f"request: {name} = {number} must be 0 to {most}")
        if not 0 <= index <= 65535 or not 0 <= length <= 65535:
            raise UsageError(f"request: index = {index} and length = {length} must be 0 to 65535")
        setup = bytes([type_, code, *value.to_bytes(2, "little"), *index.to_bytes(2, "little")])
        setup += length.to_bytes(2, "little")
        transfer = Transfer(setup=setup, data=b"" if isinstance(data, int) else data)
        return self.run_job([transfer], _ANY_LANE)[0][1]

    def write(self, endpoint: int, data: bytes, timeout: float = TRANSFER_S) -> None:
        """Sends data to an OUT endpoint.

        Raises:
            DeviceError: the device refused them, or did not take them in time.
        """
        self.run_job([Transfer(endpoint, data=data)], endpoint, timeout)

    def read(self, endpoint: int, length: int, timeout: float = TRANSFER_S) -> bytes:
        """Takes data from an IN endpoint, at most so many bytes or up to a short packet.

        Raises:
            DeviceError: the device refused, or sent nothing in time.
        """
        return self.run_job([Transfer(endpoint, length=length)], endpoint, timeout)[0][1]

    # Classes

    def _of_class(self, kind: int, subclass: int | None = None) -> list[Interface]:
        self.wait()
        return [i for i in self.interfaces if i.kind == kind and subclass in (None, i.subclass) and i.alternate == 0]

    def send_report(self, report: bytes, interface: int | None = None) -> None:
        """Sends an output report to a HID; its ID comes first where the device uses IDs.

        By the interrupt OUT endpoint where there is one, else by a request, as hosts do it (HID 1.11, 7.2).

        Raises:
            DeviceError: there is no such device, or it refused.
        """
        found = [i for i in self._of_class(_HID) if interface in (None, i.number)]
        if not found:
            raise DeviceError("usb: the device has no human interface to send a report to")
        if (endpoint := found[0].endpoint("interrupt", False)) is not None:
            self.write(endpoint.address, report)
            return
        numbered = b"\x85" in self.host.opening_answer(found[0].number)
        report_id = report[0] if numbered and report else 0
        self.request(0x21, 0x09, 0x0200 | report_id, found[0].number, report)

    def set_keyboard_leds(self, names: set[str]) -> None:
        """Lights these LEDs of the keyboard, and no others: num_lock, caps_lock, scroll_lock, compose, kana.

        Raises:
            DeviceError: the device has no keyboard with LEDs.
        """
        self._of_class(_HID)
        found = self._machine.usb_events.keyboard(self.host)
        report = found[1].led_report(names) if found is not None else None
        if found is None or report is None:
            raise DeviceError("usb: the device has no keyboard with LEDs")
        report_id = report[0] if found[1].descriptor.numbered else 0
        self.request(0x21, 0x09, 0x0200 | report_id, found[0], report)

    def send_midi(self, message: str, cable: int = 0) -> None:
        """Sends a MIDI message, in words or as bytes in hexadecimal; see `midi.message_bytes`.

        Raises:
            DeviceError: the device takes none.
            UsageError: it is no MIDI message.
        """
        data = midi.event_packets(midi.message_bytes(message), cable)
        for i in self._of_class(_AUDIO, _MIDI):
            if (endpoint := i.endpoint("bulk", False)) is not None:
                self.write(endpoint.address, data)
                return
        raise DeviceError("usb: the device has no MIDI input")

    @property
    def drives(self) -> list[Drive]:
        """Its drives: one for each unit of each mass storage interface (SCSI over Bulk-Only Transport)."""
        found = []
        for i in self._of_class(_STORAGE, _SCSI):
            if i.protocol == _BULK_ONLY:
                try:
                    units = self.request(0xA1, 0xFE, 0, i.number, 1)[0] + 1
                except (DeviceError, IndexError):  # one unit may refuse the question (Bulk-Only 1.0, 3.2)
                    units = 1
                found += [Drive(self, i, unit) for unit in range(min(units, 16))]
        return found

    def drive(self, number: int = 0) -> Drive:
        """One of `drives`.

        Raises:
            DeviceError: there is none of this number.
        """
        drives = self.drives
        if not 0 <= number < len(drives):
            raise DeviceError(f"usb: the device has {len(drives)} drives, there is no drive {number}")
        return drives[number]

    @property
    def picoboot(self) -> Picoboot:
        """The PICOBOOT interface of a chip in USB boot.

        Raises:
            DeviceError: the device is no such chip.
        """
        self.wait()
        if (self.vendor_id, self.product_id) == USB_BOOT:
            for i in self.interfaces:
                if i.kind == 0xFF:
                    return Picoboot(self, i)
        raise DeviceError("usb: the device has no PICOBOOT interface; is the chip in USB boot?")

    @property
    def microphones(self) -> list[Microphone]:
        """Its streams of sound to the host (USB Audio 1.0 and 2.0, PCM)."""
        self.wait()
        return microphones(self, self.interfaces)
