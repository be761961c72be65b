"""librp2040 through its C ABI: where the library is, its types, and its functions that need no chip.

`sim/capi/rp2040.h` is the reference. `emberwatch.engines.renode.chip` has an object for each chip.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emberwatch.base.errors import EngineError

ABI_VERSION = 9
OK, BUS_FAULT, UNMODELLED, INVALID = range(4)
NEVER = (1 << 64) - 1
NMI = 32
RESET_CPU, RESET_WATCHDOG = 0, 1
RELEASED = 2
UART0, UART1, USB = range(3)
FAULTS = ("none", "missing", "stuck_low", "stuck_high")
CLOCK_SYS = 5

U8, U32, U64, I32 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32
Void = ctypes.c_void_p
IrqCallback = ctypes.CFUNCTYPE(None, Void, U32, U32, U32)
ReadCallback = ctypes.CFUNCTYPE(U32, Void, U32, U32, ctypes.POINTER(U32))
WriteCallback = ctypes.CFUNCTYPE(U32, Void, U32, U32, U32)
ResetCallback = ctypes.CFUNCTYPE(None, Void, U32)
EventCallback = ctypes.CFUNCTYPE(None, Void)
ClockCallback = ctypes.CFUNCTYPE(None, Void, U32)
HoldCallback = ctypes.CFUNCTYPE(None, Void, U32, U32)


BlockHook = ctypes.CFUNCTYPE(U32, U64, U32)
SkipCallback = ctypes.CFUNCTYPE(None, Void)


class Turn(ctypes.Structure):
    """`rp2040_turn`."""

    _fields_ = (("due", U64), ("value", U32), ("serial", U32), ("pins", U32), ("zero", U32))


BusRead = ctypes.CFUNCTYPE(U64, U64, U64)
BusWrite = ctypes.CFUNCTYPE(None, U64, U64, U64)


class Bus(ctypes.Structure):
    """`rp2040_bus`."""

    _fields_ = (("read", BusRead * 3), ("write", BusWrite * 3))


class BlockHost(ctypes.Structure):
    """`rp2040_block_host`."""

    _fields_ = (
        ("context", Void),
        ("executed", ctypes.CFUNCTYPE(U64)),
        ("skip_due", SkipCallback),
        ("guest", BlockHook),
    )


class StopHost(ctypes.Structure):
    """`rp2040_stop_host`."""

    _fields_ = (
        ("context", Void),
        ("read", ctypes.CFUNCTYPE(U32, ctypes.c_int32)),
        ("stopped", ctypes.CFUNCTYPE(None, Void, U32)),
        ("pc", ctypes.POINTER(U32)),
    )


class Tap(ctypes.Structure):
    """`rp2040_tap`."""

    _fields_ = (("function", U32), ("pointer", U32), ("count", U32), ("bytes", U32))


TAP_REGISTERS, TAP_BYTES = 4, 65536


class BusHost(ctypes.Structure):
    """`rp2040_bus_host`."""

    _fields_ = (
        ("context", Void),
        ("others", Bus),
        ("clock", ctypes.CFUNCTYPE(None, Void)),
        ("turned", ctypes.CFUNCTYPE(None, Void, U32, U32, ctypes.POINTER(Turn))),
    )


class I2cTarget(ctypes.Structure):
    """`rp2040_i2c_target`."""

    _fields_ = (
        ("context", Void),
        ("start", ctypes.CFUNCTYPE(U32, Void, U32, U32)),
        ("write", ctypes.CFUNCTYPE(U32, Void, U32)),
        ("read", ctypes.CFUNCTYPE(U32, Void)),
        ("stop", ctypes.CFUNCTYPE(None, Void)),
    )


class SpiTarget(ctypes.Structure):
    """`rp2040_spi_target`."""

    _fields_ = (
        ("context", Void),
        ("transfer", ctypes.CFUNCTYPE(U32, Void, U32, U32)),
        ("finish", ctypes.CFUNCTYPE(None, Void)),
    )


class HostCallbacks(ctypes.Structure):
    """`rp2040_host`."""

    _fields_ = (
        ("context", Void),
        ("irq", IrqCallback),
        ("read", ReadCallback),
        ("write", WriteCallback),
        ("reset", ResetCallback),
        ("send_event", EventCallback),
        ("clock", ClockCallback),
        ("hold", HoldCallback),
    )


class _Window(ctypes.Structure):
    _fields_ = (("base", U32), ("size", U32), ("name", ctypes.c_char_p))


@dataclass(frozen=True)
class Window:
    """An address range: registers that the library answers, or memory that its host owns."""

    name: str
    base: int
    size: int


class ChipError(EngineError):
    """The library refused a call.

    Attributes:
        status: BUS_FAULT, UNMODELLED or INVALID.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def library_name() -> str:
    """File name of the shared library on this system."""
    return {"win32": "rp2040.dll", "darwin": "librp2040.dylib"}.get(sys.platform, "librp2040.so")


