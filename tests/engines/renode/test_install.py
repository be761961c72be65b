"""`emberwatch renode`: what is there, the installation from a local stand-in for the release page, and its failures."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from paths import ROOT

from emberwatch.base.errors import EngineError, MissingDependencyError
from emberwatch.engines.renode import install


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMBERWATCH_CACHE", str(tmp_path / "cache"))
    for name in (*install.VARIABLES, "PYRENODE_RUNTIME"):  # a Renode of the developer's is none of this
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, digest: str | None = None) -> None:
    """Puts one file on a release page of our own and makes it this system's."""
    (tmp_path / "page").mkdir(exist_ok=True)
    (tmp_path / "page" / name).write_bytes(data)
    monkeypatch.setattr(install, "RELEASE", (tmp_path / "page").as_uri() + "/")
    sha256 = hashlib.sha256(data).hexdigest() if digest is None else digest
    monkeypatch.setattr(install, "asset", lambda: install.Asset(name, sha256))


def tarball(program: str = "renode") -> bytes:
    buffer = io.BytesIO()
    script = b"#!/bin/sh\necho 'Renode v1.16.1.17033'\n"
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(f"renode_1.16.1-dotnet_portable/{program}")
        entry.size, entry.mode = len(script), 0o755
        archive.addfile(entry, io.BytesIO(script))
    return buffer.getvalue()


