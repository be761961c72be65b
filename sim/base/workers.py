"""Processes that compute beside this one and leave Ctrl-C to it."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from types import FrameType, TracebackType
from typing import Any, ParamSpec, TypeVar

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class WorkerPool(ProcessPoolExecutor):
    """Spawned processes. An exception, Ctrl-C included, that leaves the `with` block drops what has not begun.

    Args:
        workers: number of processes.
        start: called in each process before its first job.
        arguments: of `start`.
        finish: whether an exception waits for the jobs under way; else their processes are ended.
    """

    def __init__(
        self,
        workers: int,
        start: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
        *,
        finish: bool = True,
    ) -> None:
        self._finish = finish
        self._others = active_children()
        if sys.platform != "win32":
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # its first start, else at the first job, unblocks the signal
        super().__init__(workers, get_context("spawn"), begin_worker, (os.getpid(), start, arguments))

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """See `ProcessPoolExecutor.submit`; it starts the processes, too."""
        with interrupt_held_back():
            return super().submit(fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None and not self._finish:
            for process in active_children():
                if process not in self._others:
                    process.terminate()
        self.shutdown(wait=True, cancel_futures=kind is not None)


def _leave(number: int, _: FrameType | None) -> None:
    """Not by an exception: the pool would take that for the result of the job under way."""
    atexit._run_exitfuncs()  # temporary folders
    os._exit(128 + number)


def begin_worker(parent: int, start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """In each process before anything else: it ends when this one does, be that by SIGKILL, its temporary files too."""
    signal.signal(signal.SIGTERM, _leave)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(143)
    if start is not None:
        start(*arguments)


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Blocks SIGINT: processes that start meanwhile inherit that for good, this one gets it afterwards.

    A terminal sends Ctrl-C to the whole group; a process that only ignored it once it runs would still be hit while
    it imports.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
