"""Tasks of a program that runs FreeRTOS: names, states, and the registers of those that do not run.

Read out of the kernel's own lists, which the program's symbols name and its DWARF describes (FreeRTOS-Kernel, tasks.c
and list.h, V9 to V11, one core and SMP), so that any configuration is read right. Contexts are those of the ports for
Armv6-M: GCC/ARM_CM0, without and with the MPU, and ThirdParty/GCC/RP2040.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

from emberwatch.base.text import printable
from emberwatch.program.elf import Image
from emberwatch.program.structures import Structure, structures

State = Literal["running", "ready", "blocked", "suspended", "deleted"]
ReadMemory = Callable[[int, int], bytes]
"""Debugger's read; ValueError where there is nothing."""

_SOURCE = "tasks.c"
_TCB, _LIST, _ITEM = "tskTaskControlBlock", "xLIST", "xLIST_ITEM"
_END = "xMINI_LIST_ITEM"
"""The last item of a list; of another structure only where configUSE_MINI_LIST_ITEM is 1, which it is by default."""
_MEMBERS = {
    _TCB: {"pxTopOfStack", "xEventListItem", "uxPriority", "pcTaskName"},
    _LIST: {"uxNumberOfItems", "xListEnd"},
    _ITEM: {"pxNext", "pvOwner"},
}
_LISTS: dict[str, State] = {
    "pxReadyTasksLists": "ready",
    "xPendingReadyList": "ready",
    "xDelayedTaskList1": "blocked",
    "xDelayedTaskList2": "blocked",
    "xSuspendedTaskList": "suspended",
    "xTasksWaitingTermination": "deleted",
}
_MOST_TASKS = 256
_LONGEST_NAME = 64
_WAITING_NOTIFICATION = 1
_EXC_RETURN = 0xFFFF_FFF0
_PRESERVED = ("r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11")
_STACKED = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr")
_CONTEXT = 4 * 19
"""Bytes that the port with the MPU keeps in the control block (portasm.c, PendSV_Handler): the two lists above, PSP,
CONTROL, EXC_RETURN. The top of the stack is their end then."""
_PSP_FROM_TOP = -12
_REALIGNED = 1 << 9
"""Bit of the stacked xPSR: a word was left out below the frame (Arm ARM B1.5.7)."""


@dataclass(frozen=True)
class Task:
    """A task as it is now.

    Attributes:
        address: of its control block, which no other task has as long as it lives.
        core: on which it runs, or None.
        top: what the kernel keeps as the top of its stack while it does not run.
    """

    address: int
    name: str
    priority: int
    state: State
    core: int | None
    top: int

    def __str__(self) -> str:
        return f"task '{self.name}', {self.state}, priority {self.priority}"


