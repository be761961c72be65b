"""What the keyword libraries of one test share: the sounds prepared, the board under test, the figures measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from emberwatch.audio import Clip
from emberwatch.detector.machine import DetectorMachine
from emberwatch.detector.taps import PcmCapture
from emberwatch.report.page import RunRecorder
from emberwatch.report.summary import METRIC


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


def metric(kind: str, **values: Any) -> None:
    """Records one figure for the summary."""
    logger.info(METRIC + json.dumps({"kind": kind, "test": variable("TEST NAME", ""), **values}))


def output_folder() -> Path:
    """Where attachments go."""
    return Path(str(variable("OUTPUT DIR", ".")))
