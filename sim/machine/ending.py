"""How a program says that it has ended."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emberwatch.base.errors import EngineError
from emberwatch.engines import Engine

_SP = 13
_ENDINGS = (b"\x00\xbe\xfd\xe7", b"\x00\xbe\xfe\xe7")
"""BKPT #0, then a branch to it or to itself."""


@dataclass(frozen=True)
class Exit:
    """The end that a program has given itself.

    Attributes:
        how: "semihosting", or "reset" for a watchdog's where that was to end the run.
        code: its exit code, 0 to 255; 0 is success.
        t_s: emulated seconds since power-on.
    """

    how: str
    code: int
    t_s: float


def main_returned(engine: Engine, core: int) -> bool:
    """Whether a locked-up core ended its program: BKPT in the endless loop of `_exit`, with status 0 in r0.

    That is how SDK programs end. Without a debugger the BKPT is a HardFault, whose handler is a BKPT: the core
    locks up, and the rest of the chip goes on, sending what is left to send.
    """
    try:
        r0, *_, pc, _ = struct.unpack("<8I", engine.read_memory(engine.register(_SP, core), 32))
        return r0 == 0 and engine.read_memory(pc, 4) in _ENDINGS
    except (ValueError, EngineError):
        return False
