"""Going back in time: snapshots while running, and replays from them.

Runs are deterministic, so the state at any earlier cycle is the nearest snapshot before it and a replay. What a
debugger changed (registers, memory, sound) is no part of a replay; a snapshot is therefore taken after each change,
and no replay runs across one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emberwatch.engines import Stop, StopReason

if TYPE_CHECKING:
    from emberwatch.engines.embedded import EmbeddedEngine
    from emberwatch.machine.machine import Machine, Snapshot

INTERVAL_PS = 10**11
"""Emulated time between snapshots: 100 ms."""
MAX_KEYFRAMES = 256
_NEAR = 20_000
"""Cycles before the present from which single instructions are replayed first."""
_RECORDED = 1 << 16


class Interrupted(Exception):
    """The developer had enough of a search of the past; the machine is where it was before."""


@dataclass(frozen=True)
class Keyframe:
    """A snapshot and its cycle."""

    cycle: int
    snapshot: Snapshot


@dataclass(frozen=True)
class Hit:
    """A breakpoint or watchpoint met in a replay; `cycle` is the start of the instruction."""

    cycle: int
    stop: Stop
    detail: tuple[str, str] = ("", "")


class History:
    """The past of one machine under a debugger."""

    def __init__(
        self,
        machine: Machine,
        engine: EmbeddedEngine,
        repeat_call: Callable[[Stop], bool],
        describe: Callable[[Stop], tuple[str, str]],
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        """Starts without a past.

        Args:
            machine: whose past.
            engine: its engine.
            repeat_call: gets a semihosting call of the past at a BKPT and returns whether it could be repeated.
            describe: GDB's name and address of the watchpoint that a stop is about.
            interrupted: asked every 50 emulated ms of a search whether to give it up.
        """
        self._interrupted = interrupted
        self._repeat_call = repeat_call
        self._describe = describe
        self._machine = machine
        self._engine = engine
        self._keyframes: list[Keyframe] = []
        self._changed = True

    def clear(self) -> None:
        """Forgets everything: the present was not reached by running."""
        self._keyframes.clear()
        self._changed = True

    def changed(self) -> None:
        """The debugger changed something."""
        self._changed = True

    def before_running(self) -> None:
        """Takes a snapshot where one is due."""
        now = self._engine.cycle
        last = self._keyframes[-1].cycle if self._keyframes else -1
        if self._changed and last >= now:
            self._keyframes.pop()
        elif not self._changed and (
            last >= now or self._engine.picoseconds(now) - self._engine.picoseconds(last) < INTERVAL_PS
        ):
            return
        self._changed = False
        self._keep()

    def _keep(self) -> None:
        self._keyframes.append(Keyframe(self._engine.cycle, self._machine.save()))
        if len(self._keyframes) > MAX_KEYFRAMES:  # thin out the older half
            half = MAX_KEYFRAMES // 2
            self._keyframes[1:half] = self._keyframes[2:half:2]

    def last_hit(self) -> Hit | None:
        """Goes back to the instruction that last met a breakpoint or watchpoint before now.

        Returns:
            What it met, or None: then it is the beginning of the recorded history.

        Raises:
            Interrupted: the search was given up.
        """
        present = end = self._engine.cycle
        for index in range(len(self._keyframes) - 1, -1, -1):
            keyframe = self._keyframes[index]
            if keyframe.cycle >= end:
                continue
            try:
                hit = self._last_hit_between(keyframe, end)
            except Interrupted:
                self._go(len(self._keyframes) - 1, present)
                raise
            if hit is not None:
                self._go(index, hit.cycle)
                return hit
            end = keyframe.cycle
        self._go_to_beginning()
        return None

    def previous_instruction(self, core: int) -> bool:
        """Goes back to the start of a core's previous instruction, past whole interrupt handlers.

        Returns:
            Whether there was one; else it is the beginning of the recorded history.
        """
        end, depth = self._engine.cycle, self._engine.chip.exception_depth(core)
        for index in range(len(self._keyframes) - 1, -1, -1):
            begin = self._keyframes[index].cycle
            if begin >= end:
                continue
            for start in sorted({max(begin, end - _NEAR), begin}, reverse=True):
                found = self._last_instruction(index, start, end, core, depth)
                if found is not None:
                    self._go(index, found)
                    return True
            end = begin
        self._go_to_beginning()
        return False

    def go_to(self, cycle: int) -> bool:
        """Goes back to a cycle; False if the recorded history does not reach so far."""
        for index in range(len(self._keyframes) - 1, -1, -1):
            if self._keyframes[index].cycle <= cycle:
                self._go(index, cycle)
                return True
        return False

    def _last_instruction(self, index: int, start: int, end: int, core: int, depth: int) -> int | None:
        chip = self._engine.chip
        self._replay(index, start)
        if start > self._keyframes[index].cycle and self._engine.cycle < end:
            # The next step back will want to start from here too.
            self._keyframes.insert(index + 1, Keyframe(self._engine.cycle, self._machine.save()))
        chip.record_instructions(_RECORDED)
        self._run_to(end)
        recorded = [entry for entry in chip.recent_instructions(core) if entry[0] < end]
        chip.record_instructions(0)
        same_level = [cycle for cycle, _, level in recorded if level <= depth]
        return same_level[-1] if same_level else None

    def _last_hit_between(self, keyframe: Keyframe, end: int) -> Hit | None:
        machine, engine = self._machine, self._engine
        machine.restore(keyframe.snapshot)
        last = None
        for stop, handled in machine.stops_until(end):
            if stop.reason is StopReason.BREAKPOINT and not handled and engine.cycle < end:
                last = Hit(engine.cycle, stop)
            elif stop.reason is StopReason.WATCHPOINT:
                met = engine.chip.watchpoint_hit(stop.core)
                if met is not None and met[0] < end:
                    last = Hit(met[0], stop, self._describe(stop))
            elif not self._goes_on(stop):
                break
            elif stop.reason is StopReason.TIME and self._interrupted():
                raise Interrupted
        return last

    def _go(self, index: int, cycle: int) -> None:
        """To `cycle` from the keyframe, forgetting what comes later."""
        while index + 1 < len(self._keyframes) and self._keyframes[index + 1].cycle <= cycle:
            index += 1
        self._replay(index, cycle)
        del self._keyframes[index + 1 :]
        self._changed = False

    def _go_to_beginning(self) -> None:
        if self._keyframes:
            self._go(0, self._keyframes[0].cycle)

    def _replay(self, index: int, cycle: int) -> None:
        self._machine.restore(self._keyframes[index].snapshot)
        self._run_to(cycle)

    def _run_to(self, cycle: int) -> None:
        for stop, _ in self._machine.stops_until(cycle):
            if not self._goes_on(stop):
                break

    def _goes_on(self, stop: Stop) -> bool:
        if stop.reason is StopReason.BKPT:
            return self._repeat_call(stop)
        return stop.reason in (
            StopReason.TIME,
            StopReason.BREAKPOINT,
            StopReason.WATCHPOINT,
            StopReason.HARD_FAULT,
        )
