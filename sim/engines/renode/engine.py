"""The Renode engine: Renode's processor, librp2040's peripherals, Cortex-M0+ time from librp2040's tables.

All of Renode lives in a process of its own (`emberwatch.engines.renode.worker`); this class is its remote control.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import EngineError, NotPossibleError
from emberwatch.board.board import Board
from emberwatch.engines.base import CallTap, Capability, Engine, FunctionCycles, Stop
from emberwatch.engines.renode import install, worker
from emberwatch.program.elf import Image

_LOOKS = {"cycle", "picoseconds", "cycle_at", "sleep_cycles", "sound_supplied", "read_memory", "register", "pin"}
"""What changes nothing: the answers of the last run stay true."""


_MOST_ANSWERS = 1000


class RenodeEngine(Engine):
    """The chip in Renode 1.16.1.

    Raises:
        MissingDependencyError: Renode or pyrenode3 is not installed; the message says how to get it.
    """

    name: ClassVar[str] = "renode"
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.MICROPHONE_FAULTS,
            Capability.BREAKPOINTS,
            Capability.SOUND,
            Capability.MEMORY,
            Capability.CYCLES,
            Capability.SNAPSHOTS,
        }
    )

    def __init__(self, board: Board, seed: int) -> None:
        if board.devices:
            raise NotPossibleError(
                f"engine 'renode' has no devices, and board {board.name!r} has {board.devices[0].name}; use embedded"
            )
        if board.wires:
            raise NotPossibleError(
                f"engine 'renode' cannot connect pins, and board {board.name!r} has wires; use embedded"
            )
        self._worker = worker.acquire(install.environment())
        # A machine that is dropped gives its process back.
        self._finalizer = weakref.finalize(self, worker.release, self._worker)
        self._final: dict[tuple[Any, ...], Any] | None = None
        self._known: dict[tuple[Any, ...], Any] = {}
        """What the last run left, by method and arguments; nothing else changes it but what forgets it."""
        self._cycles_at: dict[int, int] = {}
        """Answers of `cycle_at`, for as long as the clock does not change."""
        self._clock_line: Any = None
        self._uart: list[tuple[int, int]] = []
        self._usb = b""
        self._tapped: list[list[bytes]] = []
        """What the calls of each tap left, not taken yet."""
        try:
            self._call("open", board, seed)
        except EngineError:
            # Whatever state Renode is in now, nobody else shall have it.
            self._finalizer.detach()
            self._worker.kill()
            raise

    def _call(self, method: str, *arguments: Any) -> Any:
        if self._final is None:
            if method not in _LOOKS:
                self._known = {}
                if method != "run_slice":  # whatever it is, it may change the clock
                    self._cycles_at, self._clock_line = {}, None
            elif (method, *arguments) in self._known:
                return self._known[method, *arguments]
            return self._worker.call(method, *arguments)
        if (method, *arguments) not in self._final:
            raise EngineError(f"engine 'renode' is closed and did not keep {method!r}; ask before closing the machine")
        return self._final[method, *arguments]

    def _call_later(self, method: str, *arguments: Any) -> None:
        """For what changes nothing that can be looked at."""
        if self._final is None:
            self._worker.call_later(method, *arguments)
        else:
            self._call(method, *arguments)

    def close(self) -> None:
        """Gives the process to the next machine; the final time and the counts stay."""
        if self._final is None:
            cycle = self.cycle
            final = {(name,): self._call(name) for name in ("sleep_cycles", "function_cycles", "microphone_bits")}
            self._final = {("cycle",): cycle, ("picoseconds", cycle): self.picoseconds(cycle), **final}
            self._finalizer()

    def load_bootrom(self, image: bytes) -> None:
        self._call("load_bootrom", image)

    def load(self, image: Image) -> None:
        segments = [(segment.address, bytes(segment.data)) for segment in image.segments]
        self._call("load", segments, image.ram_entry)

    def reset(self, image: Image) -> None:
        self._call("reset", image.ram_entry)

    @property
    def cycle(self) -> int:
        return int(self._call("cycle"))

    @property
    def sleep_cycles(self) -> int:
        return int(self._call("sleep_cycles"))

    def picoseconds(self, cycle: int) -> int:
        return int(self._call("picoseconds", cycle))

    def cycle_at(self, picoseconds: int) -> int:
        if picoseconds not in self._cycles_at:
            self._cycles_at[picoseconds] = int(self._call("cycle_at", picoseconds))
        return self._cycles_at[picoseconds]

    def run_until(self, cycle: int) -> Stop:
        stop, known = self._call("run_slice", cycle)
        assert isinstance(stop, Stop)
        self._uart += known.pop(("take_uart",))
        self._usb += known.pop(("take_usb",))
        for tap, data in known.pop(("take_taps",)):
            self._tapped[tap].append(data)
        line = known.pop(("clock_line",))
        if line != self._clock_line or len(self._cycles_at) > _MOST_ANSWERS:
            self._clock_line, self._cycles_at = line, {}
        self._known = known
        return stop

    def take_uart(self) -> list[tuple[int, int]]:
        taken, self._uart = self._uart, []
        return taken

    def take_usb(self) -> list[tuple[int, int]]:
        """See `Engine.take_usb`; the cycle is that of the call."""
        data, self._usb = self._usb, b""
        return [(self.cycle, byte) for byte in data]

    def send_uart(self, data: bytes) -> None:
        self._call("send_uart", data)

    def read_memory(self, address: int, size: int) -> bytes:
        return bytes(self._call("read_memory", address, size))

    def write_memory(self, address: int, data: bytes) -> None:
        self._call("write_memory", address, data)

    def register(self, number: int, core: int = 0) -> int:
        return int(self._call("register", number, core))

    def add_breakpoint(self, address: int) -> None:
        self._call_later("add_breakpoint", address)

    def remove_breakpoint(self, address: int) -> None:
        self._call_later("remove_breakpoint", address)

    def await_call(self, address: int) -> None:
        self._call_later("await_call", address)

    def forget_call(self, address: int) -> None:
        self._call_later("forget_call", address)

    def tap_calls(self, tap: CallTap) -> Callable[[], list[bytes]] | None:
        if not self._call("tap_calls", tap):
            return None
        kept: list[bytes] = []
        self._tapped.append(kept)

        def take() -> list[bytes]:
            taken = kept.copy()
            kept.clear()
            return taken

        return take

    def start_gdb_server(self, port: int) -> None:
        """Renode's own GDB server on this port."""
        self._call("start_gdb_server", port)

    def trace_functions(self, functions: dict[str, tuple[int, int]]) -> None:
        self._call("trace_functions", {name: address for name, (address, _) in functions.items()})

    def function_cycles(self) -> dict[str, FunctionCycles]:
        return dict(self._call("function_cycles"))

    def pin(self, number: int) -> bool:
        return bool(self._call("pin", number))

    def push_sound(self, samples: npt.NDArray[np.int32]) -> None:
        self._call("push_sound", np.ascontiguousarray(samples, dtype=np.int32))

    @property
    def sound_supplied(self) -> int | None:
        supplied = self._call("sound_supplied")
        return None if supplied is None else int(supplied)

    @property
    def microphone_bits(self) -> int:
        return int(self._call("microphone_bits"))

    def set_microphone_fault(self, fault: str) -> None:
        self._call("set_microphone_fault", fault)

    def set_microphone_analog(self, gain: float, offset: float) -> None:
        self._call("set_microphone_analog", gain, offset)

    def set_microphone_timebase(self, hz: int) -> None:
        self._call("set_microphone_timebase", hz)

    def save(self) -> bytes:
        return bytes(self._call("save"))

    def restore(self, snapshot: bytes, *, power_on_others: bool = False) -> None:
        """See `Engine.restore`; this engine has no devices of its own, and snapshots are of its process."""
        self._uart, self._usb = [], b""
        self._call("restore", snapshot)
