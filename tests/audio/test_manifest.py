"""Manifests by schema: whatever is not right is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from emberwatch.audio.manifest import read_table
from emberwatch.audio.recordings import fixed_sample, read_manifest
from emberwatch.base.errors import AudioError


def manifest(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_rows(tmp_path: Path) -> None:
    path = manifest(tmp_path, 'file,label,seconds,note\n"a,b.wav", alarm ,1.5,\nc.wav,other,2\n', "utf-8-sig")
    first, second = read_table(path, AudioError)
    assert (first.name, first.label, first.seconds, first.line) == ("a,b.wav", "alarm", 1.5, 2)
    assert second.file == tmp_path / "c.wav" and second.cells["note"] == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\na.wav,Alarm\n", r"manifest.csv:2: label 'Alarm'; use 'alarm' or 'other'"),
        (
            "file,label\na.wav,alarm\n./a.wav,other\n",
            r":3: file './a.wav' is also in line 2, as 'alarm' and as 'other'",
        ),
        ("file,label\na.wav,alarm\na.wav,alarm\n", r":3: file 'a.wav' is also in line 2; keep one"),
        ("file,label\n,alarm\n", "name is missing"),
        ("file\na.wav\n", "column 'label' is missing"),
        ("file,label,label\na.wav,alarm,other\n", "column 'label' is there twice"),
        ("file,label,seconds\na.wav,alarm,nan\n", "seconds 'nan'"),
        ("file,label,seconds\na.wav,alarm,-1\n", "seconds '-1'"),
        ("file,label\na.wav,alarm,more\n", "more cells than columns"),
        ('file,label\n"a.wav,alarm\n', "not CSV"),
        ("file,label\n", "lists no clips"),
        ("", "column 'file' is missing"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AudioError, match=said):
        read_table(manifest(tmp_path, text), AudioError)


def test_recordings_need_their_lengths_and_their_files(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"")
    manifest(tmp_path, "file,label,category,seconds\na.wav,alarm,t3,\n")
    with pytest.raises(AudioError, match="seconds is missing"):
        read_manifest(tmp_path)
    manifest(tmp_path, "file,label,category,seconds\na.wav,alarm,t3,1\nb.wav,other,rain,1\n")
    with pytest.raises(AudioError, match=r":3: file 'b.wav' is not there"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("count", [0, -3])
def test_a_sample_of_nothing_is_refused(count: int) -> None:
    with pytest.raises(AudioError, match="is none"):
        fixed_sample([], count)
