"""`DetectorMachine`: a machine that runs our firmware, with everything that the host knows about it."""

from __future__ import annotations

from pathlib import Path

from emberwatch.audio import Scenario
from emberwatch.board.board import Board
from emberwatch.detector.log import DetectorLog, Log
from emberwatch.detector.result import RunResult
from emberwatch.detector.taps import FeatureCapture, PcmCapture
from emberwatch.inspect.crash import CrashWatch
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import Image

BUDGETED_FUNCTIONS = (
    "pdm_decimate",
    "features_compute",
    "model_invoke",
    "model_stream_push",
    "events_update",
    "app_process_block",
)
"""Functions of our firmware whose calls are counted, as far as it has them."""


def budgeted_functions(image: Image) -> tuple[str, ...]:
    """Those of `BUDGETED_FUNCTIONS` that a program has."""
    return tuple(name for name in BUDGETED_FUNCTIONS if name in image.symbols)


class DetectorMachine(Machine):
    """Firmware that speaks the line protocol, on an emulated board that hears a scenario.

    Example::

        from emberwatch import DetectorMachine, Scenario

        with DetectorMachine("build/firmware/pico/emberwatch.elf", Scenario.from_file("smoke.wav")) as machine:
            machine.run_until(lambda m: m.log.alarm_on, timeout_s=10)
            print(machine.time_s, machine.log.alarms)

    Args and errors are those of `Machine`; `trace` None counts `BUDGETED_FUNCTIONS`.
    """

    def __init__(
        self,
        firmware: str | Path | Image,
        scenario: Scenario | None = None,
        *,
        board: str | Path | Board = "pico",
        engine: str = "auto",
        seed: int = 1,
        trace: tuple[str, ...] | None = None,
        bootrom: str | Path | bytes | None = None,
    ) -> None:
        super().__init__(firmware, scenario, board=board, engine=engine, seed=seed, trace=trace or (), bootrom=bootrom)
        if trace is None:
            self.trace_functions(budgeted_functions(self.image))
        self.crash_watch = CrashWatch(self)
        self._detector_log = DetectorLog(self)

    @property
    def log(self) -> Log:
        """What the firmware said so far."""
        return self._detector_log.log

    def capture_pcm(self) -> PcmCapture:
        """Collects from now on the PCM that the firmware's decimator produces."""
        return PcmCapture(self)

    def capture_features(self) -> FeatureCapture:
        """Collects from now on the features that the firmware computes."""
        return FeatureCapture(self)

    def result(self) -> RunResult:
        """What `emberwatch run --json` prints, for the run so far."""
        return RunResult.of(self, self.log)
