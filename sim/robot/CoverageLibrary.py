"""Coverage of a whole Robot run: imported by the resource file, it needs no keyword."""

from __future__ import annotations

from pathlib import Path

from robot.api import logger
from robot.api.deco import keyword, library

from emberwatch.inspect import coverage
from emberwatch.robot.session import variable


@library(scope="GLOBAL", listener="SELF")
class CoverageLibrary:
    """With ``--variable COVERAGE:DIR`` every board of the run gathers coverage; the folder gets what was executed."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        folder = variable("COVERAGE", "")
        if folder:
            coverage.enable(Path(str(folder)))

    @keyword
    def coverage_folder(self) -> str:
        """Where coverage goes, empty while it is off."""
        return str(coverage.enabled() or "")

    def close(self) -> None:
        """Listener: the run is over."""
        if (file := coverage.flush()) is not None:
            logger.console(f"coverage gathered in {file.parent}; report: emberwatch coverage {file.parent}")
