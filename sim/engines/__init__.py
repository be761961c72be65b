"""CPU engines behind `emberwatch.Machine`: what each must do, and how one is chosen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from emberwatch.base.errors import EngineError
from emberwatch.engines.base import CallTap, Capability, Engine, FunctionCycles, Stop, StopReason
from emberwatch.engines.usb import UsbHost

if TYPE_CHECKING:
    from emberwatch.board.board import Board

__all__ = [
    "ENGINES",
    "CallTap",
    "Capability",
    "Engine",
    "FunctionCycles",
    "Stop",
    "StopReason",
    "UsbHost",
    "create_engine",
]

ENGINES = ("embedded", "renode", "hardware")


def create_engine(name: str, board: Board, seed: int) -> Engine:
    """Makes an engine.

    Args:
        name: 'embedded', 'renode', 'hardware' or 'auto' (the environment variable EMBERWATCH_ENGINE, else embedded).
        board: what is connected to the chip.
        seed: seed of the microphone's dither and of what memory holds at power-on.

    Raises:
        EngineError: unknown engine, or one that is not installed; never switches silently.
    """
    if name == "auto":
        name = os.environ.get("EMBERWATCH_ENGINE", "embedded")
    if name == "embedded":
        from emberwatch.engines.embedded import EmbeddedEngine

        return EmbeddedEngine(board, seed)
    if name == "renode":
        from emberwatch.engines.renode.engine import RenodeEngine

        return RenodeEngine(board, seed)
    if name == "hardware":
        from emberwatch.engines.hardware.engine import HardwareEngine

        return HardwareEngine(board)
    raise EngineError(f"engine {name!r} is not known; use one of: auto, {', '.join(ENGINES)}")
