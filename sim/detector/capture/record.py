"""Recording from a board with the capture application on a serial port."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import soundfile

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.base.errors import EngineError, UsageError
from emberwatch.detector.capture.stream import PcmAssembler, StreamReport
from emberwatch.engines.hardware import port as hardware_port
from emberwatch.engines.hardware.port import Port

FIRST_FRAME_TIMEOUT_S = 3.0
_READ_BYTES = 4096


def open_port(name: str, baud: int) -> Port:
    """Opens a board's port, 8N1; errors as of `emberwatch.engines.hardware.port.open_port`."""
    from emberwatch.detector.build import CAPTURE_BAUD

    if baud <= 0:
        raise UsageError(f"--baud {baud} is not a baud rate; the capture application sends at {CAPTURE_BAUD}")
    return hardware_port.open_port(name, baud, "recording from a board", f"the default is {CAPTURE_BAUD}")


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
