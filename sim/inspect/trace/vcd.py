"""Value change dump (IEEE 1364-2005, clause 18), the four-state kind, for GTKWave, PulseView and sigrok-cli."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from emberwatch import __version__
from emberwatch.base.errors import UsageError

TIMESCALES = {"1ns": 1000, "100ps": 100, "10ps": 10, "1ps": 1}
"""Picoseconds of a unit."""

_FIRST, _LAST = 33, 126
"""Printable characters that identifier codes are made of."""


@dataclass(frozen=True)
class Variable:
    """A signal of a VCD file: `scope` is a module name, `width` in bits, `initial` its value at the start."""

    scope: str
    name: str
    width: int
    initial: int


def _code(number: int) -> str:
    base = _LAST - _FIRST + 1
    code = chr(_FIRST + number % base)
    while number := number // base:
        number -= 1
        code += chr(_FIRST + number % base)
    return code


def _value(variable: Variable, value: int, code: str) -> str:
    if not 0 <= value < 1 << variable.width:
        raise ValueError(f"{variable.scope}.{variable.name} = {value} does not fit {variable.width} bits")
    return f"{value}{code}" if variable.width == 1 else f"b{value:b} {code}"


def write_vcd(
    variables: list[Variable],
    changes: Iterable[tuple[int, int, int]],
    start_ps: int,
    end_ps: int,
    timescale: str = "1ns",
    comment: str = "",
) -> Iterator[str]:
    """The lines of a file.

    Args:
        variables: in the order in which they appear; those of one scope need not be together.
        changes: (picoseconds since power-on, index of the variable, value) in time order; repetitions are left out.
        start_ps, end_ps: first and last time in the file.
        timescale: one of `TIMESCALES`; times are rounded down to it.
        comment: a line for people.

    Raises:
        UsageError: an unknown timescale.
    """
    if timescale not in TIMESCALES:
        raise UsageError(f"timescale {timescale!r} is not known; use one of: {', '.join(TIMESCALES)}")
    unit = TIMESCALES[timescale]
    codes = [_code(number) for number in range(len(variables))]
    yield f"$version emberwatch {__version__} $end"
    if comment:
        yield f"$comment {comment.replace('$', '')} $end"
    yield f"$timescale {timescale.replace('ps', ' ps').replace('ns', ' ns')} $end"
    ordered = sorted(range(len(variables)), key=lambda i: variables[i].scope)
    for scope, members in groupby(ordered, key=lambda i: variables[i].scope):
        yield f"$scope module {scope} $end"
        for i in members:
            yield f"$var wire {variables[i].width} {codes[i]} {variables[i].name} $end"
        yield "$upscope $end"
    yield "$enddefinitions $end"
    yield f"#{start_ps // unit}"
    yield "$dumpvars"
    present = [variable.initial for variable in variables]
    for i, variable in enumerate(variables):
        yield _value(variable, variable.initial, codes[i])
    yield "$end"
    now = start_ps // unit
    for picoseconds, index, value in changes:
        if present[index] == value:
            continue
        present[index] = value
        if picoseconds // unit > now:
            now = picoseconds // unit
            yield f"#{now}"
        yield _value(variables[index], value, codes[index])
    if end_ps // unit > now:
        yield f"#{end_ps // unit}"
