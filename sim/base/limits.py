"""Limits that a user sets on what a run may take of the host: real time and memory.

They are the process's own: one deadline and one address-space limit, whatever runs in it.
"""

from __future__ import annotations

import sys
import time

from emberwatch.base.errors import EmberwatchError, UsageError

LEAST_MEGABYTES = 256
"""Below this the interpreter and its libraries do not start."""
_deadline: tuple[float, float] | None = None


class HostLimitError(EmberwatchError):
    """A run took more of the host than it may."""


def limit_host_time(seconds: float) -> None:
    """From now on `check_host_time` raises after so many seconds of the host.

    Raises:
        UsageError: not more than zero.
    """
    global _deadline
    if not 0 < seconds <= 1e9:
        raise UsageError(f"--max-host-time {seconds:g} must be more than 0 seconds and at most 1e9")
    _deadline = time.monotonic() + seconds, seconds


def check_host_time() -> None:
    """Called between slices of work, 50 emulated ms or less.

    Raises:
        HostLimitError: the time is over.
    """
    if _deadline is not None and time.monotonic() > _deadline[0]:
        raise HostLimitError(f"stopped after {_deadline[1]:g} s of the host's time, as --max-host-time says")


def no_host_time_limit() -> None:
    """Takes the limit away again."""
    global _deadline
    _deadline = None


def limit_memory(megabytes: int) -> None:
    """Memory that this process may take from now on; beyond it allocations fail with MemoryError.

    Counted is what could be written (RLIMIT_DATA, Linux 4.7 and later): files that are only mapped do not count.

    Raises:
        UsageError: too little for anything, or this system has no such limit.
    """
    if megabytes < LEAST_MEGABYTES:
        raise UsageError(f"--max-memory {megabytes} must be at least {LEAST_MEGABYTES} (megabytes)")
    if not sys.platform.startswith("linux"):
        raise UsageError("--max-memory needs Linux; use your system's own limits instead")
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes << 20
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
