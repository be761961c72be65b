"""Entry point of the command `emberwatch`: signals first, then everything else.

Importing the commands takes some tenths of a second, in which nothing has been begun that would have to be put right: a
signal then ends the process quietly with its exit code, instead of a traceback from the middle of an import.
"""

from __future__ import annotations

import atexit
import os
import signal
from types import FrameType
from typing import NoReturn


def _leave(number: int, _: FrameType | None) -> NoReturn:
    os._exit(128 + number)


def _quietly() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):  # nohup and shells ignore some for their children
            signal.signal(number, _leave)


def _ignore() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


_quietly()
# Registered first, done last: everything is over, and a signal would only replace the exit code while Python tidies up.
atexit.register(_ignore)


def main() -> None:
    """Runs the command line and exits."""
    from emberwatch.cli import main as commands

    try:
        commands.main()
    except KeyboardInterrupt:  # a moment before the command's own work, or after it
        os._exit(143 if commands.terminated() else 130)
    finally:
        _quietly()
        # CPython remembers an interrupt within exec() of a text, by which dataclasses are made, and would end by SIGINT
        # although it was dealt with; the next exec() forgets it.
        exec("")
