"""The process that runs Renode for one engine, and the engine's end of the line to it.

A .NET runtime cannot be unloaded, holds one emulation and takes its process with it when it dies. So each engine has a
process of its own: boards can run side by side, and a crash is an error message. A process whose engine is gone waits
for the next one.
"""

from __future__ import annotations

import atexit
import gc
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from emberwatch.base.errors import EmberwatchError, EngineError
from emberwatch.base.paths import IMPORT_ROOT
from emberwatch.board.board import Board

START_TIMEOUT_S = 180
_LOOK_S = 0.25
"""How often a starting process is looked at: one that died has nothing more to say."""
_NAMES_THE_TEST = "PYTEST_CURRENT_TEST"
"""The one variable that differs from test to test and decides nothing."""
_ADDRESS, _KEY = "EMBERWATCH_WORKER_ADDRESS", "EMBERWATCH_WORKER_KEY"


class Worker:
    """A Renode process. Calls are made one at a time, by one thread."""

    def __init__(self, variables: dict[str, str]) -> None:
        key = secrets.token_bytes(16)
        self._output = tempfile.NamedTemporaryFile(prefix="emberwatch-", suffix=".log", delete=False)  # noqa: SIM115
        listener = Listener(None, authkey=key)
        address = (
            listener.address if isinstance(listener.address, str) else f"{listener.address[0]}:{listener.address[1]}"
        )
        self.started_with = _relevant(variables)
        environment = {**os.environ, **variables, _ADDRESS: address, _KEY: key.hex()}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(IMPORT_ROOT))))
        command = [sys.executable, "-m", "emberwatch.engines.renode.worker"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT
        )
        self._connection = self._accept(listener)
        self._later: list[tuple[str, tuple[Any, ...]]] = []

    def _accept(self, listener: Listener) -> Connection[Any, Any]:
        # Listener has no timeout: its socket has one.
        socket = getattr(getattr(listener, "_listener", None), "_socket", None)
        if socket is not None:
            socket.settimeout(_LOOK_S)
        try:
            for _ in range(round(START_TIMEOUT_S / _LOOK_S)):
                try:
                    return listener.accept()
                except TimeoutError:
                    if self._process.poll() is not None:
                        break
            raise EOFError(
                "no word from it" if self._process.poll() is None else f"exit code {self._process.returncode}"
            )
        except (OSError, EOFError) as error:
            self.kill()
            raise EngineError(f"Renode's process did not come up ({error}){self._last_words()}") from None
        finally:
            listener.close()

    def call(self, method: str, *arguments: Any) -> Any:
        """A method of the `RenodeSession`; 'open' and 'close' make and end it.

        Raises:
            EngineError: what the session raised, or the process died.
        """
        later, self._later = self._later, []
        try:
            self._connection.send([*later, (method, arguments)])
            ok, answer = self._connection.recv()
        except (EOFError, OSError):
            self._process.wait(10)
            raise EngineError(
                f"Renode's process ended with exit code {self._process.returncode}{self._last_words()}"
            ) from None
        if not ok:
            raise EngineError(answer)
        return answer

    def call_later(self, method: str, *arguments: Any) -> None:
        """The same for what has no answer to wait for: it goes with the next call, before it, and fails there."""
        self._later.append((method, arguments))

    def _last_words(self) -> str:
        text = Path(self._output.name).read_text(encoding="utf-8", errors="replace").strip()
        return f"; its last line: {text.splitlines()[-1]}" if text else ""

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._output.close()
        Path(self._output.name).unlink(missing_ok=True)


_idle: list[Worker] = []
_idle_lock = threading.RLock()  # a finalizer may run inside `acquire`


def _relevant(variables: dict[str, str]) -> dict[str, str]:
    """The environment that a process is started in, as far as it can decide what runs there."""
    return {name: value for name, value in {**os.environ, **variables}.items() if name != _NAMES_THE_TEST}


def acquire(variables: dict[str, str]) -> Worker:
    """A process for an engine: a waiting one that was started in the same environment, or a new one."""
    wanted = _relevant(variables)
    waiting = _waiting(wanted)
    if waiting is None:
        # A machine refers to itself: one that was dropped keeps its process until Python looks for such circles, and a
        # process costs more than that look.
        gc.collect()
        waiting = _waiting(wanted)
    return waiting or Worker(variables)


def _waiting(wanted: dict[str, str]) -> Worker | None:
    with _idle_lock:
        for index, worker in enumerate(_idle):
            if worker.started_with == wanted and worker.alive:
                return _idle.pop(index)
    return None


def release(worker: Worker) -> None:
    """Takes a process back."""
    try:
        worker.call("close")
    except EmberwatchError:
        worker.kill()
        return
    with _idle_lock:
        if len(_idle) < (os.cpu_count() or 1):
            _idle.append(worker)
            return
    worker.kill()


@atexit.register
def end_all() -> None:
    """Ends the waiting processes."""
    while _idle:
        _idle.pop().kill()


def serve(connection: Connection[Any, Any], open_session: Callable[[Board, int], Any]) -> None:
    """Answers calls until the engine hangs up."""
    session: Any = None
    while True:
        try:
            calls = connection.recv()
        except (EOFError, OSError):
            return
        answer = None
        try:
            for method, arguments in calls:
                if method == "open":
                    session, answer = open_session(*arguments), None
                elif method == "close":
                    if session is not None:
                        session.close()
                    session, answer = None, None
                else:
                    attribute = getattr(session, method)
                    answer = attribute(*arguments) if callable(attribute) else attribute
        except Exception as error:  # everything goes to the engine, which can say it
            text = str(error) if isinstance(error, EmberwatchError) else f"{type(error).__name__}: {error}"
            connection.send((False, text))
            continue
        connection.send((True, answer))


def main() -> None:
    """Runs in the process."""
    from emberwatch.engines.renode.session import RenodeSession

    address: str | tuple[str, int] = os.environ[_ADDRESS]
    if isinstance(address, str) and ":" in address and not os.path.exists(address):
        host, port = address.rsplit(":", 1)
        if port.isdigit():
            address = (host, int(port))
    with Client(address, authkey=bytes.fromhex(os.environ[_KEY])) as connection:
        serve(connection, RenodeSession)


if __name__ == "__main__":
    main()
