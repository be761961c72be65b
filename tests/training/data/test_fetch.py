"""Fetching data sets from a server on this computer: resuming, checksums, refusals. Nothing leaves 127.0.0.1."""

from __future__ import annotations

import errno
import hashlib
import http.server
import io
import json
import resource
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from local_server import LocalServer
from paths import ROOT

from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.training.data.download import DownloadError, download
from emberwatch.training.data.fetch import LOCK, fetch
from emberwatch.training.data.public import DATASETS, PublicDataset


class Server(LocalServer):
    """Files over HTTP, with the faults of real servers."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[str | None] = []  #: the Range header of each request
        self.break_after: list[int] = []  #: bytes after which coming answers break off
        self.ranges = True
        self.tags = True
        self.lengths = True
        self.status = 0
        super().__init__()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.requests.append(request.headers.get("Range"))
        body = self.files.get(request.path)
        if body is None or self.status:
            request.send_error(self.status or 404)
            return
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        first = 0
        asked = request.headers.get("Range")
        if asked and self.ranges and request.headers.get("If-Range") == tag:
            first = int(asked.removeprefix("bytes=").removesuffix("-"))
            if first >= len(body):
                request.send_response(416)
                request.send_header("Content-Range", f"bytes */{len(body)}")
                request.end_headers()
                return
        request.send_response(206 if first else 200)
        if self.lengths:
            request.send_header("Content-Length", str(len(body) - first))
        if self.tags:
            request.send_header("ETag", tag)
        request.end_headers()
        end = first + self.break_after.pop(0) if self.break_after else len(body)
        request.wfile.write(body[first:end])
        request.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    with Server().running() as server:
        yield server


def contents(size: int = 300_000) -> bytes:
    return np.random.default_rng(1).bytes(size)


def zip_of(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


ESC = {
    "ESC-50-master/meta/esc50.csv": b"filename,fold,category,src_file\n1-1-A-0.wav,1,dog,1\n",
    "ESC-50-master/audio/1-1-A-0.wav": b"RIFF",
}


def esc(server: Server, sha256: str | None = None, **files: bytes) -> PublicDataset:
    server.files["/master.zip"] = zip_of({**ESC, **files})
    return replace(DATASETS["esc50"], url=f"{server.url}/master.zip", sha256=sha256)


def test_a_file_comes_whole(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    steps: list[tuple[int, int | None]] = []
    download(f"{server.url}/x", tmp_path / "deep" / "x", lambda *step: steps.append(step))
    assert (tmp_path / "deep" / "x").read_bytes() == contents()
    assert steps[0] == (0, 300_000) and steps[-1] == (300_000, 300_000)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["x"]


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    server.break_after = [100_000, 50_000]
    download(f"{server.url}/x", tmp_path / "x", pause_s=0)
    assert (tmp_path / "x").read_bytes() == contents()
    assert server.requests == [None, "bytes=100000-", "bytes=150000-"]


def test_an_interrupted_download_goes_on_next_time(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    server.break_after = [120_000, 0, 0]
    with pytest.raises(DownloadError, match="120000 bytes are kept"):
        download(f"{server.url}/x", tmp_path / "x", attempts=3, pause_s=0)
    assert not (tmp_path / "x").exists()
    server.requests.clear()
    download(f"{server.url}/x", tmp_path / "x")
    assert server.requests == ["bytes=120000-"]
    assert (tmp_path / "x").read_bytes() == contents()


def test_a_file_that_changed_meanwhile_is_not_patched(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    server.break_after = [100_000, 0]
    with pytest.raises(DownloadError):
        download(f"{server.url}/x", tmp_path / "x", attempts=2, pause_s=0)
    server.files["/x"] = contents()[::-1]
    download(f"{server.url}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == contents()[::-1]


@pytest.mark.parametrize("lacks", ["ranges", "tags"])
def test_servers_that_cannot_resume(server: Server, tmp_path: Path, lacks: str) -> None:
    setattr(server, lacks, False)
    server.files["/x"] = contents()
    server.break_after = [100_000]
    download(f"{server.url}/x", tmp_path / "x", pause_s=0)
    assert (tmp_path / "x").read_bytes() == contents()


def test_a_part_that_is_the_whole(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    server.break_after = [100_000, 0]
    with pytest.raises(DownloadError):
        download(f"{server.url}/x", tmp_path / "x", attempts=2, pause_s=0)
    (tmp_path / "x.part").write_bytes(contents())
    download(f"{server.url}/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == contents()
    assert server.requests[-1] == "bytes=300000-"


def test_404_is_said_at_once(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="404 Not Found"):
        download(f"{server.url}/nowhere", tmp_path / "x")
    assert len(server.requests) == 1


def test_a_server_in_trouble_is_asked_again(server: Server, tmp_path: Path) -> None:
    server.files["/x"] = contents()
    server.status = 503
    with pytest.raises(DownloadError, match="503"):
        download(f"{server.url}/x", tmp_path / "x", attempts=3, pause_s=0)
    assert len(server.requests) == 3


def test_an_unpublished_checksum_is_recorded_and_then_demanded(server: Server, tmp_path: Path) -> None:
    dataset = esc(server)
    first = fetch(dataset, tmp_path)
    digest = hashlib.sha256(server.files["/master.zip"]).hexdigest()
    assert (first.recorded, first.downloaded, first.sha256) == (True, True, digest)
    assert json.loads((tmp_path / LOCK).read_text()) == {"esc50": digest}
    assert (tmp_path / "esc50/audio/1-1-A-0.wav").read_bytes() == b"RIFF"
    assert "CC BY-NC" in json.loads((tmp_path / "esc50/fetched.json").read_text())["licence"]

    from emberwatch.training.data.clips import load_dataset

    assert [clip.category for clip in load_dataset(tmp_path / "esc50")] == ["dog"]

    again = fetch(dataset, tmp_path)
    assert (again.recorded, again.downloaded) == (False, False) and len(server.requests) == 1

    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / LOCK).write_text((tmp_path / LOCK).read_text())
    changed = esc(server, **{"ESC-50-master/new.txt": b"x"})
    with pytest.raises(EmberwatchError, match=rf"expected {digest}; the file was removed"):
        fetch(changed, other)
    assert not (other / "esc50").exists() and not list((other / "downloads").iterdir())


def test_a_published_checksum_is_demanded(server: Server, tmp_path: Path) -> None:
    with pytest.raises(EmberwatchError, match=f"expected {'0' * 64}"):
        fetch(esc(server, sha256="0" * 64), tmp_path)
    good = esc(server)
    digest = hashlib.sha256(server.files["/master.zip"]).hexdigest()
    result = fetch(replace(good, sha256=digest), tmp_path)
    assert not result.recorded and not (tmp_path / LOCK).exists()


def test_only_the_members_asked_for(server: Server, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("./yes/1.wav", "./_background_noise_/rain.wav", "./README.md"):
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"RIFF"))
    server.files["/s.tar.gz"] = packed.getvalue()
    digest = hashlib.sha256(packed.getvalue()).hexdigest()
    dataset = replace(DATASETS["speech-commands-background"], url=f"{server.url}/s.tar.gz", sha256=digest)
    folder = fetch(dataset, tmp_path).folder
    assert sorted(path.name for path in folder.rglob("*.*")) == ["fetched.json", "rain.wav"]


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "top/../../evil.txt"])
def test_archives_stay_in_their_folder(server: Server, tmp_path: Path, name: str) -> None:
    with pytest.raises(EmberwatchError, match="outside its folder"):
        fetch(esc(server, **{name: b"x"}), tmp_path / "out")
    assert not list(tmp_path.rglob("evil.txt")) and not (tmp_path / "out/esc50").exists()


ESC10 = {
    "ESC-50-master/meta/esc50.csv": b"filename,fold,target,category,esc10,src_file,take\n"
    b"1-1-A-0.wav,1,0,dog,True,1,A\n2-2-A-30.wav,2,30,door_wood_knock,False,2,A\n5-3-A-10.wav,5,10,rain,True,3,A\n",
    "ESC-50-master/audio/1-1-A-0.wav": b"RIFF",
    "ESC-50-master/audio/2-2-A-30.wav": b"RIFF",
    "ESC-50-master/audio/5-3-A-10.wav": b"RIFF",
    "ESC-50-master/README.md": b"# ESC",
}


def test_esc10_is_the_part_of_esc50_that_is_flagged(server: Server, tmp_path: Path) -> None:
    from emberwatch.training.data.clips import load_dataset

    server.files["/master.zip"] = zip_of(ESC10)
    url = f"{server.url}/master.zip"
    fetched = fetch(replace(DATASETS["esc10"], url=url), tmp_path)
    assert sorted(path.name for path in (fetched.folder / "audio").iterdir()) == ["1-1-A-0.wav", "5-3-A-10.wav"]
    clips = load_dataset(fetched.folder)
    assert [(clip.category, clip.esc_fold, clip.licence) for clip in clips] == [
        ("dog", 1, "CC BY 3.0 (ESC-10)"),
        ("rain", 5, "CC BY 3.0 (ESC-10)"),
    ]
    assert "CC BY 3.0" in json.loads((fetched.folder / "fetched.json").read_text())["licence"]

    # Both are made of one archive: its checksum counts for both.
    whole = fetch(replace(DATASETS["esc50"], url=url), tmp_path)
    assert not whole.recorded and list(json.loads((tmp_path / LOCK).read_text())) == ["esc50"]
    assert [clip.licence for clip in load_dataset(whole.folder)] == [
        "CC BY 3.0 (ESC-10)",
        "CC BY-NC 3.0 (ESC-50)",
        "CC BY 3.0 (ESC-10)",
    ]


def test_esc10_of_an_archive_that_flags_nothing(server: Server, tmp_path: Path) -> None:
    server.files["/master.zip"] = zip_of(ESC)
    with pytest.raises(EmberwatchError, match=r"no table meta/esc50\.csv with columns filename and esc10"):
        fetch(replace(DATASETS["esc10"], url=f"{server.url}/master.zip"), tmp_path)
    assert not (tmp_path / "esc10").exists()


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 100 kB: the nearest to a full disk that needs no mount."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_is_said_at_once(server: Server, tmp_path: Path, small_files: None) -> None:
    server.files["/x"] = contents()
    with pytest.raises(DownloadError, match=r"x\.part cannot be written: File too large; 100000 bytes are kept"):
        download(f"{server.url}/x", tmp_path / "x")
    assert len(server.requests) == 1, "another connection cannot help"


def test_a_full_disk_while_unpacking_keeps_the_download(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = esc(server)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("emberwatch.training.data.fetch.shutil.copyfileobj", full)
        with pytest.raises(EmberwatchError, match=r"esc50 cannot be unpacked \(No space left on device\); make room"):
            fetch(dataset, tmp_path)
    assert not (tmp_path / "esc50").exists()
    assert fetch(dataset, tmp_path).downloaded
    assert len(server.requests) == 1, "the archive was kept"


def test_damage_inside_an_archive(server: Server, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ESC-50-master/meta/esc50.csv", b"filename,fold\n" * 500)
    damaged = bytearray(packed.getvalue())
    damaged[70:90] = b"\xff" * 20
    server.files["/master.zip"] = bytes(damaged)
    with pytest.raises(EmberwatchError, match=r"cannot be unpacked .*it was removed, fetch again"):
        fetch(replace(DATASETS["esc50"], url=f"{server.url}/master.zip"), tmp_path)
    assert not list((tmp_path / "downloads").iterdir())


def test_not_an_archive(server: Server, tmp_path: Path) -> None:
    server.files["/master.zip"] = b"<html>moved</html>" * 100
    with pytest.raises(EmberwatchError, match="cannot be unpacked"):
        fetch(replace(DATASETS["esc50"], url=f"{server.url}/master.zip"), tmp_path)
    assert not (tmp_path / LOCK).exists()


def test_folders_of_others_are_left_alone(server: Server, tmp_path: Path) -> None:
    (tmp_path / "esc50").mkdir()
    with pytest.raises(UsageError, match="not made by a fetch"):
        fetch(esc(server), tmp_path)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "data", "fetch", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_command(server: Server, tmp_path: Path) -> None:
    listed = run().stdout
    assert "esc50" in listed and "esc10" in listed and "speech-commands-background" in listed and "CC BY 4.0" in listed
    dataset = esc(server)
    result = run("esc50", "--out", str(tmp_path), "--url", dataset.url)
    assert result.returncode == 0, result.stderr
    assert "licence: CC BY-NC 3.0" in result.stdout and "recorded in" in result.stdout
    assert "already there" in run("esc50", "--out", str(tmp_path), "--url", dataset.url).stdout
    unknown = run("esc51")
    assert unknown.returncode == 2 and "choose from esc50" in unknown.stderr


def test_offline_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, never listening: connections are refused
        result = run("esc50", "--out", str(tmp_path), "--url", f"http://127.0.0.1:{unused.getsockname()[1]}/x.zip")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("emberwatch: http://127.0.0.1")
    assert "is this computer online?" in result.stderr


@pytest.mark.parametrize("address", ["nonsense", "file:///etc/hostname", "ftp://127.0.0.1/x.zip"])
def test_only_addresses_of_the_web_are_fetched(address: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="must begin with http"):
        download(address, tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())