def library_path() -> Path:
    """The shared library: EMBERWATCH_LIBRP2040, or the one installed beside the emulator core.

    Raises:
        EngineError: there is none.
    """
    if override := os.environ.get("EMBERWATCH_LIBRP2040"):
        path = Path(override).absolute()  # Renode changes the working folder
        if not path.is_file():
            raise EngineError(f"EMBERWATCH_LIBRP2040 = {override} is no file; unset it or give the path of the library")
        return path
    try:
        from emberwatch import _native
    except ImportError as error:
        raise EngineError(f"the emulator core is not built ({error}); run: make setup") from None
    path = Path(_native.__file__ or "").resolve().parent / library_name()
    if not path.is_file():
        raise EngineError(f"{path} does not exist; run: make setup")
    return path


_U32P, _U64P = ctypes.POINTER(U32), ctypes.POINTER(U64)
_SIGNATURES: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("abi_version", U32, ()),
    ("create", Void, (U32, U32, ctypes.POINTER(HostCallbacks))),
    ("destroy", None, (Void,)),
    ("error", ctypes.c_char_p, (Void,)),
    ("reset", None, (Void, U64)),
    ("finish_reset", U32, (Void,)),
    ("save", U32, (Void, ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(ctypes.c_size_t))),
    ("restore", U32, (Void, ctypes.c_char_p, ctypes.c_size_t)),
    ("load", U32, (Void, U32, ctypes.c_char_p, ctypes.c_size_t)),
    ("boot_rom", Void, ()),
    ("boot", U32, (Void, _U32P, _U32P)),
    ("started", None, (Void, U32)),
    ("now", U64, (Void,)),
    ("next_event", U64, (Void,)),
    ("advance", U32, (Void, U64)),
    ("picoseconds", U64, (Void, U64)),
    ("cycle_at", U64, (Void, U64)),
    ("clock_hz", U32, (Void, U32)),
    ("read", U32, (Void, U32, U64, U32, U32, _U32P)),
    ("write", U32, (Void, U32, U64, U32, U32, U32)),
    ("peek", U32, (Void, U32, U32, _U32P)),
    ("pace", None, (Void, U32, U64)),
    ("limit", None, (Void, U64)),
    ("execute", None, (Void, U32)),
    ("fifo", U32, (Void, U32)),
    ("rebase", None, (Void, U32, U64)),
    ("cycle_of_host", U64, (Void, U32, U64)),
    ("turn_read", U32, (Void, U32, U64, U32, U32, ctypes.POINTER(Turn))),
    ("turn_write", U32, (Void, U32, U64, U32, U32, U32, ctypes.POINTER(Turn))),
    ("turn_run", U32, (Void, U32, U64, ctypes.POINTER(Turn))),
    ("turn_idle", U32, (Void, U64, U64, ctypes.POINTER(Turn))),
    ("watch_pins", None, (Void, U32)),
    ("skip", U64, (Void, U32)),
    ("take_block_hook", Void, (Void, U32, ctypes.POINTER(BlockHost))),
    ("block_guest", None, (Void, U32, U32)),
    ("instructions", U64, (Void,)),
    ("memory", U32, (Void, U32, Void, ctypes.c_size_t)),
    ("take_stops", U32, (Void, U32, ctypes.POINTER(StopHost))),
    ("take_bus", U32, (Void, U32, ctypes.POINTER(BusHost), ctypes.POINTER(Bus))),
    ("bus_direct", None, (Void, U32, U32)),
    ("clock_moved", None, (Void, U32)),
    ("windows", U32, (ctypes.POINTER(ctypes.POINTER(_Window)),)),
    ("memories", U32, (ctypes.POINTER(ctypes.POINTER(_Window)),)),
    ("register_name", U32, (U32, ctypes.c_char_p, U32)),
    ("pin", U32, (Void, U32)),
    ("pin_share", U32, (Void, U32)),
    ("drive_pin", U32, (Void, U32, U32)),
    ("serial_take", U32, (Void, U32, ctypes.POINTER(U8), _U64P, U32)),
    ("serial_send", U32, (Void, U32, ctypes.c_char_p, ctypes.c_size_t)),
    ("i2c_connect", U32, (Void, U32, ctypes.POINTER(I2cTarget))),
    ("spi_connect", U32, (Void, U32, ctypes.POINTER(SpiTarget))),
    ("mic_attach", U32, (Void, U32, U32, U32, U32)),
    ("mic_push", U32, (Void, ctypes.POINTER(I32), ctypes.c_size_t)),
    ("mic_supplied", U64, (Void,)),
    ("mic_play", U32, (Void, ctypes.POINTER(ctypes.c_int16), ctypes.c_size_t, U32, U32)),
    ("mic_push_bits", U32, (Void, ctypes.c_char_p, ctypes.c_size_t)),
    ("mic_bits", U64, (Void,)),
    ("mic_timebase", U32, (Void, U32)),
    ("mic_fault", U32, (Void, U32)),
    ("mic_analog", U32, (Void, I32, I32)),
    ("block_cycles", U32, (U32, ctypes.POINTER(ctypes.c_uint16), U32)),
    ("taken_branch_cycles", U32, ()),
    ("exception_entry_cycles", U32, ()),
    ("exception_return_cycles", U32, ()),
    ("access_cycles", U32, (U32, U32)),
    ("xip_stall", U32, (Void, U32)),
    ("cpu_block", U32, (Void, U32, U32, U32)),
    ("cpu_exception", U32, (Void, U32, U32)),
    ("cpu_cycles", U64, (Void, U32)),
    ("cpu_forget", None, (Void,)),
    ("stops", U32, (Void, _U32P, U32)),
    ("taps", U32, (Void, ctypes.POINTER(Tap), U32)),
    ("tap_take", I32, (Void, ctypes.POINTER(U8), U32, _U32P)),
    ("trace", U32, (Void, _U32P, U32)),
    ("trace_counts", U32, (Void, U32, _U64P, _U64P, _U64P, _U64P)),
)


