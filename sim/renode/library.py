"""librp2040 through its C ABI: where the library is, and a Python object per chip.

`sim/core/capi/rp2040.h` is the reference; this module declares its types and turns statuses into exceptions.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sim.errors import EngineError

ABI_VERSION = 1
OK, BUS_FAULT, UNMODELLED, INVALID = range(4)
NEVER = (1 << 64) - 1
NMI = 32
RESET_CPU, RESET_WATCHDOG = 0, 1
RELEASED = 2
UART0, UART1, USB = range(3)
FAULTS = ("none", "missing", "stuck_low", "stuck_high")
CLOCK_SYS = 5

_U8, _U32, _U64, _I32 = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32
_Void = ctypes.c_void_p
_Irq = ctypes.CFUNCTYPE(None, _Void, _U32, _U32, _U32)
_Read = ctypes.CFUNCTYPE(_U32, _Void, _U32, _U32, ctypes.POINTER(_U32))
_Write = ctypes.CFUNCTYPE(_U32, _Void, _U32, _U32, _U32)
_Reset = ctypes.CFUNCTYPE(None, _Void, _U32)
_SendEvent = ctypes.CFUNCTYPE(None, _Void)
_Clock = ctypes.CFUNCTYPE(None, _Void, _U32)


class _Host(ctypes.Structure):
    _fields_ = (
        ("context", _Void),
        ("irq", _Irq),
        ("read", _Read),
        ("write", _Write),
        ("reset", _Reset),
        ("send_event", _SendEvent),
        ("clock", _Clock),
    )


class _Window(ctypes.Structure):
    _fields_ = (("base", _U32), ("size", _U32), ("name", ctypes.c_char_p))


@dataclass(frozen=True)
class Window:
    """An address range: registers that the library answers, or memory that its host owns."""

    name: str
    base: int
    size: int


@dataclass(frozen=True)
class CallCounts:
    """Finished calls of one traced function and their cycles."""

    calls: int
    total: int
    least: int
    most: int


class Host(Protocol):
    """What the library asks of its host; see `rp2040_host` in the header."""

    def irq(self, core: int, line: int, level: bool) -> None:
        """An interrupt line changed."""

    def read(self, address: int, size: int) -> int | None:
        """Reads host memory; None refuses."""

    def write(self, address: int, size: int, value: int) -> bool:
        """Writes host memory; False refuses."""

    def reset(self, watchdog: bool) -> None:
        """The chip wants to be reset."""

    def send_event(self) -> None:
        """SEV."""

    def clock(self, hz: int) -> None:
        """clk_sys changed."""


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
        path = Path(override)
        if not path.is_file():
            raise EngineError(f"EMBERWATCH_LIBRP2040 = {override} is no file; unset it or give the path of the library")
        return path
    try:
        from sim import _native
    except ImportError as error:
        raise EngineError(f"the emulator core is not built ({error}); run: make setup") from None
    path = Path(_native.__file__ or "").resolve().parent / library_name()
    if not path.is_file():
        raise EngineError(f"{path} does not exist; run: make setup")
    return path


_U32P, _U64P = ctypes.POINTER(_U32), ctypes.POINTER(_U64)
_SIGNATURES: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("abi_version", _U32, ()),
    ("create", _Void, (_U32, _U32, ctypes.POINTER(_Host))),
    ("destroy", None, (_Void,)),
    ("error", ctypes.c_char_p, (_Void,)),
    ("reset", None, (_Void,)),
    ("finish_reset", _U32, (_Void,)),
    ("load", _U32, (_Void, _U32, ctypes.c_char_p, ctypes.c_size_t)),
    ("boot_rom", _Void, ()),
    ("boot", _U32, (_Void, _U32P, _U32P)),
    ("now", _U64, (_Void,)),
    ("next_event", _U64, (_Void,)),
    ("advance", _U32, (_Void, _U64)),
    ("picoseconds", _U64, (_Void, _U64)),
    ("cycle_at", _U64, (_Void, _U64)),
    ("clock_hz", _U32, (_Void, _U32)),
    ("read", _U32, (_Void, _U32, _U64, _U32, _U32, _U32P)),
    ("write", _U32, (_Void, _U32, _U64, _U32, _U32, _U32)),
    ("peek", _U32, (_Void, _U32, _U32, _U32P)),
    ("windows", _U32, (ctypes.POINTER(ctypes.POINTER(_Window)),)),
    ("memories", _U32, (ctypes.POINTER(ctypes.POINTER(_Window)),)),
    ("pin", _U32, (_Void, _U32)),
    ("pin_share", _U32, (_Void, _U32)),
    ("drive_pin", _U32, (_Void, _U32, _U32)),
    ("serial_take", _U32, (_Void, _U32, ctypes.POINTER(_U8), _U64P, _U32)),
    ("serial_send", _U32, (_Void, _U32, ctypes.c_char_p, ctypes.c_size_t)),
    ("mic_attach", _U32, (_Void, _U32, _U32, _U32, _U32)),
    ("mic_push", _U32, (_Void, ctypes.POINTER(_I32), ctypes.c_size_t)),
    ("mic_supplied", _U64, (_Void,)),
    ("mic_play", _U32, (_Void, ctypes.POINTER(ctypes.c_int16), ctypes.c_size_t, _U32, _U32)),
    ("mic_push_bits", _U32, (_Void, ctypes.c_char_p, ctypes.c_size_t)),
    ("mic_bits", _U64, (_Void,)),
    ("mic_timebase", _U32, (_Void, _U32)),
    ("mic_fault", _U32, (_Void, _U32)),
    ("mic_analog", _U32, (_Void, _I32, _I32)),
    ("block_cycles", _U32, (_U32, ctypes.POINTER(ctypes.c_uint16), _U32)),
    ("taken_branch_cycles", _U32, ()),
    ("exception_entry_cycles", _U32, ()),
    ("exception_return_cycles", _U32, ()),
    ("access_cycles", _U32, (_U32, _U32)),
    ("xip_stall", _U32, (_Void, _U32)),
    ("cpu_block", _U32, (_Void, _U32, _U32)),
    ("cpu_exception", _U32, (_Void, _U32)),
    ("cpu_cycles", _U64, (_Void,)),
    ("cpu_forget", None, (_Void,)),
    ("trace", _U32, (_Void, _U32P, _U32)),
    ("trace_counts", _U32, (_Void, _U32, _U64P, _U64P, _U64P, _U64P)),
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


def block_cycles(address: int, halfwords: Sequence[int]) -> int:
    """Cycles of straight-line code without wait states."""
    code = (ctypes.c_uint16 * len(halfwords))(*halfwords)
    return int(load().rp2040_block_cycles(address, code, len(halfwords)))


class ChipHandle:
    """A chip that somebody else owns: looking at it, and what goes in and out at its edges."""

    def __init__(self, handle: int) -> None:
        self._library = load()
        self._chip = _Void(handle)

    @property
    def library(self) -> ctypes.CDLL:
        """The library, for functions without a chip."""
        return self._library

    def check(self, status: int) -> None:
        """Raises `ChipError` unless the status is OK."""
        if status != OK:
            raise ChipError(status, self._library.rp2040_error(self._chip).decode(errors="replace"))

    # Time

    @property
    def now(self) -> int:
        """The current cycle."""
        return int(self._library.rp2040_now(self._chip))

    @property
    def next_event(self) -> int:
        """Cycle of the next event, NEVER without one."""
        return int(self._library.rp2040_next_event(self._chip))

    def picoseconds(self, cycle: int) -> int:
        """Emulated time of a cycle."""
        return int(self._library.rp2040_picoseconds(self._chip, cycle))

    def cycle_at(self, picoseconds: int) -> int:
        """First cycle at or after a time."""
        return int(self._library.rp2040_cycle_at(self._chip, picoseconds))

    def clock_hz(self, clock: int = CLOCK_SYS) -> int:
        """Frequency of a clock generator; 0 when stopped."""
        return int(self._library.rp2040_clock_hz(self._chip, clock))

    # Looking

    def peek(self, address: int, size: int = 4) -> int:
        """A register without side effects."""
        value = _U32()
        self.check(self._library.rp2040_peek(self._chip, address, size, ctypes.byref(value)))
        return value.value

    def pin(self, pin: int) -> bool:
        """Level of a pad."""
        return bool(self._library.rp2040_pin(self._chip, pin))

    def pin_share(self, pin: int) -> float:
        """Share of time that a pad is high, 0..1."""
        return float(self._library.rp2040_pin_share(self._chip, pin)) / 65536

    def drive_pin(self, pin: int, drive: int) -> None:
        """Drives a pad from outside: 0, 1 or RELEASED."""
        self.check(self._library.rp2040_drive_pin(self._chip, pin, drive))

    # Serial ports

    def serial_take(self, port: int) -> list[tuple[int, int]]:
        """Bytes sent since the last call as (cycle, byte)."""
        taken: list[tuple[int, int]] = []
        room = 512
        data, cycles = (_U8 * room)(), (_U64 * room)()
        while True:
            count = self._library.rp2040_serial_take(self._chip, port, data, cycles, room)
            taken += zip(cycles[:count], data[:count], strict=True)
            if count < room:
                return taken

    def serial_send(self, port: int, data: bytes) -> None:
        """Bytes for the port's receiver."""
        self.check(self._library.rp2040_serial_send(self._chip, port, data, len(data)))

    # Microphone

    def mic_attach(self, clock: int, data: int, right: bool, seed: int) -> None:
        """Puts the microphone on two pins."""
        self.check(self._library.rp2040_mic_attach(self._chip, clock, data, right, seed))

    def mic_push(self, samples: npt.NDArray[np.int32]) -> None:
        """Appends Q23 samples at 16 kHz."""
        data = np.ascontiguousarray(samples, dtype=np.int32)
        pointer = data.ctypes.data_as(ctypes.POINTER(_I32))
        self.check(self._library.rp2040_mic_push(self._chip, pointer, len(data)))

    def mic_play(self, samples: npt.NDArray[np.int16], rate: int) -> None:
        """16-bit sound of any rate from now on; shape (frames,) or (frames, channels)."""
        data = np.ascontiguousarray(samples, dtype=np.int16)
        channels = 1 if data.ndim == 1 else data.shape[1]
        pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_int16))
        self.check(self._library.rp2040_mic_play(self._chip, pointer, len(data), channels, rate))

    def mic_push_bits(self, data: bytes, bits: int) -> None:
        """Bits, lowest bit of the first byte first."""
        if bits > 8 * len(data):
            raise ChipError(INVALID, f"{bits} bits do not fit {len(data)} bytes")
        self.check(self._library.rp2040_mic_push_bits(self._chip, data, bits))

    @property
    def mic_supplied(self) -> int:
        """Samples pushed so far."""
        return int(self._library.rp2040_mic_supplied(self._chip))

    @property
    def mic_bits(self) -> int:
        """Bits clocked out so far."""
        return int(self._library.rp2040_mic_bits(self._chip))

    def mic_timebase(self, hz: int) -> None:
        """0: sound by emulated time; else by bits at this rate."""
        self.check(self._library.rp2040_mic_timebase(self._chip, hz))

    def mic_fault(self, fault: str) -> None:
        """One of FAULTS."""
        self.check(self._library.rp2040_mic_fault(self._chip, FAULTS.index(fault)))

    def mic_analog(self, gain_q12: int, offset_q23: int) -> None:
        """Gain and offset before the modulator."""
        self.check(self._library.rp2040_mic_analog(self._chip, gain_q12, offset_q23))

    # The processor's time

    @property
    def cpu_cycles(self) -> int:
        """Cycles charged to the processor so far."""
        return int(self._library.rp2040_cpu_cycles(self._chip))

    def cpu_forget(self) -> None:
        """Code in memory changed."""
        self._library.rp2040_cpu_forget(self._chip)

    def trace(self, addresses: Sequence[int]) -> None:
        """Counts calls of functions from now on."""
        self.check(self._library.rp2040_trace(self._chip, (_U32 * len(addresses))(*addresses), len(addresses)))

    def trace_counts(self, index: int) -> CallCounts:
        """Calls of one traced function."""
        values = [_U64() for _ in range(4)]
        self.check(self._library.rp2040_trace_counts(self._chip, index, *map(ctypes.byref, values)))
        return CallCounts(*(value.value for value in values))


