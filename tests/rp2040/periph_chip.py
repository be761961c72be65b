"""The RP2040's peripherals without CPUs: registers accessed in the current cycle, time moved by the test."""

from __future__ import annotations

import ctypes
import os

from native_library import build_library

SYSINFO, SYSCFG, CLOCKS, RESETS, PSM = 0x40000000, 0x40004000, 0x40008000, 0x4000C000, 0x40010000
IO_BANK0, PADS_BANK0, XOSC, PLL_SYS, PLL_USB = 0x40014000, 0x4001C000, 0x40024000, 0x40028000, 0x4002C000
BUSCTRL, UART0, UART1, SPI0, I2C0, ADC = 0x40030000, 0x40034000, 0x40038000, 0x4003C000, 0x40044000, 0x4004C000
PWM, TIMER, WATCHDOG, RTC, ROSC, VREG = 0x40050000, 0x40054000, 0x40058000, 0x4005C000, 0x40060000, 0x40064000
TBMAN, USB_DPRAM, USB, SIO = 0x4006C000, 0x50100000, 0x50110000, 0xD0000000
XOR, SET, CLR = 0x1000, 0x2000, 0x3000
FUNC_UART, FUNC_PWM, FUNC_SIO, FUNC_CLOCK = 2, 4, 5, 8
CLK_REF, CLK_SYS, CLK_PERI, CLK_USB, CLK_ADC, CLK_RTC = 4, 5, 6, 7, 8, 9
NEVER = 2**64 - 1


class Unmodelled(Exception):
    """An access that the model refuses."""


_library: ctypes.CDLL | None = None


def library() -> ctypes.CDLL:
    """The loaded library with its functions' types declared."""
    global _library
    if _library is None:
        lib = ctypes.CDLL(str(os.environ.get("RP2040_PERIPH") or build_library("native_periph", "rp2040_periph")))
        chip, u32, u64, flag = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_bool
        bytes_in, word = ctypes.c_char_p, ctypes.POINTER(ctypes.c_uint32)
        for name, result, *arguments in (
            ("create", chip),
            ("destroy", None, chip),
            ("error", ctypes.c_char_p, chip),
            ("read", flag, chip, u32, word),
            ("peek", flag, chip, u32, word),
            ("write", flag, chip, u32, u32),
            ("run", flag, chip, u64),
            ("select_core", None, chip, u32),
            ("now", u64, chip),
            ("picoseconds", u64, chip, u64),
            ("cycle_at", u64, chip, u64),
            ("clock_hz", u32, chip, u32),
            ("irqs", u32, chip, u32),
            ("irq_rose", u64, chip, u32),
            ("dreq", u32, chip, u32),
            ("dreq_calls", u32, chip, u32),
            ("reset_mask", u32, chip),
            ("chip_resets", u32, chip),
            ("reset_at", u64, chip),
            ("held_core", ctypes.c_int32, chip),
            ("uart_take", u32, chip, ctypes.c_void_p, ctypes.c_void_p, u32),
            ("uart_send", None, chip, bytes_in, u32),
            ("uart_send_frame", None, chip, u32),
            ("connect", None, chip),
            ("i2c_stopped", u64, chip),
            ("set_adc", None, chip, u32, u32),
            ("set_temperature", None, chip, ctypes.c_double),
            ("watch_wraps", None, chip, u32),
            ("pwm_duty", ctypes.c_double, chip, u32, u32),
            ("record", None, chip, u32),
            ("edges", u32, chip, ctypes.c_void_p, u32),
            ("drive", None, chip, u32, flag),
            ("wire", None, chip, u32, u32),
            ("usb_take", u32, chip, ctypes.c_void_p, ctypes.c_void_p, u32),
            ("usb_send", None, chip, bytes_in, u32),
            ("usb_open", flag, chip),
            ("count_bus", None, chip, u32, u32),
            ("save", None, chip),
            ("restore", flag, chip),
        ):
            function = getattr(lib, f"unit_{name}")
            function.restype = result
            function.argtypes = arguments
        _library = lib
    return _library


