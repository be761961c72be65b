"""The server: where debuggers connect, one at a time, on 127.0.0.1 or on a Unix socket."""

from __future__ import annotations

import errno
import os
import select
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say
from emberwatch.inspect.gdb.packets import frame
from emberwatch.inspect.gdb.server import LOOK_S, Session
from emberwatch.machine.semihosting import existing_folder

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

HOST = "127.0.0.1"
_BUSY = b"+" + frame(b"E.another debugger is connected to this board")
"""Answer to a second client; GDB shows an error text that follows ``E.``."""


def serve(
    machine: Machine,
    port: int = 3333,
    *,
    unix_socket: Path | None = None,
    at_cycle: int = 0,
    on_listening: Callable[[str], None] | None = None,
    on_console: Callable[[], None] | None = None,
    semihosting_dir: Path | None = None,
) -> int | None:
    """Serves GDB until it kills the program or the program exits. A second debugger is told that one is there.

    Args:
        machine: the board; it does not run while no debugger lets it.
        port: TCP port on 127.0.0.1; 0 takes a free one.
        unix_socket: listen on this Unix socket instead, which only the user's own programs can open.
        at_cycle: where to run to before a debugger can connect.
        on_listening: called with what to give GDB's ``target remote`` when a debugger can connect.
        on_console: called from time to time while the program runs.
        semihosting_dir: folder of the files that the firmware may open by semihosting; None: no file at all.

    Returns:
        The exit code that the firmware gave by semihosting, or None.

    Raises:
        UsageError: port or socket cannot be had, or the folder is none.
    """
    if semihosting_dir is not None:
        semihosting_dir = existing_folder(semihosting_dir)
    with ExitStack() as stack:
        listener = stack.enter_context(_on_path(unix_socket) if unix_socket is not None else _on_port(port))
        session = Session(machine, semihosting_dir, on_console or (lambda: None), lambda: _turn_away(listener))
        stack.callback(session.target.detach)
        session.target.run_to(at_cycle)
        if on_listening is not None:
            name = listener.getsockname()
            on_listening(str(name) if unix_socket is not None else f"{HOST}:{name[1]}")
        while True:
            while not select.select([listener], [], [], LOOK_S)[0]:
                pass  # Ctrl-C gets in between; Windows lets it interrupt no accept()
            connection, _ = listener.accept()
            with connection:
                if unix_socket is None:
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if session.attend(connection):
                    return session.target.semihosting.exit_code


def _turn_away(listener: socket.socket) -> None:
    """Answers whoever else wants to connect while a debugger is there."""
    while select.select([listener], [], [], 0)[0]:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            connection.settimeout(1.0)
            connection.sendall(_BUSY)
            connection.shutdown(socket.SHUT_WR)
        say("a second debugger was turned away: one is connected already")


@contextmanager
def _on_port(port: int) -> Iterator[socket.socket]:
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is outside 0..65535")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(4)
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise UsageError(f"port {port} on {HOST} {why}; give another one with --port") from None
        yield listener


@contextmanager
def _on_path(path: Path) -> Iterator[socket.socket]:
    """A Unix socket that only its owner may open; a dead server's is replaced, everything else is left alone."""
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError(f"--socket {path} needs Unix sockets, which this system does not have; use --port")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        _remove_dead(path)
        mask = os.umask(0o177)
        try:
            listener.bind(str(path))
            listener.listen(4)
        except OSError as error:
            why = error.strerror or str(error)  # a path of more than 107 bytes has no strerror
            raise UsageError(f"--socket {path} cannot be used: {why}; give another path") from None
        finally:
            os.umask(mask)
        try:
            yield listener
        finally:
            with suppress(OSError):
                path.unlink()


def _remove_dead(path: Path) -> None:
    try:
        there = path.lstat()
    except OSError:
        return
    if not stat.S_ISSOCK(there.st_mode):
        raise UsageError(f"--socket {path} is there and is no socket; give another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            with suppress(OSError):
                path.unlink()
            return
    raise UsageError(f"--socket {path} is in use by another server; give another path")