@cache
def load(path: Path | None = None) -> ctypes.CDLL:
    """The loaded library, its functions declared.

    Raises:
        EngineError: it cannot be loaded or is of another ABI version.
    """
    where = library_path() if path is None else path
    try:
        library = ctypes.CDLL(str(where))
        for name, result, arguments in _SIGNATURES:
            function = getattr(library, f"rp2040_{name}")
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise EngineError(f"{where} cannot be used ({error}); run: make setup") from None
    version = library.rp2040_abi_version()
    if version != ABI_VERSION:
        raise EngineError(f"{where} has ABI version {version}, this Emberwatch needs {ABI_VERSION}; run: make setup")
    return library


def windows() -> list[Window]:
    """Register windows that a host forwards, in address order."""
    return _ranges(load().rp2040_windows)


def memories() -> list[Window]:
    """Memory regions that a host owns."""
    return _ranges(load().rp2040_memories)


def _ranges(function: Callable[..., int]) -> list[Window]:
    first = ctypes.POINTER(_Window)()
    count = function(ctypes.byref(first))
    return [Window(first[i].name.decode(), first[i].base, first[i].size) for i in range(count)]


def boot_rom() -> bytes:
    """The boot ROM's 16384 bytes."""
    return ctypes.string_at(load().rp2040_boot_rom(), 16384)


def register_name(address: int) -> str:
    """The register at an address as the datasheet calls it; empty where there is none."""
    name = ctypes.create_string_buffer(64)
    load().rp2040_register_name(address, name, len(name))
    return name.value.decode()


def block_cycles(address: int, halfwords: Sequence[int]) -> int:
    """Cycles of straight-line code without wait states."""
    code = (ctypes.c_uint16 * len(halfwords))(*halfwords)
    return int(load().rp2040_block_cycles(address, code, len(halfwords)))
