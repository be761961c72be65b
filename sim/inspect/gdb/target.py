"""The emulated board as a debugger handles it: stop, go, step, breakpoints, memory, backwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.base.errors import EngineError, UsageError
from emberwatch.chip import memory
from emberwatch.engines import Capability, Stop, StopReason
from emberwatch.engines.embedded import embedded
from emberwatch.inspect.crash import FaultInfo
from emberwatch.inspect.gdb.history import History, Interrupted
from emberwatch.inspect.gdb.packets import PacketError
from emberwatch.machine import semihosting

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

SIGINT, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV = 2, 5, 6, 10, 11
"""GDB's own numbers (include/gdb/signals.def)."""

CORES = (0, 1)
_PPB = range(memory("ppb").base, memory("ppb").end)
_SYSTEM_CONTROL_SPACE = _PPB.start + 0xE000
_FOREVER = 1 << 62
MAX_CYCLES = 10**14
"""Farthest cycle that can be asked for: nine days at 125 MHz."""
_WATCH_NAMES = {2: "watch", 3: "rwatch", 4: "awatch"}


@dataclass(frozen=True)
class Event:
    """Why the program stands still.

    Attributes:
        signal: GDB's signal number.
        core: the core that it happened on.
        detail: name and value of the stop reason as in GDB's stop reply, or an empty name.
        text: a line for the developer, or nothing.
        exit_code: set if the firmware has ended.
    """

    signal: int
    core: int = 0
    detail: tuple[str, str] = ("", "")
    text: str = ""
    exit_code: int | None = None


@dataclass(frozen=True)
class Watch:
    """A watchpoint of GDB: Z packet type 2 (write), 3 (read) or 4 (access)."""

    kind: int
    address: int
    size: int

    @property
    def read(self) -> bool:
        """Whether reading hits."""
        return self.kind in (3, 4)

    @property
    def write(self) -> bool:
        """Whether writing hits."""
        return self.kind in (2, 4)


