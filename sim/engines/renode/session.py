"""One board in Renode, in this process, through pyrenode3.

Everything that knows Renode's Python side is here. pyrenode3 is imported when the first session opens; the environment
must have been prepared by then (`emberwatch.engines.renode.install.environment`).
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from emberwatch.base.errors import EngineError
from emberwatch.board.board import Board
from emberwatch.chip import memory
from emberwatch.engines.base import CallTap, FunctionCycles, Stop, StopReason
from emberwatch.engines.renode import bridge, generate, snapshot
from emberwatch.engines.renode.chip import ChipHandle
from emberwatch.engines.renode.install import loading, quoted
from emberwatch.engines.renode.library import ChipError
from emberwatch.engines.renode.wires import Wires

_T = TypeVar("_T")

QUANTUM_S = "0.004"
"""Renode's threads meet after each quantum, which costs a fifth of a millisecond; resets come at its end."""
_PC = 15
_SRAM_END = memory("sram").end
_MEMORIES = (
    *((memory(name).base, memory(name).size) for name in ("rom", "xip_sram", "sram")),
    (memory("flash").base, 4 * memory("flash").size),  # with its aliases
)
_FAR_PS = 10**18
"""A time so far off that its cycle tells whether the clock has changed, as things stand."""
_LINE_END = 0x0A
_SAVED_QUANTUM_US = 1000
_FINISHED, _BREAKPOINT, _FAULT, _HALTED, _LOCKUP = range(5)

# What Renode's log says about things that the platform does not have, and about a processor that gave up.
_COMPLAINTS = re.compile(
    r"non existing peripheral|[Uu]nhandled (read|write)|CPU (abort|was halted)|does not lay in memory"
)


