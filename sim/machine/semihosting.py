"""Arm semihosting: what firmware asks of the host at ``BKPT 0xAB``, of a debugger or of the machine that it runs on.

Reference: Arm "Semihosting for AArch32 and AArch64", release 2.0, chapter 6. Files are those below a folder that the
user names, and no others; by default there are none, as QEMU and OpenOCD want to be asked for semihosting, too.
Times are emulated times. What a call gave back is remembered by cycle, so that a
replay repeats the answer and not the effect.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from emberwatch.base.errors import UsageError
from emberwatch.base.text import printable
from emberwatch.base.units import PICO

if TYPE_CHECKING:
    from emberwatch._native import Chip

CALL = 0xBEAB
"""``BKPT 0xAB``."""

_FAILED = 0xFFFFFFFF
_MODES = ("r", "rb", "r+", "r+b", "w", "wb", "w+", "w+b", "a", "ab", "a+", "a+b")
_APPLICATION_EXIT = 0x20026
_STANDARD_IN, _STANDARD_OUT, _STANDARD_ERROR = 1, 2, 3
_MAX_TRANSFER = 1 << 20
MOST_FILES = 64
MOST_WRITTEN = 256 << 20
"""Bytes that firmware may write to files in one session."""
MOST_REMEMBERED = 64 << 20
"""Bytes of answers kept for replays; the oldest go first, and a replay from before them ends there."""


@dataclass
class _Effect:
    result: int = 0
    writes: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the host's memory that it takes, roughly."""
        return 256 + sum(64 + len(data) for _, data in self.writes)


