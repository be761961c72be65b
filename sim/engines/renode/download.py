"""The official Renode package: fetched, checked and unpacked; a download that broke off is taken up again."""

from __future__ import annotations

import errno
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from http import HTTPStatus
from pathlib import Path

from emberwatch.base.archives import ArchiveError, unpack_tar, unpack_zip
from emberwatch.base.errors import EngineError

NEEDED_MB = 700
"""Room for the package and what it unpacks to."""


def fetch(url: str, sha256: str, folder: Path) -> Path:
    """Downloads a file into `folder`, going on where an earlier attempt stopped, and checks it.

    Raises:
        EngineError: no network, no room, or another checksum; the last deletes the file.
    """
    complete = folder / url.rsplit("/", 1)[1]
    partial = complete.with_name(complete.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _append(url, partial)
        with partial.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            partial.unlink()
            raise EngineError(f"{complete.name} has SHA-256 {digest}, expected {sha256}; it was not installed")
        return partial.replace(complete)
    except OSError as error:  # HTTP, sockets, time-outs and the disk alike
        raise EngineError(_explain(error, url, folder)) from None


def _append(url: str, target: Path) -> None:
    have = target.stat().st_size if target.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            goes_on = have and answer.status == HTTPStatus.PARTIAL_CONTENT
            with target.open("ab" if goes_on else "wb") as file:
                begin = file.tell()
                shutil.copyfileobj(answer, file, 1 << 20)
                got, announced = file.tell() - begin, int(answer.headers.get("Content-Length") or 0)
        if got < announced:  # http.client takes a connection that ends early for the end
            raise ConnectionError(f"the connection broke off after {got} of {announced} bytes; run it again to go on")
    except urllib.error.HTTPError as error:
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # there is no more: complete, or the check says
            raise


def _explain(error: OSError, url: str, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{folder} is full; make {NEEDED_MB} MB of room, or set EMBERWATCH_CACHE to a folder that has it"
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        return f"{folder} cannot be written ({error.strerror}); set EMBERWATCH_CACHE to a folder that can"
    reason = getattr(error, "reason", error)
    return f"{url} cannot be downloaded ({reason}); try again later, or set PYRENODE_BIN to the program of a Renode"


def unpack(archive: Path, target: Path) -> None:
    """Unpacks a package into the new folder `target`: all of it or, on an error, nothing.

    Raises:
        EngineError: no archive, or no room.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="renode-") as scratch:
        folder = Path(scratch) / "unpacked"
        folder.mkdir()
        try:
            _extract(archive, folder)
        except OSError as error:
            if error.errno is not None:
                raise EngineError(_explain(error, archive.name, target.parent)) from None
            raise EngineError(f"{archive.name} cannot be unpacked: {error}") from None
        except (ArchiveError, tarfile.TarError, zipfile.BadZipFile, subprocess.CalledProcessError) as error:
            raise EngineError(f"{archive.name} cannot be unpacked: {error}") from None
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)


def _extract(archive: Path, folder: Path) -> None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as file:
            unpack_zip(file, folder)
    elif archive.suffix == ".dmg":
        _extract_disk_image(archive, folder)
    else:
        with tarfile.open(archive) as file:
            unpack_tar(file, folder)


def _extract_disk_image(archive: Path, folder: Path) -> None:
    mount = folder.parent / "mount"
    mount.mkdir()
    attach = ["hdiutil", "attach", "-readonly", "-nobrowse", "-mountpoint", str(mount), str(archive)]
    subprocess.run(attach, check=True, capture_output=True)
    try:
        shutil.copytree(mount, folder, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns("Applications"))
    finally:
        subprocess.run(["hdiutil", "detach", str(mount)], check=False, capture_output=True)
