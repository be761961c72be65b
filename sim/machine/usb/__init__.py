"""The device at the built-in USB host: its descriptors, what it sends, and what is asked of it."""

from emberwatch.machine.usb.device import UsbDevice
from emberwatch.machine.usb.drive import Drive
from emberwatch.machine.usb.events import UsbEvents

__all__ = ["Drive", "UsbDevice", "UsbEvents"]