def existing_folder(path: str | Path) -> Path:
    """A folder for a program's files.

    Raises:
        UsageError: it is none.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise UsageError(f"--semihosting-dir {folder} is no folder; give one that exists")
    return folder


class Semihosting:
    """The host's side of semihosting for one chip.

    Args:
        chip: whose calls to answer.
        write: gets what the firmware prints.
        root: folder that the firmware's files must be in; None: it has no files.
    """

    def __init__(self, chip: Chip, write: Callable[[str], None], root: Path | None = None) -> None:
        self._chip = chip
        self._write = write
        self._root = root.resolve() if root is not None else None
        self._refusal_told = False
        self._written = self._remembered = 0
        self._files: dict[int, IO[bytes] | None] = {}
        self._errno = 0
        self._effects: dict[int, _Effect] = {}
        self._effect = _Effect()
        self.exit_code: int | None = None
        self._calls: dict[int, Callable[[list[int]], int]] = {
            0x01: self._open,
            0x02: self._close,
            0x05: self._write_file,
            0x06: self._read,
            0x08: lambda p: int(p[0] >> 31),
            0x09: lambda p: int(p[0] in self._files and self._files[p[0]] is None),
            0x0A: self._seek,
            0x0C: self._length,
            0x0E: self._remove,
            0x0F: self._rename,
            0x15: self._command_line,
        }

    def call(self, core: int) -> None:
        """Answers the call at which a core stands and moves it on; sets `exit_code` if the firmware ends."""
        registers = self._chip.registers(core)
        self._effect = _Effect()
        try:
            self._effect.result = self._answer(registers["r0"], registers["r1"])
        except (OSError, ValueError, RuntimeError) as error:
            self._errno = error.errno or errno.EIO if isinstance(error, OSError) else errno.EFAULT
            self._effect.result = _FAILED
        self._remember(self._chip.cycles, self._effect)
        self._apply(core, self._effect)

    def _remember(self, cycle: int, effect: _Effect) -> None:
        self._effects[cycle] = effect
        self._remembered += effect.size
        while self._remembered > MOST_REMEMBERED and len(self._effects) > 1:
            oldest = next(iter(self._effects))
            self._remembered -= self._effects.pop(oldest).size

    def repeat(self, core: int) -> bool:
        """Gives the answer of the past again, without its effects outside; False if there was no such call."""
        effect = self._effects.get(self._chip.cycles)
        if effect is None:
            return False
        self._apply(core, effect)
        return True

    def remember(self, other: Semihosting) -> None:
        """Takes over what another host has answered so far, for replays."""
        self._effects = dict(other._effects)

    def close(self) -> None:
        """Closes the firmware's files."""
        for file in self._files.values():
            if file is not None:
                file.close()
        self._files.clear()

    def _apply(self, core: int, effect: _Effect) -> None:
        for address, data in effect.writes:
            self._chip.write_memory(address, data)
        self._chip.set_register(core, "r0", effect.result & 0xFFFFFFFF)
        self._chip.set_register(core, "pc", self._chip.registers(core)["pc"] + 2)

    def _answer(self, operation: int, parameter: int) -> int:
        if operation == 0x03:  # SYS_WRITEC
            character = chr(self._chip.read_memory(parameter, 1)[0])
            if character != "\r":  # a line's end is its LF
                self._write(character)
            return 0
        if operation == 0x04:  # SYS_WRITE0
            self._write(self._string(parameter).decode("utf-8", "replace"))
            return 0
        if operation in (0x07, 0x0D, 0x12):  # SYS_READC, SYS_TMPNAM, SYS_SYSTEM: nobody types, no files, no shell
            return _FAILED
        if operation == 0x10:  # SYS_CLOCK: centiseconds
            return self._chip.picoseconds // 10**10
        if operation == 0x11:  # SYS_TIME
            return self._chip.picoseconds // PICO
        if operation == 0x13:  # SYS_ERRNO
            return self._errno
        if operation == 0x16:  # SYS_HEAPINFO: the firmware knows its own memory
            block = self._words(parameter, 1)[0]
            self._effect.writes.append((block, bytes(16)))
            return 0
        if operation == 0x18:  # SYS_EXIT
            self.exit_code = 0 if parameter == _APPLICATION_EXIT else 1
            return 0
        if operation == 0x20:  # SYS_EXIT_EXTENDED
            reason, code = self._words(parameter, 2)
            self.exit_code = code & 0xFF if reason == _APPLICATION_EXIT else 1
            return 0
        if operation == 0x30:  # SYS_ELAPSED
            self._effect.writes.append((parameter, self._chip.cycles.to_bytes(8, "little")))
            return 0
        if operation == 0x31:  # SYS_TICKFREQ
            return self._chip.clock_hz("sys")
        handler = self._calls.get(operation)
        if handler is None:
            raise OSError(errno.ENOSYS, "no such semihosting operation")
        return handler(self._words(parameter, 4 if operation == 0x0F else 3))

    def _words(self, address: int, count: int) -> list[int]:
        available = count
        while True:
            try:
                data = self._chip.read_memory(address, 4 * available)
                break
            except ValueError:
                available -= 1
                if available == 0:
                    raise
        words = [int.from_bytes(data[4 * n : 4 * n + 4], "little") for n in range(available)]
        return words + [0] * (count - available)

    def _string(self, address: int) -> bytes:
        out = bytearray()
        while len(out) < _MAX_TRANSFER:
            byte = self._chip.read_memory(address + len(out), 1)
            if byte == b"\0":
                break
            out += byte
        return bytes(out)

    def _path(self, address: int, length: int) -> Path:
        name = self._chip.read_memory(address, min(length, 4096)).decode("utf-8", "replace")
        if self._root is None:
            if not self._refusal_told:
                self._refusal_told = True
                self._write(f"semihosting: file {printable(name)!r} refused; to allow files: --semihosting-dir DIR\n")
            raise PermissionError(errno.EACCES, "the firmware may open no files")
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise PermissionError(errno.EACCES, f"{name} is outside {self._root}")
        return path

    def _open(self, p: list[int]) -> int:
        address, mode, length = p
        if mode >= len(_MODES):
            raise OSError(errno.EINVAL, "no such mode")
        handle = max(self._files, default=_STANDARD_ERROR) + 1
        if len(self._files) >= MOST_FILES:
            raise OSError(errno.EMFILE, "too many open files")
        if self._chip.read_memory(address, min(length, 4)) == b":tt":
            # One special name for three streams: the mode says which.
            handle = _STANDARD_IN if mode < 4 else _STANDARD_OUT if mode < 8 else _STANDARD_ERROR
            self._files[handle] = None
            return handle
        text_mode = _MODES[mode]
        path = self._path(address, length)
        if path.exists() and not path.is_file():
            raise OSError(errno.EACCES, "no regular file")  # a pipe would stop the host, a device act on it
        self._files[handle] = path.open(text_mode if "b" in text_mode else text_mode + "b")
        return handle

    def _file(self, handle: int) -> IO[bytes] | None:
        if handle not in self._files:
            raise OSError(errno.EBADF, "no such handle")
        return self._files[handle]

    def _close(self, p: list[int]) -> int:
        file = self._file(p[0])
        del self._files[p[0]]
        if file is not None:
            file.close()
        return 0

    def _write_file(self, p: list[int]) -> int:
        handle, address, length = p
        data = self._chip.read_memory(address, min(length, _MAX_TRANSFER))
        file = self._file(handle)
        if file is None:
            self._write(data.decode("utf-8", "replace"))
        else:
            self._written += len(data)
            if self._written > MOST_WRITTEN:
                raise OSError(errno.ENOSPC, f"the firmware has written {MOST_WRITTEN} bytes already")
            file.write(data)
            file.flush()
        return length - len(data)

    def _read(self, p: list[int]) -> int:
        handle, address, length = p
        file = self._file(handle)
        data = b"" if file is None else file.read(min(length, _MAX_TRANSFER))
        if data:
            self._effect.writes.append((address, data))
        return length - len(data)

    def _seek(self, p: list[int]) -> int:
        file = self._file(p[0])
        if file is None:
            return _FAILED
        file.seek(p[1])
        return 0

    def _length(self, p: list[int]) -> int:
        file = self._file(p[0])
        return 0 if file is None else os.fstat(file.fileno()).st_size

    def _remove(self, p: list[int]) -> int:
        self._path(p[0], p[1]).unlink()
        return 0

    def _rename(self, p: list[int]) -> int:
        self._path(p[0], p[1]).rename(self._path(p[2], p[3]))
        return 0

    def _command_line(self, p: list[int]) -> int:
        self._effect.writes += [(p[0], b"\0")]
        return 0