class RenodeSession(Wires):
    """A board with its microphone, and a program once `load` was called.

    Raises:
        EngineError: Renode refused a command, the platform or the bridge; the message is Renode's.
    """

    def __init__(self, board: Board, seed: int) -> None:
        with loading():
            from pyrenode3.wrappers import Emulation, Monitor

        self._board = board
        self._folder = tempfile.TemporaryDirectory(prefix="emberwatch-renode-")
        folder = Path(self._folder.name)
        self.log = folder / "renode.log"
        self._log_read = 0
        self._bridge: Any = None
        # The monitor comes first: it hooks the `reset:` macros of machines made later.
        self._emulation = Emulation()
        self._monitor = Monitor()
        self.command(f"logFile @{quoted(self.log)} true")  # true: written through at once, not every five seconds
        self._classes = bridge.load(self.command)
        self._machine = self._emulation.add_mach("emberwatch")
        self.command('mach set "emberwatch"')
        self._load_platform(folder)
        self.command("emulation SetGlobalAdvanceImmediately true")
        self.command(f'emulation SetGlobalQuantum "{QUANTUM_S}"')
        self._find_bridge()
        if (microphone := board.microphone) is not None:
            self._chip.mic_attach(microphone.clock, microphone.data, microphone.channel == "right", seed)
        self._traced: dict[str, int] = {}
        self._breakpoints: set[int] = set()
        self._calls: set[int] = set()
        self._taps: list[CallTap] = []
        self._rom: bytes | None = None
        self._boot_error = ""
        self._failed = ""

    def _find_bridge(self) -> None:
        """The board's objects in Renode: of the machine that was made, or that a snapshot brought."""
        self._bridge = self._part("chip")
        self._runner = self._part("runner")
        for port in ("uart0", "uart1", "usb"):
            self._part(port).Listening = False
        # The bridge has loaded the same library: its chip can be used directly while the processor stands still.
        self._chip = ChipHandle(int(self._bridge.HandleValue))

    def _part(self, name: str) -> Any:
        """An object of the bridge's. pyrenode3's way, an attribute of `sysbus`, wraps all that is there each time."""
        from pyrenode3.wrappers import Peripheral

        return Peripheral(self._machine.internal[f"sysbus.{name}"]).internal

    def close(self) -> None:
        """Ends the emulation; Renode itself stays loaded."""
        with contextlib.suppress(Exception):  # whatever it is, this session is over
            self._runner.Abandon()
        self._emulation.clear()
        self._folder.cleanup()

    # Renode

    def command(self, text: str) -> str:
        """A monitor command; `Monitor.execute` itself never raises.

        Raises:
            EngineError: the monitor printed an error.
        """
        if self._bridge is not None:
            self._runner.Settle()
        output, error = self._monitor.execute(text)
        if self._bridge is not None:
            self._bridge.RunsInSlices()  # it might have asked for a log of accesses
        if str(error).strip():
            raise EngineError(f"Renode: {text.split()[0]}: {str(error).strip()}")
        return str(output).strip()

    def _load_platform(self, folder: Path) -> None:
        # Rendered anew, so that a board given as a TOML file of the user's works as well.
        for name, text in ({"rp2040.repl": generate.render_chip()} | generate.render_board(self._board)).items():
            (folder / name).write_text(text, encoding="utf-8")
        interaction = self._monitor.interaction
        interaction.Clear()
        self._guard(lambda: self._machine.load_repl(str(folder / f"{self._board.name}.repl")))
        # `init:` lines that fail do not stop the load: their errors are left here.
        if error := str(interaction.GetError() or "").strip():
            raise EngineError(f"Renode: {self._board.name}.repl: {error}")

    def _guard(self, action: Callable[[], _T]) -> _T:
        """Turns .NET exceptions, which are no subclass of anything of ours, into one line."""
        try:
            return action()
        except EngineError:
            raise
        except Exception as error:
            raise EngineError(f"Renode: {bridge.reason(error)}") from None

    # Program

    def load_bootrom(self, image: bytes) -> None:
        """Boots through this ROM."""
        if len(image) > 0x4000:
            raise EngineError(f"boot ROM image has {len(image)} bytes; the ROM holds 16384")
        self._rom = image

    def load(self, segments: list[tuple[int, bytes]], entry: int | None) -> None:
        """Puts segments into memory and the processor at its start; `entry` is for programs in SRAM."""
        for address, data in segments:
            self.write_memory(address, data)
        self.reset(entry)

    def reset(self, entry: int | None) -> None:
        """Puts the processor at its start; memories are as they are, and the chip is as power-on leaves it."""
        self._boot_error = self._failed = ""
        if self._rom is not None:
            self.write_memory(0, self._rom)
            self.command("sysbus.cpu VectorTableOffset 0x0")
            start = int.from_bytes(self._rom[4:8], "little")
            self._guard(lambda: self._bridge.Start(start, int.from_bytes((self._rom or b"")[:4], "little")))
        elif entry is not None:
            self._guard(lambda: self._bridge.Start(entry, _SRAM_END))
        else:
            try:
                self._guard(self._bridge.Boot)
            except EngineError as error:  # what is in flash does not boot; `run_until` says so, as on the chip
                self._boot_error = str(error).removeprefix("Renode: ")

    def write_memory(self, address: int, data: bytes) -> None:
        """Writes memory as a loader does."""
        if not _in_memory(address, len(data)):
            raise EngineError(f"no memory at {address:#010x} for {len(data)} bytes")
        buffer = (ctypes.c_char * len(data)).from_buffer_copy(data)
        self._guard(lambda: self._runner.WriteMemory(address, len(data), ctypes.addressof(buffer)))
        self._chip.cpu_forget()

    def read_memory(self, address: int, size: int) -> bytes:
        """Memory from Renode, registers from librp2040, both without side effects."""
        if _in_memory(address, size):
            buffer = ctypes.create_string_buffer(size)
            self._guard(lambda: self._runner.ReadMemory(address, size, ctypes.addressof(buffer)))
            return buffer.raw
        words = b""
        for at in range(address & ~3, address + size, 4):
            try:
                words += self._chip.peek(at).to_bytes(4, "little")
            except ChipError:
                raise EngineError(f"nothing to read at {at:#010x}") from None
        return words[address & 3 : (address & 3) + size]

    # Running

    def run_until(self, cycle: int) -> Stop:
        """Runs to an absolute cycle, or to a breakpoint or a dead processor before it."""
        if self._boot_error:
            return Stop(StopReason.BOOT_ERROR, detail=self._boot_error)
        if self._failed:
            return Stop(StopReason.UNMODELLED, pc=self.register(_PC), detail=self._failed)
        chip = self._chip
        picoseconds = chip.picoseconds(cycle) - chip.picoseconds(chip.now)
        if picoseconds <= 0 and not self._runner.Waiting:
            return Stop(StopReason.TIME, pc=self.register(_PC))
        resets = int(self._bridge.BoardResets)
        why = self._guard(lambda: int(self._runner.Run(max(1, -(-picoseconds // 1000)))))
        if int(self._bridge.BoardResets) != resets:
            self._failed = "the program reset itself through AIRCR, and Renode the whole board; use the embedded engine"
            return Stop(StopReason.UNMODELLED, pc=self.register(_PC), detail=self._failed)
        if why == _BREAKPOINT:
            core = int(self._runner.Core)
            return Stop(StopReason.BREAKPOINT, pc=self.register(_PC, core), core=core)
        if why == _LOCKUP:
            return Stop(StopReason.LOCKUP, pc=self.register(_PC))
        complaint = str(self._bridge.FaultText or "") if why == _FAULT else self._complaint()
        if why == _HALTED and not complaint:
            complaint = "Renode halted the processor and did not say why"
        if complaint:
            self._failed = complaint
            return Stop(StopReason.UNMODELLED, pc=self.register(_PC), detail=complaint)
        return Stop(StopReason.TIME, pc=self.register(_PC))

    def run_slice(self, cycle: int) -> tuple[Stop, dict[tuple[Any, ...], Any]]:
        """`run_until`, and what every host asks for after it, by method and arguments: one trip instead of many."""
        stop = self.run_until(cycle)
        now = self.cycle
        registers = self._registers(stop.core) if stop.reason is StopReason.BREAKPOINT else ()
        sent = self.take_uart()
        # A console wants to know when each of its lines ended, and when the last byte came.
        told = {cycle for cycle, byte in sent if byte == _LINE_END} | {cycle for cycle, _ in sent[-1:]} | {now}
        return stop, {
            **{("register", number, stop.core): value for number, value in enumerate(registers)},
            ("clock_line",): self._chip.cycle_at(_FAR_PS),
            ("cycle",): now,
            **{("picoseconds", cycle): self.picoseconds(cycle) for cycle in told},
            ("sound_supplied",): self.sound_supplied,
            ("take_taps",): self._chip.take_taps() if self._taps else [],
            ("take_uart",): sent,
            ("take_usb",): self.take_usb(),
        }

    def _complaint(self) -> str:
        """What Renode met that the platform does not have, in one line; empty when all is well."""
        logged = ""
        if self.log.is_file() and self.log.stat().st_size > self._log_read:
            with self.log.open(encoding="utf-8", errors="replace") as file:
                file.seek(self._log_read)
                lines = file.readlines()
                self._log_read = file.tell()
            logged = next((line.strip() for line in lines if _COMPLAINTS.search(line)), "")
        reads, writes = divmod(int(self._runner.Unexpected), 1 << 32)
        if logged:
            return f"Renode: {logged}"
        if reads or writes:
            return (
                f"Renode counted {reads} reads and {writes} writes of addresses that nothing answers; log: {self.log}"
            )
        return ""

    def add_breakpoint(self, address: int) -> None:
        """Stops before the instruction at an address."""
        self._guard(lambda: self._runner.AddBreakpoint(address))
        self._breakpoints.add(address)

    def remove_breakpoint(self, address: int) -> None:
        """Undoes `add_breakpoint`."""
        self._guard(lambda: self._runner.RemoveBreakpoint(address))
        self._breakpoints.discard(address)

    def await_call(self, address: int) -> None:
        """Stops where a call begins or ends, see `Engine.await_call`."""
        self._guard(lambda: self._runner.AwaitCall(address))
        self._calls.add(address)

    def forget_call(self, address: int) -> None:
        """Undoes `await_call`."""
        self._guard(lambda: self._runner.ForgetCall(address))
        self._calls.discard(address)

    def tap_calls(self, tap: CallTap) -> bool:
        """See `Engine.tap_calls`; False: the processor's library does not lend its registers."""
        if not self._bridge.SeesCalls:
            return False
        self._taps.append(tap)
        self._chip.set_taps(self._taps)
        return True

    def start_gdb_server(self, port: int) -> None:
        """Lets GDB attach; it starts the emulation itself."""
        self.command(f"machine StartGdbServer {port}")

    # Looking

    def register(self, number: int, core: int = 0) -> int:
        """R0-R15 of a core."""
        return int(self._runner.Register(number, core))

    def _registers(self, core: int) -> tuple[int, ...]:
        values = (ctypes.c_uint32 * 16)()
        self._runner.Registers(core, ctypes.addressof(values))
        return tuple(values)

    @property
    def cycle(self) -> int:
        """Cycles since power-on."""
        return int(self._runner.StoppedAt) if self._runner.Waiting else self._chip.now

    @property
    def sleep_cycles(self) -> int:
        """Time that no instruction took."""
        return max(0, self._chip.now - self._chip.cpu_cycles())

    def picoseconds(self, cycle: int) -> int:
        """Emulated time of a cycle."""
        return self._chip.picoseconds(cycle)

    def cycle_at(self, picoseconds: int) -> int:
        """First cycle at or after a time."""
        return self._chip.cycle_at(picoseconds)

    def trace_functions(self, functions: dict[str, int]) -> None:
        """Counts calls of functions, {name: address}."""
        self._traced = dict(functions)
        self._chip.trace(list(functions.values()))

    def function_cycles(self) -> dict[str, FunctionCycles]:
        """Counts of the traced functions."""
        counts = {name: self._chip.trace_counts(index) for index, name in enumerate(self._traced)}
        return {name: FunctionCycles(c.calls, c.total, c.least, c.most) for name, c in counts.items()}

    # Snapshots

    def save(self) -> bytes:
        """Renode's own snapshot of the emulation, with librp2040's state in it, behind a line that says whose it is.

        Raises:
            EngineError: the processor waits at a breakpoint, and Renode must stop the machine for a snapshot.
        """
        if self._runner.Waiting:
            raise EngineError(
                "engine 'renode' takes no snapshot at a breakpoint; run on first, or use the embedded engine"
            )
        if self._chip.now:  # it and those that go back to this moment go on in the same way
            self._bridge.Quantum.Saved = _SAVED_QUANTUM_US
        path = Path(self._folder.name) / "snapshot"
        self.command(f"Save @{quoted(path)}")
        data = path.read_bytes()
        path.unlink()
        about = {
            "board": self._board.name,
            "classes": self._classes,
            "boot_error": self._boot_error,
            "failed": self._failed,
        }
        return snapshot.pack(data, about)

    def restore(self, saved: bytes) -> None:
        """Goes back to a snapshot of this engine and board; calls of traced functions are counted from now on.

        Raises:
            EngineError: the bytes are something else; the machine is as it was.
        """
        data, about = snapshot.unpack(saved, self._classes, self._board.name)
        self._runner.Abandon()
        path = Path(self._folder.name) / "snapshot"
        path.write_bytes(data)
        self.command(f"Load @{quoted(path)}")
        path.unlink()
        self.command('mach set "emberwatch"')
        self._machine = self._emulation.get_mach("emberwatch")
        self._find_bridge()
        self._boot_error, self._failed = about["boot_error"], about["failed"]
        if self._traced:
            self._chip.trace(list(self._traced.values()))
        self._guard(self._runner.ForgetBreakpoints)
        for address in sorted(self._breakpoints):
            self.add_breakpoint(address)
        for address in sorted(self._calls):
            self.await_call(address)
        if self._taps:
            self._chip.set_taps(self._taps)


def _in_memory(address: int, size: int) -> bool:
    return any(base <= address and address + size <= base + length for base, length in _MEMORIES)
