"""The host at the other end of the USB cable, of engines that have one."""

from __future__ import annotations

from typing import Protocol


class UsbHost(Protocol):
    """Enumerates the device, opens its functions, polls their endpoints, and makes transfers that it is asked for."""

    @property
    def attached(self) -> bool:
        """Whether it sees a device."""

    @property
    def configured(self) -> bool:
        """Whether the device has its configuration."""

    def serial_open(self, port: int = 0) -> bool:
        """Whether the device has a serial port of this number, and DTR is set on it."""

    def identity(self) -> dict[str, bytes]:
        """Descriptors device, configuration, bos, manufacturer, product and serial; empty what was not said."""

    def opening_answer(self, interface: int) -> bytes:
        """What the host asked an interface for when it opened it: the report descriptor of a HID; else empty."""

    def take_packets(self) -> list[tuple[int, int, bytes]]:
        """(endpoint address, cycle, data) of what came on polled endpoints since the last call."""

    def listen(self, endpoint: int, listening: bool = True) -> None:
        """Polls an IN endpoint from now on, or no longer."""

    def submit(self, transfers: list[tuple[int, bytes, bytes, int, bool]], lane: int, milliseconds: int) -> int:
        """Begins transfers, one after another; the number of the job.

        A transfer is (endpoint address, 0 for a request; setup packet of a request; data to the device; most bytes
        wanted of it; whether a stall is cleared and the job goes on). Jobs of a lane do not mix.
        """

    def take_job(self, job: int) -> tuple[str, list[tuple[str, bytes, int]]] | None:
        """Once it has ended: how, and (how, data, cycle) of each transfer; None before."""
