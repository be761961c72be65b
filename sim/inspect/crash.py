"""What happened when firmware crashed: one screen with everything that a developer asks first.

Nothing is recorded while firmware runs. A crash is replayed instead, on a second chip from a snapshot at most a second
old, with recording switched on: runs are deterministic, so it is the same crash.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emberwatch.base.errors import EmulationError
from emberwatch.base.units import PICO
from emberwatch.engines import Capability, Stop, StopReason
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.freertos import FreeRtos, Task
from emberwatch.inspect.signals import exception_name
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import Observer
from emberwatch.program.debuginfo import DebugInfo
from emberwatch.program.disassembly import Disassembler
from emberwatch.program.unwind import Frame, Unwinder

if TYPE_CHECKING:
    from emberwatch._native import FaultCause

INSTRUCTIONS = 12
ACCESSES = 6
_RECORDED_CYCLES = 50_000
_LAG_CYCLES = 10_000
"""By so much at most a core may be ahead of the chip's time when an instruction of it ends the run."""
_HISTORY = 4096
_SHOWN_CALLS = 4
"""Of each other task."""
MOST_SITES = 1000
"""HardFaults of which the site is kept; a handler that returns to the fault makes millions a second."""

_CAUSES = {
    "UNALIGNED": "{access} of {address:#010x}, which is not aligned: the Cortex-M0+ has no unaligned accesses",
    "NO_MEMORY": "{access} at {address:#010x}, where the RP2040 has nothing",
    "FETCH": "instruction fetch from {pc:#010x}, where the RP2040 has no code",
    "PROTECTION": "{access} at {address:#010x}, which the MPU or the privilege level forbids",
    "EXECUTE_NEVER": "instruction fetch from {pc:#010x}, which the MPU forbids",
    "UNDEFINED_INSTRUCTION": "undefined instruction",
    "THUMB_BIT_CLEAR": "branch to an address with bit 0 clear: the Cortex-M0+ has Thumb code only",
    "EXCEPTION_RETURN": "return from exception with {address:#010x}, which is not legal here",
    "BKPT": "BKPT without a debugger",
    "SVC": "SVC while its priority is masked",
    "STACKING": "exception entry could not write its frame to the stack at {address:#010x}",
    "UNSTACKING": "exception return could not read its frame from the stack at {address:#010x}",
    "VECTOR": "the vector table at {address:#010x} cannot be read",
}


@dataclass(frozen=True)
class FaultInfo:
    """One fault that the model saw (the chip itself has no fault status registers)."""

    cause: FaultCause
    pc: int
    address: int
    write: bool
    cycle: int

    def __str__(self) -> str:
        access = "write" if self.write else "read"
        return _CAUSES[self.cause.name].format(access=access, address=self.address, pc=self.pc)


