"""Checks of what suites give to keywords: a claim with an argument that means nothing must not pass.

NaN is neither above nor below anything, an empty list has no member that is wrong, a run of no time shows no alarm:
each would make a claim true without having looked at anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from emberwatch.machine.values import MAX_SECONDS

_T = TypeVar("_T")


def number(value: float, what: str, least: float, most: float) -> float:
    """A finite number within bounds, both included.

    Raises:
        AssertionError: it is not.
    """
    if not (math.isfinite(value) and least <= value <= most):
        raise AssertionError(f"{what} {value:g} must be {least:g} to {most:g}")
    return value


def seconds(duration: timedelta, what: str, *, zero: bool = False) -> float:
    """A time in seconds: more than none, or none too where `zero` says so, and no longer than a run may be.

    Raises:
        AssertionError: it is not.
    """
    value = duration.total_seconds()
    if not (value >= 0 if zero else value > 0) or value > MAX_SECONDS:
        raise AssertionError(f"{what} {value:g} s must be {'0' if zero else 'more than 0'} to {MAX_SECONDS:.0f} s")
    return value


def one_of(value: str, what: str, known: Sequence[str]) -> str:
    """A word that means something.

    Raises:
        AssertionError: it does not; the message has those that do.
    """
    if value not in known:
        raise AssertionError(f"{what} {value!r} is not known; use one of: {', '.join(known)}")
    return value


def some(items: Sequence[_T], what: str) -> Sequence[_T]:
    """A list that is not empty.

    Raises:
        AssertionError: it is: nothing would be judged.
    """
    if not items:
        raise AssertionError(f"Judged nothing: there are no {what}")
    return items
