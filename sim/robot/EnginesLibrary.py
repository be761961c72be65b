"""Keywords that run one scenario on both engines and compare what they produced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from robot.api import SkipExecution, logger
from robot.api.deco import keyword, library

from emberwatch.base.errors import EmberwatchError
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.taps import FeatureCapture, PcmCapture
from emberwatch.robot.arguments import number, seconds
from emberwatch.robot.session import board_maker, session

_ENGINES = ("embedded", "renode")
_TIME = re.compile(r"\bt=(\d+\.\d+)")
_CYCLES = re.compile(r"\b(busy|max)=(\d+)")


@dataclass
class _Run:
    machine: DetectorMachine
    pcm: PcmCapture
    features: FeatureCapture


@library(scope="SUITE")
class EnginesLibrary:
    """The microphone's sound goes by its clock here, so that both engines hear the same bits whenever they boot."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    @keyword
    def both_engines_should_be_there(self) -> None:
        """Skips what follows where Renode or pyrenode3 is not installed."""
        from emberwatch.engines.renode import install

        try:
            install.environment()
        except EmberwatchError as error:
            raise SkipExecution(str(error)) from None

    @keyword
    def run_on_both_engines(self, duration: timedelta) -> None:
        """A board on each engine, from power-on, with the sounds prepared so far."""
        length = seconds(duration, "The duration")
        self._runs = []
        for engine in _ENGINES:
            machine = board_maker(engine)(session.clips)
            machine.engine.set_microphone_timebase(machine.board.needed_microphone.pdm_hz)
            run = _Run(machine, machine.capture_pcm(), machine.capture_features())
            machine.run(length)
            logger.info(f"{engine}: {machine.real_time_factor:.3f} x real time, {len(machine.lines)} lines")
            self._runs.append(run)

    def _both(self) -> tuple[_Run, _Run]:
        if len(self._runs) != 2:
            raise AssertionError("nothing has run; use 'Run On Both Engines' first")
        return self._runs[0], self._runs[1]

    @keyword
    def consoles_should_be_equal(self, time_tolerance: timedelta = timedelta(milliseconds=50)) -> None:
        """Same lines; times since reset may differ by the boot's length, cycle counts by 2 %.

        One engine may be a line ahead at the end: it has booted sooner.
        """
        allowed = seconds(time_tolerance, "The tolerance", zero=True)
        ours, theirs = ([line for _, line in run.machine.lines] for run in self._both())
        common = min(len(ours), len(theirs))
        if common < 2 or abs(len(ours) - len(theirs)) > 2:
            raise AssertionError(f"{len(ours)} lines on {_ENGINES[0]}, {len(theirs)} on {_ENGINES[1]}")
        for at, (a, b) in enumerate(zip(ours[:common], theirs[:common], strict=True), 1):
            if _CYCLES.sub(r"\1=", _TIME.sub("t=", a)) != _CYCLES.sub(r"\1=", _TIME.sub("t=", b)):
                raise AssertionError(f"Line {at} differs: {a!r} and {b!r}")
            for t, u in zip(_TIME.findall(a), _TIME.findall(b), strict=True):
                if abs(float(t) - float(u)) > allowed:
                    raise AssertionError(f"Line {at}: times {t} and {u} s")
            for (_, x), (_, y) in zip(_CYCLES.findall(a), _CYCLES.findall(b), strict=True):
                _agree(f"line {at}", int(x), int(y), 2.0)

    @keyword
    def pcm_should_be_equal(self) -> None:
        """To the bit, as far as both have come."""
        self._equal("PCM samples", *(run.pcm.samples for run in self._both()))

    @keyword
    def features_should_be_equal(self) -> None:
        """To the bit, as far as both have come."""
        self._equal("feature frames", *(run.features.frames for run in self._both()))

    @keyword
    def network_outputs_should_be_equal(self) -> None:
        """The probability of every window that both have judged."""
        outputs = (np.array([w.probability for w in run.machine.log.windows]) for run in self._both())
        self._equal("network outputs", *outputs)

    @staticmethod
    def _equal(what: str, ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> None:
        common = min(len(ours), len(theirs))
        if common == 0:
            raise AssertionError(f"No {what} to compare")
        different = np.flatnonzero(np.any(np.atleast_2d((ours[:common] != theirs[:common]).T), axis=0))
        if len(different):
            raise AssertionError(f"{len(different)} of {common} {what} differ, the first is number {different[0]}")
        logger.info(f"{common} {what} are equal")

    @keyword
    def cycles_should_agree_within(self, percent: float) -> None:
        """Mean cycles per call of every measured function."""
        number(percent, "The deviation in percent", 0, 50)
        ours, theirs = (run.machine.functions for run in self._both())
        if not ours:
            raise AssertionError("no function was measured")
        for name, cycles in ours.items():
            if name not in theirs:
                raise AssertionError(f"{name} was called on {_ENGINES[0]} only")
            _agree(name, cycles.mean, theirs[name].mean, percent)


def _agree(what: str, ours: float, theirs: float, percent: float) -> None:
    deviation = 100 * (theirs - ours) / ours if ours else 0.0
    logger.info(f"{what}: {ours:.0f} and {theirs:.0f} cycles, {deviation:+.2f} %")
    if abs(deviation) > percent:
        raise AssertionError(f"{what}: {ours:.0f} cycles on {_ENGINES[0]}, {theirs:.0f} on {_ENGINES[1]}")
