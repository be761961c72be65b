"""Files of a user's are read up to a size, and only what has an end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from emberwatch.base.errors import ImageError
from emberwatch.base.regular import read_regular


def test_files_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert read_regular(tmp_path / "file", "image", ImageError, 3) == b"abc"
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"xyz",))
    writer.start()
    assert read_regular(tmp_path / "pipe", "image", ImageError) == b"xyz"
    writer.join(60)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("/dev/zero", "is a device"),
        ("absent", "no such file"),
        (".", "is a folder"),
        ("long", "more than 2 bytes"),
        ("a\0b", "cannot be read"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "long").write_bytes(b"abc")
    with pytest.raises(ImageError, match=text):
        read_regular(tmp_path / name, "image", ImageError, 2)
