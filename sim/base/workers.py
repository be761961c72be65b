"""Processes that take jobs one at a time, and a result for every job whatever becomes of them.

A worker that is killed costs the job that it was at, which another takes again, and nothing else: what others have
done and are doing stays. A job that ends three workers is given up with an error. Ctrl-C is for the process that the
user started: its workers do not hear it.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pickle
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from emberwatch.base.errors import EmberwatchError

_Job = TypeVar("_Job")
_JobIn = TypeVar("_JobIn", contravariant=True)
_Result = TypeVar("_Result")
_ResultOut = TypeVar("_ResultOut", covariant=True)

MOST_DEATHS = 3
_GRACE_S = 5.0
_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent ends."""


class WorkerDied(EmberwatchError):
    """A job that ended every process that took it."""


@dataclass(frozen=True)
class Done(Generic[_Result]):
    """What came of a job.

    Attributes:
        number: place of the job among those given.
        value: what the work returned, or None.
        error: what it raised, or None.
        host_s: how long it took by the worker's clock.
        worker: who did it.
    """

    number: int
    value: _Result | None
    error: Exception | None
    host_s: float
    worker: str

    def result(self) -> _Result:
        """The value; raises what the work raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]


class Workers(Protocol[_JobIn, _ResultOut]):
    """Whoever works on jobs: processes of this machine, or a cluster."""

    def run(self, jobs: Iterable[_JobIn]) -> Iterator[Done[Any]]:
        """Gives out jobs as workers are free; yields what is done as it is done."""


class Crew(Generic[_Job, _Result]):
    """Spawned processes of this machine. Leaving the `with` block ends them.

    Args:
        workers: number of processes; each starts when there is a job for it.
        work: called in a process with a job: a function of a module.
        start: called in each process before its first job.
        arguments: of `start`.
        finish: whether an exception that leaves the block, Ctrl-C included, waits for the jobs under way.
    """

    def __init__(
        self,
        workers: int,
        work: Callable[[_Job], _Result],
        start: Callable[..., None] | None = None,
        arguments: tuple[Any, ...] = (),
        *,
        finish: bool = False,
    ) -> None:
        self._finish = finish
        self._size = max(1, workers)
        self._call = (work, start, arguments)
        self._members: list[_Member[_Job]] = []
        self._named = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        members, self._members = self._members, []
        if kind is not None and self._finish:
            for member in members:
                if member.job is not None:
                    with suppress(EOFError, OSError):
                        member.line.recv()
        for member in members:
            member.process.terminate()
        for member in members:
            member.process.join(_GRACE_S)
            if member.process.is_alive():
                member.process.kill()
                member.process.join()
            member.line.close()

    def run(self, jobs: Iterable[_Job]) -> Iterator[Done[_Result]]:
        """Gives out jobs as workers are free; yields what is done as it is done; what `start` raised is every job's."""
        queue = enumerate(jobs)
        again: deque[tuple[int, _Job]] = deque()
        deaths: dict[int, int] = {}
        while True:
            self._give_out(queue, again)
            busy = [member for member in self._members if member.job is not None]
            if not busy:
                return
            ready = wait([member.line for member in busy])
            for member in busy:
                if member.line not in ready:
                    continue
                assert member.job is not None
                number, job = member.job
                member.job = None
                try:
                    yield Done(number, *member.line.recv())
                except (EOFError, ConnectionResetError):
                    self._bury(member)
                    deaths[number] = deaths.get(number, 0) + 1
                    if deaths[number] < MOST_DEATHS:
                        again.append((number, job))
                    else:
                        told = f"{MOST_DEATHS} processes died at it, the last with exit code {member.process.exitcode}"
                        yield Done(number, None, WorkerDied(told), 0.0, member.name)

    def in_order(self, jobs: Iterable[_Job]) -> Iterator[_Result]:
        """The results in the order of the jobs.

        Raises:
            Exception: what the work raised, when its turn comes.
        """
        early: dict[int, Done[_Result]] = {}
        due = 0
        for done in self.run(jobs):
            early[done.number] = done
            while due in early:
                yield early.pop(due).result()
                due += 1

    def _give_out(self, queue: Iterator[tuple[int, _Job]], again: deque[tuple[int, _Job]]) -> None:
        while True:
            free = next((member for member in self._members if member.job is None), None)
            if free is None and len(self._members) >= self._size:
                return
            entry = again.popleft() if again else next(queue, None)
            if entry is None:
                return
            free = free or self._hire()
            free.job = entry
            with suppress(BrokenPipeError, ConnectionResetError):  # it died while it was idle: the line will say so
                free.line.send(entry[1])

    def _hire(self) -> _Member[_Job]:
        context = get_context("spawn")
        if sys.platform != "win32":
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # its first start, else within that of the process, unblocks the signal
        ours, theirs = context.Pipe()
        self._named += 1
        name = f"process {self._named}"
        process = context.Process(target=_attend, args=(theirs, os.getpid(), name, *self._call), daemon=True)
        with _interrupt_held_back():
            process.start()
        theirs.close()
        member: _Member[_Job] = _Member(name, process, ours)
        self._members.append(member)
        return member

    def _bury(self, member: _Member[_Job]) -> None:
        self._members.remove(member)
        member.line.close()
        member.process.join(_GRACE_S)


@dataclass(eq=False)
class _Member(Generic[_Job]):
    """One process, the line to it, and the job that it is at."""

    name: str
    process: BaseProcess
    line: Connection
    job: tuple[int, _Job] | None = None


def _attend(
    line: Connection,
    parent: int,
    name: str,
    work: Callable[[Any], Any],
    start: Callable[..., None] | None,
    arguments: tuple[Any, ...],
) -> None:
    """What a process does: jobs, until the line is closed."""
    refusal: Exception | None = None
    try:
        _begin(parent, start, arguments)
    except Exception as raised:
        refusal = raised
    while True:
        try:
            job = line.recv()
        except EOFError:
            return
        began = time.perf_counter()
        value, error = (None, refusal) if refusal is not None else attempt(work, job)
        line.send((value, portable(error), time.perf_counter() - began, name))


def attempt(work: Callable[[Any], Any], job: object) -> tuple[Any, Exception | None]:
    """What a job gives, or what it raises."""
    try:
        return work(job), None
    except Exception as error:
        return None, error


def portable(error: Exception | None) -> Exception | None:
    """An error that arrives in another process as it is, or with its words."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        words = f"{type(error).__name__}: {error}"
        return EmberwatchError(str(error)) if isinstance(error, EmberwatchError) else RuntimeError(words)
    return error


def _leave(number: int, _: FrameType | None) -> None:
    """Not by an exception, which the job under way could take for its own."""
    atexit._run_exitfuncs()  # temporary folders
    os._exit(128 + number)


def _begin(parent: int, start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    """In each process before anything else: it ends when this one does, be that by SIGKILL, its temporary files too."""
    signal.signal(signal.SIGTERM, _leave)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(143)
    if start is not None:
        start(*arguments)


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
