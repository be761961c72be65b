"""Reading sound files of any rate and channel count as 16 kHz mono."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import AudioError

if TYPE_CHECKING:  # loaded with the first file: a run in silence starts without
    import soundfile

SAMPLE_RATE = 16_000
"""Rate of all audio inside Emberwatch: the PCM rate of the firmware, in hertz."""

_BLOCK_FRAMES = 65_536
_MEMORY_SECONDS = 300.0
_RMS_STEPS = 600
_EIGHT_BIT = {"PCM_U8", "PCM_S8"}


def load(path: str | Path) -> npt.NDArray[np.float32]:
    """Decodes a sound file to 16 kHz mono.

    Channels are averaged; other rates are resampled band-limited (soxr, very high quality). Recordings longer than
    five minutes are kept in an unnamed temporary file and mapped, so that hours of sound need little memory.

    Args:
        path: WAV, FLAC, OGG or any other format that libsndfile reads.

    Returns:
        Samples, 1.0 being full scale; floating-point files may exceed it.

    Raises:
        AudioError: missing, empty, unreadable or 8-bit file, or samples that are not finite numbers.
    """
    import soundfile

    path = Path(path)
    if not path.exists():
        raise AudioError(f"audio file {path} does not exist")
    if path.is_dir():
        raise AudioError(f"audio file {path} is a directory; give a WAV or FLAC file")
    if path.stat().st_size == 0:
        raise AudioError(f"audio file {path} is empty (0 bytes); give a WAV or FLAC file with sound in it")
    try:
        # As bytes, because a name need not be text in the encoding of the locale.
        with soundfile.SoundFile(str(path) if os.name == "nt" else os.fsencode(path)) as file:
            return _decode(path, file)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".").lower()
        raise AudioError(f"audio file {path} cannot be decoded ({reason}); give a WAV or FLAC file") from None


def _decode(path: Path, file: soundfile.SoundFile) -> npt.NDArray[np.float32]:
    if file.subtype in _EIGHT_BIT:
        raise AudioError(
            f"audio file {path} has 8-bit samples, whose noise floor of about -50 dBFS hides quiet alarms; "
            "use a recording of 16 bits or more"
        )
    if file.frames == 0:
        raise AudioError(f"audio file {path} holds no samples; give a file with sound in it")
    length = max(1, round(file.frames * SAMPLE_RATE / file.samplerate))
    samples = _mapped(path, length) if length > _MEMORY_SECONDS * SAMPLE_RATE else np.zeros(length, dtype=np.float32)
    resampler = None
    if file.samplerate != SAMPLE_RATE:
        import soxr

        resampler = soxr.ResampleStream(file.samplerate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    written = 0
    frames_left = file.frames
    while frames_left > 0:
        block = file.read(min(_BLOCK_FRAMES, frames_left), dtype="float32", always_2d=True)
        if len(block) == 0:
            break  # the header promised more than the file holds; what is there is played
        frames_left -= len(block)
        mono = block.mean(axis=1, dtype=np.float64).astype(np.float32)
        if not np.all(np.isfinite(mono)):
            raise AudioError(f"audio file {path} holds samples that are not finite numbers; re-export it")
        if resampler is not None:
            mono = resampler.resample_chunk(mono, last=frames_left == 0)
        mono = mono[: length - written]
        samples[written : written + len(mono)] = mono
        written += len(mono)
    if written == 0:
        raise AudioError(f"audio file {path} holds no samples; give a file with sound in it")
    return samples


def _mapped(path: Path, length: int) -> npt.NDArray[np.float32]:
    """Zeros in an unnamed temporary file, whose space is taken at once: a page without any would be a bus error."""
    try:
        with tempfile.TemporaryFile() as storage:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(storage.fileno(), 0, 4 * length)
            return np.memmap(storage, dtype=np.float32, mode="r+", shape=(length,))
    except OSError as error:
        raise AudioError(
            f"audio file {path} needs {4e-6 * length:.0f} MB in {tempfile.gettempdir()}: {error.strerror}; "
            "make room there or set TMPDIR"
        ) from None


def save(path: str | Path, samples: npt.ArrayLike, rate: int = SAMPLE_RATE) -> None:
    """Writes 16-bit WAV. Floats are taken as 1.0 = full scale and saturate; int16 is written as it is.

    Raises:
        OSError: the file cannot be written.
    """
    Path(path).write_bytes(encode(samples, rate))


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
