"""Scenes in which the fields of USBCTRL can be seen to act."""

from __future__ import annotations

from audit import Bench, Scene

from emberwatch.chip import memory

DPRAM = memory("usb_dpram").base
EP0_IN, EP0_OUT = DPRAM + 0x80, DPRAM + 0x84
FULL, LAST, STALL, AVAILABLE = 1 << 15, 1 << 14, 1 << 11, 1 << 10


def usb_attached(bench: Bench) -> None:
    bench.put("USBCTRL.MAIN_CTRL", 1)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16)
    bench.run(100 * 125_000)  # debounce


def usb(bench: Bench) -> None:
    usb_attached(bench)
    bench.run(60 * 125_000)  # bus reset, and the first request


def usb_double(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 30 | 1 << 29)


def usb_pair(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 30)


def usb_answer(bench: Bench) -> None:
    """A descriptor of a device with packets of eight bytes, its new address, and the descriptor again, in pieces."""
    bench.write(DPRAM + 0x104, 8 << 24)
    for turn in range(8):
        if turn == 3:
            bench.put("USBCTRL.ADDR_ENDP", 1)
        bench.write(EP0_IN, FULL | LAST | AVAILABLE | 8)
        bench.write(EP0_OUT, AVAILABLE | 64)
        bench.run(25 * 125_000)  # the host resets the bus once more between the first descriptor and the address


def usb_armed(bench: Bench) -> None:
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 31)
    bench.put("USBCTRL.EP_STALL_ARM", 3)


def usb_stall(bench: Bench) -> None:
    for buffer in (EP0_IN, EP0_OUT):
        bench.write(buffer, STALL)


def usb_stall_status(bench: Bench) -> None:
    bench.write(EP0_OUT, STALL)
    bench.write(EP0_IN, FULL | LAST | AVAILABLE | 8)


def usb_vbus(bench: Bench) -> None:
    bench.put("USBCTRL.USB_PWR", 8)


def usb_done(bench: Bench) -> None:
    """An answer has gone out, a transfer was aborted, an endpoint has stalled or refused."""
    usb(bench)
    bench.put("USBCTRL.SIE_CTRL", 1 << 16 | 1 << 29 | 1 << 27)
    bench.run(150_000)
    bench.write(EP0_IN, FULL | LAST | AVAILABLE | 18)
    bench.run(150_000)
    bench.put("USBCTRL.EP_ABORT", 4)


BLOCKS: dict[str, tuple[Scene, ...]] = {
    "USBCTRL": (
        Scene(usb, horizon=200_000),
        Scene(),
        Scene(usb_attached, horizon=8_000_000, only=("ADDR_ENDP",)),
        Scene(usb, usb_answer, 200_000),
        Scene(usb_double, usb_answer, 200_000, only=("SIE_CTRL",)),
        Scene(usb_pair, usb_answer, 200_000, only=("SIE_CTRL",)),
        Scene(usb, usb_stall, 200_000),
        Scene(usb_armed, usb_stall, 200_000, only=("EP_STALL_ARM", "SIE_CTRL")),
        Scene(usb_armed, usb_stall_status, 200_000, only=("EP_STALL_ARM",)),
        Scene(usb_vbus, only=("USB_PWR",)),
        Scene(usb_done),
    ),
}
