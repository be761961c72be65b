"""Recording from a board with the capture application on a serial port."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import soundfile

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.base import extras
from emberwatch.base.errors import EngineError, UsageError
from emberwatch.detector.capture.stream import PcmAssembler, StreamReport

FIRST_FRAME_TIMEOUT_S = 3.0
_READ_BYTES = 4096


class Port(Protocol):
    """What a recording needs of a serial port."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer, or none, when the port's timeout is over."""

    def close(self) -> None:
        """Gives the port back."""


def open_port(name: str, baud: int) -> Port:
    """Opens a serial port, 8N1, for reading.

    Raises:
        MissingDependencyError: pyserial is not installed.
        UsageError: the port does not exist, may not be opened or does not know the baud rate.
    """
    serial = extras.load("serial", "recording from a board")
    from emberwatch.detector.build import CAPTURE_BAUD

    if baud <= 0:
        raise UsageError(f"--baud {baud} is not a baud rate; the capture application sends at {CAPTURE_BAUD}")
    try:
        port: Port = serial.Serial(name, baud, timeout=0.1)
    except (ValueError, OverflowError, struct.error) as error:
        raise UsageError(f"--baud {baud} is refused by port {name} ({error}); the default is {CAPTURE_BAUD}") from None
    except (serial.SerialException, OSError) as error:
        reason = str(error).split(":")[0] if not isinstance(error, OSError) else (error.strerror or str(error))
        raise UsageError(
            f"serial port {name} cannot be opened ({reason}); is the board plugged in, and may you use the port?"
        ) from None
    return port


def record(
    port: Port,
    out: Path,
    seconds: float | None,
    on_progress: Callable[[float, StreamReport], None] = lambda seconds, report: None,
    first_frame_timeout_s: float = FIRST_FRAME_TIMEOUT_S,
) -> StreamReport:
    """Writes what a board sends to a 16-bit WAV until there are `seconds` of it, or until Ctrl-C.

    Args:
        port: a port on which the capture application speaks.
        out: the WAV; complete and valid whenever this function ends. Without any sound it is not written.
        seconds: length; None records until Ctrl-C.
        on_progress: gets the seconds recorded and the report so far.
        first_frame_timeout_s: how long the board may be silent before and while recording.

    Raises:
        EngineError: nothing, or nothing that the capture application would send, came in time.
        UsageError: the file cannot be written.
    """
    assembler = PcmAssembler()
    wanted = None if seconds is None else round(seconds * SAMPLE_RATE)
    written = received = 0
    heard_at = time.monotonic()
    file: soundfile.SoundFile | None = None
    try:
        while wanted is None or written < wanted:
            data = _read(port, written)
            received += len(data)
            pieces = assembler.feed(data)
            if pieces:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > first_frame_timeout_s:
                if file is None:
                    raise EngineError(_silence(received, first_frame_timeout_s))
                raise EngineError(f"the board went silent after {written / SAMPLE_RATE:.1f} s; {out} holds these")
            for piece in pieces:
                if file is None:
                    file = _open(out)
                piece = piece if wanted is None else piece[: wanted - written]
                file.write(piece)
                written += len(piece)
            on_progress(written / SAMPLE_RATE, assembler.report)
    except KeyboardInterrupt:
        if file is None:
            raise
    finally:
        if file is not None:
            file.close()
    return assembler.report


def _read(port: Port, written: int) -> bytes:
    try:
        return bytes(port.read(_READ_BYTES))
    except OSError as error:  # pyserial's SerialException is one
        raise EngineError(f"the serial port failed after {written / SAMPLE_RATE:.1f} s: {error}") from None


def _open(out: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(str(out), "w", SAMPLE_RATE, 1, "PCM_16", format="WAV")
    except (soundfile.LibsndfileError, OSError) as error:
        raise UsageError(f"{out} cannot be written: {error}") from None


def _silence(received: int, seconds: float) -> str:
    if received:
        return (
            f"{received} bytes came in {seconds:g} s, but no frame of the capture application; "
            "flash emberwatch-capture.uf2 and check --baud"
        )
    return f"nothing came in {seconds:g} s; flash emberwatch-capture.uf2 (emberwatch build --app capture)"
