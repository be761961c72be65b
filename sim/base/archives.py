"""Unpacking archives from the network: what they hold stays in its folder and within a size.

Not left to `tarfile.data_filter` alone: Python 3.11 has it from 3.11.4 on only, and its first versions let links lead
out (CVE-2025-4517).
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

MOST_BYTES = 8 << 30
"""More than any archive that Emberwatch fetches unpacks to (Renode 1.16.1: 0.3 GB, Speech Commands: 2.4 GB)."""
MOST_MEMBERS = 500_000


class ArchiveError(ValueError):
    """An archive wants to write outside its folder, or holds more than it may."""


def unpack_tar(archive: tarfile.TarFile, folder: str | Path) -> None:
    """Unpacks files, folders and links that stay in `folder`.

    Raises:
        ArchiveError: a member leads outside, is a device, or there are too many bytes; nothing was unpacked.
        tarfile.TarError, OSError: the archive is damaged, or there is no room.
    """
    members = archive.getmembers()
    _check_total((member.size for member in members), len(members))
    links: set[PurePosixPath] = set()
    for member in members:
        place = _inside(member.name)
        if any(parent in links for parent in place.parents):
            raise ArchiveError(f"member {member.name!r} would be written through a link of the archive")
        if member.issym():
            _inside(str(place.parent / member.linkname), member.linkname)
            links.add(place)
        elif member.islnk():
            _inside(member.linkname)
        elif not (member.isfile() or member.isdir()):
            raise ArchiveError(f"member {member.name!r} is no file, folder or link")
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode = (member.mode & 0o755) | (0o700 if member.isdir() else 0o600)
    archive.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)  # all was looked at above
    archive.extractall(folder, members)


def unpack_zip(archive: zipfile.ZipFile, folder: str | Path) -> None:
    """The same for zip files; their links are unpacked as files.

    Raises:
        ArchiveError: a member leads outside, or there are too many bytes; nothing was unpacked.
        zipfile.BadZipFile, OSError: the archive is damaged, or there is no room.
    """
    entries = archive.infolist()
    _check_total((entry.file_size for entry in entries), len(entries))
    for entry in entries:
        _inside(entry.filename)
    archive.extractall(folder)


def _check_total(sizes: Iterable[int], count: int) -> None:
    total = sum(sizes)
    if total > MOST_BYTES or count > MOST_MEMBERS:
        raise ArchiveError(f"it would unpack to {count} files of {total} bytes, more than anything fetched here has")


def _inside(name: str, shown: str = "") -> PurePosixPath:
    """A member's place below the folder.

    Raises:
        ArchiveError: it is none.
    """
    path = PurePosixPath(name)
    depth = 0
    parts: list[str] = []
    for part in path.parts:
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0 or path.is_absolute() or "\\" in part or ":" in part:
            raise ArchiveError(f"member {shown or name!r} leads outside the folder")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return PurePosixPath(*parts)
