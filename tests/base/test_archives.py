"""Archives stay in their folder."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from emberwatch.base import archives
from emberwatch.base.archives import ArchiveError, unpack_tar, unpack_zip


def tar_of(*members: tuple[str, str, str]) -> tarfile.TarFile:
    """Members as (name, kind, link or contents)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, value in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o6777
            if kind == "file":
                info.size = len(value)
                archive.addfile(info, io.BytesIO(value.encode()))
            else:
                info.type = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}[kind]
                info.linkname = value
                archive.addfile(info)
    out.seek(0)
    return tarfile.open(fileobj=out)


def test_files_folders_and_links_inside(tmp_path: Path) -> None:
    with tar_of(("a/b.txt", "file", "text"), ("a/c", "link", "b.txt"), ("d", "link", "a/../a/b.txt")) as archive:
        unpack_tar(archive, tmp_path)
    assert (tmp_path / "a" / "c").read_text() == (tmp_path / "d").read_text() == "text"
    assert (tmp_path / "a" / "b.txt").stat().st_mode & 0o7022 == 0


@pytest.mark.parametrize(
    "members",
    [
        [("../x", "file", "")],
        [("/etc/x", "file", "")],
        [("a/../../x", "file", "")],
        [("a", "link", "../outside")],
        [("a", "link", "/etc")],
        [("a", "link", "b"), ("a/x", "file", "")],
        [("a", "hard", "../outside")],
        [("a", "device", "")],
        [("c:x", "file", "")],
    ],
)
def test_what_leads_outside_is_refused_before_anything_is_written(
    tmp_path: Path, members: list[tuple[str, str, str]]
) -> None:
    with tar_of(("first", "file", "x"), *members) as archive, pytest.raises(ArchiveError):
        unpack_tar(archive, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("zeros", bytes(100_000))
    with zipfile.ZipFile(out) as archive, pytest.raises(ArchiveError, match="100000 bytes"):
        unpack_zip(archive, tmp_path)
    with tar_of(("a", "file", "x" * 2000)) as tar, pytest.raises(ArchiveError):
        unpack_tar(tar, tmp_path)
    assert list(tmp_path.iterdir()) == []
