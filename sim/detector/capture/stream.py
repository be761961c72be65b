"""The frame stream of the capture application (docs/protocol.md): parsing with resynchronisation, and PCM in order."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

SYNC = b"\x45\x57\xa5\x5a"
HEADER = struct.Struct("<4sBBHI")
CRC_BYTES = 4
PAYLOAD_MAX = 1024
INFO, PCM = 0, 1
FLAG_STALL, FLAG_OVERWRITTEN = 1, 2
BLOCK_SAMPLES = 512

_GAP_MAX_BLOCKS = 31 * 60
"""A longer gap than a minute is not filled with silence: the block number is then not believed to be one of a gap."""


@dataclass(frozen=True)
class Frame:
    """One frame whose CRC is right."""

    kind: int
    flags: int
    number: int
    payload: bytes

    def encode(self) -> bytes:
        """The frame as it is on the line."""
        body = struct.pack("<BBHI", self.kind, self.flags, len(self.payload), self.number) + self.payload
        return SYNC + body + struct.pack("<I", zlib.crc32(body))


class FrameParser:
    """Cuts a byte stream into frames; whatever is damaged is skipped up to the next whole frame and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.bad_frames = 0  #: headers that were followed by a wrong CRC, or that were impossible
        self.skipped_bytes = 0  #: bytes that belong to no whole frame

    def feed(self, data: bytes) -> list[Frame]:
        """Takes more bytes and returns the frames that are complete now, in order."""
        self._buffer += data
        frames = []
        while frame := self._next():
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        buffer = self._buffer
        while True:
            at = buffer.find(SYNC)
            if at < 0:
                # The end may be the beginning of a sync word.
                keep = next((n for n in range(len(SYNC) - 1, 0, -1) if buffer.endswith(SYNC[:n])), 0)
                self._skip(len(buffer) - keep)
                return None
            self._skip(at)
            if len(buffer) < HEADER.size:
                return None
            _, kind, flags, size, number = HEADER.unpack_from(buffer)
            if size <= PAYLOAD_MAX:
                end = HEADER.size + size
                if len(buffer) < end + CRC_BYTES:
                    return None
                (crc,) = struct.unpack_from("<I", buffer, end)
                if crc == zlib.crc32(buffer[len(SYNC) : end]):
                    frame = Frame(kind, flags, number, bytes(buffer[HEADER.size : end]))
                    del buffer[: end + CRC_BYTES]
                    return frame
            # Not a frame after all, or a damaged one: another may begin inside it.
            self.bad_frames += 1
            self._skip(len(SYNC))

    def _skip(self, count: int) -> None:
        self.skipped_bytes += count
        del self._buffer[:count]


@dataclass
class StreamReport:
    """What a recording went through."""

    blocks: int = 0  #: PCM blocks received
    lost_blocks: int = 0  #: missing between the first and the last one; silence stands in their place
    damaged_blocks: int = 0  #: received, but flagged by the firmware: stalled or overwritten while read
    restarts: int = 0  #: the device began to count anew
    bad_frames: int = 0
    skipped_bytes: int = 0
    info: dict[str, str] = field(default_factory=dict)  #: the fields of the newest info frame

    @property
    def clean(self) -> bool:
        """Whether every sample between the first and the last one is what the microphone heard."""
        return not (self.lost_blocks or self.damaged_blocks or self.restarts)


class PcmAssembler:
    """Bytes in, PCM out: blocks in order, silence for lost ones.

    Bytes before the first frame (attaching in the middle of one) count as nothing lost.
    """

    def __init__(self) -> None:
        self._parser = FrameParser()
        self._next_block: int | None = None
        self._ignored = (0, 0)
        self.report = StreamReport()

    def feed(self, data: bytes) -> list[npt.NDArray[np.int16]]:
        """Takes more bytes; returns pieces of PCM, int16 at 16 kHz, that follow each other without a gap."""
        pieces: list[npt.NDArray[np.int16]] = []
        for frame in self._parser.feed(data):
            if frame.kind == INFO:
                text = frame.payload.decode("ascii", errors="replace")
                self.report.info = dict(re.findall(r"([a-z]+)=(\S+)", text))
            if frame.kind == PCM and len(frame.payload) == 2 * BLOCK_SAMPLES:
                pieces += self._place(frame)
        if self._next_block is None:
            self._ignored = (self._parser.bad_frames, self._parser.skipped_bytes)
        self.report.bad_frames = self._parser.bad_frames - self._ignored[0]
        self.report.skipped_bytes = self._parser.skipped_bytes - self._ignored[1]
        return pieces

    def _place(self, frame: Frame) -> list[npt.NDArray[np.int16]]:
        report = self.report
        pieces = []
        if self._next_block is not None:
            gap = frame.number - self._next_block
            if 0 < gap <= _GAP_MAX_BLOCKS:
                report.lost_blocks += gap
                pieces.append(np.zeros(gap * BLOCK_SAMPLES, np.int16))
            elif gap:
                report.restarts += 1
        self._next_block = (frame.number + 1) & 0xFFFFFFFF
        report.blocks += 1
        report.damaged_blocks += bool(frame.flags & (FLAG_STALL | FLAG_OVERWRITTEN))
        pieces.append(np.frombuffer(frame.payload, dtype="<i2").astype(np.int16))
        return pieces
