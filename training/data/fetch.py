"""Fetch a public data set: download, verify, unpack; nothing half-done is ever taken for the whole."""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

from emberwatch.base import atomic
from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.training.data.download import Progress, download, sha256_of
from emberwatch.training.data.public import PublicDataset

LOCK = "datasets.lock.json"
_MARK = "fetched.json"


@dataclass(frozen=True)
class Fetched:
    """What a fetch did."""

    folder: Path
    sha256: str
    recorded: bool  #: the checksum was not known before and is in the lock file now
    downloaded: bool


def _read_lock(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UsageError(f"{path} is not JSON; restore it, or remove it to record the checksums anew") from None
    if not isinstance(lock, dict):
        raise UsageError(f"{path} holds no table of checksums; restore it, or remove it to record them anew")
    return {str(name): str(digest) for name, digest in lock.items()}


def fetch(
    dataset: PublicDataset,
    out: Path,
    on_step: Callable[[str], None] = lambda text: None,
    on_progress: Progress = lambda done, total: None,
    *,
    attempts: int = 4,
    pause_s: float = 1.0,
) -> Fetched:
    """Brings a data set to ``<out>/<name>``; one that is there already is left as it is.

    Args:
        dataset: what to fetch.
        out: folder of data sets; it also holds downloads and the lock file.
        on_step: gets a word for what is done next.
        on_progress: bytes of that step.
        attempts: see `download`.
        pause_s: see `download`.

    Raises:
        EmberwatchError: offline, refused, wrong checksum, or an archive that cannot be unpacked.
    """
    folder, lock_path = out / dataset.name, out / LOCK
    lock = _read_lock(lock_path)
    expected = dataset.sha256 or lock.get(dataset.lock_name)
    mark = folder / _MARK
    if mark.is_file():
        there = str(json.loads(mark.read_text(encoding="utf-8"))["sha256"])
        if expected and there != expected:
            raise EmberwatchError(
                f"{folder} is of an archive with SHA-256 {there}, expected {expected}; remove it and fetch again"
            )
        return Fetched(folder, there, False, False)
    if folder.exists():
        raise UsageError(f"{folder} is there but was not made by a fetch; move it away or give another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror}") from None

    archive = out / "downloads" / Path(urlsplit(dataset.url).path).name
    if not archive.is_file():
        on_step("download")
        download(dataset.url, archive, on_progress, attempts=attempts, pause_s=pause_s)
    on_step("verify")
    digest = sha256_of(archive, on_progress)
    if expected and digest != expected:
        archive.unlink()
        raise EmberwatchError(
            f"{dataset.url}: SHA-256 is {digest}, expected {expected}; the file was removed, "
            + ("fetch again" if dataset.sha256 else f"fetch again, or correct {lock_path} if the data set was renewed")
        )
    on_step("unpack")
    _unpack(archive, dataset, folder, digest, on_progress)
    if not expected:
        lock[dataset.lock_name] = digest
        atomic.write_text(lock_path, json.dumps(dict(sorted(lock.items())), indent=1) + "\n")
    archive.unlink()
    return Fetched(folder, digest, not expected, True)


def _unpack(archive: Path, dataset: PublicDataset, folder: Path, digest: str, on_progress: Progress) -> None:
    """Unpacks aside and renames, so that an interruption leaves no half folder."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{dataset.name}-") as aside:
        whole = Path(aside) / "whole"
        whole.mkdir()
        count = 0
        try:
            for name, content, share in _members(archive):
                on_progress(*share)
                path = _place(name, dataset)
                if path is None:
                    continue
                target = whole / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with content, target.open("wb") as file:
                    shutil.copyfileobj(content, file, 1 << 18)
                count += 1
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise _damaged(archive, error) from None
        except OSError as error:
            if error.errno is None:  # gzip's own, not the system's
                raise _damaged(archive, error) from None
            raise EmberwatchError(
                f"{folder} cannot be unpacked ({error.strerror}); make room or another --out, the download is kept"
            ) from None
        if not count:
            raise EmberwatchError(f"{archive} holds nothing below {dataset.members or 'its root'}; remove it")
        if dataset.subset:
            _keep_subset(whole, dataset, *dataset.subset)
        facts = {"name": dataset.name, "url": dataset.url, "sha256": digest, "licence": dataset.licence}
        (whole / _MARK).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        whole.rename(folder)


def _damaged(archive: Path, error: Exception) -> EmberwatchError:
    archive.unlink()
    return EmberwatchError(f"{archive} cannot be unpacked ({error}); it was removed, fetch again")


def _keep_subset(whole: Path, dataset: PublicDataset, table: str, column: str) -> None:
    """Removes the files that the table does not flag, and replaces it by ``<column>.csv`` with the flagged rows."""
    path = whole / table
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            rows, columns = list(reader), list(reader.fieldnames or [])
        kept = [row for row in rows if row[column].strip().lower() == "true"]
        names = {row["filename"] for row in kept}
    except (OSError, KeyError, AttributeError):
        raise EmberwatchError(
            f"the archive of {dataset.name} has no table {table} with columns filename and {column}; is --url right?"
        ) from None
    for row in rows:
        if row["filename"] not in names:
            # Only what lies in the data set's own folder of sounds, whatever the table says.
            (whole / "audio" / Path(row["filename"]).name).unlink(missing_ok=True)
    with path.with_name(f"{column}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    path.unlink()


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes], tuple[int, int | None]]]:
    """(name, content, (done, total)) of each regular file."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as packed:
            entries = [entry for entry in packed.infolist() if not entry.is_dir()]
            for index, entry in enumerate(entries):
                yield entry.filename, packed.open(entry), (index, len(entries))
        return
    size = archive.stat().st_size
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|*") as stream:
        for member in stream:
            content = stream.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content, (raw.tell(), size)


def _place(name: str, dataset: PublicDataset) -> Path | None:
    """Where a member goes, below the data set's folder; None to leave it out."""
    parts = [part for part in PurePosixPath(name).parts if part != "."]
    if name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
        raise EmberwatchError(
            f"the archive of {dataset.name} wants to write outside its folder ({name}); do not use it"
        )
    parts = parts[dataset.strip :]
    if not parts or (dataset.members and parts[0] != dataset.members):
        return None
    return Path(*parts)
