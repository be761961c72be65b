"""A window of a run for commands that record: from --from or --trigger on, to an end."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Sequence

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say
from emberwatch.cli.options import RunOptions, note
from emberwatch.engines import Stop
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import EndRun, Observer, looking
from emberwatch.steps.calls import Call
from emberwatch.steps.run import StepRun


def run_window(
    machine: Machine,
    steps: Sequence[Call],
    start_s: float,
    end_s: float | None,
    begin: Callable[[], object],
    collect: Callable[[], object] = lambda: None,
) -> int:
    """Takes steps from power-on, and has recording begin within them; a crash or Ctrl-C ends it early, with a note.

    Args:
        machine: at power-on.
        steps: what is done to it.
        start_s: emulated time at which `begin` is called.
        end_s: where the run ends, or None: with the last step.
        begin: starts recording.
        collect: called about every 20 emulated ms from then on, and at the end.

    Returns:
        The command's exit code: 0 when the whole time passed, 1 after a crash or a step that failed, 130 after Ctrl-C,
        the program's own when it ended itself.
    """
    begun = False

    def start() -> None:
        nonlocal begun
        begun = True
        begin()

    def end() -> None:
        raise EndRun

    machine.call_at(start_s, start)
    if end_s is not None:
        machine.call_at(end_s, end)
    run = StepRun(machine, steps)
    with looking(machine, lambda _: collect() if begun else None):
        run.run(end_s)
    if not begun:
        note(f"the run ended at {machine.time_s:.6f} s, before recording began at {start_s:.6f} s")
        start()
    if run.ending in ("crashed", "failed"):
        say(f"{run.message}; what follows is up to there")
        return 1
    if run.ending == "interrupted":
        say(f"interrupted after {machine.time_s:.3f} s; what follows is up to there")
        return 130
    if run.error is not None:
        raise run.error
    return machine.exit.code if machine.exit is not None else 0


class _Trigger(Observer):
    """Ends a run where a function is first called, or once a console line begins with a text."""

    def __init__(self, machine: Machine, text: str, is_function: bool) -> None:
        super().__init__(machine)
        self.at_s: float | None = None
        self._text = text
        self._looked_at = 0
        self._address = machine.image.symbols[text].address if is_function else None
        if self._address is not None:
            machine.engine.add_breakpoint(self._address)

    def breakpoint(self, stop: Stop) -> bool:
        """The function is called."""
        if stop.pc != self._address:
            return False
        self._found(self.machine.time_s)
        return True

    def before_slice(self, now_ps: int) -> None:
        """Looks at the console's new lines."""
        if self._address is None:
            self.look()

    def look(self) -> None:
        """Looks at the console's new lines."""
        for t, line in self.machine.lines[self._looked_at :]:
            self._looked_at += 1
            if line.startswith(self._text):
                self._found(t)

    def _found(self, t: float) -> None:
        if self.at_s is None:
            self.at_s = t
        raise EndRun


def trigger_time(options: RunOptions, trigger: str, timeout_s: float) -> float:
    """When the console completes a line that begins with `trigger`, or the function of that name first begins.

    Found in a run of its own: runs repeat to the cycle, so that recording can begin before the trigger.

    Raises:
        UsageError: neither happens within `timeout_s` emulated seconds, or it is the name of a function misspelt.
    """
    if options.hears_host:
        raise UsageError("--trigger and --audio mic exclude each other: what the microphone hears does not come again")
    with options.machine("embedded") as machine:
        is_function = _is_function(machine, trigger)
        found = _Trigger(machine, trigger, is_function)
        run = StepRun(machine, options.steps)
        run.run(timeout_s)
        if found.at_s is None and not is_function:
            with contextlib.suppress(EndRun):
                found.look()  # what came in the last moment
        if found.at_s is not None:
            return found.at_s
        if run.error is not None:
            raise run.error
        what = f"{trigger} was not called" if is_function else f"no console line {trigger!r}"
        raise UsageError(f"--trigger {trigger!r}: {machine.timed_out(what, timeout_s)}")


def _is_function(machine: Machine, trigger: str) -> bool:
    """Whether a trigger names a function of the firmware, and not the beginning of a console line.

    Raises:
        UsageError: it is the name of a function misspelt.
    """
    symbols = machine.image.symbols
    symbol = symbols.get(trigger)
    if symbol is not None and symbol.is_function:
        return True
    if trigger.isidentifier():
        names = [function.name for function in symbols.functions()]
        if close := difflib.get_close_matches(trigger, names, n=1, cutoff=0.8):
            raise UsageError(f"--trigger {trigger!r}: the firmware has no such function; did you mean {close[0]!r}?")
        note(f"the firmware has no function {trigger!r}; waiting for a console line that begins so")
    return False
