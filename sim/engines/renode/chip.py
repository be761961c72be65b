"""A chip of librp2040 as a Python object: one that somebody else made, or one with a processor of one's own.

`sim/capi/rp2040.h` says what each function does; a status that is not OK becomes a `ChipError`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from emberwatch.engines.base import CallTap
from emberwatch.engines.renode.library import (
    CLOCK_SYS,
    FAULTS,
    I32,
    INVALID,
    OK,
    RESET_WATCHDOG,
    TAP_BYTES,
    TAP_REGISTERS,
    U8,
    U32,
    U64,
    ChipError,
    ClockCallback,
    EventCallback,
    HoldCallback,
    HostCallbacks,
    IrqCallback,
    ReadCallback,
    ResetCallback,
    Tap,
    Void,
    WriteCallback,
    load,
)


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

    def hold(self, core: int, held: bool) -> None:
        """PSM.FRCE_OFF holds a core in reset, or lets it go."""


class ChipHandle:
    """A chip that somebody else owns: looking at it, and what goes in and out at its edges."""

    def __init__(self, handle: int) -> None:
        self._library = load()
        self._chip = Void(handle)

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
        value = U32()
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
        data, cycles = (U8 * room)(), (U64 * room)()
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
        pointer = data.ctypes.data_as(ctypes.POINTER(I32))
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

    # Calls

    def set_taps(self, taps: Sequence[CallTap]) -> None:
        """What calls leave in memory is kept, from now on, of these functions."""
        data = (Tap * len(taps))(
            *(Tap(t.function, t.pointer, TAP_REGISTERS if t.count is None else t.count, t.size) for t in taps)
        )
        self.check(self._library.rp2040_taps(self._chip, data, len(taps)))

    def take_taps(self) -> list[tuple[int, bytes]]:
        """What finished calls left since the last time: the number of the tap, and the bytes."""
        taken: list[tuple[int, bytes]] = []
        data, size = (U8 * TAP_BYTES)(), U32()
        while (tap := self._library.rp2040_tap_take(self._chip, data, TAP_BYTES, ctypes.byref(size))) >= 0:
            taken.append((tap, bytes(data[: size.value])))
        return taken

    # The processor's time

    def cpu_cycles(self, core: int = 0) -> int:
        """Cycles charged to a core so far."""
        return int(self._library.rp2040_cpu_cycles(self._chip, core))

    def cpu_forget(self) -> None:
        """Code in memory changed."""
        self._library.rp2040_cpu_forget(self._chip)

    def stops(self, addresses: Sequence[int]) -> None:
        """Where calls and returns are awaited."""
        self.check(self._library.rp2040_stops(self._chip, (U32 * len(addresses))(*addresses), len(addresses)))

    def trace(self, addresses: Sequence[int]) -> None:
        """Counts calls of functions from now on."""
        self.check(self._library.rp2040_trace(self._chip, (U32 * len(addresses))(*addresses), len(addresses)))

    def trace_counts(self, index: int) -> CallCounts:
        """Calls of one traced function."""
        values = [U64() for _ in range(4)]
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
        self._host = HostCallbacks(
            None,
            IrqCallback(lambda _, core, line, level: host.irq(core, line, bool(level))),
            ReadCallback(read),
            WriteCallback(lambda _, address, size, value: OK if host.write(address, size, value) else INVALID),
            ResetCallback(lambda _, reason: host.reset(reason == RESET_WATCHDOG)),
            EventCallback(lambda _: host.send_event()),
            ClockCallback(lambda _, hz: host.clock(hz)),
            HoldCallback(lambda _, core, held: host.hold(core, bool(held))),
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

    def reset(self, cycle: int = 0) -> None:
        """Power-on; `cycle` of the time before, in the past now, is when that was."""
        self._library.rp2040_reset(self._chip, cycle)

    def finish_reset(self) -> None:
        """Does what a requested reset does to the blocks."""
        self.check(self._library.rp2040_finish_reset(self._chip))

    def load(self, address: int, data: bytes) -> None:
        """Content of the flash device."""
        self.check(self._library.rp2040_load(self._chip, address, data, len(data)))

    def boot(self) -> tuple[int, int]:
        """What the boot ROM does; returns (pc, sp)."""
        pc, sp = U32(), U32()
        self.check(self._library.rp2040_boot(self._chip, ctypes.byref(pc), ctypes.byref(sp)))
        return pc.value, sp.value

    def advance(self, cycle: int) -> None:
        """Runs everything due up to a cycle."""
        self.check(self._library.rp2040_advance(self._chip, cycle))

    def read(self, address: int, size: int = 4, *, cycle: int = 0, core: int = 0) -> int:
        """A core's load; a cycle in the past is now."""
        value = U32()
        self.check(self._library.rp2040_read(self._chip, core, cycle, address, size, ctypes.byref(value)))
        return value.value

    def write(self, address: int, value: int, size: int = 4, *, cycle: int = 0, core: int = 0) -> None:
        """A core's store."""
        self.check(self._library.rp2040_write(self._chip, core, cycle, address, size, value & 0xFFFFFFFF))

    def xip_stall(self, address: int) -> int:
        """Stall of one flash access now."""
        return int(self._library.rp2040_xip_stall(self._chip, address))

    def execute(self, cores: int) -> None:
        """Bit per core that the host executes from now on."""
        self._library.rp2040_execute(self._chip, cores)

    def cpu_block(self, pc: int, instructions: int, core: int = 0) -> int:
        """Cycles of a block that a core executed."""
        return int(self._library.rp2040_cpu_block(self._chip, core, pc, instructions))

    def cpu_exception(self, begins: bool, core: int = 0) -> int:
        """Cycles of an exception's entry or return."""
        return int(self._library.rp2040_cpu_exception(self._chip, core, begins))