class FreeRtos:
    """The kernel in a program's memory; made by `of`."""

    def __init__(self, image: Image, layouts: dict[str, Structure], read: ReadMemory) -> None:
        self._image = image
        self._layouts = layouts
        self._read = read

    @classmethod
    def of(cls, image: Image, read: ReadMemory) -> Self | None:
        """The kernel of a program; None if it has none, or no debug information that describes it."""
        symbols = image.symbols
        if symbols.get("pxCurrentTCB") is None and symbols.get("pxCurrentTCBs") is None:
            return None
        layouts = structures(image.path, (*_MEMBERS, _END), _SOURCE)
        for name, members in _MEMBERS.items():
            if name not in layouts or not members <= layouts[name].members.keys():
                return None
        return cls(image, layouts, read)

    def tasks(self) -> list[Task]:
        """All tasks, by priority and control block; none before the scheduler runs, or where memory makes no sense."""
        try:
            if not self._word(self._symbol("xSchedulerRunning")):
                return []
            running = {address: core for core, address in enumerate(self._current()) if address}
            found: dict[int, Task] = {}
            for state, address in self._listed():
                if address not in found and len(found) < _MOST_TASKS:
                    found[address] = self._task(address, state, running.get(address))
            for address, core in running.items():
                if address not in found:  # it is between two lists just now
                    found[address] = self._task(address, "running", core)
        except (ValueError, RuntimeError, KeyError):
            return []
        return sorted(found.values(), key=lambda task: (-task.priority, task.address))

    def running(self, core: int) -> Task | None:
        """The task that a core runs; None before the scheduler does."""
        return next((task for task in self.tasks() if task.core == core), None)

    def places(self, task: Task) -> dict[str, int]:
        """Where the registers of a task that does not run are kept: addresses by name, r0..r12, lr, pc and xpsr.

        Raises:
            ValueError: its stack is not in memory.
        """
        if self._keeps_context(task):
            at = task.top - _CONTEXT
        elif self._word(at := task.top) >= _EXC_RETURN:  # V11.1 and later of ARM_CM0 begin with it
            at += 4
        return {name: at + 4 * n for n, name in enumerate((*_PRESERVED, *_STACKED))}

    def registers(self, task: Task) -> dict[str, int]:
        """The registers with which a task that does not run will go on: r0..r12, sp, lr, pc, xpsr, psp.

        Raises:
            ValueError: its stack is not in memory.
        """
        places = self.places(task)
        values = {name: self._word(at) for name, at in places.items()}
        frame = self._word(task.top + _PSP_FROM_TOP) if self._keeps_context(task) else places["r0"]
        sp = frame + 4 * len(_STACKED) + (4 if values["xpsr"] & _REALIGNED else 0)
        return {**values, "pc": values["pc"] & ~1, "sp": sp, "psp": sp}

    def _keeps_context(self, task: Task) -> bool:
        """Whether its registers are in its control block, as with the MPU, and not on its stack."""
        return task.address < task.top <= task.address + self._layouts[_TCB].size

    def _current(self) -> list[int]:
        one = self._image.symbols.get("pxCurrentTCB")
        if one is not None:
            return [self._word(one.address)]
        first = self._symbol("pxCurrentTCBs")
        return [self._word(first), self._word(first + 4)]

    def _listed(self) -> Iterator[tuple[State, int]]:
        """State and control block of every task in the kernel's lists."""
        size = self._layouts[_LIST].size
        for name, state in _LISTS.items():
            symbol = self._image.symbols.get(name)
            if symbol is not None:
                for at in range(symbol.address, symbol.address + max(symbol.size, size), size):
                    yield from ((state, address) for address in self._owners(at))

    def _owners(self, at: int) -> Iterator[int]:
        fields, items = self._layouts[_LIST].members, self._layouts[_ITEM].members
        end = at + fields["xListEnd"]
        ends = self._layouts.get(_END, self._layouts[_ITEM]).members
        item = self._word(end + ends["pxNext"])
        for _ in range(min(self._word(at + fields["uxNumberOfItems"]), _MOST_TASKS)):
            if item in (end, 0):
                return
            yield self._word(item + items["pvOwner"])
            item = self._word(item + items["pxNext"])

    def _task(self, address: int, state: State, core: int | None) -> Task:
        members = self._layouts[_TCB].members
        if core is not None:
            state = "running"
        elif state == "suspended" and self._waits(address):
            state = "blocked"  # without a timeout it is among the suspended ones
        longest = min(_LONGEST_NAME, self._layouts[_TCB].size - members["pcTaskName"])
        name = self._read(address + members["pcTaskName"], longest).partition(b"\0")[0]
        priority = self._word(address + members["uxPriority"])
        top = self._word(address + members["pxTopOfStack"])
        return Task(address, printable(name.decode("utf-8", "replace")), priority, state, core, top)

    def _waits(self, address: int) -> bool:
        """Whether a task is in the list of an event, or waits for a notification."""
        items, members = self._layouts[_ITEM].members, self._layouts[_TCB].members
        holder = items.get("pxContainer", items.get("pvContainer"))  # of that name up to V10.0
        if holder is not None and self._word(address + members["xEventListItem"] + holder):
            return True
        notified = members.get("ucNotifyState")
        return notified is not None and self._read(address + notified, 1)[0] == _WAITING_NOTIFICATION

    def _symbol(self, name: str) -> int:
        symbol = self._image.symbols.get(name)
        if symbol is None:
            raise KeyError(name)
        return symbol.address

    def _word(self, address: int) -> int:
        return int.from_bytes(self._read(address, 4), "little")