@dataclass(frozen=True)
class CrashReport:
    """A crash, looked into.

    Attributes:
        title: what happened, in a line.
        cycle: start of the instruction that did it; a debugger that goes there is at the moment before.
        time_s: the same in emulated seconds.
        core: which core.
        faults: what led there, oldest first.
        registers: of that core at `cycle`.
        backtrace: innermost call first.
        instructions: cycle, address and text of the last instructions, the culprit last.
        accesses: the last loads and stores as text.
        pending: pending interrupts and exceptions of that core.
        task: the task of FreeRTOS that the core ran; None without one.
        others: the other tasks, with their backtraces.
    """

    title: str
    cycle: int
    time_s: float
    core: int
    faults: list[FaultInfo]
    registers: dict[str, int]
    backtrace: list[Frame]
    instructions: list[tuple[int, int, str]]
    accesses: list[str]
    pending: list[str]
    task: Task | None = None
    others: list[tuple[Task, list[Frame]]] = field(default_factory=list)

    def text(self, debugger: str | None = None) -> str:
        """The screen. `debugger` is the command that opens GDB at the moment before, where there is one."""
        return "\n".join(self._lines(debugger)) + "\n"

    def _lines(self, debugger: str | None) -> Iterator[str]:
        yield f"CRASH  {self.title}"
        yield f"       core {self.core}, {self.time_s:.6f} s after power-on, cycle {self.cycle}"
        for fault in self.faults[1:]:
            where = f"{fault.pc:#010x}"
            yield f"       then at {where}: {fault}"
        yield "Registers before"
        names = [f"r{n}" for n in range(13)] + ["sp", "lr", "pc", "xpsr", "msp", "psp", "primask", "control"]
        for row in range(0, len(names), 6):
            yield "  " + "  ".join(f"{n:>7} {self.registers[n]:08x}" for n in names[row : row + 6])
        yield "Backtrace" if self.task is None else f"Backtrace of {self.task}"
        yield from (f"  #{n:<2} {frame}" for n, frame in enumerate(self.backtrace))
        if self.others:
            yield "Other tasks"
            width = max(len(task.name) for task, _ in self.others)
            for task, frames in self.others:
                calls = " < ".join(frame.function for frame in frames[:_SHOWN_CALLS])
                yield f"  {task.name:<{width}}  {task.state:<9}  priority {task.priority}  {calls}".rstrip()
        yield "Last instructions"
        yield from (f"  {cycle:>12}  {pc:#010x}  {text}" for cycle, pc, text in self.instructions)
        yield "Last data accesses"
        yield from (f"  {line}" for line in self.accesses or ["none"])
        yield f"Pending interrupts: {', '.join(self.pending) or 'none'}"
        if debugger is not None:
            yield f"The moment before in GDB: {debugger}"


@dataclass(frozen=True)
class CrashSite:
    """Where a machine was when its firmware crashed, and from where that can be replayed."""

    machine: Machine
    stop: Stop
    cycle: int
    keyframe: bytes | None
    rtt: tuple[int, bytes] = (-1, b"")
    """State of the host's end of RTT then."""

    def report(self) -> CrashReport:
        """Replays the crash and looks into it.

        Raises:
            EmulationError: it cannot be replayed: this engine has no snapshots, or the run was given input from
                outside that a replay does not repeat.
        """
        return _Replay(self).report()

    def summary(self) -> str:
        """A line for when there is no report."""
        where = self.machine.image.symbols.at(self.stop.pc) or f"{self.stop.pc:#010x}"
        return f"{self.stop.detail or self.stop.reason.name} at {where} on core {self.stop.core}, cycle {self.cycle}"


_REPLAYED_WITH = frozenset({Capability.SNAPSHOTS, Capability.OBSERVATION})