def test_every_package_has_a_well_formed_checksum() -> None:
    for asset in install.ASSETS.values():
        assert re.fullmatch(r"[0-9a-f]{64}", asset.sha256)
        assert install.VERSION in asset.name and "dotnet" in asset.name
    assert len({asset.sha256 for asset in install.ASSETS.values()}) == len(install.ASSETS)
    assert {system for system, _ in install.ASSETS} == {"Linux", "Darwin", "Windows"}


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_installs_once_and_is_found_afterwards(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release(tmp_path, monkeypatch, "renode.tar.gz", tarball())
    program = install.install()
    assert program.is_relative_to(cache) and install.installed() == program
    assert install.renode_version(program) == "1.16.1"
    assert dict((name, found) for name, found, _ in install.findings())["Renode"] == f"1.16.1 ({program})"
    monkeypatch.setattr(install, "RELEASE", "http://127.0.0.1:1/")
    assert install.install() == program, "a second call downloads nothing"


def test_unpacks_zip_files(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("renode_1.16.1/renode", "#!/bin/sh\n")
    release(tmp_path, monkeypatch, "renode.zip", buffer.getvalue())
    assert install.install().name == "renode"


def test_a_wrong_checksum_installs_nothing(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release(tmp_path, monkeypatch, "renode.tar.gz", tarball(), "0" * 64)
    with pytest.raises(EngineError, match=r"renode.tar.gz has SHA-256 [0-9a-f]{64}, expected 0{64}"):
        install.install()
    assert install.installed() is None and list(cache.iterdir()) == []


def test_a_broken_archive_and_one_without_renode_are_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(tmp_path, monkeypatch, "renode.tar.gz", b"no archive at all")
    with pytest.raises(EngineError, match="cannot be unpacked"):
        install.install()
    release(tmp_path, monkeypatch, "renode.tar.gz", tarball("something-else"))
    with pytest.raises(EngineError, match="holds no program named renode"):
        install.install()


class Page(BaseHTTPRequestHandler):
    """A release page that breaks off after half of the file and can go on from there."""

    data = b""
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        Page.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        if start >= len(self.data):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        self.wfile.write(self.data[start : len(self.data) if wanted else len(self.data) // 2])

    def log_message(self, *_: object) -> None: ...


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Page.data, Page.asked = tarball() + bytes(100_000), []
    release(tmp_path, monkeypatch, "renode.tar.gz", Page.data)
    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(install, "RELEASE", f"http://127.0.0.1:{server.server_port}/")
    try:
        half = len(Page.data) // 2
        with pytest.raises(EngineError, match=f"broke off after {half} of {len(Page.data)} bytes"):
            install.install()
        assert install.install().name == "renode"
        assert Page.asked == [None, f"bytes={half}-"]
        assert [path.name for path in cache.iterdir()] == ["renode-1.16.1"]
        shutil.rmtree(cache)
        cache.mkdir()
        (cache / "renode.tar.gz.part").write_bytes(Page.data)
        assert install.install().name == "renode", "complete, but not yet unpacked"
    finally:
        server.shutdown()


@pytest.mark.parametrize("step", ["shutil.copyfileobj", "tarfile.TarFile.extractall"])
def test_a_full_disk_is_named_and_leaves_nothing_half_done(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    release(tmp_path, monkeypatch, "renode.tar.gz", tarball())
    monkeypatch.setattr(step, full)
    with pytest.raises(EngineError, match="is full; make 700 MB of room") as caught:
        install.install()
    assert "EMBERWATCH_CACHE" in str(caught.value) and "downloaded" not in str(caught.value)
    assert install.installed() is None


def test_a_system_package_needs_no_variable_and_a_script_on_the_path_is_none(
    cache: Path, librp2040: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fake"))
    for name in ("PYRENODE_PATH", "PYRENODE_BUILD_DIR", "PYRENODE_PKG"):
        monkeypatch.delenv(name, raising=False)
    launcher = tmp_path / "bin" / "renode"
    launcher.parent.mkdir()
    launcher.write_text("#!/bin/sh\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(launcher.parent))
    monkeypatch.setattr(install, "SYSTEM_PACKAGE", tmp_path / "opt")
    with pytest.raises(MissingDependencyError, match="emberwatch renode install"):
        install.environment()
    (tmp_path / "opt" / "bin").mkdir(parents=True)
    (tmp_path / "opt" / "bin" / "Renode.dll").touch()
    assert "PYRENODE_BIN" not in install.environment()
    launcher.write_bytes(b"\x7fELF")
    assert install.environment()["PYRENODE_BIN"] == str(launcher)
    monkeypatch.setenv("PYRENODE_PATH", "/somewhere")
    assert "PYRENODE_BIN" not in install.environment()


def test_paths_of_the_users_are_made_absolute_because_renode_changes_its_folder(
    librp2040: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fake"))
    for name in ("PYRENODE_PATH", "PYRENODE_BUILD_DIR", "PYRENODE_PKG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "renode").touch()
    (tmp_path / "copy.so").symlink_to(librp2040)
    monkeypatch.setenv("PYRENODE_BIN", "renode")
    monkeypatch.setenv("EMBERWATCH_LIBRP2040", "copy.so")
    variables = install.environment()
    assert variables["PYRENODE_BIN"] == str(tmp_path / "renode")
    assert variables["EMBERWATCH_LIBRP2040"] == str(tmp_path / "copy.so")
    monkeypatch.setenv("PYRENODE_BIN", "elsewhere")
    assert "PYRENODE_BIN" not in install.environment(), "not ours to change"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere .NET uses the system's")
def test_net_does_without_icu_where_there_is_none(librp2040: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "fake"))
    monkeypatch.setenv("PYRENODE_BIN", "/somewhere/renode")
    monkeypatch.delenv("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", raising=False)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: "libicuuc.so.72")
    assert "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT" not in install.environment()
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert install.environment()["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] == "1"
    monkeypatch.setenv("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "0")
    assert "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT" not in install.environment()


def test_only_one_process_loads_renode_at_a_time(cache: Path) -> None:
    ask = (
        "import fcntl, sys; file = open(sys.argv[1], 'w')\n"
        "try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except BlockingIOError: print('busy')"
    )
    command = [sys.executable, "-c", ask, cache / "loading.lock"]
    with pytest.raises(PermissionError, match="of the import itself"), install.loading():
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "busy\n"
        raise PermissionError("of the import itself")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""


def test_offline_is_one_line(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "RELEASE", "http://127.0.0.1:1/")
    monkeypatch.setattr(install, "asset", lambda: install.Asset("renode.tar.gz", "0" * 64))
    with pytest.raises(EngineError, match="cannot be downloaded") as caught:
        install.install()
    assert "\n" not in str(caught.value) and "PYRENODE_BIN" in str(caught.value)


def test_systems_without_a_package_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Plan9")
    with pytest.raises(EngineError, match="Plan9"):
        install.asset()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_source_tree_on_mono_is_found_by_doctor_and_monitor(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    script = tree / "renode"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo \'Renode v1.16.1.17033\' || echo "$@" > arguments\nexit 5\n'
    )
    script.chmod(0o755)
    mono = tmp_path / "mono"
    mono.write_text("#!/bin/sh\necho 'Mono JIT compiler version 6.8.0.105 (Debian)'\n")
    mono.chmod(0o755)
    monkeypatch.delenv("PYRENODE_PATH", raising=False)
    monkeypatch.setenv("PYRENODE_BUILD_DIR", str(tree))
    monkeypatch.setenv("PYRENODE_RUNTIME", "mono")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = {name: place for name, place, _ in install.findings()}
    assert found["Renode"] == f"1.16.1 ({script})" and found["Mono"] == "6.8.0.105" and ".NET runtime" not in found
    monkeypatch.setattr(install, "project_root", lambda: tmp_path)
    assert install.open_monitor("pico", None) == 5
    assert "pico.resc" in (tmp_path / "arguments").read_text()
    script.unlink()
    assert dict((name, place) for name, place, _ in install.findings())["Renode"] is None
    package = tmp_path / "renode.tar.gz"
    package.touch()
    monkeypatch.setenv("PYRENODE_PKG", str(package))
    assert dict((name, place) for name, place, _ in install.findings())["Renode"] == f"in the package {package}"


def test_the_monitor_needs_renode(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(MissingDependencyError, match="emberwatch renode install"):
        install.open_monitor("pico", None)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "renode", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYRENODE_")}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


def test_the_command_prints_the_librarys_path_and_nothing_else(librp2040: Path) -> None:
    done = run("--library")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{librp2040}\n", "")


def test_the_command_generates_into_a_folder_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    assert run("generate", "--out", str(tmp_path)).returncode == 0
    for path in (ROOT / "platforms/renode").glob("*.re*"):
        assert (tmp_path / path.name).read_text() == path.read_text()
    new = tmp_path / "new" / "folder"
    assert run("generate", "--board", "pico", "--out", str(new)).returncode == 0
    assert sorted(path.name for path in new.iterdir()) == ["pico.repl", "pico.resc", "rp2040.repl"]
    (tmp_path / "file").touch()
    for arguments, text in (
        (("frobnicate",), "frobnicate"),
        (("install", "--board", "pico"), "--board"),
        (("generate", "--out", str(tmp_path / "file")), "--out"),
        (("generate", "--board", "nope", "--out", str(tmp_path)), "nope"),
    ):
        done = run(*arguments)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and text in done.stderr


def test_the_command_says_what_is_there() -> None:
    done = run()
    for name in ("librp2040", "Renode", ".NET runtime", "pyrenode3"):
        assert name in done.stdout
