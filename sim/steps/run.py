"""A run with steps: each with what came of it, and how the whole ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from emberwatch.base.errors import EmberwatchError, ExpectationError, FirmwareCrash
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import EndRun
from emberwatch.steps.calls import Call

Ending = Literal["passed", "failed", "crashed", "ended", "interrupted", "error"]
"""How a run ends: the time passed and all was as expected; something was not; the firmware crashed; it ended itself;
Ctrl-C; it could not be run."""


@dataclass(frozen=True)
class StepResult:
    """One step: when it began and ended, in emulated seconds, and what was wrong, if anything."""

    title: str
    begin_s: float
    end_s: float
    failure: str | None = None
    skipped: bool = False


@dataclass
class StepRun:
    """Takes steps on a machine, and goes on to a time.

    Attributes:
        ending: how it ended.
        message: why, in a line; empty where `ending` says it all.
        error: what ended it, if that was an error.
        results: of all steps so far.
    """

    machine: Machine
    steps: Sequence[Call] = ()
    ending: Ending = "passed"
    message: str = ""
    error: EmberwatchError | None = None
    results: list[StepResult] = field(default_factory=list)

    def run(self, until_s: float | None, progress: Callable[[float], None] | None = None) -> None:
        """All steps, then on to `until_s` since power-on, unless that has passed; never raises.

        With steps and None it ends with the last one.
        """
        try:
            for step in self.steps:
                self._take(step)
            if until_s is not None and until_s > self.machine.time_s and self.machine.exit is None:
                self.machine.run(until_s - self.machine.time_s, progress=progress)
        except EndRun:
            pass
        except KeyboardInterrupt:
            self.ending = "interrupted"
        except FirmwareCrash as error:
            self._failed("crashed", error)
        except ExpectationError as error:
            self._failed("failed", error)
        except EmberwatchError as error:
            self._failed("error", error)
        left = self.steps[len(self.results) :]
        now = self.machine.time_s
        self.results += [StepResult(step.title, now, now, skipped=True) for step in left]
        if self.machine.exit is not None and self.ending == "passed":
            self.ending = "ended"

    def _take(self, step: Call) -> None:
        begin = self.machine.time_s
        failure: str | None = None
        skipped = False
        try:
            step(self.machine)
        except EndRun:
            skipped = True
            raise
        except EmberwatchError as error:
            failure = str(error)
            raise
        except KeyboardInterrupt:
            failure = "interrupted"
            raise
        finally:
            self.results.append(StepResult(step.title, begin, self.machine.time_s, failure, skipped))

    def _failed(self, ending: Ending, error: EmberwatchError) -> None:
        self.ending, self.error, self.message = ending, error, str(error)
