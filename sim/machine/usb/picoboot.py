"""The host's end of PICOBOOT, the interface of USB boot that picotool uses (RP2040 datasheet, 2.8.5)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emberwatch.base.errors import DeviceError
from emberwatch.machine.usb.descriptors import Interface

if TYPE_CHECKING:
    from emberwatch.machine.usb.device import UsbDevice

_MAGIC = 0x431FD10B
_EXCLUSIVE, _REBOOT, _ERASE, _WRITE, _EXIT_XIP, _ENTER_XIP, _EXEC, _READ = 1, 2, 3, 5, 6, 7, 8, 0x84
_COMMAND_S = 60.0
"""Emulated time of a command: erasing all of 16 MB sector by sector takes three minutes, of 4 MB 46 s."""
STATUS = (
    "ok",
    "unknown command",
    "invalid command length",
    "invalid transfer length",
    "invalid address",
    "bad alignment",
    "interleaved write",
    "rebooting",
    "unknown error",
)
"""In words, by its code."""


@dataclass(frozen=True)
class CommandStatus:
    """What GET_COMMAND_STATUS answers: of the last command, its token, how it ended, whether it goes on."""

    token: int
    code: int
    command: int
    in_progress: bool

    @property
    def text(self) -> str:
        """The code in words."""
        return STATUS[self.code] if self.code < len(STATUS) else f"status {self.code}"


class Picoboot:
    """Commands to a chip in USB boot. All may raise `DeviceError`, which names the status that the chip gave."""

    def __init__(self, device: UsbDevice, interface: Interface) -> None:
        self._device, self._interface = device, interface
        points = interface.endpoint("bulk", True), interface.endpoint("bulk", False)
        if points[0] is None or points[1] is None:
            raise DeviceError(f"usb: PICOBOOT interface {interface.number} lacks a bulk endpoint")
        self._in, self._out = points[0].address, points[1].address
        self._token = 0

    def command(self, number: int, arguments: bytes = b"", length: int = 0, data: bytes = b"") -> bytes:
        """Any command: data to the chip, or `length` bytes from it.

        Raises:
            DeviceError: the chip refused it; its endpoints work again.
        """
        from emberwatch.machine.usb.device import Transfer

        self._token += 1
        header = struct.pack("<IIBBHI", _MAGIC, self._token, number, len(arguments), 0, len(data) or length)
        transfers = [Transfer(self._out, data=header + arguments.ljust(16, b"\0"))]
        if number & 0x80:
            transfers += [Transfer(self._in, length=length)] if length else []
            transfers.append(Transfer(self._out))
        else:
            transfers += [Transfer(self._out, data=data)] if data else []
            transfers.append(Transfer(self._in, length=1))
        try:
            done = self._device.run_job(transfers, self._interface.number, _COMMAND_S)
        except DeviceError as error:
            if "stalled" not in str(error):
                raise
            status = self.status()
            self.reset()
            raise DeviceError(f"usb: PICOBOOT command {number:#04x} was refused: {status.text}") from None
        return done[1][1] if number & 0x80 and length else b""

    def status(self) -> CommandStatus:
        """Of the last command."""
        answer = self._device.request(0xC1, 0x42, 0, self._interface.number, 16).ljust(16, b"\0")
        token, code, command, busy = struct.unpack_from("<IIBB", answer)
        return CommandStatus(token, code, command, bool(busy))

    def reset(self) -> None:
        """Makes the endpoints work again after an error."""
        self._device.request(0x41, 0x41, 0, self._interface.number)

    def exclusive_access(self, kind: int = 1) -> None:
        """0: the drive is there; 1: it is locked; 2: and ejected."""
        self.command(_EXCLUSIVE, bytes([kind]))

    def read(self, address: int, size: int) -> bytes:
        """Flash, SRAM or ROM."""
        return self.command(_READ, struct.pack("<II", address, size), size)

    def write(self, address: int, data: bytes) -> None:
        """Writes SRAM, or pages of flash, which must be erased."""
        self.command(_WRITE, struct.pack("<II", address, len(data)), data=data)

    def flash_erase(self, address: int, size: int) -> None:
        """Erases whole sectors of 4096 bytes."""
        self.command(_ERASE, struct.pack("<II", address, size))

    def exit_xip(self) -> None:
        """Takes flash out of execute-in-place."""
        self.command(_EXIT_XIP)

    def enter_cmd_xip(self) -> None:
        """Puts flash into execute-in-place, with the plain read command."""
        self.command(_ENTER_XIP)

    def execute(self, address: int) -> None:
        """Calls a function in memory; returns when it has."""
        self.command(_EXEC, struct.pack("<I", address))

    def reboot(self, entry: int = 0, stack: int = 0, delay_ms: int = 0) -> None:
        """Resets the chip, which boots from flash, or enters a program in memory."""
        self.command(_REBOOT, struct.pack("<III", entry, stack, delay_ms))
