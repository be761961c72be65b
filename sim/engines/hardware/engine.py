"""The hardware engine: a board on a serial port, for the parts of a suite that a board can answer.

It has the console, and time by this computer's clock. What a debugger, a microphone made of samples or an emulated pin
would be asked is refused with `NotPossibleError`, which Robot Framework takes as a reason to skip.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import ClassVar, NoReturn

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import EngineError, NotPossibleError
from emberwatch.base.units import PICO
from emberwatch.board.board import Board
from emberwatch.engines.base import Capability, Engine, FunctionCycles, Stop, StopReason
from emberwatch.engines.hardware.flashers import Flasher, flasher
from emberwatch.engines.hardware.port import PORT_VARIABLE, Port, chosen_port, open_port
from emberwatch.program.elf import Image

FLASHER_VARIABLE = "EMBERWATCH_FLASHER"
_READ_S = 0.01
_REOPEN_S = 5.0
"""How long a port may be away: USB ports of a program go and come with it."""

_flashed: dict[str, str] = {}
"""Digest of the program that this process has put on the board behind a port: the next test only resets it."""
_owners: dict[str, HardwareEngine] = {}
"""Who listens on a port: a board is one machine, and the newest one has it."""


class HardwareEngine(Engine):
    """A real board. Its cycles are seconds by this computer's clock at the board's nominal clk_sys."""

    name: ClassVar[str] = "hardware"
    capabilities: ClassVar[frozenset[Capability]] = frozenset()

    def __init__(self, board: Board) -> None:
        self._hz = board.clock.clk_sys_hz
        self._baud = board.uart.baud
        self._name = chosen_port()
        if (before := _owners.pop(self._name, None)) is not None:
            before.close()
        self._port = self._open()
        _owners[self._name] = self
        self._began = time.monotonic()
        self._ended: float | None = None
        self._received: list[tuple[int, int]] = []
        self._note = ""

    def _open(self) -> Port:
        return open_port(self._name, self._baud, "a board on a serial port", "the board file has it", _READ_S)

    def load_bootrom(self, image: bytes) -> None:
        _not_possible("boot through another boot ROM")

    def load(self, image: Image) -> None:
        """Flashes the program, or resets the board when this process has flashed it already.

        Raises:
            EngineError: the board cannot be reached, or not be reset; the message says what to do.
        """
        chosen = os.environ.get(FLASHER_VARIABLE, "auto")
        self._port.reset_input_buffer()
        if chosen == "none":
            self._note = f"the board was not reset ({FLASHER_VARIABLE}=none): it runs what it ran before"
        else:
            self._start(image, flasher(chosen))
        self._began = time.monotonic()
        self._received.clear()

    def _start(self, image: Image, way: Flasher) -> None:
        digest = hashlib.sha256(repr(image.segments).encode()).hexdigest()
        if way.can_reset and _flashed.get(self._name) == digest:
            way.reset()
            return
        way.flash(image)
        _flashed[self._name] = digest

    @property
    def cycle(self) -> int:
        now = time.monotonic() if self._ended is None else self._ended
        return round((now - self._began) * self._hz)

    def notes(self) -> list[str]:
        return [self._note] if self._note else []

    @property
    def sleep_cycles(self) -> int:
        return 0

    def picoseconds(self, cycle: int) -> int:
        return cycle * PICO // self._hz

    def cycle_at(self, picoseconds: int) -> int:
        return -(-picoseconds * self._hz // PICO)

    def run_until(self, cycle: int) -> Stop:
        """Listens until then.

        Raises:
            EngineError: the port has gone and did not come back.
            NotPossibleError: another machine has the board now.
        """
        self._check_open()
        while self.cycle < cycle:
            data = self._read()
            now = self.cycle
            self._received += [(now, byte) for byte in data]
        return Stop(StopReason.TIME)

    def _read(self) -> bytes:
        try:
            return bytes(self._port.read(max(1, self._port.in_waiting)))
        except OSError:  # pyserial's SerialException is one
            self._reopen()
            return b""

    def _reopen(self) -> None:
        self._port.close()
        deadline = time.monotonic() + _REOPEN_S
        while True:
            time.sleep(0.05)
            try:
                self._port = self._open()
            except EngineError:
                raise
            except Exception as error:  # what a vanished port raises differs by system
                if time.monotonic() > deadline:
                    raise EngineError(
                        f"serial port {self._name} has gone ({error}); plug the board in, or set {PORT_VARIABLE}"
                    ) from None
            else:
                return

    def take_uart(self) -> list[tuple[int, int]]:
        taken, self._received = self._received, []
        return taken

    def take_usb(self) -> list[tuple[int, int]]:
        return []

    def send_uart(self, data: bytes) -> None:
        """Sends bytes to the console.

        Raises:
            EngineError: the port has gone.
            NotPossibleError: another machine has the board now.
        """
        self._check_open()
        try:
            self._port.write(data)
        except OSError as error:
            raise EngineError(f"serial port {self._name} takes nothing ({error}); plug the board in again") from None

    def read_memory(self, address: int, size: int) -> bytes:
        _not_possible("read memory")

    def write_memory(self, address: int, data: bytes) -> None:
        _not_possible("write memory")

    def register(self, number: int, core: int = 0) -> int:
        _not_possible("read registers")

    def add_breakpoint(self, address: int) -> None:
        _not_possible("stop at a breakpoint")

    def remove_breakpoint(self, address: int) -> None:
        _not_possible("stop at a breakpoint")

    def trace_functions(self, functions: dict[str, tuple[int, int]]) -> None:
        return  # asked for by every machine of the detector; who wants the counts is told that there are none

    def function_cycles(self) -> dict[str, FunctionCycles]:
        _not_possible("count the cycles of functions")

    def pin(self, number: int) -> bool:
        _not_possible("read a pin")

    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        _not_possible("hear a file")

    @property
    def sound_supplied(self) -> int | None:
        return None

    @property
    def microphone_bits(self) -> int:
        _not_possible("count the microphone's bits")

    def set_microphone_fault(self, fault: str) -> None:
        _not_possible("break its microphone")

    def set_microphone_analog(self, gain: float, offset: float) -> None:
        _not_possible("change its microphone")

    def set_microphone_timebase(self, hz: int) -> None:
        _not_possible("date the microphone's bits")

    def _check_open(self) -> None:
        if self._ended is not None:
            raise NotPossibleError(
                f"engine 'hardware' has one board on {self._name}, which another machine has now; use --engine embedded"
            )

    def close(self) -> None:
        if self._ended is None:
            self._ended = time.monotonic()
        if _owners.get(self._name) is self:
            del _owners[self._name]
        self._port.close()

    def save(self) -> bytes:
        _not_possible("take a snapshot")

    def restore(self, snapshot: bytes, *, power_on_others: bool = False) -> None:
        _not_possible("go back to a snapshot")


def _not_possible(what: str) -> NoReturn:
    raise NotPossibleError(f"engine 'hardware' cannot {what}: a board shows its console alone; use --engine embedded")
