"""The outcome of one run, and its JSON form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.detector.log import Log
from emberwatch.detector.protocol import Alarm, Window
from emberwatch.engines.base import Capability
from emberwatch.machine.machine import Machine

LOOP_FUNCTION = "app_process_block"
"""The function that does all work of one block."""


@dataclass(frozen=True)
class FunctionResult:
    """Inclusive cycles of one function."""

    calls: int
    mean: float
    max: int


@dataclass(frozen=True)
class RunResult:
    """What a run showed.

    Attributes:
        alarm: whether the alarm went on at any time.
        events: alarm events; times are those of the chip's timer, seconds since reset.
        windows: end of each block in seconds since power-on, and its probability 0..1.
        total_cycles: clk_sys cycles since power-on.
        busy_cycles: those in which core 0 was not asleep.
        functions: inclusive cycles per measured function.
        missed_blocks: blocks of sound that the firmware lost, by its own count or by gaps in its window numbers.
        deadline_misses: blocks that took longer than the 32 ms there are.
        seconds: emulated seconds.
        real_time_factor: emulated seconds per second of the host.
        uart: the console.
        usb: what came out of the USB serial port.
        model: beginning of the SHA-256 of the model that the firmware named, or None.
        firmware_version: that it named, or None.
        protocol_errors: console lines that do not follow the protocol.
        faults: what the firmware reported as faults.
    """

    alarm: bool
    events: list[Alarm]
    windows: list[tuple[float, float]]
    total_cycles: int
    busy_cycles: int
    functions: dict[str, FunctionResult]
    missed_blocks: int
    deadline_misses: int
    seconds: float
    real_time_factor: float
    uart: str
    usb: str
    model: str | None
    firmware_version: str | None
    protocol_errors: list[str]
    faults: list[str]

    @classmethod
    def of(cls, machine: Machine, log: Log) -> RunResult:
        """Collects the result of a machine as it stands, and of what its firmware said."""
        windows = [(t, message) for t, message in log.messages if isinstance(message, Window)]
        # Each window's line comes some milliseconds after its block; the quickest of them dates the capture's start.
        start = min((t - (w.number + 1) * BLOCK_SECONDS for t, w in windows), default=0.0)
        numbers = [w.number for _, w in windows]
        gaps = (max(numbers) + 1 - len(set(numbers))) if numbers else 0
        statistics = log.statistics
        banner = log.banner
        counted = machine.functions if Capability.CYCLES in machine.engine.capabilities else {}
        return cls(
            alarm=log.first_alarm is not None,
            events=log.alarms,
            windows=[(start + (w.number + 1) * BLOCK_SECONDS, w.probability) for _, w in windows],
            total_cycles=machine.cycles,
            busy_cycles=machine.cycles - machine.engine.sleep_cycles,
            functions={name: FunctionResult(f.calls, f.mean, f.max) for name, f in sorted(counted.items())},
            missed_blocks=max(gaps, statistics.missed if statistics else 0),
            deadline_misses=statistics.late if statistics else 0,
            seconds=machine.time_s,
            real_time_factor=machine.real_time_factor,
            uart=machine.uart,
            usb=machine.usb,
            model=banner.model if banner else None,
            firmware_version=banner.version if banner else None,
            protocol_errors=list(log.errors),
            faults=[fault.what for fault in log.faults] + _damage(log),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON. All keys are always present; `docs/json.md` describes them."""
        loop = self.functions.get(LOOP_FUNCTION)
        return {
            "alarm": self.alarm,
            "events": [{"t_s": event.t_s, "kind": event.kind, "state": event.state} for event in self.events],
            "windows": [{"t_s": round(t, 6), "probability": round(p, 6)} for t, p in self.windows],
            "cycles": {
                "total": self.total_cycles,
                "busy": self.busy_cycles,
                "loop_mean": round(loop.mean, 1) if loop else None,
                "loop_max": loop.max if loop else None,
                "functions": {
                    name: {"calls": f.calls, "mean": round(f.mean, 1), "max": f.max}
                    for name, f in self.functions.items()
                },
            },
            "missed_blocks": self.missed_blocks,
            "deadline_misses": self.deadline_misses,
            "real_time_factor": round(self.real_time_factor, 3),
            "uart": self.uart,
            "usb": self.usb,
            "seconds": round(self.seconds, 9),
            "model": self.model,
            "firmware_version": self.firmware_version,
            "faults": self.faults,
            "protocol_errors": self.protocol_errors,
        }

    def as_json(self) -> str:
        """One JSON object, indented."""
        return json.dumps(self.as_dict(), indent=2)


def _damage(log: Log) -> list[str]:
    """What the banner and the counters admit to beside the faults."""
    found = []
    if log.banner is not None and not log.banner.image_intact:
        found.append("image-damaged")
    if log.statistics is not None and log.statistics.dropped:
        found.append(f"console-dropped-{log.statistics.dropped}-bytes")
    return found
