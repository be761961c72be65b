"""From a class-labelled data set to a manifest: which classes are alarms, which are certainly none."""

from __future__ import annotations

import csv
import difflib
import io
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from emberwatch.audio.manifest import ALARM, OTHER
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.base.output import write_file
from emberwatch.training.data.freesound import COLUMNS
from emberwatch.training.data.layouts import LabelledFile

MAYBE_ALARMS = frozenset(
    {
        "Alarm",
        "Alarm_bell_ringing",
        "Fire alarm",
        "Fire_alarm",
        "Smoke detector, smoke alarm",
        "Smoke_detector_and_smoke_alarm",
        "Siren",
        "Civil defense siren",
        "Buzzer",
        "Beep, bleep",
    }
)
"""Classes with smoke alarms in them, or sounds that nobody could tell from one: left out unless asked for."""


@dataclass(frozen=True)
class Selection:
    """Chosen files, each with label and category, whether they are there or not."""

    chosen: list[tuple[LabelledFile, str, str]]

    @property
    def there(self) -> list[tuple[LabelledFile, str, str]]:
        """Those whose sound is there."""
        return [one for one in self.chosen if one[0].path.is_file()]


def select(
    files: Sequence[LabelledFile], others: Collection[str], alarms: Collection[str], without: Collection[str]
) -> Selection:
    """Files of the classes that were asked for.

    Args:
        files: of the data set.
        others: classes that are no alarms; empty for all.
        alarms: classes that are alarms; a file of both is an alarm.
        without: classes whose files are left out, and with them `MAYBE_ALARMS` that are not among ``alarms``.

    Raises:
        UsageError: a class is not in the data set, or nothing is left.
    """
    known = {name for file in files for name in file.classes}
    for name in (*others, *alarms, *without):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = (
                f"; did you mean {near[0]!r}?"
                if near
                else f"; it has {len(known)}, such as {min(known, default='-')!r}"
            )
            raise UsageError(f"class {name!r} is not in the data set{hint}")
    barred = (MAYBE_ALARMS - set(alarms) - set(others)) | set(without)
    chosen = []
    for file in files:
        is_alarm = bool(file.classes & set(alarms))
        if is_alarm or (not file.classes & barred and (not others or file.classes & set(others))):
            wanted = sorted(file.classes & set(alarms if is_alarm else others)) or sorted(file.classes) or [OTHER]
            chosen.append((file, ALARM if is_alarm else OTHER, wanted[0]))
    if not chosen:
        raise UsageError("no file of the data set is of these classes; give others")
    return Selection(chosen)


def write_manifest(selection: Selection, path: Path) -> None:
    """The files that are there, as a manifest that every command takes.

    Raises:
        EmberwatchError: none is there, or the manifest cannot be written.
    """
    there = selection.there
    if not there:
        first, count = selection.chosen[0][0].path, len(selection.chosen)
        raise EmberwatchError(
            f"none of the {count} files is there, the first is {first}; put the sounds beside the tables"
        )
    rows = [
        (os.path.relpath(file.path, path.parent), label, category, file.group, file.licence, file.source)
        for file, label, category in there
    ]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_file(path, text.getvalue(), "--out")


def write_ids(selection: Selection, path: Path) -> None:
    """Numbers on Freesound of what was chosen, for `emberwatch data fetch freesound --ids`.

    Raises:
        UsageError: the files are not Freesound's, or the list cannot be written.
    """
    lines = []
    for file, label, category in selection.chosen:
        number = file.source.partition("freesound.org/s/")[2].partition(" ")[0]
        if not number:
            raise UsageError(f"{file.path.name} is not from Freesound; only FSD50K's files are")
        lines.append(f"{number},{label},{category}")
    write_file(path, "\n".join(lines) + "\n", "--ids")
