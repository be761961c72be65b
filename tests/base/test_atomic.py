"""Writers leave the old file or the new one, whatever interrupts them."""

from __future__ import annotations

import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file


def test_new_contents_take_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    path.chmod(0o640)
    atomic.write_text(path, "new \udce9")
    assert path.read_text() == "new ?"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_a_new_file_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        atomic.write_bytes(tmp_path / "new", b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, SystemExit])
def test_what_interrupts_the_writing_leaves_the_old(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "wave.vcd"
    path.write_text("old")
    with pytest.raises(error), atomic.replacing(path) as stream:
        stream.write(b"half")
        raise error
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["wave.vcd"]


def test_a_full_disk_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(UsageError, match=r"--report .*report.html cannot be written"):
            write_file(path, b"x" * 100_000, "--report")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "file", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    atomic.write_text(link, "new")
    assert link.is_symlink() and target.read_text() == "new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    atomic.write_bytes(pipe, b"through")
    reader.join(60)
    assert got == [b"through"] and stat.S_ISFIFO(pipe.stat().st_mode)
