"""Who may use a machine: one thread at a time, in the process that made it, until it is closed.

The engine's code runs without Python's global lock. Two threads in it at once would tear the emulated chip's state, and
the product would blame correct firmware for the crash that follows.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emberwatch.base.errors import EngineError


class Owner:
    """Lets one thread in at a time, however deep it nests; everyone else is refused by name instead of waiting."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._depth = 0
        self.closed = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Around whatever touches the engine.

        Raises:
            EngineError: the machine is closed, belongs to the process before a fork, or is in use by another thread.
        """
        self._enter()
        try:
            yield
        finally:
            with self._lock:
                self._depth -= 1
                if self._depth == 0:
                    self._thread = None

    def close(self) -> None:
        """No one gets in any more; closing twice does no harm.

        Raises:
            EngineError: another thread is in.
        """
        if self.closed:
            return
        if os.getpid() != self._process:  # the child's copy: there is nothing of the child's to give up
            self.closed = True
            return
        self._enter()
        self.closed = True
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                self._thread = None

    def _enter(self) -> None:
        me = threading.current_thread()
        if os.getpid() != self._process:  # before the lock, which a thread of the parent may have held at the fork
            raise EngineError(
                f"this machine was made in process {self._process}, before a fork; make a new one in this "
                f"process, {os.getpid()}"
            )
        with self._lock:
            if self.closed:
                raise EngineError("this machine is closed; make a new one to run again")
            if self._thread is not None and self._thread is not me:
                raise EngineError(
                    f"this machine is in use by thread {self._thread.name!r}; wait for it, or give thread "
                    f"{me.name!r} a machine of its own"
                )
            self._thread = me
            self._depth += 1
