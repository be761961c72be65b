"""Processes that compute beside this one and leave Ctrl-C to it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

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
        super().__init__(workers, get_context("spawn"), start, arguments)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """See `ProcessPoolExecutor.submit`; it starts the processes, too."""
        with _interrupt_held_back():
            return super().submit(fn, *args, **kwargs)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None and not self._finish:
            for process in active_children():
                if process not in self._others:
                    process.terminate()
        self.shutdown(wait=True, cancel_futures=kind is not None)


@contextmanager
def _interrupt_held_back() -> Iterator[None]:
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
