"""Reading sound files of any rate and channel count as 16 kHz mono."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

from emberwatch.base import atomic
from emberwatch.base.errors import AudioError
from emberwatch.base.lazy import np, npt
from emberwatch.base.output import say
from emberwatch.base.regular import read_regular

_T = TypeVar("_T")

if TYPE_CHECKING:  # loaded with the first file: a run in silence starts without
    import soundfile

SAMPLE_RATE = 16_000
"""Rate of all audio inside Emberwatch: the PCM rate of the firmware, in hertz."""

RATES = (4_000, 768_000)
"""Sample rates in hertz that a recording can have; a header that says otherwise is wrong."""
MOST_SECONDS = 24 * 3600.0
"""Longest recording; a scenario of more plays several."""
_BLOCK_FRAMES = 4096
"""So much is lost, at most, of a file whose end is damaged: the largest block of a FLAC in its streamable subset."""
_MEMORY_SECONDS = 300.0
_MOST_PIPED = 256 << 20
"""Bytes taken from a pipe, which must be kept in memory because decoders jump about."""
_RMS_STEPS = 600
_EIGHT_BIT = {"PCM_U8", "PCM_S8"}
_UNKNOWN_FRAMES = 1 << 56
"""libsndfile's number for a length that the header does not tell is near 2**63 (SF_COUNT_MAX)."""
_UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""What programs that write to a pipe put where a RIFF chunk's size belongs: they cannot go back to correct it."""


