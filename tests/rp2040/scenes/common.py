"""What scenes of several blocks share: transfers of the DMA, and where their data lie."""

from __future__ import annotations

from thumb import RAM

TREQ_PERMANENT = 0x3F
WORD, HALFWORD, BYTE = 2 << 2, 1 << 2, 0
SOURCE, TARGET = RAM + 0x1000, RAM + 0x2000


def paced(treq: int, ctrl: int = 0) -> int:
    """CTRL of a channel that `treq` paces and that interrupts."""
    return ctrl | treq << 15
