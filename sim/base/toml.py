"""One reader for every TOML file of a user's: into a dataclass whose annotations say what each key takes.

::

    @dataclass(frozen=True)
    class Led:
        pin: Annotated[int, Between(0, 29)]
        active: Literal["high", "low"] = "high"

    led = read(Led, path, "LED file", BoardError)

Accepted annotations: bool, int, float (whole numbers, too), str, Literal, ``X | None``, ``dict[str, X]``,
``tuple[X, ...]``, ``tuple[X, Y]``, other dataclasses (tables), and Annotated with `Between`, `Written` or `By`. A field
without a default must be there.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.regular import read_text
from emberwatch.base.toml_lines import line_of

_T = TypeVar("_T")
_Refusal = type[EmberwatchError]

_INT64 = range(-(1 << 63), 1 << 63)
"""What a TOML integer may be; Python's parser takes longer ones."""
_SHOWN = 60
"""Characters of a refused value that a message shows."""
_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


@dataclass(frozen=True)
class Between:
    """The least and the greatest value of a number, both included."""

    least: float
    most: float = math.inf

    def __str__(self) -> str:
        return f"{self.least:.12g} or more" if self.most == math.inf else f"{self.least:.12g} to {self.most:.12g}"


@dataclass(frozen=True)
class By:
    """A function that makes the value of what is written, given it and its key, and says itself what is wrong."""

    make: Callable[[object, str], Any]


NO_KEY = {"toml": False}
"""Metadata of a field that files do not set."""


@dataclass(frozen=True)
class Written:
    """How a value is written, for the message, where its type alone does not make it clear."""

    example: str


def read(cls: type[_T], path: Path, what: str, error: _Refusal, *, absent: str = "", **given: object) -> _T:
    """Reads a file into a dataclass.

    Args:
        cls: the dataclass.
        path: the file.
        what: what to call it in messages, as in "board file".
        error: class of the errors.
        absent: the remedy when the file does not exist.
        given: values of keys that the file need not have.

    Raises:
        EmberwatchError: of class `error`; it names the file, the key, its value and the remedy.
    """
    table = _table(path, what, error, absent or "give the name of a TOML file that does")
    try:
        return parse(cls, {**given, **table}, error)
    except error as refusal:
        raise located(refusal, path, what) from None


def located(refusal: EmberwatchError, path: Path, what: str) -> EmberwatchError:
    """The same error with the file and, where the refusal has a key, the line."""
    line = line_of(path.read_text(encoding="utf-8", errors="replace"), refusal.key) if refusal.key else None
    return type(refusal)(f"{what} {path}{'' if line is None else f', line {line}'}: {refusal}")


def about(key: str, refusal: EmberwatchError) -> EmberwatchError:
    """The same error, about a key; one that has a key already keeps it."""
    refusal.key = refusal.key or key
    return refusal


def _table(path: Path, what: str, error: _Refusal, absent: str) -> dict[str, Any]:
    if path.is_dir():
        raise error(f"{what} {path} is a folder; give a TOML file")
    if not path.exists():
        raise error(f"{what} {path} does not exist; {absent}")
    try:
        return tomllib.loads(read_text(path, what, error))
    except RecursionError:
        raise error(f"{what} {path} is not valid TOML: nested too deeply") from None
    except ValueError as refusal:  # TOMLDecodeError, and what int() says of thousands of digits
        raise error(f"{what} {path} is not valid TOML: {refusal}") from None


def parse(cls: type[_T], table: Mapping[str, Any], error: _Refusal, prefix: str = "") -> _T:
    """Makes a dataclass of a table; `prefix` goes before each key in messages."""
    hints = get_type_hints(cls, include_extras=True)
    known: dict[str, Field[Any]] = {field.name: field for field in fields(cls) if field.metadata != NO_KEY}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            raise about(prefix + key, error(f"unknown key '{prefix}{key}'{suggest(key, known, prefix)}"))
    values: dict[str, Any] = {}
    for key, field in known.items():
        if key in table:
            try:
                values[key] = convert(hints[key], table[key], prefix + key, error)
            except error as refusal:
                raise about(prefix + key, refusal) from None
        elif field.default is MISSING and field.default_factory is MISSING:
            missing = error(f"missing key '{prefix}{key}'; add it: {_describe(hints[key])}")
            raise about(prefix + key, missing)
    return cls(**values)


def convert(hint: Any, value: object, key: str, error: _Refusal) -> Any:
    """One value as its annotation wants it.

    Raises:
        EmberwatchError: of class `error`, it is something else.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    _check_finite(value, key, error)
    refused = error(f"{key} = {_shown(value)} must be {_describe(hint)}")
    if origin is Annotated:
        inner, note = arguments[0], arguments[1]
        if isinstance(note, By):
            return note.make(value, key)
        try:
            result = convert(inner, value, key, error)
        except error:
            raise refused from None
        if isinstance(note, Between) and not note.least <= result <= note.most:
            raise refused
        return result
    if origin in (Union, UnionType):  # TOML has no null: what is there is never None
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return convert(inner, value, key, error)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool) != any(isinstance(a, bool) for a in arguments):
            raise refused
        return value
    if origin is dict:
        if not isinstance(value, Mapping):
            raise error(f"{key} = {_shown(value)} must be a table; write [{key}]")
        return {name: convert(arguments[1], entry, f"{key}.{name}", error) for name, entry in value.items()}
    if origin is tuple:
        return _tuple(arguments, value, key, refused, error)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise error(f"{key} = {_shown(value)} must be a table; write [{key}]")
        return parse(hint, value, error, key + ".")
    if hint is Any or hint is object:
        return value
    if hint is float and type(value) is int and value in _INT64:
        return float(value)
    if type(value) is not hint or (type(value) is int and value not in _INT64):
        raise refused
    return value


def _check_finite(value: object, key: str, error: _Refusal) -> None:
    """Refuses NaN and infinities wherever they stand, before anything else is said about what holds them."""
    if isinstance(value, float) and not math.isfinite(value):
        raise error(f"{key} = {value!r} must be finite")
    if isinstance(value, list):
        for number, item in enumerate(value):
            _check_finite(item, f"{key}[{number}]", error)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _check_finite(item, f"{key}.{name}", error)


def _tuple(arguments: tuple[Any, ...], value: object, key: str, refused: EmberwatchError, error: _Refusal) -> Any:
    if not isinstance(value, list):
        raise refused
    if len(arguments) == 2 and arguments[1] is ...:
        kinds = (arguments[0],) * len(value)
    elif len(arguments) == len(value):
        kinds = arguments
    else:
        raise refused
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(convert(kind, item, f"{key}[{number}]", error) for number, (kind, item) in pairs)


def _describe(hint: Any) -> str:
    """What an annotation accepts, in words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        note = arguments[1]
        if isinstance(note, Written):
            return note.example
        return f"{_describe(arguments[0])}, {note}" if isinstance(note, Between) else _describe(arguments[0])
    if origin in (Union, UnionType):
        return _describe(next(argument for argument in arguments if argument is not NoneType))
    if origin is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if origin is tuple:
        return "a list" if arguments[1:] == (...,) else f"a list of {len(arguments)}"
    if origin is dict or is_dataclass(hint):
        return "a table"
    return _NAMES.get(hint, str(hint))


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def suggest(word: str, known: Iterable[str], prefix: str = "") -> str:
    """The remedy for a word that is not known: the nearest that is, or all of them."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"; did you mean '{prefix}{close[0]}'?"
    return f"; known are: {', '.join(prefix + name for name in names) or 'none'}"
