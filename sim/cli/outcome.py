"""What became of `emberwatch run`: its exit code, and the JSON object that docs/json.md describes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emberwatch.base.errors import EmberwatchError, EmulationError
from emberwatch.detector.log import Log
from emberwatch.detector.result import RunResult
from emberwatch.inspect.crash import CrashReport, CrashSite
from emberwatch.machine.machine import Machine
from emberwatch.steps.run import StepRun

SCHEMA = "emberwatch-run/1"
"""Name and version of the JSON object, as `sim/cli/run.schema.json` describes it."""


@dataclass(frozen=True)
class Outcome:
    """A run that has ended.

    Attributes:
        run: its steps and its end.
        log, result: what our own firmware said.
        crash: the first crash of the firmware, or None; one that it recovered from counts.
        led: what the LED did, for people.
        refusal: why the answer is no although nothing failed, as for an alarm that was not to come.
    """

    run: StepRun
    log: Log
    result: RunResult
    crash: CrashSite | None
    led: str
    refusal: str = ""

    @property
    def machine(self) -> Machine:
        """The machine that ran."""
        return self.run.machine

    @property
    def exit_code(self) -> int:
        """The command's exit code, as docs/exit-codes.md has it."""
        if self.run.ending == "error":
            return 2
        if self.crash is not None or self.run.ending in ("crashed", "failed"):
            return 1
        if self.run.ending == "interrupted":
            return 130
        if self.machine.exit is not None and self.machine.exit.code:
            return self.machine.exit.code
        return 1 if self.refusal else 0

    def crash_report(self) -> CrashReport | None:
        """The crash looked into; None without one, or if it cannot be replayed."""
        try:
            return self.crash.report() if self.crash is not None else None
        except EmulationError:
            return None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        machine, run = self.machine, self.run
        ending = "crashed" if self.crash is not None and run.ending == "passed" else run.ending
        if ending == "passed" and self.refusal:
            ending = "failed"
        ended = machine.exit
        return {
            **_head(ending, self.exit_code, run.message or self.refusal),
            "firmware": str(machine.image.path),
            "board": machine.board.name,
            "engine": machine.engine.name,
            "seed": machine.seed,
            "exit": None if ended is None else {"how": ended.how, "code": ended.code, "t_s": round(ended.t_s, 9)},
            "steps": [
                {
                    "title": step.title,
                    "result": "skipped" if step.skipped else "passed" if step.failure is None else "failed",
                    "begin_s": round(step.begin_s, 9),
                    "end_s": round(step.end_s, 9),
                    "failure": step.failure,
                }
                for step in run.results
            ],
            "crash": None if self.crash is None else _crash(self.crash, self.crash_report()),
            "ports": {
                name: {"text": port.text, "lines": [{"t_s": round(t, 9), "text": line} for t, line in port.lines]}
                for name, port in machine.ports.items()
            },
            "devices": {name: type(device).__name__ for name, device in machine.devices.items()},
            **self.result.as_dict(),
        }

    def as_json(self) -> str:
        """One JSON object, indented."""
        return json.dumps(self.as_dict(), indent=2)


def error_json(error: EmberwatchError) -> str:
    """The JSON object of a run that never began."""
    return json.dumps(_head("error", 2, str(error)), indent=2)


def _head(outcome: str, exit_code: int, message: str) -> dict[str, Any]:
    from emberwatch import __version__  # reads the package's metadata, with all of `email`

    return {
        "schema": SCHEMA,
        "emberwatch": __version__,
        "outcome": outcome,
        "exit_code": exit_code,
        "message": message,
    }


def _crash(site: CrashSite, report: CrashReport | None) -> dict[str, Any]:
    """What is known about a crash; only the first four keys without a replay."""
    known: dict[str, Any] = {
        "title": report.title if report is not None else site.summary(),
        "core": site.stop.core,
        "cycle": report.cycle if report is not None else site.cycle,
        "t_s": round(report.time_s if report is not None else site.machine.seconds_at(site.cycle), 9),
    }
    if report is None:
        return {
            **known,
            "faults": [],
            "registers": {},
            "backtrace": [],
            "instructions": [],
            "accesses": [],
            "pending": [],
            "task": None,
            "tasks": [],
        }
    return {
        **known,
        "faults": [
            {"cause": fault.cause.name.lower(), "pc": fault.pc, "address": fault.address, "text": str(fault)}
            for fault in report.faults
        ],
        "registers": report.registers,
        "backtrace": [str(frame) for frame in report.backtrace],
        "instructions": [{"cycle": cycle, "pc": pc, "text": text} for cycle, pc, text in report.instructions],
        "accesses": report.accesses,
        "pending": report.pending,
        "task": None if report.task is None else report.task.name,
        "tasks": [
            {"name": task.name, "state": task.state, "priority": task.priority, "backtrace": [str(f) for f in frames]}
            for task, frames in report.others
        ],
    }
