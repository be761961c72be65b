"""What the keyword libraries of one test share: the sounds prepared, the board under test, the figures measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from emberwatch.audio import Clip, Scenario
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.taps import PcmCapture
from emberwatch.report.page import RunRecorder
from emberwatch.report.summary import metric_message


class Session:
    """State of the current test."""

    def __init__(self) -> None:
        self.clips: list[Clip] = []
        self.machine: DetectorMachine | None = None
        self.pcm: PcmCapture | None = None
        self.recorder: RunRecorder | None = None
        self.sound_name = ""
        self.firmware: Path | None = None

    def clear(self) -> None:
        """Forgets sounds and board."""
        self.__init__()  # type: ignore[misc]

    def board(self) -> DetectorMachine:
        """The board under test."""
        if self.machine is None:
            raise AssertionError("the board is not powered; use 'Power On Board' first")
        return self.machine


session = Session()


def variable(name: str, default: Any) -> Any:
    """A Robot variable, or the default outside of Robot or when it is not set."""
    try:
        return BuiltIn().get_variable_value(f"${{{name}}}", default)
    except RobotNotRunningError:
        return default


def board_maker(engine: str | None = None) -> Callable[[Iterable[Clip]], DetectorMachine]:
    """Makes boards as the suite's variables say; they are read now, so that any thread may make one.

    Args:
        engine: instead of what ENGINE says.
    """
    firmware = session.firmware or Path(str(variable("FIRMWARE", "build/firmware/pico/emberwatch.elf")))
    if not firmware.is_file():
        raise AssertionError(f"{firmware} does not exist; run: make firmware")
    board, chosen = str(variable("BOARD", "pico")), engine or str(variable("ENGINE", "auto"))
    return lambda clips: DetectorMachine(firmware, Scenario(list(clips), seconds=3600.0), board=board, engine=chosen)


def metric(kind: str, **values: Any) -> None:
    """Records one figure for the summary."""
    logger.info(metric_message(kind, variable("TEST NAME", ""), **values))


def output_folder() -> Path:
    """Where attachments go."""
    return Path(str(variable("OUTPUT DIR", ".")))
