"""A board's serial ports on pipes, pseudo-terminals and TCP; a project's beginning; MicroPython, if it is there."""

from __future__ import annotations

import functools
import http.server
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from command_line import emberwatch, should_refuse
from paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "foreign"))
from foreign import build

from emberwatch.base.errors import UsageError
from emberwatch.cli import micropython_releases
from emberwatch.training.data.download import DownloadError

PATIENCE_S = 60.0
"""Seconds of the host that only a hang exceeds."""


def started(*arguments: object) -> tuple[subprocess.Popen[str], str]:
    """`emberwatch run` in the background, and the line that says where its port is."""
    command = [sys.executable, "-m", "emberwatch", "run", *map(str, arguments)]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert run.stderr is not None
    return run, run.stderr.readline()


def received(read: object, text: bytes) -> bytes:
    """Reads until a text has come."""
    data, end = b"", time.monotonic() + PATIENCE_S
    while text not in data:
        assert time.monotonic() < end, data
        data += read(4096)  # type: ignore[operator]
    return data


def test_a_pipe_on_the_console() -> None:
    command = [sys.executable, "-m", "emberwatch", "run", str(build("bystep")), "--interactive", "--fast"]
    done = subprocess.run(command, input=b"hello\nexit\n", capture_output=True, check=False)
    # What the UART still had to send comes after what semihosting said at once.
    assert b"ready\n> echo hello\n> " in done.stdout.replace(b"bye\n", b"")
    assert done.returncode == 7


def test_a_tcp_port_of_this_computer_alone() -> None:
    run, line = started(build("bystep"), "--tcp", "uart0=0")
    try:
        found = re.search(r"socket://127\.0\.0\.1:(\d+)", line)
        assert found is not None, line
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=PATIENCE_S) as client:
            client.sendall(b"over tcp\n")
            assert b"echo over tcp" in received(client.recv, b"tcp\n> ")
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=PATIENCE_S) as client:
            client.sendall(b"exit\n")
        assert run.wait(PATIENCE_S) == 7
    finally:
        run.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_pseudo_terminal() -> None:
    run, line = started(build("bystep"), "--pty", "uart0")
    try:
        found = re.search(r"is (/dev/\S+);", line)
        assert found is not None, line
        terminal = os.open(found[1], os.O_RDWR | os.O_NOCTTY)
        os.write(terminal, b"over pty\n")
        assert b"echo over pty" in received(lambda count: os.read(terminal, count), b"over pty\n> ")
        os.write(terminal, b"exit\n")
        assert run.wait(PATIENCE_S) == 7
        os.close(terminal)
    finally:
        run.kill()


def test_init_gives_a_project_tests_and_keeps_what_is_there(tmp_path: Path) -> None:
    should_refuse(emberwatch("init", tmp_path), "CMakeLists.txt cannot be read")
    lists = tmp_path / "CMakeLists.txt"
    lists.write_text("project(blink C)\n")
    should_refuse(emberwatch("init", tmp_path), "--target")
    lists.write_text("project(blink C)\npico_sdk_init()\nadd_executable(blink main.c)\n")
    assert emberwatch("init", tmp_path).returncode == 0
    text = lists.read_text()
    assert "emberwatch_add_test(blink BOARD emberwatch/board.toml SCENARIO emberwatch/blink.toml)" in text
    assert "PICO_SDK_FETCH_FROM_GIT" in (tmp_path / ".github/workflows/emberwatch.yml").read_text()
    (tmp_path / "emberwatch/board.toml").write_text("# mine\n")
    assert emberwatch("init", tmp_path).returncode == 0
    assert (lists.read_text(), (tmp_path / "emberwatch/board.toml").read_text()) == (text, "# mine\n")
    done = emberwatch("run", build("blink"), "--scenario", tmp_path / "emberwatch/blink.toml")
    assert done.returncode == 0, done.stderr


