"""Sounds of Freesound by their numbers: previews through its API, with the licence of each.

An original needs a login through a browser, a preview (Ogg Vorbis) only a key, which anyone with an
account gets at https://freesound.org/apiv2/apply. It comes from the environment, not from the command line, where other
users of a computer could read it.
"""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emberwatch.audio.manifest import ALARM, OTHER
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.base.output import write_file
from emberwatch.training.data.download import DownloadError, download

KEY_VARIABLE = "FREESOUND_API_KEY"
URL = "https://freesound.org"
COLUMNS = ("file", "label", "category", "group", "licence", "source")

_FIELDS = "id,name,license,username,previews"
_PREVIEW = "preview-hq-ogg"
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Wanted:
    """A line of the list: number of a sound, and what its clip is to be called."""

    number: int
    label: str
    category: str


@dataclass(frozen=True)
class FreesoundResult:
    """The folder with manifest.csv; how many clips it has, how many of them are new, numbers that are gone."""

    folder: Path
    clips: int
    new: int
    gone: list[int]


def read_list(path: Path) -> list[Wanted]:
    """A text file with a number a line, optionally ``number,label,category``; # begins a comment.

    Raises:
        UsageError: the file cannot be read, or a line is none of these.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"--ids {path} cannot be read; give a text file with a Freesound number a line") from None
    found: dict[int, Wanted] = {}
    for line_number, line in enumerate(lines, 1):
        number, label, category = ([part.strip() for part in line.partition("#")[0].split(",")] + ["", "", ""])[:3]
        if not number:
            continue
        if not (number.isascii() and number.isdigit()):
            raise UsageError(f"{path}:{line_number}: {number!r} is no number of a sound; it is the end of its address")
        if label not in ("", ALARM, OTHER):
            raise UsageError(f"{path}:{line_number}: label {label!r}; use {ALARM!r} or {OTHER!r}")
        found[int(number)] = Wanted(int(number), label or OTHER, category or label or OTHER)
    if not found:
        raise UsageError(f"--ids {path} lists no sounds; give a Freesound number a line")
    return list(found.values())


def fetch_sounds(
    wanted: list[Wanted],
    folder: Path,
    key: str,
    url: str = URL,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> FreesoundResult:
    """Bring sounds to ``folder`` with a manifest; what an earlier call brought is not fetched again.

    Args:
        wanted: what to bring.
        folder: gets NUMBER.ogg and manifest.csv, with licence and uploader of each.
        key: of the API.
        url: of the service.
        on_progress: gets sounds that are done, and their total.

    Raises:
        EmberwatchError: no or a refused key, offline, the service's limit of requests, or a folder that is not ours.
    """
    if not key:
        raise UsageError(f"Freesound wants a key: set {KEY_VARIABLE} to yours, from {URL}/apiv2/apply")
    manifest = folder / "manifest.csv"
    rows = _rows(manifest, folder)
    there = {row["file"] for row in rows if (folder / row["file"]).is_file()}
    rows = [row for row in rows if row["file"] in there]
    new, gone = 0, []
    on_progress(0, len(wanted))
    try:
        for done, one in enumerate(wanted, 1):
            name = f"{one.number}.ogg"
            if name not in there:
                told = _ask(f"{url.rstrip('/')}/apiv2/sounds/{one.number}/?fields={_FIELDS}", key)
                if told is None:
                    gone.append(one.number)
                else:
                    rows.append(_fetch_one(one, told, folder / name))
                    new += 1
            on_progress(done, len(wanted))
    finally:  # also after Ctrl-C: what is there is listed
        if rows:
            _write(manifest, rows)
    return FreesoundResult(folder, len(rows), new, gone)


def _fetch_one(one: Wanted, told: dict[str, Any], target: Path) -> dict[str, str]:
    try:
        address, licence, uploader = str(told["previews"][_PREVIEW]), str(told["license"]), str(told["username"])
    except (KeyError, TypeError):
        raise EmberwatchError(
            f"Freesound says nothing of licence or preview of sound {one.number}; leave it out"
        ) from None
    download(address, target)
    return {
        "file": target.name,
        "label": one.label,
        "category": one.category,
        "group": f"freesound-{uploader}",  # one person's sounds are often of one device
        "licence": licence,
        "source": f"freesound.org/s/{one.number} ({uploader})",
    }


def _ask(url: str, key: str) -> dict[str, Any] | None:
    """The service's answer; None for a sound that is not there any more."""
    request = urllib.request.Request(url, headers={"User-Agent": "emberwatch", "Authorization": f"Token {key}"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        if error.code in (401, 403):
            raise UsageError(f"Freesound refuses the key in {KEY_VARIABLE} ({error.code} {error.reason})") from None
        if error.code == 429:
            raise DownloadError(
                "Freesound allows no more requests for now; the same command goes on later from here"
            ) from None
        raise DownloadError(f"{url}: the server says {error.code} {error.reason}; try again later") from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(f"{url} cannot be asked ({reason}); is this computer online?") from None
    except ValueError:
        raise DownloadError(f"{url}: the answer is not JSON; is the address right?") from None
    if not isinstance(answer, dict):
        raise DownloadError(f"{url}: the answer is no description of a sound; is the address right?")
    return answer


def _rows(manifest: Path, folder: Path) -> list[dict[str, str]]:
    if not manifest.is_file():
        if folder.is_dir() and any(
            path.suffix != ".part" and path.suffix != ".json" for path in folder.glob("[!0-9]*")
        ):
            raise UsageError(f"{folder} is there but was not made by a fetch; move it away or give another --out")
        return []
    with manifest.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if any(set(COLUMNS) - {name for name, value in row.items() if value is not None} for row in rows):
        raise UsageError(f"{manifest} was not made by a fetch; move it away or give another --out")
    return rows


def _write(manifest: Path, rows: list[dict[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_file(manifest, text.getvalue())
