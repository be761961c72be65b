"""What a worker does: it boots each firmware once, and starts every case from a snapshot."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from emberwatch.audio import SAMPLE_RATE, Clip, Scenario, generate
from emberwatch.base.errors import EmberwatchError, ScenarioError, UsageError
from emberwatch.base.text import printable
from emberwatch.campaign.case import Case
from emberwatch.campaign.faults import Bench, Change, Choice, Fault, apply_all, classify, signs
from emberwatch.campaign.faults.bench import with_faults
from emberwatch.campaign.faults.inject import advance, mend
from emberwatch.campaign.faults.outcome import FAILURES
from emberwatch.campaign.rows import Row, RowEvent
from emberwatch.campaign.sounds import LEAD_IN_S, TAIL_S, Files, begins_s, scenario_of
from emberwatch.campaign.store import LocalFiles
from emberwatch.detector.log import DetectorLog, Log
from emberwatch.detector.machine import budgeted_functions
from emberwatch.detector.protocol import Alarm
from emberwatch.machine.machine import Machine, Snapshot
from emberwatch.steps.calls import Call, of_scenario
from emberwatch.steps.run import StepRun

BOOT_S = 0.25
"""Here the snapshot is taken from which a case starts whose sound comes later."""
_HEARD_AHEAD = 64
"""Samples that the microphone's filter has looked at already (`mic::Interpolator::kLookAhead`, rounded up)."""
_SILENT_S = 5.0
"""Length of a run in which nothing sounds."""
_KEPT = 8
"""Machines that a worker keeps; each takes some megabytes."""


@dataclass
class _Booted:
    """A machine, and the moments from which its cases start."""

    machine: Machine
    log: DetectorLog
    power_on: Snapshot
    booted: Snapshot | None = None


def new_machine(case: Case, store: Files, scenario: Scenario | None = None) -> Machine:
    """The case's machine at power-on.

    Raises:
        EmberwatchError: firmware or board cannot be used.
    """
    board = store.path(case.board_file) if case.board_file is not None else case.board or None
    silence = Scenario([Clip(generate("silence"))], 1e6)  # something to hear: the board has a microphone
    machine = Machine(store.path(case.firmware), scenario or silence, board=board, engine="embedded", seed=case.seed)
    machine.trace_functions(budgeted_functions(machine.image))
    return machine


class Runner:
    """Runs cases one after another.

    Args:
        store: where files are.
    """

    def __init__(self, store: Files | None = None) -> None:
        self._store = store if store is not None else LocalFiles()
        self._machines: OrderedDict[tuple[str, str, int, bool], _Booted] = OrderedDict()
        self._benches: dict[tuple[str, str, tuple[float, float] | None], Bench] = {}

    def run(self, case: Case) -> Row:
        """One case, from power-on as far as anybody can tell; never raises for what the case is about."""
        try:
            if case.on_bench:
                return replace(self._bench(case).run(faults_of(case)), id=case.id, number=case.number)
            scenario = scenario_of(case, self._store)
            steps = of_scenario(scenario, ScenarioError)
            begin_s = begins_s(case, scenario, self._store)
            if steps:  # they leave more in a machine than a snapshot puts back
                machine = new_machine(case, self._store, scenario)
                machine.folder = self._store.scenario(case).parent
                log = DetectorLog(machine)
            else:
                machine, log = self._started(case, scenario)
            return emulate(case, machine, log, scenario, steps, begin_s)
        except EmberwatchError as error:
            return replace(asked_for(case), verdict="error", error=printable(str(error)))

    def _started(self, case: Case, scenario: Scenario) -> tuple[Machine, DetectorLog]:
        """A machine put to the last moment at which the case is not different from silence."""
        key = (case.firmware.sha256, _board_key(case), case.seed, bool(case.faults))
        booted = self._machines.get(key)
        if booted is None:
            machine = new_machine(case, self._store)
            booted = _Booted(machine, DetectorLog(machine), machine.save())
            self._machines[key] = booted
            if len(self._machines) > _KEPT:
                self._machines.popitem(last=False)[1].machine.close()
        self._machines.move_to_end(key)
        machine = booted.machine
        if machine.engine.sound_supplied is None and scenario.clips:
            raise UsageError(f"board {machine.board.name} has no microphone; name one that has in board")
        late = starts_late(scenario)
        if late and booted.booted is None:
            machine.restore(booted.power_on)
            machine.scenario = Scenario()
            machine.run(BOOT_S)
            if machine.engine.sound_supplied is not None:
                machine.engine.withdraw_sound(round(BOOT_S * SAMPLE_RATE) + _HEARD_AHEAD)
            booted.booted = machine.save()
        machine.restore(booted.booted if late and booted.booted is not None else booted.power_on)
        if case.faults:
            mend(machine)
        machine.scenario = scenario
        machine.trace_functions(machine.traced_functions)
        return machine, booted.log

    def _bench(self, case: Case) -> Bench:
        """The bench for faults without a sound of their own, made once for each firmware and board."""
        key = (case.firmware.sha256, _board_key(case), case.fault_window)
        if key not in self._benches:
            self._benches.clear()  # each holds tens of snapshots
            self._benches[key] = bench_of(case, self._store)
        return self._benches[key]


def bench_of(case: Case, store: Files) -> Bench:
    """The bench for a case whose faults have no sound of their own.

    Raises:
        EmberwatchError: the firmware does not raise the alarm of an undisturbed run.
    """
    assert case.fault_window is not None
    choice = Choice(first_s=case.fault_window[0], last_s=case.fault_window[1])
    board = str(store.path(case.board_file)) if case.board_file is not None else case.board or "pico"
    return Bench(store.path(case.firmware), board, choice=choice)


