"""How a method becomes a step."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast, get_type_hints

from emberwatch.base.toml import By

_Method = TypeVar("_Method", bound=Callable[..., Any])
STEPS: dict[str, Callable[..., Any]] = {}
"""All steps by name, in the order of their documentation."""


def step(method: _Method) -> _Method:
    """Makes a method a step: pins, levels and times may be written as in a scenario ("GP25", "high", "200 ms")."""
    signature = inspect.signature(method)

    @functools.cache
    def readers() -> dict[str, Callable[[object, str], Any]]:
        found: dict[str, Callable[[object, str], Any]] = {}
        for name, hint in get_type_hints(method, include_extras=True).items():
            for by in getattr(hint, "__metadata__", ()):
                if isinstance(by, By):
                    found[name] = by.make
        return found

    @functools.wraps(method)
    def taken(*words: Any, **named: Any) -> Any:
        given = signature.bind(*words, **named)
        for name, read in readers().items():
            if name in given.arguments:
                given.arguments[name] = read(given.arguments[name], name)
        return method(*given.args, **given.kwargs)

    STEPS[method.__name__] = taken
    return cast("_Method", taken)
