"""Campaigns on a Dask cluster: cases go out as tasks, files once to each worker by what they hold.

Any cluster will do that Dask's `Client` connects to: a scheduler and workers started by hand or over SSH, or one that
dask-jobqueue (SLURM, PBS) or dask-kubernetes started. Workers need this version of Emberwatch and nothing else of
ours: no shared disk, no recordings.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emberwatch import __version__
from emberwatch.base.errors import UsageError
from emberwatch.base.extras import load
from emberwatch.base.workers import MOST_DEATHS, Done, WorkerDied, attempt, portable
from emberwatch.campaign.case import Case, Content
from emberwatch.campaign.runner import Runner
from emberwatch.campaign.store import ShippedFiles

_AHEAD = 2
"""Cases per thread of a worker that are given out: the next one waits there, and a slow node takes few."""
_CONNECT_S = 10
_LOST = ("KilledWorker", "CancelledError", "FutureCancelledError", "FuturesDependencyFailed")
"""How Dask says that a task, or what it needs, went down with a worker."""


class Cluster:
    """The workers of a Dask cluster, as `Workers` of a campaign.

    Args:
        address: of the scheduler, as tcp://host:8786.

    Raises:
        UsageError: nobody answers there, there are no workers, or one has another version of Emberwatch.
    """

    def __init__(self, address: str) -> None:
        distributed = load("distributed", "a campaign on a cluster")
        try:
            self._client = distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(f"--cluster {address}: no Dask scheduler answers there ({error})") from None
        self._distributed = distributed
        self._sent: dict[str, Any] = {}
        try:
            self._check_versions(address)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    @property
    def threads(self) -> int:
        """How many cases the cluster runs at a time now."""
        return sum(self._client.nthreads().values())

    def _check_versions(self, address: str) -> None:
        try:
            found = self._client.run(_version)
        except Exception as error:  # its own error cannot be loaded here: the package is missing there
            raise UsageError(
                f"--cluster {address}: a worker cannot load emberwatch ({error}); install it there"
            ) from None
        if not found:
            raise UsageError(
                f"--cluster {address}: the scheduler has no workers yet; start some: dask worker {address}"
            )
        for worker, version in found.items():
            if version != __version__:
                raise UsageError(f"--cluster: worker {worker} has emberwatch {version}, here it is {__version__}")

    def run(self, jobs: Iterable[Case]) -> Iterator[Done[Any]]:
        """Gives out cases, a few ahead for each worker; yields what is done as it is done."""
        queue = enumerate(jobs)
        again: deque[tuple[int, Case]] = deque()
        deaths: dict[int, int] = {}
        under_way: dict[Any, tuple[int, Case]] = {}
        completed = self._distributed.as_completed(loop=self._client.loop)
        try:
            while True:
                while len(under_way) < max(1, _AHEAD * self.threads):
                    entry = again.popleft() if again else next(queue, None)
                    if entry is None:
                        break
                    future = self._submit(entry[1])
                    under_way[future] = entry
                    completed.add(future)
                if not under_way:
                    return
                future = next(completed)
                number, case = under_way.pop(future)
                if future.status == "finished":
                    value, error, host_s, worker = future.result()
                    future.release()
                    yield Done(number, value, error, host_s, worker)
                    continue
                lost = future.exception() if future.status == "error" else None
                if lost is not None and type(lost).__name__ not in _LOST:
                    yield Done(number, None, portable(lost), 0.0, "")
                    continue
                deaths[number] = deaths.get(number, 0) + 1
                if deaths[number] >= MOST_DEATHS:
                    yield Done(number, None, WorkerDied(f"{MOST_DEATHS} workers died at it"), 0.0, "")
                else:
                    self._sent.clear()  # what it needed may have gone with the worker
                    again.append((number, case))
        finally:
            for future in under_way:
                future.cancel()

    def _submit(self, case: Case) -> Any:
        needed = {content.sha256: self._blob(content) for content in case.contents}
        return self._client.submit(
            run_shipped, case, needed, key=f"emberwatch-{case.id}-{time.monotonic_ns()}", pure=False
        )

    def _blob(self, content: Content) -> Any:
        """A file's bytes on the cluster, put there at its first use; Dask moves them to each worker that needs them."""
        if content.sha256 not in self._sent:
            name = f"emberwatch-{content.sha256}"
            data = Path(content.path).read_bytes()
            self._sent[content.sha256] = self._client.scatter({name: data}, hash=False)[name]
        return self._sent[content.sha256]


def _version() -> str:
    return __version__


_here = threading.local()
"""Runner and files of each thread: a machine is one thread's."""


def run_shipped(case: Case, contents: Mapping[str, bytes]) -> tuple[Any, Exception | None, float, str]:
    """What a worker of the cluster does: result or error, its seconds, and its address."""
    from distributed import get_worker

    if not hasattr(_here, "runner"):
        _here.files = ShippedFiles()
        _here.runner = Runner(_here.files)
    began = time.perf_counter()
    work: Callable[[Case], Any] = _here.runner.run
    _here.files.take(contents)
    value, error = attempt(work, case)
    return value, portable(error), time.perf_counter() - began, str(get_worker().address)