def load(path: str | Path) -> npt.NDArray[np.float32]:
    """Decodes a sound file to 16 kHz mono.

    Channels are averaged; other rates are resampled band-limited (soxr, very high quality). Recordings longer than
    five minutes are kept in an unnamed temporary file and mapped, so that hours of sound need little memory. Nothing is
    believed of what the header says of the length: what is there is played, with a note on stderr when it is less.

    Args:
        path: WAV, FLAC, OGG or any other format that libsndfile reads; a pipe or /dev/stdin, too.

    Returns:
        Samples, 1.0 being full scale; floating-point files may exceed it.

    Raises:
        AudioError: missing, empty, unreadable or 8-bit file, more than a day, or samples that are not finite numbers.
    """
    import soundfile

    path = Path(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        if isinstance(error, FileNotFoundError):
            raise AudioError(f"audio file {path} does not exist") from None
        raise AudioError(f"audio file {path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISDIR(status.st_mode):
        raise AudioError(f"audio file {path} is a directory; give a WAV or FLAC file")
    piped = not stat.S_ISREG(status.st_mode)
    if not piped and status.st_size == 0:
        raise AudioError(f"audio file {path} is empty (0 bytes); give a WAV or FLAC file with sound in it")
    try:
        # As bytes, because a name need not be text in the encoding of the locale.
        source = _repaired(path, piped) or (str(path) if os.name == "nt" else os.fsencode(path))
        with soundfile.SoundFile(source) as file:
            # It is read from its beginning to its end, which needs no length: libsndfile cannot seek in a FLAC whose
            # length is unknown, and SoundFile seeks after every read of a file that lets it.
            file.seekable = lambda: False
            return _decode(path, file)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".").lower()
        raise AudioError(f"audio file {path} cannot be decoded ({reason}); give a WAV or FLAC file") from None
    except TypeError:  # the name says that the samples come without a header
        raise AudioError(
            f"audio file {path} has samples without a header; make a WAV of it, as in: "
            "sox -r 16000 -e signed -b 16 -c 1 IN.raw OUT.wav"
        ) from None


def _repaired(path: Path, piped: bool) -> io.BytesIO | None:
    """The file in memory if it is a pipe or its header does not say how long it is; else None."""
    if piped:
        data = read_regular(path, "audio file", AudioError, _MOST_PIPED)
        if not data:
            raise AudioError(f"audio file {path} is empty (0 bytes); give a WAV or FLAC file with sound in it")
        return io.BytesIO(_with_size(data))
    with path.open("rb") as file:
        chunk = _data_chunk(file.read(4096))
    if chunk is None:
        return None
    at, size = chunk
    if size in _UNKNOWN_SIZES:
        return io.BytesIO(_with_size(read_regular(path, "audio file", AudioError, _MOST_PIPED)))
    there = path.stat().st_size - at
    if there < size:  # libsndfile plays what is there and says nothing
        say(f"note: audio file {path} is cut off: its header promises {size} bytes of sound, {max(there, 0)} are there")
    return None


def _data_chunk(data: bytes) -> tuple[int, int] | None:
    """Where the samples of a WAV file begin, and how many bytes its header says that they are; None for other files."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            return at + 8, size
        at += 8 + size + size % 2
    return None


def _with_size(data: bytes) -> bytes:
    """A WAV file whose header does not know its length with the length that it has; other files as they are."""
    chunk = _data_chunk(data)
    if chunk is None or chunk[1] not in _UNKNOWN_SIZES:
        return data
    at = chunk[0]
    head = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8 : at - 4]
    return head + (len(data) - at).to_bytes(4, "little") + data[at:]


def _decode(path: Path, file: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    import soundfile

    if file.subtype in _EIGHT_BIT:
        raise AudioError(
            f"audio file {path} has 8-bit samples, whose noise floor of about -50 dBFS hides quiet alarms; "
            "use a recording of 16 bits or more"
        )
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise AudioError(
            f"audio file {path} says {file.samplerate} samples a second, outside {RATES[0]} to {RATES[1]}; "
            "its header is wrong"
        )
    resampler = None
    if file.samplerate != SAMPLE_RATE:
        import soxr

        resampler = soxr.ResampleStream(file.samplerate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    gathered = _Samples(path)
    frames = 0
    damage = ""
    while True:
        try:
            read = file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            if frames == 0:
                raise
            damage = f"; then: {error.error_string.rstrip('.').lower()}"
            break
        if len(read) == 0:
            break
        frames += len(read)
        mono = read.mean(axis=1, dtype=np.float64).astype(np.float32)
        if not np.all(np.isfinite(mono)):
            raise AudioError(f"audio file {path} holds samples that are not finite numbers; re-export it")
        gathered.add(mono if resampler is None else resampler.resample_chunk(mono))
    if frames == 0:
        raise AudioError(f"audio file {path} holds no samples; give a file with sound in it")
    if resampler is not None:
        gathered.add(resampler.resample_chunk(np.zeros(0, dtype=np.float32), last=True))
    if damage or frames < file.frames < _UNKNOWN_FRAMES:
        promised = f" of {file.frames / file.samplerate:.3f} s" if file.frames < _UNKNOWN_FRAMES else ""
        say(f"note: audio file {path} is cut off after {frames / file.samplerate:.3f} s{promised}{damage}")
    return gathered.whole(max(1, round(frames * SAMPLE_RATE / file.samplerate)))


class _Samples:
    """Samples that come piece by piece: in memory for five minutes, then in an unnamed temporary file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pieces: list[npt.NDArray[np.float32]] = []
        self._count = 0
        self._storage: IO[bytes] | None = None

    def add(self, samples: npt.NDArray[np.float32]) -> None:
        """Takes more."""
        self._count += len(samples)
        if self._count > MOST_SECONDS * SAMPLE_RATE:
            raise AudioError(
                f"audio file {self._path} is longer than {MOST_SECONDS / 3600:g} hours; cut it into several"
            )
        self._pieces.append(samples)
        if self._storage is None and self._count > _MEMORY_SECONDS * SAMPLE_RATE:
            self._storage = self._guarded(tempfile.TemporaryFile)
        if self._storage is not None:
            self._spill()

    def whole(self, length: int) -> npt.NDArray[np.float32]:
        """All of them, cut or filled up with zeros to a length."""
        missing = length - self._count
        if missing > 0:
            self.add(np.zeros(missing, dtype=np.float32))
        if self._storage is None:
            return np.concatenate(self._pieces)[:length]
        storage = self._storage
        return np.memmap(storage, dtype=np.float32, mode="r+", shape=(length,))

    def _spill(self) -> None:
        storage, samples = self._storage, np.concatenate(self._pieces)
        assert storage is not None

        def write() -> None:
            storage.write(samples.tobytes())
            storage.flush()

        self._guarded(write)
        self._pieces.clear()

    def _guarded(self, action: Callable[[], _T]) -> _T:
        try:
            return action()
        except OSError as error:
            raise AudioError(
                f"audio file {self._path} needs {4e-6 * self._count:.0f} MB or more in {tempfile.gettempdir()}: "
                f"{error.strerror}; make room there or set TMPDIR"
            ) from None


def save(path: str | Path, samples: npt.ArrayLike, rate: int = SAMPLE_RATE) -> None:
    """Writes 16-bit WAV. Floats are taken as 1.0 = full scale and saturate; int16 is written as it is.

    Raises:
        OSError: the file cannot be written.
    """
    atomic.write_bytes(Path(path), encode(samples, rate))


def encode(samples: npt.ArrayLike, rate: int = SAMPLE_RATE) -> bytes:
    """The bytes of a 16-bit WAV; see `save`."""
    import soundfile

    array = np.asarray(samples)
    if array.dtype != np.int16:
        array = np.clip(np.round(array.astype(np.float64) * 32768.0), -32768, 32767).astype(np.int16)
    encoded = io.BytesIO()
    soundfile.write(encoded, array, rate, format="WAV", subtype="PCM_16")
    return encoded.getvalue()


def loudest_second_rms(samples: npt.ArrayLike) -> float:
    """RMS of the loudest second (step 0.1 s), full scale 1.0; of the whole if shorter than a second."""
    array = np.asarray(samples)
    if len(array) <= SAMPLE_RATE:
        return float(np.sqrt(np.square(array, dtype=np.float64).mean())) if len(array) else 0.0
    step = SAMPLE_RATE // 10
    whole = len(array) // step
    energy = np.empty(whole)
    for first in range(0, whole, _RMS_STEPS):  # in pieces, because the samples may be hours of a mapped file
        last = min(whole, first + _RMS_STEPS)
        piece = np.square(array[first * step : last * step], dtype=np.float64)
        energy[first:last] = piece.reshape(-1, step).sum(axis=1)
    return float(np.sqrt(np.convolve(energy, np.ones(10), "valid").max() / SAMPLE_RATE))
