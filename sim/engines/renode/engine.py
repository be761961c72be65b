"""The Renode engine: Renode's processor, librp2040's peripherals, Cortex-M0+ time from librp2040's tables.

All of Renode lives in a process of its own (`emberwatch.engines.renode.worker`); this class is its remote control.
"""

from __future__ import annotations

import weakref
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import EngineError
from emberwatch.board.board import Board
from emberwatch.engines.base import Capability, Engine, FunctionCycles, Stop
from emberwatch.engines.renode import install, worker
from emberwatch.program.elf import Image


class RenodeEngine(Engine):
    """One core of the chip in Renode 1.16.1.

    Raises:
        MissingDependencyError: Renode or pyrenode3 is not installed; the message says how to get it.
    """

    name: ClassVar[str] = "renode"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.MICROPHONE_FAULTS, Capability.BREAKPOINTS})

    def __init__(self, board: Board, seed: int) -> None:
        if board.devices:
            raise EngineError(
                f"engine 'renode' has no devices, and board {board.name!r} has {board.devices[0].name}; use embedded"
            )
        if board.wires:
            raise EngineError(f"engine 'renode' cannot connect pins, and board {board.name!r} has wires; use embedded")
        self._worker = worker.acquire(install.environment())
        # A machine that is dropped gives its process back.
        self._finalizer = weakref.finalize(self, worker.release, self._worker)
        self._final: dict[tuple[Any, ...], Any] | None = None
        try:
            self._call("open", board, seed)
        except EngineError:
            # Whatever state Renode is in now, nobody else shall have it.
            self._finalizer.detach()
            self._worker.kill()
            raise

    def _call(self, method: str, *arguments: Any) -> Any:
        if self._final is None:
            return self._worker.call(method, *arguments)
        if (method, *arguments) not in self._final:
            raise EngineError(f"engine 'renode' is closed and did not keep {method!r}; ask before closing the machine")
        return self._final[method, *arguments]

    def close(self) -> None:
        """Gives the process to the next machine; the final time and the counts stay."""
        if self._final is None:
            cycle = self.cycle
            final = {(name,): self._call(name) for name in ("sleep_cycles", "function_cycles", "microphone_bits")}
            self._final = {("cycle",): cycle, ("picoseconds", cycle): self.picoseconds(cycle), **final}
            self._finalizer()

    def load_bootrom(self, image: bytes) -> None:
        """See `Engine.load_bootrom`."""
        self._call("load_bootrom", image)

    def load(self, image: Image) -> None:
        """See `Engine.load`."""
        segments = [(segment.address, bytes(segment.data)) for segment in image.segments]
        self._call("load", segments, image.ram_entry)

    @property
    def cycle(self) -> int:
        """See `Engine.cycle`."""
        return int(self._call("cycle"))

    @property
    def sleep_cycles(self) -> int:
        """See `Engine.sleep_cycles`."""
        return int(self._call("sleep_cycles"))

    def picoseconds(self, cycle: int) -> int:
        """See `Engine.picoseconds`."""
        return int(self._call("picoseconds", cycle))

    def cycle_at(self, picoseconds: int) -> int:
        """See `Engine.cycle_at`."""
        return int(self._call("cycle_at", picoseconds))

    def run_until(self, cycle: int) -> Stop:
        """See `Engine.run_until`."""
        stop = self._call("run_until", cycle)
        assert isinstance(stop, Stop)
        return stop

    def take_uart(self) -> list[tuple[int, int]]:
        """See `Engine.take_uart`."""
        return list(self._call("take_uart"))

    def take_usb(self) -> list[tuple[int, int]]:
        """See `Engine.take_usb`; the cycle is that of the call."""
        data = bytes(self._call("take_usb"))
        return [(self.cycle, byte) for byte in data]

    def send_uart(self, data: bytes) -> None:
        """See `Engine.send_uart`."""
        self._call("send_uart", data)

    def read_memory(self, address: int, size: int) -> bytes:
        """See `Engine.read_memory`."""
        return bytes(self._call("read_memory", address, size))

    def write_memory(self, address: int, data: bytes) -> None:
        """See `Engine.write_memory`."""
        self._call("write_memory", address, data)

    def register(self, number: int, core: int = 0) -> int:
        """See `Engine.register`."""
        if core != 0:
            raise EngineError("engine 'renode' has core 0 only; use the embedded engine for core 1")
        return int(self._call("register", number))

    def add_breakpoint(self, address: int) -> None:
        """See `Engine.add_breakpoint`."""
        self._call("add_breakpoint", address)

    def remove_breakpoint(self, address: int) -> None:
        """See `Engine.remove_breakpoint`."""
        self._call("remove_breakpoint", address)

    def start_gdb_server(self, port: int) -> None:
        """Renode's own GDB server on this port."""
        self._call("start_gdb_server", port)

    def trace_functions(self, functions: dict[str, tuple[int, int]]) -> None:
        """See `Engine.trace_functions`."""
        self._call("trace_functions", {name: address for name, (address, _) in functions.items()})

    def function_cycles(self) -> dict[str, FunctionCycles]:
        """See `Engine.function_cycles`."""
        return dict(self._call("function_cycles"))

    def pin(self, number: int) -> bool:
        """See `Engine.pin`."""
        return bool(self._call("pin", number))

    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        """See `Engine.push_sound`."""
        self._call("push_sound", np.ascontiguousarray(samples, dtype=np.int32))

    @property
    def sound_supplied(self) -> int:
        """See `Engine.sound_supplied`."""
        return int(self._call("sound_supplied"))

    @property
    def microphone_bits(self) -> int:
        """See `Engine.microphone_bits`."""
        return int(self._call("microphone_bits"))

    def set_microphone_fault(self, fault: str) -> None:
        """See `Engine.set_microphone_fault`."""
        self._call("set_microphone_fault", fault)

    def set_microphone_analog(self, gain: float, offset: float) -> None:
        """See `Engine.set_microphone_analog`."""
        self._call("set_microphone_analog", gain, offset)

    def set_microphone_timebase(self, hz: int) -> None:
        """See `Engine.set_microphone_timebase`."""
        self._call("set_microphone_timebase", hz)

    def save(self) -> bytes:
        """Not possible: librp2040's state and Renode's would have to be taken together."""
        raise EngineError("engine 'renode' has no snapshots; use the embedded engine")

    def restore(self, snapshot: bytes, *, power_on_others: bool = False) -> None:
        """Not possible, see `save`."""
        raise EngineError("engine 'renode' has no snapshots; use the embedded engine")