class PeriphChip:
    """One set of peripherals after power-on: clk_sys and clk_ref on the 6.5 MHz ring oscillator."""

    def __init__(self) -> None:
        self.lib = library()
        self.handle = self.lib.unit_create()

    def __del__(self) -> None:
        self.lib.unit_destroy(self.handle)

    def call(self, name: str, *arguments: object) -> int:
        """Any other function of the library."""
        return getattr(self.lib, f"unit_{name}")(self.handle, *arguments)  # type: ignore[no-any-return]

    def _check(self, ok: bool) -> None:
        if not ok:
            raise Unmodelled(self.lib.unit_error(self.handle).decode())

    def read(self, address: int) -> int:
        value = ctypes.c_uint32()
        self._check(self.lib.unit_read(self.handle, address, ctypes.byref(value)))
        return value.value

    def peek(self, address: int) -> int:
        value = ctypes.c_uint32()
        self._check(self.lib.unit_peek(self.handle, address, ctypes.byref(value)))
        return value.value

    def write(self, address: int, value: int) -> None:
        self._check(self.lib.unit_write(self.handle, address, value & 0xFFFFFFFF))

    @property
    def now(self) -> int:
        return int(self.lib.unit_now(self.handle))

    def run(self, cycles: int) -> None:
        self.run_to(self.now + cycles)

    def run_to(self, cycle: int) -> None:
        self._check(self.lib.unit_run(self.handle, cycle))

    def wait(self, address: int, mask: int, value: int | None = None, limit: int = 1_000_000) -> int:
        """Polls a register once a cycle until the masked bits equal `value` (default: all set); returns the cycle."""
        wanted = mask if value is None else value
        for _ in range(limit):
            if self.read(address) & mask == wanted:
                return self.now
            self.run(1)
        raise AssertionError(f"register {address:#x} never became {wanted:#x} under {mask:#x}")

    def irq(self, line: int, core: int = 0) -> bool:
        return bool(self.lib.unit_irqs(self.handle, core) >> line & 1)

    def irq_rose(self, line: int) -> int:
        return int(self.lib.unit_irq_rose(self.handle, line))

    def _timed_bytes(self, name: str) -> tuple[bytes, list[int]]:
        values, cycles = (ctypes.c_uint8 * 4096)(), (ctypes.c_uint64 * 4096)()
        size = self.call(name, values, cycles, 4096)
        return bytes(values[:size]), list(cycles[:size])

    def uart_take(self) -> tuple[bytes, list[int]]:
        return self._timed_bytes("uart_take")

    def usb_take(self) -> tuple[bytes, list[int]]:
        return self._timed_bytes("usb_take")

    def edges(self) -> list[tuple[int, int, int]]:
        """(cycle, pin, level) of every change of the recorded pins since the last call."""
        out = (ctypes.c_uint64 * (3 * 8192))()
        size = self.call("edges", out, 8192)
        return [(out[3 * i], out[3 * i + 1], out[3 * i + 2]) for i in range(size)]

    def boot(self) -> None:
        """Clocks as the pico-sdk sets them: 12 MHz crystal, clk_sys 125 MHz, clk_usb and clk_adc 48 MHz."""
        self.write(RESETS, 0)
        self.write(XOSC + 0x00, 0xAA0)
        self.write(XOSC + 0x0C, 47)
        self.write(XOSC + SET + 0x00, 0xFAB000)
        self.run(7000)
        assert self.read(XOSC + 0x04) >> 31
        for pll, fbdiv, prim in ((PLL_SYS, 125, 6 << 16 | 2 << 12), (PLL_USB, 40, 5 << 16 | 2 << 12)):
            self.write(pll + 0x00, 1)
            self.write(pll + 0x08, fbdiv)
            self.write(pll + CLR + 0x04, 0x21)
            self.run(400)
            assert self.read(pll) >> 31
            self.write(pll + 0x0C, prim)
            self.write(pll + CLR + 0x04, 8)
        self.write(CLOCKS + 0x30, 2)  # clk_ref from the crystal
        self.write(CLOCKS + 0x3C, 1)  # clk_sys from PLL_SYS
        for ctrl in (0x48, 0x54, 0x60):  # clk_peri from clk_sys, clk_usb and clk_adc from PLL_USB
            self.write(CLOCKS + ctrl, 0x800)
        self.write(CLOCKS + 0x70, 1024 << 8)  # clk_rtc 46875 Hz
        self.write(CLOCKS + 0x6C, 0x800)
        self.write(WATCHDOG + 0x2C, 0x200 | 12)

    def select(self, pin: int, function: int) -> None:
        """Gives a pin to a function, with its input enabled."""
        self.write(PADS_BANK0 + 4 + 4 * pin, 0x52)
        self.write(IO_BANK0 + 8 * pin + 4, function)