class ExternalChip(ChipHandle):
    """A chip whose host is a Python object: the library with a processor of one's own."""

    def __init__(self, host: Host, flash_bytes: int = 2 << 20, xosc_hz: int = 12_000_000) -> None:
        def read(_: object, address: int, size: int, value: Any) -> int:
            answer = host.read(address, size)
            value[0] = answer or 0
            return INVALID if answer is None else OK

        # ctypes keeps no reference to callbacks inside a structure: this object does.
        self._host = _Host(
            None,
            _Irq(lambda _, core, line, level: host.irq(core, line, bool(level))),
            _Read(read),
            _Write(lambda _, address, size, value: OK if host.write(address, size, value) else INVALID),
            _Reset(lambda _, reason: host.reset(reason == RESET_WATCHDOG)),
            _SendEvent(lambda _: host.send_event()),
            _Clock(lambda _, hz: host.clock(hz)),
        )
        handle = load().rp2040_create(flash_bytes, xosc_hz, ctypes.byref(self._host))
        if not handle:
            raise ChipError(
                INVALID, f"flash_bytes = {flash_bytes} must be a power of two from 65536 to 16777216, xosc_hz above 0"
            )
        super().__init__(handle)

    def __del__(self) -> None:
        if hasattr(self, "_chip"):
            self._library.rp2040_destroy(self._chip)

    def reset(self) -> None:
        """Power-on."""
        self._library.rp2040_reset(self._chip)

    def finish_reset(self) -> None:
        """Does what a requested reset does to the blocks."""
        self.check(self._library.rp2040_finish_reset(self._chip))

    def load(self, address: int, data: bytes) -> None:
        """Content of the flash device."""
        self.check(self._library.rp2040_load(self._chip, address, data, len(data)))

    def boot(self) -> tuple[int, int]:
        """What the boot ROM does; returns (pc, sp)."""
        pc, sp = _U32(), _U32()
        self.check(self._library.rp2040_boot(self._chip, ctypes.byref(pc), ctypes.byref(sp)))
        return pc.value, sp.value

    def advance(self, cycle: int) -> None:
        """Runs everything due up to a cycle."""
        self.check(self._library.rp2040_advance(self._chip, cycle))

    def read(self, address: int, size: int = 4, *, cycle: int = 0, core: int = 0) -> int:
        """A core's load; a cycle in the past is now."""
        value = _U32()
        self.check(self._library.rp2040_read(self._chip, core, cycle, address, size, ctypes.byref(value)))
        return value.value

    def write(self, address: int, value: int, size: int = 4, *, cycle: int = 0, core: int = 0) -> None:
        """A core's store."""
        self.check(self._library.rp2040_write(self._chip, core, cycle, address, size, value & 0xFFFFFFFF))

    def xip_stall(self, address: int) -> int:
        """Stall of one flash access now."""
        return int(self._library.rp2040_xip_stall(self._chip, address))

    def cpu_block(self, pc: int, instructions: int) -> int:
        """Cycles of a block that core 0 executed."""
        return int(self._library.rp2040_cpu_block(self._chip, pc, instructions))

    def cpu_exception(self, begins: bool) -> int:
        """Cycles of an exception's entry or return."""
        return int(self._library.rp2040_cpu_exception(self._chip, begins))
