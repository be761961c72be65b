"""Who may connect: debuggers, one at a time, on 127.0.0.1 or on a Unix socket of the user's own."""

from __future__ import annotations

import queue
import socket
import stat
import threading
from pathlib import Path

import pytest

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from debugging import Program

from emberwatch import Machine
from emberwatch.base.errors import UsageError
from emberwatch.inspect.gdb.listen import serve
from emberwatch.inspect.gdb.packets import frame


class Server:
    """`serve` in a thread."""

    def __init__(self, machine: Machine, unix_socket: Path | None = None) -> None:
        targets: queue.Queue[str] = queue.Queue()
        self._unix_socket = unix_socket

        def run() -> None:
            serve(machine, 0, unix_socket=unix_socket, on_listening=targets.put)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        self.target = targets.get(timeout=60)

    def connect(self) -> socket.socket:
        if self._unix_socket is not None:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(str(self._unix_socket))
        else:
            client = socket.create_connection(("127.0.0.1", int(self.target.rpartition(":")[2])))
        client.settimeout(60)
        return client


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    got = b""
    try:
        while data := client.recv(4096):
            got += data
    except ConnectionResetError:  # it closed with our bytes unread
        pass
    return got


@pytest.fixture
def server(program: Program) -> Server:
    return Server(Machine(program("two_cores")))


def ask(client: socket.socket, packet: bytes) -> bytes:
    client.sendall(frame(packet))
    got = b""
    while got.count(b"#") < 1 or len(got.rpartition(b"#")[2]) < 2:
        got += client.recv(4096)
    return got


def test_a_web_page_gets_nothing_and_the_next_debugger_does(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    with server.connect() as page:
        page.sendall(b"POST / HTTP/1.1\r\n\r\n" + frame(b"k"))
        assert everything(page) == b""
    with server.connect() as debugger:
        assert ask(debugger, b"qC") == b"+" + frame(b"QC1")
        assert "is no packet of GDB" in capfd.readouterr().err
        debugger.sendall(frame(b"k"))
    server.thread.join(60)
    assert not server.thread.is_alive()


def test_a_second_debugger_is_told_also_while_the_program_runs(server: Server) -> None:
    with server.connect() as first:
        assert ask(first, b"qC") == b"+" + frame(b"QC1")
        with server.connect() as second:
            assert b"another debugger is connected" in everything(second)
        first.sendall(frame(b"vCont;c"))
        with server.connect() as third:
            assert b"another debugger is connected" in everything(third)
        first.sendall(b"\x03")
        assert b"T02" in first.recv(4096).removeprefix(b"+") or b"T02" in first.recv(4096)
        first.sendall(frame(b"k"))
    server.thread.join(60)


def test_unix_socket(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "gdb.sock"
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(str(path))
    stale.close()  # a server that died left it behind
    server = Server(Machine(program("two_cores")), path)
    assert server.target == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="in use by another server"):
        serve(Machine(program("two_cores")), unix_socket=path)
    with server.connect() as debugger:
        assert ask(debugger, b"qC").endswith(frame(b"QC1"))
        debugger.sendall(frame(b"k"))
    server.thread.join(60)
    assert not path.exists()


def test_what_is_no_socket_is_left_alone(program: Program, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(UsageError, match="is no socket"):
        serve(Machine(program("two_cores")), unix_socket=tmp_path / "notes")
    with pytest.raises(UsageError, match="cannot be used"):
        serve(Machine(program("two_cores")), unix_socket=tmp_path / ("x" * 200))
    with pytest.raises(UsageError, match="is no folder"):
        serve(Machine(program("two_cores")), semihosting_dir=tmp_path / "absent")
    assert (tmp_path / "notes").read_text() == "mine"