class CrashWatch(Observer):
    """Notes the crashes of a machine from now on, and keeps a moment at most a second ago to replay them from.

    Some kernels (NuttX) take their system calls in HardFault: an SVC while interrupts are masked, and their handler
    returns. That is no crash; an SVC whose handler does not return is one.

    Attributes:
        fatal: the crash that ended the run, or None.
    """

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self._keyframe: bytes | None = None
        self._rtt = machine.rtt_state
        self._keyframe_due = 0
        self._crashes: list[CrashSite] = []
        self._count = 0
        self._calls: dict[int, tuple[CrashSite, int]] = {}
        """Of a core that has come to HardFault by an SVC: where, and how often its handler had returned before."""
        self.fatal: CrashSite | None = None
        machine.engine.catch_hard_faults(True)

    @property
    def crashes(self) -> list[CrashSite]:
        """The first HardFaults that were no system calls, MOST_SITES at most, and what ended the run is not in it."""
        return self._crashes + self._unreturned()

    @property
    def count(self) -> int:
        """How many HardFaults that were no system calls there were in all."""
        return self._count + len(self._unreturned())

    @property
    def first(self) -> CrashSite | None:
        """The first crash, or None."""
        return next(iter(self.crashes), self.fatal)

    def before_slice(self, now_ps: int) -> None:
        """Remembers the moment when it is time to."""
        engine = self.machine.engine
        if now_ps >= self._keyframe_due and engine.capabilities >= _REPLAYED_WITH:
            self._keyframe = engine.save()
            self._rtt = self.machine.rtt_state
            self._keyframe_due = now_ps + PICO

    def stopped(self, stop: Stop) -> None:
        """Notes the site."""
        if stop.reason is StopReason.HARD_FAULT:
            if self.machine.main_status(stop.core) is not None:
                return  # the program's end, and the run may be over before its core has locked up
            self._settle(stop.core)
            if len(self._crashes) >= MOST_SITES:
                self._count += 1
                return
        site = CrashSite(self.machine, stop, self.machine.cycles, self._keyframe, self._rtt)
        if stop.reason is not StopReason.HARD_FAULT:
            self.fatal = site
        elif self._is_call(stop.core):
            self._calls[stop.core] = site, self._returns(stop.core)
        else:
            self._note(site)

    def _note(self, site: CrashSite) -> None:
        self._count += 1
        self._crashes.append(site)

    def _is_call(self, core: int) -> bool:
        return chip_of(self.machine.engine).faults(core)[-1][0].name == "SVC"

    def _returns(self, core: int) -> int:
        return chip_of(self.machine.engine).hardfault_returns(core)

    def _unreturned(self) -> list[CrashSite]:
        """The SVCs whose handlers have not returned."""
        return [site for core, (site, before) in self._calls.items() if self._returns(core) == before]

    def _settle(self, core: int) -> None:
        """A core has come to HardFault once more: it has returned from the call before, or a reset has ended that."""
        if core in self._calls:
            site, before = self._calls.pop(core)
            if self._returns(core) == before:
                self._note(site)

    def input_given(self) -> None:
        """Asks for a new moment: a replay from the present one would not see the input."""
        self._keyframe_due = 0

    def restored(self) -> None:
        """Forgets what is now to come."""
        now = self.machine.cycles
        self._crashes = [site for site in self._crashes if site.cycle <= now]
        self._count = len(self._crashes)
        self._calls.clear()
        self.fatal = None

    def facts(self) -> list[tuple[str, str]]:
        """How many crashes."""
        return [("crashes", str(self.count + (self.fatal is not None)))]