def _board_key(case: Case) -> str:
    return case.board_file.sha256 if case.board_file is not None else case.board


def faults_of(case: Case) -> tuple[Fault, ...]:
    """The case's faults, in order of time."""
    return tuple(Fault(**fault) for fault in case.faults)


def starts_late(scenario: Scenario) -> bool:
    """Whether nothing sounds while the firmware boots, so that one snapshot serves for all."""
    return all(clip.at_s >= LEAD_IN_S for clip in scenario.clips)


def length_of(case: Case, scenario: Scenario, begin_s: float) -> float:
    """Emulated seconds since power-on at which a case without steps ends."""
    if not scenario.clips and not scenario.seconds:
        return _SILENT_S
    if case.scenario is not None:
        return case.seconds if case.seconds is not None else scenario.seconds + TAIL_S
    return max(scenario.seconds, begin_s + case.within_s if case.expect == "alarm" and case.generate else 0.0)


def emulate(
    case: Case, machine: Machine, log: DetectorLog, scenario: Scenario, steps: list[Call], begin_s: float
) -> Row:
    """Runs a machine that stands where the case may start to its end, and judges what it showed."""
    slept, began = machine.engine.sleep_cycles, machine.cycles
    end_s = None if steps and not scenario.seconds else length_of(case, scenario, begin_s)
    run = StepRun(machine, steps)
    faults, changes, stopped = faults_of(case), [], False
    if faults:
        changes = apply_all(machine, faults)
        stopped = not advance(machine, end_s or machine.time_s)
    else:
        run.run(end_s)
    if run.ending == "interrupted":
        raise KeyboardInterrupt
    said = log.log
    on = [(t, event) for t, event in said.messages if isinstance(event, Alarm) and event.state == "on"]
    latency = round(on[0][0] - begin_s, 6) if on and scenario.clips else None
    verdict, margin, why = _judge(case, run, said, latency, machine.time_s - begin_s)
    passed = machine.cycles - began
    row = replace(
        asked_for(case),
        board=machine.board.name,
        verdict=verdict,
        alarm=bool(on),
        alarm_kind=said.kinds[-1] if said.kinds else "",
        latency_s=latency,
        events=tuple(RowEvent(round(t, 6), m.state, m.kind) for t, m in said.messages if isinstance(m, Alarm)),
        cycles={name: function.max for name, function in sorted(machine.functions.items())},
        load_percent=round(100 * (1 - (machine.engine.sleep_cycles - slept) / passed), 3) if passed else None,
        margin=margin,
        emulated_s=round(machine.time_s, 9),
        error=printable(why),
    )
    return _classified(row, case, machine, faults, changes, stopped) if faults else row


def _classified(
    row: Row, case: Case, machine: Machine, faults: tuple[Fault, ...], changes: list[Change], stopped: bool
) -> Row:
    """The row of a run with faults: they may be told of, but not lose the alarm, or raise one, without a word."""
    heard = row.latency_s is not None and 0 <= row.latency_s <= case.within_s
    served = heard if case.expect == "alarm" else not row.alarm if case.expect == "quiet" else True
    outcome = classify(
        served=served,
        told=bool(signs(machine.lines, changes[0].at_s)),
        stopped=stopped,
        spoke_s=machine.lines[-1][0] if machine.lines else 0.0,
        end_s=machine.time_s,
    )
    verdict = "fail" if outcome in FAILURES else "pass"
    return with_faults(replace(row, outcome=outcome, verdict=verdict), faults, changes)


def asked_for(case: Case) -> Row:
    """A row that holds what is known before the run."""
    return Row(
        id=case.id,
        number=case.number,
        firmware=case.firmware.name,
        firmware_sha256=case.firmware.sha256,
        board=case.board,
        scenario=case.name,
        label=case.label,
        level_dbfs=case.level_dbfs,
        snr_db=case.snr_db,
        room=case.room if case.generate or case.recording else "",
        noise=case.noise,
        seed=case.seed,
    )


def _judge(case: Case, run: StepRun, log: Log, latency: float | None, heard_s: float) -> tuple[str, float | None, str]:
    """Verdict, seconds to the limit, and why it did not pass."""
    margin: float | None = None
    if case.expect == "alarm":
        margin = round(case.within_s - (latency if latency is not None else max(heard_s, case.within_s)), 6)
    if run.ending == "error":
        return "error", margin, run.message
    if run.ending in ("crashed", "failed"):
        return "fail", margin, run.message
    complaints = [fault.what for fault in log.faults if fault.what != "none"]
    if len(log.banners) > 1:
        complaints.append(f"{len(log.banners) - 1} restarts")
    if log.statistics is not None and log.statistics.missed + log.statistics.late:
        complaints.append(f"{log.statistics.missed} blocks missed, {log.statistics.late} late")
    if log.errors:
        complaints.append(log.errors[0])
    if case.expect == "alarm":
        if latency is None:
            complaints.append("no alarm")
        elif not 0 <= latency <= case.within_s:
            complaints.append(f"the alarm came after {latency:.3f} s, {case.within_s:g} s are allowed")
    elif case.expect == "quiet" and log.first_alarm is not None:
        complaints.append(f"an alarm ({log.first_alarm.kind})")
    return ("fail" if complaints else "pass"), margin, "; ".join(complaints)


_runner: Runner | None = None


def run_case(case: Case) -> Row:
    """The work of a process on this machine."""
    global _runner
    if _runner is None:
        _runner = Runner()
    return _runner.run(case)
