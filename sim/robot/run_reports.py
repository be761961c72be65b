"""A page about the run of every test, linked from log.html and from one page that sums up the suite."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from emberwatch.report.suite_page import TestEntry, write_suite_page
from emberwatch.robot.session import output_folder, session

FOLDER = "runs"


class RunReports:
    """Robot listener; the board library registers it."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self) -> None:
        self._entries: list[TestEntry] = []
        self._folder: Path | None = None

    def end_test(self, data: Any, result: Any) -> None:
        """Write the page of the test that has just ended, if it ran a board, and link it."""
        self._folder = output_folder()
        page = ""
        recorder = session.recorder
        if recorder is not None and recorder.machine is session.machine:
            name = re.sub(r"[^A-Za-z0-9]+", "_", str(result.longname)).strip("_")
            page = f"{FOLDER}/{name}.html"
            recorder.write(self._folder / page, str(result.name))
            result.doc = f"{result.doc}\n\n[{page}|The run: sound, probability, cycles, console]".strip()
            session.recorder = None
        self._entries.append(
            TestEntry(str(result.parent.longname), str(result.name), str(result.status), str(result.message), page)
        )

    def close(self) -> None:
        """Write the page that sums up."""
        if self._folder is not None and self._entries:
            write_suite_page(self._folder / "runs.html", self._entries)
