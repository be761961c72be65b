"""`emberwatch run --watch`: the same command again whenever the firmware's file changes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from emberwatch.base.output import say

_POLL_S = 0.2
_SETTLED_S = 0.3
"""A linker writes a file in pieces: it has changed when its time and size stay for so long."""


def _state(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_mtime_ns, status.st_size
    return None


def run_again(firmware: Path) -> int:
    """Runs this process's own command line without --watch until Ctrl-C, each time anew in a process of its own.

    Returns:
        The exit code of the last run that was not cut short.
    """
    arguments = [word for word in sys.argv[1:] if word != "--watch"]
    code = 0
    while True:
        seen = _state(firmware)
        run = subprocess.Popen([sys.executable, "-m", "emberwatch", *arguments])
        try:
            while run.poll() is None and _state(firmware) in (seen, None):
                time.sleep(_POLL_S)
            if run.poll() is None:
                _interrupt(run)
                run.wait()
            else:
                code = run.returncode
                say(f"exit code {code}; waiting for {firmware} to change, Ctrl-C ends")
                while _state(firmware) in (seen, None):
                    time.sleep(_POLL_S)
            _settle(firmware)
            say(f"{firmware} has changed")
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):
                run.wait()
            return code


def _interrupt(run: subprocess.Popen[bytes]) -> None:
    """As Ctrl-C does; Windows has no such signal for one process, which then simply ends."""
    if sys.platform == "win32":
        run.terminate()
    else:
        run.send_signal(signal.SIGINT)


def _settle(firmware: Path) -> None:
    last = _state(firmware)
    while True:
        time.sleep(_SETTLED_S)
        now = _state(firmware)
        if now is not None and now == last:
            return
        last = now
