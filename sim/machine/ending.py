"""How a program says that it has ended."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emberwatch.base.errors import EngineError
from emberwatch.engines import Engine
from emberwatch.program.symbols import SymbolTable

_SP = 13
_ENDINGS = (b"\x00\xbe\xfd\xe7", b"\x00\xbe\xfe\xe7")
"""BKPT #0, then a branch to it or to itself."""


@dataclass(frozen=True)
class Exit:
    """The end that a program has given itself.

    Attributes:
        how: "semihosting", "main" for what `main` returned or `exit` was called with if that is not 0, or "reset" for a
            watchdog's where that was to end the run.
        code: its exit code, 0 to 255; 0 is success.
        t_s: emulated seconds since power-on.
    """

    how: str
    code: int
    t_s: float


def main_status(engine: Engine, core: int, symbols: SymbolTable) -> int | None:
    """The status with which a core that stands in a HardFault, or locked up in it, has ended its program; else None.

    SDK programs end in the endless loop of `_exit` around a BKPT, the status in r0. Without a debugger the BKPT is a
    HardFault, whose handler is a BKPT: the core locks up, and the rest of the chip goes on, sending what is left to
    send. `panic` and failed assertions come to `_exit`, too, with another status than 0: only one that `exit` gave,
    which calls `_exit`, is the program's own.
    """
    try:
        r0, *_, lr, pc, _ = struct.unpack("<8I", engine.read_memory(engine.register(_SP, core), 32))
        if engine.read_memory(pc, 4) not in _ENDINGS:
            return None
    except (ValueError, EngineError):
        return None
    if r0 == 0 or (symbols.at((lr & ~1) - 2) or "").partition("+")[0] == "exit":
        return int(r0) & 0xFF
    return None