class _Replay:
    def __init__(self, site: CrashSite) -> None:
        machine = site.machine
        if site.keyframe is None or Capability.OBSERVATION not in machine.engine.capabilities:
            raise EmulationError("the crash cannot be replayed: this engine keeps no snapshots")
        self._site = site
        self._keyframe = site.keyframe
        self._machine = machine.twin()
        self._chip = chip_of(self._machine.engine)
        self._symbols = machine.image.symbols
        self._debug = DebugInfo(machine.image.path)

    def report(self) -> CrashReport:
        site, chip, core = self._site, self._chip, self._site.stop.core
        self._start()
        start = self._machine.cycles
        self._run_to_crash()
        faults = self._root_faults()
        # Where the culprit began; a fault is noted within its instruction, and else nothing follows the culprit.
        noted = faults[0].cycle if faults else site.cycle + _LAG_CYCLES
        self._start()
        self._run_to(max(start, noted - _RECORDED_CYCLES))
        chip.record_instructions(_HISTORY)
        self._run_to_crash()
        recorded = [entry for entry in chip.recent_instructions(core) if entry[0] <= noted]
        accesses = chip.recent_accesses(core)
        if not recorded:
            raise EmulationError("the crash cannot be replayed: no instruction led to it")
        cycle = recorded[-1][0]
        chip.record_instructions(0)
        self._start()
        self._run_to(cycle)
        registers = chip.registers(core)
        disassembler = Disassembler(self._symbols, chip.read_memory)
        unwinder = Unwinder(self._symbols, self._debug, chip.read_memory)
        kernel = FreeRtos.of(self._machine.image, chip.read_memory)
        tasks = kernel.tasks() if kernel is not None else []
        return CrashReport(
            title=self._title(faults, recorded[-1][1]),
            cycle=cycle,
            time_s=chip.picoseconds_at(cycle) / PICO,
            core=core,
            faults=faults,
            registers=registers,
            backtrace=unwinder.backtrace(registers),
            instructions=[(when, pc, self._instruction(pc, disassembler)) for when, pc, _ in recorded[-INSTRUCTIONS:]],
            accesses=[self._access(*a) for a in accesses if a[0] <= cycle][-ACCESSES:],
            pending=self._pending(core),
            task=next((task for task in tasks if task.core == core), None),
            others=[(task, self._calls(kernel, task, unwinder)) for task in tasks if task.core != core],
        )

    def _calls(self, kernel: FreeRtos | None, task: Task, unwinder: Unwinder) -> list[Frame]:
        """Backtrace of another task than the one that crashed."""
        if kernel is None:
            return []
        if task.core is not None:
            return unwinder.backtrace(self._chip.registers(task.core))
        try:
            return unwinder.backtrace(kernel.registers(task))
        except ValueError:
            return []  # its stack is no memory

    def _start(self) -> None:
        self._machine.engine.restore(self._keyframe)
        self._machine.rtt_state = self._site.rtt
        self._machine.engine.catch_hard_faults(True)

    def _run_to(self, cycle: int) -> None:
        for stop, _ in self._machine.stops_until(cycle):
            if stop.reason not in (StopReason.TIME, StopReason.HARD_FAULT):
                break

    def _run_to_crash(self) -> None:
        site = self._site
        # One of many HardFaults has its cycle; what ends a run has none after it, and a core may be ahead of the chip.
        handled = site.stop.reason is StopReason.HARD_FAULT
        for stop, _ in self._machine.stops_until(site.cycle + (1 if handled else _LAG_CYCLES)):
            now = self._machine.cycles
            if stop.reason is site.stop.reason and (now == site.cycle if handled else stop.pc == site.stop.pc):
                return
            if stop.reason not in (StopReason.TIME, StopReason.HARD_FAULT) or (handled and now >= site.cycle):
                break
        raise EmulationError(
            "the crash cannot be replayed: the run was given input from outside that a replay does not repeat"
        )

    def _root_faults(self) -> list[FaultInfo]:
        """The fault that led to the HardFault, and for a lockup the one that came on top."""
        reason = self._site.stop.reason
        faults = [FaultInfo(*fault) for fault in self._chip.faults(self._site.stop.core)]
        if reason is StopReason.LOCKUP:
            return faults[-2:]
        return faults[-1:] if reason is StopReason.HARD_FAULT else []

    def _title(self, faults: list[FaultInfo], pc: int) -> str:
        stop = self._site.stop
        where = self._symbols.at(pc) or f"{pc:#010x}"
        source = self._debug.line(pc)
        if faults:
            what = ("Lockup after HardFault: " if stop.reason is StopReason.LOCKUP else "HardFault: ") + str(faults[0])
        else:
            what = stop.detail or stop.reason.name.lower()
        return f"{what}, in {where}" + (f" ({source})" if source else "")

    def _instruction(self, pc: int, disassembler: Disassembler) -> str:
        function = self._symbols.at(pc)
        return f"{disassembler.at(pc):<44}" + (f" {function}" if function else "")

    def _access(self, cycle: int, pc: int, address: int, size: int, write: bool, value: int | None) -> str:
        what = "write" if write else "read "
        shown = "" if value is None else f" {value & ((1 << 8 * size) - 1):#0{2 + 2 * size}x}"
        plural = "s" if size > 1 else " "
        return f"{cycle:>12}  {pc:#010x}  {what} {size:>2} byte{plural} at {address:#010x}{shown}"

    def _pending(self, core: int) -> list[str]:
        chip = self._chip
        enabled, pending = chip.read_system(core, 0x100), chip.read_system(core, 0x200)
        control = chip.read_system(core, 0xD04)
        names = [name for bit, name in ((31, "NMI"), (28, "PendSV"), (26, "SysTick")) if control >> bit & 1]
        for number in range(32):
            if pending >> number & 1:
                names.append(exception_name(16 + number) + ("" if enabled >> number & 1 else " (not enabled)"))
        if names and chip.registers(core)["primask"]:
            names.append("all masked by PRIMASK")
        return names