needs_micropython = pytest.mark.skipif(
    not os.environ.get("EMBERWATCH_MICROPYTHON"), reason="set EMBERWATCH_MICROPYTHON to a UF2 file of MicroPython"
)


@needs_micropython
def test_scripts_end_with_their_own_code(tmp_path: Path) -> None:
    done = emberwatch("micropython", "-c", "print('hi'); import sys; sys.exit(3)")
    assert (done.returncode, done.stdout) == (3, "hi\n")
    done = emberwatch("micropython", "-c", "1/0")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<string>", line 1, in <module>',
        "ZeroDivisionError: divide by zero",
    ]
    (tmp_path / "fails.py").write_text("def f():\n    return 1/0\nf()\n")
    assert 'File "fails.py", line 2, in f' in emberwatch("micropython", tmp_path / "fails.py").stderr
    piped = [sys.executable, "-m", "emberwatch", "micropython"]
    answered = subprocess.run(
        piped, input="for n in range(2):\n    print(n)\n", capture_output=True, text=True, check=False
    )
    assert (answered.returncode, answered.stdout) == (0, "0\n1\n")
    done = emberwatch("micropython", "-c", "import machine; machine.mem32[0xf0000000]")
    assert done.returncode == 1
    assert "CRASH  HardFault: read at 0xf0000000" in done.stderr
    done = emberwatch("micropython", "-c", "while True: pass", "--timeout", "200 ms")
    assert done.returncode == 1
    assert "the code did not end within 0.2 s" in done.stderr


@needs_micropython
def test_files_go_in_and_come_out(tmp_path: Path) -> None:
    pytest.importorskip("littlefs")
    (tmp_path / "driver.py").write_text("def value():\n    return 42\n")
    (tmp_path / "app.py").write_text(
        "import driver\nwith open('log.csv', 'w') as f:\n    f.write(str(driver.value()))\n"
    )
    files = ("--put", f"{tmp_path}/driver.py:lib/driver.py", "--put", f"{tmp_path}/app.py")
    done = emberwatch("micropython", *files, "-m", "app", "--get", f"log.csv:{tmp_path}/log.csv")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log.csv").read_text() == "42"


def test_a_release_of_micropython_comes_once_and_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBERWATCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "site").mkdir()
    name = "RPI_PICO-20250911-v1.26.1.uf2"
    (tmp_path / "site" / name).write_bytes(b"UF2\n and the rest")
    (tmp_path / "site" / name.replace("20250911-v1.26.1", "20250415-v1.25.0")).write_bytes(b"<html>log in first")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{server.server_port}"
        kept = micropython_releases.firmware("1.26.1", site)
        with pytest.raises(UsageError, match="no UF2 file"):
            micropython_releases.firmware("1.25.0", site)
        server.shutdown()
    assert (kept.name, kept.read_bytes()) == (name, b"UF2\n and the rest")
    assert micropython_releases.firmware("v1.26.1", site) == kept, "without the site"
    with pytest.raises(DownloadError, match="is this computer online"):
        micropython_releases.firmware("1.25.0", site)
    with pytest.raises(UsageError, match=r"MicroPython 1\.5 is not among the releases"):
        micropython_releases.firmware("1.5", site)
    assert micropython_releases.firmware("my.uf2", site) == Path("my.uf2")


def test_micropython_names_what_it_cannot_run() -> None:
    should_refuse(emberwatch("micropython", "-c", "1", EMBERWATCH_MICROPYTHON="absent.uf2"), "absent.uf2")


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_completion_is_installed_once(tmp_path: Path, shell: str, start: str) -> None:
    (tmp_path / start).write_text("alias ll='ls -l'")
    environment = {"HOME": str(tmp_path), "SHELL": f"/bin/{shell}"}
    assert emberwatch("completion", "--install", **environment).returncode == 0
    once = (tmp_path / start).read_text()
    assert once == f"alias ll='ls -l'\neval \"$(emberwatch completion {shell})\"\n"
    assert "kept" in emberwatch("completion", "--install", **environment).stdout
    assert (tmp_path / start).read_text() == once
