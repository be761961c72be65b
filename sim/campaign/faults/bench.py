"""The detector on a bench: an alarm that is about to be heard, and faults before it is.

One machine runs to an alarm again and again, from snapshots taken between the first and the last moment at which a
fault may come: the network listens, the alarm sounds, and its cadence is not yet certain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emberwatch.audio import Clip, Scenario, generate
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.campaign.faults.draw import Choice, draw
from emberwatch.campaign.faults.fault import Fault
from emberwatch.campaign.faults.inject import Change, advance, apply_all, mend, refusal
from emberwatch.campaign.faults.outcome import FAILURES, classify, signs
from emberwatch.campaign.faults.places import Targets
from emberwatch.campaign.rows import Row, RowEvent
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.protocol import Alarm
from emberwatch.engines.embedded import chip_of
from emberwatch.inspect.led import led_brightness
from emberwatch.machine.machine import Snapshot

ALARM_AT_S = 2.0
JUDGED_S = 14.0
"""By then a restarted firmware has heard two more groups of a T3 signal."""
TOLD_S = 9.0
"""Nor does a firmware that told of a fault and was not restarted raise the alarm after this."""
PATIENCE_S = 80.0
"""A run that lost the alarm without a word goes on so long: some checks take a minute by intent."""
HOLD_S = 0.5
"""An alarm must last so long: a fault may end it as well as prevent it."""
LEVEL_DBFS, NOISE_DBFS = -20.0, -50.0
_STEP_S = 0.25
_LIT = 0.99
_LOOK_S = 0.1
_STEADY_S = 0.4
"""A possible alarm blinks, 0.26 s at a time; what is lit for longer is an alarm."""
_SIGNS = 20
"""Signs that a row holds at most: a restart every 0.1 s fills it else."""
_CONVERGING = ("sram", "stack", "register", "glitch", "peripheral", "dma")
"""Kinds that change nothing outside the chip. Of its pins nothing but the times of past changes may differ then."""
_LAZY = {"pins"}
_LEAST_HEARD_S = 0.5
"""No cadence is certain so soon: an alarm before that is no answer to the sound."""


@dataclass(frozen=True)
class _Heard:
    """What became of the alarm."""

    served: bool
    told: bool
    stopped: bool
    at_s: float | None
    wrong: str


class Bench:
    """One machine with the moments from which faults begin.

    Args:
        elf: the detector's firmware.
        board: its board.
        seed: of all choices.
        choice: what faults to draw.

    Raises:
        EmberwatchError: the firmware does not raise the alarm of an undisturbed run.
    """

    def __init__(self, elf: Path, board: str = "pico", seed: int = 1, choice: Choice | None = None) -> None:
        self.choice = choice if choice is not None else Choice()
        self.targets = Targets.of(elf, board)
        self._seed = seed
        sounds = [
            Clip(generate("t3", frequency_hz=3100.0), at_s=ALARM_AT_S, level_dbfs=LEVEL_DBFS),
            Clip(generate("pink_noise", seed=3), level_dbfs=NOISE_DBFS),
        ]
        scenario = Scenario(sounds, seconds=2 * PATIENCE_S)
        self.machine = DetectorMachine(elf, scenario, board=board, engine="embedded", trace=())
        self._moments: list[Snapshot] = []
        first, last = self.choice.first_s, self.choice.last_s
        for step in range(round((last - first) / _STEP_S) + 1):
            advance(self.machine, first + step * _STEP_S)
            self._moments.append(self.machine.save())
        if self.machine.log.first_alarm is not None:
            raise EmberwatchError(f"{elf} raises the alarm before {last:g} s; the campaign wants it later")
        self._undisturbed: Row | None = None
        self._undisturbed = self.run(())
        if self._undisturbed.outcome != "masked" or self.machine.log.faults:
            raise EmberwatchError(f"{elf} does not raise the alarm of an undisturbed run; is it the detector?")

    def inject(self, number: int) -> Row:
        """Makes and judges the faults of run `number`."""
        return self.run(draw(self.targets, self.choice, self._seed, number), number)

    def run(self, faults: tuple[Fault, ...], number: int = 0) -> Row:
        """Makes and judges these faults, which are in order of time.

        Raises:
            UsageError: one comes outside the bench's time, or its place does not exist.
        """
        first_s = faults[0].at_s if faults else self.choice.last_s
        if first_s < self.choice.first_s:
            raise UsageError(f"a fault at {first_s:g} s is before the first moment, {self.choice.first_s:g} s")
        machine = self.machine
        machine.restore(self.moment(first_s))
        mend(machine)
        changes = apply_all(machine, faults)
        since_s = changes[0].at_s if changes else machine.time_s
        inside = all(fault.kind in _CONVERGING for fault in faults)
        if self._undisturbed is not None and inside and self._converges(since_s):
            return self._named(self._undisturbed, number, faults, changes)
        return self._named(self._row(since_s, self._judge(faults, since_s)), number, faults, changes)

    def moment(self, before_s: float) -> Snapshot:
        """The machine at the last of the moments that is not after a time."""
        return self._moments[min(int((before_s - self.choice.first_s) / _STEP_S), len(self._moments) - 1)]

    def identity(self, faults: tuple[Fault, ...]) -> str:
        """SHA-256 of all that determines a run of this bench."""
        facts = {
            "firmware": self.targets.sha256,
            "board": self.machine.board.name,
            "seed": self.machine.seed,
            "bench": [ALARM_AT_S, JUDGED_S, TOLD_S, PATIENCE_S, HOLD_S, LEVEL_DBFS, NOISE_DBFS],
            "faults": [fault.as_dict() for fault in faults],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    # What came of it

    def _converges(self, since_s: float) -> bool:
        """Whether the chip is, at one of the moments, as if nothing had been: what follows is known then.

        That spares half of the runs whose fault is overwritten. It says nothing of where it runs on meanwhile.
        """
        machine = self.machine
        for step, moment in enumerate(self._moments):
            moment_s = self.choice.first_s + step * _STEP_S
            if moment_s <= machine.time_s:
                continue
            if not advance(machine, moment_s) or self._told(since_s):
                return False
            if set(chip_of(machine.engine).differences(moment.engine)) <= _LAZY:
                return True
        return False

    def _judge(self, faults: tuple[Fault, ...], since_s: float) -> _Heard:
        machine = self.machine
        lit_since: float | None = None
        for until in (JUDGED_S, PATIENCE_S):
            while machine.time_s < until:
                looks = int(machine.time_s / _LOOK_S + 1e-6) + 1  # on one grid, whenever the fault came
                if not advance(machine, min(until, looks * _LOOK_S)):
                    return _Heard(False, self._told(since_s), True, None, refusal(machine))
                lit = not self._led_broken(faults) and led_brightness(machine) > _LIT
                lit_since = (machine.time_s if lit_since is None else lit_since) if lit else None
                said_s = next((t for t, m in machine.log.messages if isinstance(m, Alarm) and m.state == "on"), None)
                if said_s is not None:
                    return self._held(since_s, said_s, by_led=False)
                if lit_since is not None and machine.time_s - lit_since > _STEADY_S:
                    return self._held(since_s, lit_since, by_led=True)
                if machine.time_s > TOLD_S and self._told(since_s) and not self._restarted(since_s, until):
                    break
            if self._told(since_s):
                break
        return _Heard(False, self._told(since_s), False, None, "no alarm")

    def _held(self, since_s: float, raised_s: float, by_led: bool) -> _Heard:
        """After the alarm: it came when there was something to hear, and it stays."""
        machine = self.machine
        if raised_s < ALARM_AT_S + _LEAST_HEARD_S:
            return _Heard(False, self._told(since_s), False, raised_s, f"alarm at {raised_s:.3f} s, before its time")
        if not advance(machine, round(machine.time_s, 3) + HOLD_S):
            return _Heard(False, self._told(since_s), True, raised_s, refusal(machine))
        told = self._told(since_s)
        if not (machine.log.alarm_on or (by_led and led_brightness(machine) > _LIT) or told):
            return _Heard(False, told, False, raised_s, "the alarm did not last")
        return _Heard(True, told, False, raised_s, "")

    def _led_broken(self, faults: tuple[Fault, ...]) -> bool:
        """Registers tell what the LED is to show; a short has it otherwise."""
        pin = f"GPIO{self.machine.board.needed_led.pin}"
        return any(fault.kind == "pin_stuck" and fault.place == pin for fault in faults)

    def _told(self, since_s: float) -> bool:
        return bool(self._signs(since_s))

    def _restarted(self, since_s: float, until_s: float) -> bool:
        """Whether a restart gives it time until then to hear the cadence anew."""
        return until_s < PATIENCE_S and any(not line.startswith("FAULT") for _, line in self._signs(since_s))

    def _signs(self, since_s: float) -> list[tuple[float, str]]:
        return signs(self.machine.lines, since_s)

    def _row(self, since_s: float, heard: _Heard) -> Row:
        """What came of the run that the machine has made."""
        machine = self.machine
        outcome = classify(
            served=heard.served,
            told=heard.told,
            stopped=heard.stopped,
            spoke_s=machine.lines[-1][0] if machine.lines else 0.0,
            end_s=machine.time_s,
        )
        events = [RowEvent(round(t, 6), m.state, m.kind) for t, m in machine.log.messages if isinstance(m, Alarm)]
        for t, line in self._signs(since_s)[:_SIGNS]:
            what = "fault" if line.startswith("FAULT ") else "restart"
            events.append(RowEvent(round(t, 6), what, line.split()[1] if what == "fault" else ""))
        latency = heard.at_s - ALARM_AT_S if heard.served and heard.at_s is not None else None
        kinds = [event.kind for event in events if event.state in ("on", "kind")]
        return Row(
            id="",
            number=0,
            firmware=machine.image.path.name,
            firmware_sha256=self.targets.sha256,
            board=machine.board.name,
            scenario="bench",
            label="t3",
            level_dbfs=LEVEL_DBFS,
            snr_db=LEVEL_DBFS - NOISE_DBFS,
            noise="pink",
            seed=machine.seed,
            verdict="fail" if outcome in FAILURES else "pass",
            outcome=outcome,
            alarm=heard.served,
            alarm_kind=kinds[-1] if kinds else "",
            latency_s=round(latency, 6) if latency is not None else None,
            events=tuple(sorted(events, key=lambda event: event.t_s)),
            margin=round(JUDGED_S - ALARM_AT_S - latency, 6) if latency is not None else None,
            emulated_s=round(machine.time_s, 6),
            error=heard.wrong,
        )

    def _named(self, row: Row, number: int, faults: tuple[Fault, ...], changes: list[Change]) -> Row:
        return with_faults(replace(row, id=self.identity(faults), number=number), faults, changes)


def with_faults(row: Row, faults: Sequence[Fault], changes: Sequence[Change]) -> Row:
    """The row of a run with which faults were in it."""
    return replace(
        row,
        fault_kind="+".join(dict.fromkeys(fault.kind for fault in faults)),
        fault_what="; ".join(change.what for change in changes),
        fault_at_s=round(changes[0].at_s, 9) if changes else None,
        fault_address=changes[0].address if changes else None,
        fault_function=changes[0].function if changes else "",
    )
