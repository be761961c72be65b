"""JSON schemas of TOML files, from the same annotations that `emberwatch.base.toml` reads them by."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from emberwatch.base.toml import NO_KEY, Between, Written

_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def schema(cls: type) -> dict[str, Any]:
    """The schema (draft 2020-12) of what `toml.parse` takes; what a function makes is not described."""
    hints = get_type_hints(cls, include_extras=True)
    known = [field for field in fields(cls) if field.metadata != NO_KEY]
    required = [f.name for f in known if f.default is MISSING and f.default_factory is MISSING]
    return {
        "type": "object",
        "properties": {field.name: value(hints[field.name]) for field in known},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def value(hint: Any) -> dict[str, Any]:
    """The schema of one value."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return value(arguments[0]) | _noted(arguments[1])
    if origin in (Union, UnionType):
        return value(next(argument for argument in arguments if argument is not NoneType))
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is dict:
        return {"type": "object", "additionalProperties": value(arguments[1])}
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": value(arguments[0])}
    if origin is tuple:
        items = [value(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if isinstance(hint, type) and is_dataclass(hint):
        return schema(hint)
    return {"type": _TYPES[hint]} if hint in _TYPES else {}


def _noted(note: object) -> dict[str, Any]:
    if isinstance(note, Between):
        most = {} if note.most == float("inf") else {"maximum": note.most}
        return {"minimum": note.least, **most}
    return {"description": note.example} if isinstance(note, Written) else {}
