"""Bounds-checked reading of FlatBuffers tables.

Only what a .tflite file needs: scalars, strings, vectors, sub-tables. Every access is checked against the buffer, so
that a truncated or damaged file ends in one `CompileError` instead of an exception from deep inside.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.errors import CompileError


class Buffer:
    """The bytes of a FlatBuffers file."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name

    def unpack(self, fmt: str, at: int) -> Any:
        """Read one little-endian scalar of struct format `fmt` at byte `at`."""
        size = struct.calcsize(fmt)
        if at < 0 or at + size > len(self.data):
            raise CompileError(
                f"{self.name}: file is truncated or damaged (offset {at} of {len(self.data)} bytes); export it again"
            )
        return struct.unpack_from("<" + fmt, self.data, at)[0]

    def slice(self, at: int, size: int) -> bytes:
        """Return `size` bytes from byte `at`."""
        if at < 0 or size < 0 or at + size > len(self.data):
            raise CompileError(
                f"{self.name}: file is truncated or damaged ({size} bytes wanted at offset {at} of "
                f"{len(self.data)}); export it again"
            )
        return self.data[at : at + size]

    def root(self) -> Table:
        """Return the root table."""
        return Table(self, self.unpack("I", 0))


class Table:
    """One FlatBuffers table; fields are addressed by their slot number in the schema."""

    def __init__(self, buffer: Buffer, position: int) -> None:
        self.buffer = buffer
        self.position = position
        self._vtable = position - buffer.unpack("i", position)
        self._vtable_size = buffer.unpack("H", self._vtable)

    def _field(self, slot: int) -> int:
        """Byte position of a field, or 0 when it is absent (its default holds)."""
        entry = 4 + 2 * slot
        if entry + 2 > self._vtable_size:
            return 0
        offset = self.buffer.unpack("H", self._vtable + entry)
        return self.position + offset if offset else 0

    def scalar(self, slot: int, fmt: str, default: Any) -> Any:
        """Read a scalar field of struct format `fmt`."""
        at = self._field(slot)
        return self.buffer.unpack(fmt, at) if at else default

    def table(self, slot: int) -> Table | None:
        """Read a sub-table field."""
        at = self._field(slot)
        return Table(self.buffer, at + self.buffer.unpack("I", at)) if at else None

    def _vector(self, slot: int) -> tuple[int, int]:
        at = self._field(slot)
        if not at:
            return 0, 0
        start = at + self.buffer.unpack("I", at)
        return start + 4, self.buffer.unpack("I", start)

    def tables(self, slot: int) -> list[Table]:
        """Read a vector of tables."""
        at, count = self._vector(slot)
        self.buffer.slice(at, 4 * count)
        return [Table(self.buffer, at + 4 * i + self.buffer.unpack("I", at + 4 * i)) for i in range(count)]

    def array(self, slot: int, dtype: str) -> npt.NDArray[Any]:
        """Read a vector of scalars as a NumPy array of little-endian `dtype`."""
        at, count = self._vector(slot)
        kind = np.dtype(dtype).newbyteorder("<")
        return np.frombuffer(self.buffer.slice(at, count * kind.itemsize), kind)

    def string(self, slot: int) -> str:
        """Read a string; bytes that are not UTF-8 are replaced."""
        at, count = self._vector(slot)
        return self.buffer.slice(at, count).decode("utf-8", "replace")
