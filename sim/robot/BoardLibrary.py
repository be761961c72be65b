"""Keywords about the board under test: power, time, console, alarm, LED, microphone faults."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword, library

from emberwatch.audio import Clip, Recording, files
from emberwatch.audio.recordings import RealRecording
from emberwatch.base.errors import EmulationTimeout
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.protocol import FAULTS, KINDS, Alarm, Window
from emberwatch.detector.taps import PcmCapture
from emberwatch.inspect.led import led_brightness
from emberwatch.machine.machine import MICROPHONE_FAULTS
from emberwatch.report.page import RunRecorder
from emberwatch.robot.arguments import number, one_of, seconds, some
from emberwatch.robot.attachments import attach_evidence
from emberwatch.robot.run_reports import RunReports
from emberwatch.robot.session import board_maker, metric, session

_LEAD_IN_S = 0.2
_TAIL_S = 1.0
_SNIPPET_S = 1.25  # a recording no longer than this cannot show a cadence


@library(scope="GLOBAL")
class BoardLibrary:
    """All times are emulated. The firmware is ${FIRMWARE}, the board ${BOARD}, the engine ${ENGINE}.

    After each test that ran a board, a page about the run is written and linked from the test's documentation.
    """

    def __init__(self) -> None:
        self.ROBOT_LIBRARY_LISTENER = RunReports()

    # Power and time

    @keyword
    def power_on_board(self) -> None:
        """Starts the firmware from power-on; the microphone hears the sounds prepared so far."""
        session.machine = _machine(session.clips)
        session.recorder = RunRecorder(session.machine)
        session.pcm = session.recorder.pcm

    @keyword
    def run_for(self, duration: timedelta) -> None:
        """Lets emulated time pass."""
        session.board().run(seconds(duration, "The duration"))

    @keyword
    def forget_board(self) -> None:
        """Clears sounds and board; for test setups."""
        session.clear()

    # Console

    @keyword
    def wait_for_line(self, prefix: str, timeout: timedelta) -> str:
        """Runs until the console prints a line that begins so, after the one awaited before; returns the line."""
        machine = session.board()
        limit = seconds(timeout, "The timeout")
        some(prefix.strip(), "characters of a line to wait for")
        try:
            return machine.run_until_line(prefix, limit)[1]
        except EmulationTimeout as error:
            attach_evidence(machine, session.pcm)
            raise AssertionError(str(error)) from None

    @keyword
    def block_should_be_judged(self, number: int, within: timedelta = timedelta(seconds=1)) -> None:
        """Runs until the firmware has judged this block of sound, counted from the start of the capture."""
        self.wait_for_line(f"W {number} ", within)

    @keyword
    def board_should_restart_within(self, timeout: timedelta) -> None:
        """Runs until the firmware begins anew and says so with its banner."""
        self.wait_for_line("emberwatch ", timeout)

    @keyword
    def crash_should_be_reported_within(self, timeout: timedelta) -> None:
        """Runs until the firmware reports, after a restart, the address at which it crashed."""
        line = self.wait_for_line("FAULT hardfault-", timeout)
        if not re.match(r"FAULT hardfault-[0-9a-f]{8} t=", line):
            raise AssertionError(f"The crash was reported without an address: {line}")

    @keyword
    def console_lines(self) -> list[str]:
        """All console lines so far; an empty list if there are none."""
        return [line for _, line in session.board().lines]

    @keyword
    def console_should_follow_protocol(self) -> None:
        """Every line parses, and at least one window came."""
        machine = session.board()
        if machine.log.errors:
            raise AssertionError("Garbled console: " + "; ".join(machine.log.errors[:3]))
        if not machine.log.windows:
            raise AssertionError("The console printed no window line")

    @keyword
    def banner_should_have_come_once(self) -> None:
        """One banner per start: more of them mean that the chip was reset."""
        count = len(session.board().log.banners)
        if count != 1:
            raise AssertionError(f"The boot banner came {count} times, expected once")

    @keyword
    def windows_should_come_every_block(self, tolerance: timedelta) -> None:
        """Window lines are numbered without a gap and 32 ms apart on average."""
        machine = session.board()
        allowed = seconds(tolerance, "The tolerance", zero=True)
        if allowed >= BLOCK_SECONDS:
            raise AssertionError(f"The tolerance {allowed:g} s is as long as a block: anything would be within it")
        entries = [(t, m.number) for t, m in machine.log.messages if isinstance(m, Window)]
        some(entries, "window lines")
        numbers = [number for _, number in entries]
        if numbers != list(range(len(numbers))):
            missing = sorted(set(range(max(numbers))) - set(numbers))[:5]
            raise AssertionError(f"Window numbers have gaps, first missing: {missing}")
        for t, block in entries:
            expected = entries[0][0] + block * BLOCK_SECONDS
            if abs(t - expected) > allowed:
                raise AssertionError(f"Window {block} came at {t:.4f} s, expected {expected:.4f} s")

    @keyword
    def uart_should_not_carry_sound(self, limit_bits_per_second: int = 64000) -> None:
        """The console's byte rate could not carry speech, however compressed it were."""
        machine = session.board()
        number(limit_bits_per_second, "The limit in bits a second", 1, 256_000)
        some(machine.uart_bytes, "bytes on the console")
        rate = 8 * len(machine.uart_bytes) / machine.time_s
        logger.info(f"Console: {rate:.0f} bits per second")
        if rate > limit_bits_per_second:
            raise AssertionError(f"The console carried {rate:.0f} bits/s; at most {limit_bits_per_second} are allowed")

    # Alarm

    @keyword
    def alarm_should_go_on_within(self, timeout: timedelta, kind: str | None = None) -> float:
        """Runs until the alarm goes on; with ``kind``, until its cadence is named so. Returns the chip's time."""
        machine = session.board()
        limit = seconds(timeout, "The timeout")
        if kind is not None:
            one_of(kind, "Alarm kind", KINDS)

        def heard() -> bool:
            return bool(machine.log.kinds) if kind is None else kind in machine.log.kinds

        try:
            machine.run_until(lambda _: heard(), limit)
        except EmulationTimeout:
            best = max((w.probability for w in machine.log.windows), default=0.0)
            metric("detection", sound=session.sound_name, expected="alarm", alarm=False)
            attach_evidence(machine, session.pcm)
            wanted = "alarm" if kind is None else f"alarm of kind {kind}"
            raise AssertionError(
                f"No {wanted} within {limit:g} s of hearing {session.sound_name}; "
                f"highest probability {best:.2f}, events: {_events(machine)}"
            ) from None
        first = machine.log.first_alarm
        assert first is not None
        metric("detection", sound=session.sound_name, expected="alarm", alarm=True, t_s=first.t_s)
        return first.t_s

    @keyword
    def alarm_should_be_possible_within(self, timeout: timedelta) -> float:
        """Runs until an alarm is possible or on. Returns the chip's time of that."""
        machine = session.board()
        try:
            machine.run_until(lambda m: bool(m.log.alarms), seconds(timeout, "The timeout"))
        except EmulationTimeout:
            attach_evidence(machine, session.pcm)
            raise AssertionError(f"No alarm was possible within {timeout} of hearing {session.sound_name}") from None
        return machine.log.alarms[0].t_s

    @keyword
    def alarm_should_go_off_within(self, timeout: timedelta) -> None:
        """Runs until the alarm, which must be on, goes off again."""
        machine = session.board()
        limit = seconds(timeout, "The timeout")
        if machine.log.first_alarm is None:
            raise AssertionError(f"No alarm has gone on that could go off; events: {_events(machine)}")
        try:
            machine.run_until(lambda m: not m.log.alarm_on, limit)
        except EmulationTimeout:
            attach_evidence(machine, session.pcm)
            raise AssertionError(f"The alarm stayed on for {timeout}; events: {_events(machine)}") from None

    @keyword
    def board_should_stay_quiet_for(self, duration: timedelta) -> None:
        """Runs for a time in which no alarm may go on."""
        machine = session.board()
        before = len(machine.log.windows)
        machine.run(seconds(duration, "The duration"))
        alarm = machine.log.first_alarm
        metric("detection", sound=session.sound_name or "silence", expected="quiet", alarm=alarm is not None)
        if len(machine.log.windows) == before:
            raise AssertionError("Judged nothing: the firmware has judged no window in that time")
        if alarm:
            attach_evidence(machine, session.pcm)
            raise AssertionError(f"False alarm at {alarm.t_s:.3f} s while hearing {session.sound_name or 'silence'}")

    @keyword
    def every_recording_should_raise_the_alarm(self, recordings: list[RealRecording]) -> None:
        """Plays each recording to a board of its own, all at their own level.

        One of about a second has no cadence: an alarm must be possible then.
        """
        self._judge(recordings, True)

    @keyword
    def no_recording_should_raise_the_alarm(self, recordings: list[RealRecording]) -> None:
        """Plays each recording to a board of its own."""
        self._judge(recordings, False)

    def _judge(self, recordings: list[RealRecording], expected: bool) -> None:
        some(recordings, "recordings")
        wrong = []
        for entry, (machine, pcm) in zip(recordings, _hear_all(recordings), strict=True):
            result = machine.result()
            first = machine.log.first_alarm and machine.log.first_alarm.t_s
            snippet = expected and entry.seconds <= _SNIPPET_S
            raised = result.alarm or (snippet and bool(machine.log.alarms))
            kind = "possible" if snippet else "alarm" if expected else "quiet"
            metric("detection", sound=entry.path.name, expected=kind, alarm=raised, t_s=first)
            best = max((p for _, p in result.windows), default=0.0)
            said = f"alarm at {first:.2f} s" if first is not None else "quiet"
            logger.info(f"{entry.path.name}: {said}, highest probability {best:.2f}")
            if not result.windows:
                wrong.append(f"{entry.path.name} ({entry.category}): the firmware judged no window")
                continue
            if raised != expected:
                attach_evidence(machine, pcm, entry.path.stem)
                wrong.append(f"{entry.path.name} ({entry.category}): {said}, highest probability {best:.2f}")
        if wrong:
            raise AssertionError(f"{len(wrong)} of {len(recordings)} judged wrong: " + "; ".join(wrong))

    # LED

    @keyword
    def led_brightness(self) -> float:
        """0..1."""
        return led_brightness(session.board())

    @keyword
    def led_should_be_brighter_than(self, fraction: float) -> None:
        """Checks the LED now; `fraction` is 0 or more and less than 1, which nothing is brighter than."""
        number(fraction, "The brightness", 0, 0.999)
        if led_brightness(session.board()) <= fraction:
            raise AssertionError(
                f"The LED is at {led_brightness(session.board()):.3f}, expected more than {fraction:g}"
            )

    @keyword
    def led_should_be_darker_than(self, fraction: float) -> None:
        """Checks the LED now; `fraction` is more than 0, which nothing is darker than, and at most 1."""
        number(fraction, "The brightness", 0.001, 1)
        some(session.board().log.windows, "windows that the LED could show")
        if led_brightness(session.board()) >= fraction:
            raise AssertionError(
                f"The LED is at {led_brightness(session.board()):.3f}, expected less than {fraction:g}"
            )

    # Microphone

    @keyword
    def break_microphone(self, fault: str) -> None:
        """'missing', 'stuck_low' or 'stuck_high'."""
        session.board().microphone_fault(one_of(fault, "Microphone fault", MICROPHONE_FAULTS[1:]))

    @keyword
    def repair_microphone(self) -> None:
        """Undoes 'Break Microphone' and 'Set Microphone'."""
        session.board().microphone_fault("none")
        session.board().microphone_analog()

    @keyword
    def set_microphone(self, gain: float = 1.0, offset: float = 0.0) -> None:
        """Gain and constant offset (full scale = 1) before the modulator."""
        session.board().microphone_analog(gain, offset)

    @keyword
    def fault_should_be_reported_within(self, what: str, timeout: timedelta) -> None:
        """Runs until the firmware reports a fault of this name; 'none' means that all have gone."""
        machine = session.board()
        one_of(re.sub(r"-[0-9a-f]{8}$", "", what), "Fault", FAULTS)
        try:
            machine.run_until_line(f"FAULT {what} ", seconds(timeout, "The timeout"))
        except EmulationTimeout:
            reported = [fault.what for fault in machine.log.faults] or "none at all"
            raise AssertionError(f"No fault {what!r} within {timeout}; reported: {reported}") from None

    @keyword
    def no_fault_should_be_reported(self) -> None:
        """Checks the console so far, which must have told of a window: a silent one has not reported anything."""
        some(session.board().log.windows, "windows")
        if session.board().log.faults:
            raise AssertionError(f"Faults: {[f'{f.what} at {f.t_s} s' for f in session.board().log.faults]}")

    # Whole runs

    @keyword
    def run_twice_and_compare(self, duration: timedelta) -> None:
        """Two boards from power-on: same console bytes at the same cycles, same cycle counts."""
        length = seconds(duration, "The duration")
        machines = [_machine(session.clips) for _ in range(2)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda machine: machine.run(length), machines))
        first, second = machines
        if first.uart_bytes != second.uart_bytes:
            at = next(
                (i for i, (a, b) in enumerate(zip(first.uart_bytes, second.uart_bytes, strict=False)) if a != b),
                min(len(first.uart_bytes), len(second.uart_bytes)),
            )
            raise AssertionError(f"The consoles differ from byte {at} on")
        if first.lines != second.lines:
            raise AssertionError("Same console, but at different times")
        counts = [machine.functions for machine in machines]
        if counts[0] != counts[1] or first.cycles != second.cycles:
            raise AssertionError("Same console, but different cycle counts")
        if not first.log.windows:
            raise AssertionError("The firmware judged no window at all")


def _machine(clips: Iterable[Clip]) -> DetectorMachine:
    return board_maker()(clips)


def _hear_all(recordings: list[RealRecording]) -> list[tuple[DetectorMachine, PcmCapture]]:
    """A board per recording, closed by now, each stopped when the alarm was on; one at a time for each processor."""
    make = board_maker()

    def hear(entry: RealRecording) -> tuple[DetectorMachine, PcmCapture]:
        with make([Clip(Recording(files.load(entry.path)), at_s=_LEAD_IN_S)]) as machine:
            capture = machine.capture_pcm()
            with suppress(EmulationTimeout):
                seconds = _LEAD_IN_S + entry.seconds + _TAIL_S
                machine.run_until(lambda m: m.log.first_alarm is not None, seconds)
        return machine, capture

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(hear, recordings))


def _events(machine: DetectorMachine) -> str:
    events: list[Alarm] = machine.log.alarms
    return ", ".join(f"{e.label} at {e.t_s:.3f} s" for e in events) or "none"
