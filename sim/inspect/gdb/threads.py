"""What GDB sees as threads: the tasks of FreeRTOS where a program has some, and the cores that run none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emberwatch.engines import Stop
from emberwatch.inspect.freertos import FreeRtos, Task
from emberwatch.inspect.gdb.packets import PacketError
from emberwatch.inspect.gdb.target import CORES, SIGTRAP, Event, Target

_FIRST_TASK = len(CORES) + 1


@dataclass(frozen=True)
class Thread:
    """A thread by its number: a core, a task, or a task on a core."""

    number: int
    core: int | None
    task: Task | None = None


class Threads:
    """The threads of one program; a task keeps its number as long as the debugger is there."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._kernel = FreeRtos.of(target.machine.image, target.chip.read_memory)
        self._numbers: dict[int, int] = {}

    def all(self) -> list[Thread]:
        """Cores without a task first, then the tasks."""
        tasks = self._kernel.tasks() if self._kernel is not None else []
        busy = {task.core for task in tasks}
        cores = [Thread(core + 1, core) for core in CORES if core not in busy]
        return cores + [Thread(self._number(task), task.core, task) for task in tasks]

    def find(self, number: int) -> Thread | None:
        """The thread of this number, or None."""
        return next((thread for thread in self.all() if thread.number == number), None)

    def of_core(self, core: int) -> Thread:
        """What a core runs."""
        return next((thread for thread in self.all() if thread.core == core), Thread(core + 1, core))

    def _number(self, task: Task) -> int:
        return self._numbers.setdefault(task.address, _FIRST_TASK + len(self._numbers))

    def info(self, thread: Thread) -> str:
        """A line about it."""
        pc = self.registers(thread)["pc"]
        where = self._target.machine.image.symbols.at(pc) or f"{pc:#010x}"
        if thread.core is None:
            return f"{thread.task} in {where}"
        running = self._target.chip.core_state(thread.core)
        state = {"running": "", "asleep": ", asleep", "held": ", held in reset"}[running]
        core = f"core {thread.core} in {where}{state}"
        return core if thread.task is None else f"{thread.task}, {core}"

    # Registers

    def registers(self, thread: Thread) -> dict[str, int]:
        """Those of its core, or those with which it will go on.

        Raises:
            PacketError: its stack is no memory.
        """
        if thread.core is not None:
            return self._target.chip.registers(thread.core)
        assert self._kernel is not None and thread.task is not None
        try:
            kept = self._kernel.registers(thread.task)
        except ValueError as error:
            raise PacketError(str(error)) from None
        return {**self._target.chip.registers(0), **kept, "primask": 0, "control": 2}

    def set_register(self, thread: Thread, name: str, value: int) -> None:
        """Changes one of its core, or one that its stack keeps.

        Raises:
            PacketError: a task that does not run keeps no such register.
        """
        if thread.core is not None:
            self._target.set_register(thread.core, name, value)
            return
        assert self._kernel is not None and thread.task is not None
        place = self._kernel.places(thread.task).get(name)
        if place is None:
            raise PacketError(f"{thread.task} does not run and keeps no {name}")
        self._target.write(place, (value & ~1 if name == "pc" else value).to_bytes(4, "little"))

    # Steps

    def step(self, thread: Thread, interrupted: Callable[[], bool], within: range = range(0)) -> Event:
        """One instruction of a thread, and on while it stays `within`; other threads run when it is not its turn."""
        core = thread.core
        while True:
            if core is None:
                assert thread.task is not None
                event = self._run_until_turn(thread.task, interrupted)
                if event is not None:
                    return event
                core = self._target.event.core
            event = self._target.step(core, interrupted, within)
            plain = event == Event(SIGTRAP, core)
            if not plain or thread.task is None or self._runs(core, thread.task):
                return event
            core = None  # the kernel took its core away before the instruction

    def _runs(self, core: int, task: Task) -> bool:
        running = self._kernel.running(core) if self._kernel is not None else None
        return running is not None and running.address == task.address

    def _run_until_turn(self, task: Task, interrupted: Callable[[], bool]) -> Event | None:
        """Runs until a task is about to go on where it was; an event is what came before."""
        assert self._kernel is not None
        now = next((other for other in self._kernel.tasks() if other.address == task.address), task)
        turn = self._kernel.registers(now)["pc"]

        def reached(stop: Stop) -> bool:
            return stop.pc == turn and self._runs(stop.core, task)

        self._target.engine.add_breakpoint(turn)
        try:
            event = self._target.resume(interrupted, reached)
        finally:
            self._target.engine.remove_breakpoint(turn)
        return None if event.detail[0] == "" and self._runs(event.core, task) and not event.text else event
