"""A device's attributes as bytes and back: JSON with tags for what JSON lacks, so that reading runs no code."""

from __future__ import annotations

import base64
import json
from collections import deque
from typing import Any

from emberwatch.base.errors import DeviceError

_TAG = "$"


def encode_state(state: dict[str, object], device: str) -> bytes:
    """Bytes of attributes made of None, bool, int, float, str, bytes, bytearray, list, tuple, set, deque and dict.

    Raises:
        DeviceError: an attribute holds something else.
    """

    def encode(value: object, name: str) -> Any:
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (bytes, bytearray)):
            return {_TAG: type(value).__name__, "v": base64.b85encode(value).decode()}
        if type(value) is list:
            return [encode(item, name) for item in value]
        if isinstance(value, (tuple, set, frozenset, deque)):
            items = sorted(value) if isinstance(value, (set, frozenset)) else value
            return {_TAG: type(value).__name__, "v": [encode(item, name) for item in items]}
        if type(value) is dict:
            return {_TAG: "dict", "v": [[encode(k, name), encode(v, name)] for k, v in value.items()]}
        raise DeviceError(
            f"device {device!r}: attribute {name!r} is a {type(value).__name__}, which cannot be saved; "
            "override save and restore"
        )

    return json.dumps({name: encode(value, name) for name, value in state.items()}).encode()


def decode_state(data: bytes) -> dict[str, Any]:
    """The attributes that `encode_state` wrote."""
    kinds: dict[str, Any] = {
        "tuple": tuple,
        "set": set,
        "frozenset": frozenset,
        "deque": deque,
        "bytes": base64.b85decode,
        "bytearray": lambda v: bytearray(base64.b85decode(v)),
        "dict": lambda v: {k: w for k, w in v},
    }

    def decode(value: Any) -> Any:
        if isinstance(value, list):
            return [decode(item) for item in value]
        if isinstance(value, dict):
            inner = value["v"]
            return kinds[value[_TAG]](inner if isinstance(inner, str) else decode(inner))
        return value

    return {name: decode(value) for name, value in json.loads(data).items()}
