"""What the machine in the page needs beside its modules in docs/machine: the emulator, a program, a board, a sound."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from emberwatch.audio import Clip, Scenario
from emberwatch.audio.files import SAMPLE_RATE, encode
from emberwatch.audio.sounds import PinkNoise, t3
from emberwatch.board.board import Board, load_board

ROOT = Path(__file__).resolve().parents[2]
EMULATOR = ROOT / "build/wasm/emulator.wasm"
"""What `make wasm` builds."""
PROGRAM = ROOT / "build/firmware/pico/emberwatch.uf2"
"""What `make firmware` builds."""
_ALARM_SECONDS = 13


def board_facts(board: Board) -> dict[str, object]:
    """What the page knows of a board: flash, crystal, console, LED, microphone."""
    return {
        "name": board.name,
        "flash": board.flash.size,
        "xosc_hz": board.clock.xosc_hz,
        "uart": asdict(board.uart),
        "led": asdict(board.led) if board.led else None,
        "microphone": asdict(board.microphone) if board.microphone else None,
    }


def alarm() -> bytes:
    """A WAV of a smoke alarm by ISO 8201 in a quiet room, in the form that the page takes sample by sample."""
    room = [Clip(t3(3100), at_s=1.0, level_dbfs=-30), Clip(PinkNoise(seed=1), level_dbfs=-60)]
    return encode(Scenario(room, seconds=_ALARM_SECONDS).mix(0, _ALARM_SECONDS * SAMPLE_RATE))


def assets() -> dict[str, bytes]:
    """The files by name, those that are there: a site is built without `make wasm firmware`, too, and says so."""
    found = {"board.json": json.dumps(board_facts(load_board("pico"))).encode(), "alarm.wav": alarm()}
    for path in (EMULATOR, PROGRAM):
        if path.is_file():
            found[path.name] = path.read_bytes()
    return found
