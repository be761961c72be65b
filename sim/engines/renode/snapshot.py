"""Renode's own snapshot of an emulation, behind a line that says whose it is."""

from __future__ import annotations

import hashlib
import json
import zlib

from emberwatch.base.errors import EngineError

_MAGIC = b"emberwatch renode "


def pack(data: bytes, about: dict[str, str]) -> bytes:
    """What Renode saved, and of what: `about` names at least the bridge's `classes` and the `board`."""
    line = json.dumps({**about, "sha256": hashlib.sha256(data).hexdigest()})
    return _MAGIC + line.encode() + b"\n" + zlib.compress(data, 1)


def unpack(snapshot: bytes, classes: str, board: str) -> tuple[bytes, dict[str, str]]:
    """What `pack` was given.

    Raises:
        EngineError: the bytes are no snapshot, are damaged, or of other classes or another board.
    """
    line, _, packed = snapshot.partition(b"\n")
    try:
        if not line.startswith(_MAGIC):
            raise ValueError
        about: dict[str, str] = json.loads(line.removeprefix(_MAGIC))
        data = zlib.decompress(packed)
        intact = hashlib.sha256(data).hexdigest() == about["sha256"]
    except (ValueError, KeyError, zlib.error):
        intact = False
    if not intact:
        raise EngineError("this is no snapshot of engine 'renode', or it is damaged")
    if about["classes"] != classes:
        raise EngineError(
            "the snapshot is of another Renode, or of another version of the bridge: take it anew with this one"
        )
    if about["board"] != board:
        raise EngineError(f"the snapshot is of board {about['board']!r}, this one is {board!r}")
    return data, about