class Target:
    """One machine under a debugger. Both cores always run and stop together, as on the chip.

    Args:
        machine: what to debug; it keeps its cycle.
        console: gets text from semihosting and from crashes.
        semihosting_dir: folder for the files of semihosting; None: it touches none.
        interrupted: asked while going backwards whether the developer has had enough.
    """

    def __init__(
        self,
        machine: Machine,
        console: Callable[[str], None],
        semihosting_dir: Path | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        if Capability.OBSERVATION not in machine.engine.capabilities:
            raise EngineError(
                f"engine {machine.engine.name!r} brings its own debug server: machine.engine.start_gdb_server(3333), "
                "or in Renode's monitor: machine StartGdbServer 3333"
            )
        self.machine = machine
        self.engine = embedded(machine.engine)
        self.chip = self.engine.chip
        self.semihosting = semihosting.Semihosting(self.chip, console, semihosting_dir)
        self.history = History(
            machine, self.engine, lambda stop: self.semihosting.repeat(stop.core), self.watch_detail, interrupted
        )
        self.breakpoints: dict[int, str] = {}
        self.watches: list[Watch] = []
        self._catch_faults = True
        self._console = console
        self.event = Event(SIGTRAP)
        self.flash_programmed = False
        self.chip.attach_debugger(True)
        machine.answers_semihosting = False
        self.engine.catch_hard_faults(True)

    def detach(self) -> None:
        """Takes all breakpoints away and leaves the program as it is."""
        for address in list(self.breakpoints):
            self.remove_breakpoint(address)
        for watch in list(self.watches):
            self.remove_watch(watch)
        self.semihosting.close()
        self.chip.attach_debugger(False)
        self.machine.answers_semihosting = True

    # Breakpoints

    def add_breakpoint(self, address: int, reason: str) -> None:
        """`reason` is what the stop reply will say: swbreak or hwbreak."""
        if address not in self.breakpoints:
            self.engine.add_breakpoint(address)
        self.breakpoints[address] = reason

    def remove_breakpoint(self, address: int) -> None:
        """Takes one away; it is no error if there is none."""
        if self.breakpoints.pop(address, None) is not None:
            self.engine.remove_breakpoint(address)

    def add_watch(self, watch: Watch) -> None:
        """Stops after accesses."""
        if watch not in self.watches:
            self.watches.append(watch)
            self.chip.add_watchpoint(watch.address, watch.size, watch.read, watch.write)

    def remove_watch(self, watch: Watch) -> None:
        """Takes one away; it is no error if there is none."""
        if watch in self.watches:
            self.watches.remove(watch)
            self.chip.remove_watchpoint(watch.address, watch.size, watch.read, watch.write)

    def catch_faults(self, caught: bool) -> None:
        """Whether to stop where the HardFault handler begins."""
        self._catch_faults = caught

    # Forwards

    def resume(self, interrupted: Callable[[], bool], reached: Callable[[Stop], bool] = lambda stop: False) -> Event:
        """Runs until something happens.

        Args:
            interrupted: asked about every 50 emulated ms.
            reached: asked at breakpoints of the engine, the caller's among them, whether to stop as after a step.
        """
        self._pass_bkpt()
        self.history.before_running()
        for stop, _ in self.machine.stops_until(_FOREVER):
            if stop.reason is StopReason.BREAKPOINT and reached(stop):
                return self._stopped(Event(SIGTRAP, stop.core))
            event = self._happened(stop)
            if event is not None:
                return self._stopped(event)
            if interrupted():
                return self._stopped(Event(SIGINT, self.event.core))
            self.history.before_running()
        raise AssertionError("the end of time")

    def step(self, core: int, interrupted: Callable[[], bool], within: range = range(0)) -> Event:
        """One instruction of one core, and on as long as it stays `within` these addresses."""
        self._pass_bkpt()
        self.history.before_running()
        for stop, _ in self.machine.stops_until(_FOREVER, step=core):
            if stop.reason is StopReason.STEP:
                event = None if stop.pc in within else Event(SIGTRAP, core)
            else:
                event = self._happened(stop)
                if event is None and stop.reason is StopReason.BKPT and stop.core == core:
                    event = Event(SIGTRAP, core)  # a semihosting call is one instruction
            if event is not None:
                return self._stopped(event)
            if interrupted():
                return self._stopped(Event(SIGINT, core))
            self.history.before_running()
        raise AssertionError("the end of time")

    def run_to(self, cycle: int) -> Event | None:
        """Runs to a cycle without stopping at breakpoints; an event is what else stopped it.

        Raises:
            UsageError: the cycle is negative or more than MAX_CYCLES, or the chip becomes dormant before for good.
        """
        if not 0 <= cycle <= MAX_CYCLES:
            raise UsageError(f"cycle {cycle} is outside 0..{MAX_CYCLES}")
        before = self.engine.cycle
        self.history.before_running()
        for stop, _ in self.machine.stops_until(cycle):
            if stop.reason is StopReason.TIME and self.engine.cycle == before:
                raise UsageError(f"cycle {cycle} never comes: the chip is dormant from {before} on; no pin wakes it")
            event = self._happened(stop)
            if event is not None and event.detail[0] not in ("swbreak", "hwbreak", "watch", "rwatch", "awatch"):
                return self._stopped(event)
            before = self.engine.cycle
            self.history.before_running()
        return None

    def _stopped(self, event: Event) -> Event:
        self.event = event
        if event.text:
            self._console(event.text + "\n")
        return event

    def _pass_bkpt(self) -> None:
        """A BKPT of the program itself has been reported; going on means going past it, as debug probes do."""
        for core in CORES:
            pc = self.chip.registers(core)["pc"]
            if pc not in self.breakpoints and self.event.text.startswith("BKPT") and self._halfword(pc) >> 8 == 0xBE:
                self.chip.set_register(core, "pc", pc + 2)
                self.history.changed()

    def _halfword(self, address: int) -> int:
        try:
            return int.from_bytes(self.chip.read_memory(address, 2), "little")
        except ValueError:
            return 0

    def _happened(self, stop: Stop) -> Event | None:
        """What a stop of the engine means for GDB; None: nothing, go on."""
        core = stop.core
        where = self.machine.image.symbols.at(stop.pc) or f"{stop.pc:#010x}"
        match stop.reason:
            case StopReason.BREAKPOINT:
                reason = self.breakpoints.get(stop.pc)
                return None if reason is None else Event(SIGTRAP, core, (reason, ""))
            case StopReason.WATCHPOINT:
                return Event(SIGTRAP, core, self.watch_detail(stop))
            case StopReason.BKPT:
                if self._halfword(stop.pc) != semihosting.CALL:
                    return Event(SIGTRAP, core, text=f"BKPT in {where}, core {core}")
                self.semihosting.call(core)
                code = self.semihosting.exit_code
                return None if code is None else Event(SIGTRAP, core, exit_code=code)
            case StopReason.HARD_FAULT:
                if not self._catch_faults:
                    return None
                fault = FaultInfo(*self.chip.faults(core)[-1])
                place = self.machine.image.symbols.at(fault.pc) or f"{fault.pc:#010x}"
                return Event(SIGSEGV, core, text=f"HardFault on core {core}: {fault}, in {place}")
            case StopReason.LOCKUP:
                return Event(SIGSEGV, core, text=f"Lockup of core {core} at {where}: {stop.detail}")
            case StopReason.UNMODELLED:
                return Event(SIGBUS, core, text=f"Access that the model does not have, core {core}: {stop.detail}")
            case StopReason.BOOT_ERROR:
                return Event(SIGABRT, core, text=f"The chip does not boot: {stop.detail}")
            case _:
                return None

    def watch_detail(self, stop: Stop) -> tuple[str, str]:
        """Name and address of the watchpoint that a stop is about, as GDB wants to see them."""
        met = self.chip.watchpoint_hit(stop.core)
        write = met is None or met[3]
        size = 64  # the longest access: 16 registers
        for watch in self.watches:
            if (watch.write if write else watch.read) and -watch.size < watch.address - stop.address < size:
                first = max(watch.address, stop.address)
                if first < watch.address + watch.size:
                    return _WATCH_NAMES[watch.kind], f"{first:x}"
        return "watch", f"{stop.address:x}"

    # Backwards

    def reverse_resume(self) -> Event:
        """Back to the last breakpoint or watchpoint met before now."""
        try:
            hit = self.history.last_hit()
        except Interrupted:
            return self._stopped(Event(SIGINT, self.event.core))
        if hit is None:
            return self._stopped(Event(SIGTRAP, self.event.core, ("replaylog", "begin")))
        if hit.stop.reason is StopReason.WATCHPOINT:
            return self._stopped(Event(SIGTRAP, hit.stop.core, hit.detail))
        return self._stopped(Event(SIGTRAP, hit.stop.core, (self.breakpoints.get(hit.stop.pc, "swbreak"), "")))

    def reverse_step(self, core: int) -> Event:
        """Back by one instruction of a core."""
        if self.history.previous_instruction(core):
            return self._stopped(Event(SIGTRAP, core))
        return self._stopped(Event(SIGTRAP, core, ("replaylog", "begin")))

    # State

    def reset(self) -> None:
        """Power off and on."""
        self.machine.reset()
        if self.flash_programmed:  # a program in RAM before; the chip boots what is in flash now
            self.chip.reset(None)
        self.history.clear()
        self.event = Event(SIGTRAP)

    def read(self, address: int, size: int, *, whole: bool = False) -> bytes:
        """Memory or registers as far as there is something, or as a whole.

        Raises:
            PacketError: there is nothing at the first address, or not the whole.
        """
        if address in _PPB:
            return self._read_private(address, size)
        try:
            return self.chip.read_memory(address, size)
        except (ValueError, RuntimeError) as error:
            if whole:
                raise PacketError(str(error)) from None
        known = bytearray()
        for at in range(address, address + size):
            try:
                known += self.chip.read_memory(at, 1)
            except (ValueError, RuntimeError):
                break
        if not known:
            raise PacketError(f"there is nothing to read at {address:#010x}")
        return bytes(known)

    def _read_private(self, address: int, size: int) -> bytes:
        out = bytearray()
        for at in range(address, address + size):
            offset = at - _SYSTEM_CONTROL_SPACE
            if not 0 <= offset < 0x1000:
                out.append(0)
                continue
            out.append(self.chip.read_system(self.event.core, offset & ~3) >> 8 * (offset & 3) & 0xFF)
        return bytes(out)

    def write(self, address: int, data: bytes) -> None:
        """Memory, or registers by aligned accesses with their side effects.

        Raises:
            PacketError: nothing takes it.
        """
        self.history.changed()
        try:
            self.chip.write_memory(address, data)
            return
        except ValueError:
            pass
        size = 4 if address % 4 == 0 and len(data) % 4 == 0 else 2 if address % 2 == 0 and len(data) % 2 == 0 else 1
        try:
            for at in range(0, len(data), size):
                self.chip.write_bus(address + at, size, int.from_bytes(data[at : at + size], "little"))
        except (ValueError, RuntimeError) as error:
            raise PacketError(str(error)) from None

    def set_register(self, core: int, name: str, value: int) -> None:
        """A register of `Chip.registers`."""
        self.history.changed()
        self.chip.set_register(core, name, value)
