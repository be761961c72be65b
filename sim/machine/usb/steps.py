"""Steps about the USB device that the program is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from emberwatch.base.errors import ExpectationError, UsageError
from emberwatch.base.output import write_file
from emberwatch.base.regular import read_regular
from emberwatch.machine.stepping import step
from emberwatch.machine.values import Seconds

if TYPE_CHECKING:
    from emberwatch.machine.usb.device import UsbDevice


class UsbSteps:
    """Keyboard LEDs, reports, MIDI messages, drives and sound of the device; `Steps` derives from it."""

    @step
    def set_keyboard_leds(self, leds: str = "") -> None:
        """Lights LEDs of the USB keyboard and no others: num_lock, caps_lock, scroll_lock, compose, kana."""
        self._usb_device.set_keyboard_leds(set(leds.replace(",", " ").split()))

    @step
    def send_report(self, report: str, interface: int | None = None) -> None:
        """Sends an output report to the USB human interface device: hexadecimal bytes, the ID first if it has one."""
        try:
            data = bytes.fromhex(report)
        except ValueError:
            raise UsageError(f"report = {report!r} must be bytes in hexadecimal, as in '01 ff'") from None
        self._usb_device.send_report(data, interface)

    @step
    def send_midi(self, message: str) -> None:
        """Sends a MIDI message over USB: `note_on channel=0 note=60 velocity=100`, or bytes in hexadecimal."""
        self._usb_device.send_midi(message)

    @step
    def save_drive(self, file: str, drive: int = 0) -> None:
        """Reads all blocks of a USB drive into an image file."""
        write_file(self._usb_path(file), self._usb_device.drive(drive).image(), "file")

    @step
    def load_drive(self, file: str, drive: int = 0) -> None:
        """Writes an image file onto a USB drive, the blocks that differ."""
        self._usb_device.drive(drive).load(read_regular(self._usb_path(file), "image", UsageError))

    @step
    def copy_to_drive(self, file: str, name: str = "", drive: int = 0) -> None:
        """Copies a file onto the FAT volume of a USB drive, under its own name or another."""
        path = self._usb_path(file)
        self._usb_device.drive(drive).put(name or path.name, read_regular(path, "file", UsageError))

    @step
    def copy_from_drive(self, name: str, file: str = "", drive: int = 0) -> None:
        """Copies a file from the FAT volume of a USB drive."""
        path = self._usb_path(file or Path(name).name)
        write_file(path, self._usb_device.drive(drive).get(name), "file")

    @step
    def expect_file(self, name: str, text: str, drive: int = 0) -> None:
        """A file on the FAT volume of a USB drive holds this text somewhere."""
        content = self._usb_device.drive(drive).get(name).decode("utf-8", "backslashreplace")
        if text not in content:
            raise ExpectationError(f"file {name!r} on the drive does not hold {text!r}; it begins: {content[:80]!r}")

    @step
    def record_usb_sound(self, file: str, seconds: Seconds = 1.0, microphone: int = 0) -> None:
        """Records what the USB microphone sends for a while into a WAV file."""
        found = self._usb_device.microphones
        if not 0 <= microphone < len(found):
            raise UsageError(f"microphone = {microphone}: the USB device has {len(found)} of them")
        write_file(self._usb_path(file), found[microphone].record(seconds).wav(), "file")

    # Helpers

    @property
    def _usb_device(self) -> UsbDevice:
        return cast("UsbDevice", cast(Any, self).usb_device)

    def _usb_path(self, file: str) -> Path:
        return Path(cast(Any, self).folder, file)
