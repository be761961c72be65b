"""Ways by which a sound comes in besides rooms: band limits, telephones, codecs.

Alarms that were recorded by a phone, sent as MP3 or heard through a wall lack what lies above some frequency, and a
steep edge or a codec's holes are no sign of an alarm: both classes of training go through the same paths.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from emberwatch.training.synth.signals import NYQUIST, SAMPLE_RATE, Rng, Signal, log_uniform

_EDGE_OCTAVES = 0.08  # width of a steep edge
PATH_KINDS = ("low_pass", "high_pass", "band", "phone", "mp3", "vorbis", "gsm")


def band_limited(signal: Signal, low_hz: float = 0.0, high_hz: float = NYQUIST, order: int | None = None) -> Signal:
    """Without what lies outside ``low_hz``..``high_hz``.

    Args:
        signal: at 16 kHz.
        low_hz: lower edge, 0 for none.
        high_hz: upper edge, 8000 or more for none.
        order: of a Butterworth magnitude; None is as steep as resamplers are (some -100 dB beyond a twelfth of an
            octave).
    """
    spectrum = np.fft.rfft(signal)
    frequency = np.maximum(np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE), 1.0)
    gain = np.ones(len(frequency))
    for edge, sign in ((low_hz, -1.0), (high_hz, 1.0)):
        if edge <= 0 or edge >= NYQUIST:
            continue
        octaves = sign * np.log2(frequency / edge)
        if order is None:
            gain *= 10.0 ** (-5.0 * np.clip(octaves / _EDGE_OCTAVES, 0, 1))
        else:
            gain /= np.sqrt(1 + 2.0 ** (2 * order * np.clip(octaves, -20, 20)))
    return np.asarray(np.fft.irfft(spectrum * gain, len(signal)), np.float32)


def _through_file(signal: Signal, rate: int, container: str, subtype: str, quality: float | None = None) -> Signal:
    """Written and read again by libsndfile at ``rate``; the codec's delay stays within a block or two."""
    import soxr

    peak = float(np.max(np.abs(signal), initial=1e-9))
    scaled = signal / peak * np.float32(0.9)
    resampled = soxr.resample(scaled, SAMPLE_RATE, rate) if rate != SAMPLE_RATE else scaled
    stream = io.BytesIO()
    options = {} if quality is None else {"compression_level": quality}
    soundfile.write(stream, resampled, rate, format=container, subtype=subtype, **options)
    stream.seek(0)
    decoded, _ = soundfile.read(stream, dtype="float32")
    back = soxr.resample(decoded, rate, SAMPLE_RATE) if rate != SAMPLE_RATE else decoded
    out = np.zeros(len(signal), np.float32)
    count = min(len(out), len(back))
    out[:count] = back[:count]
    return np.asarray(out * np.float32(peak / 0.9), np.float32)


def through_phone(signal: Signal) -> Signal:
    """300 to 3400 Hz, 8 kHz, mu-law: ITU-T G.711."""
    return _through_file(band_limited(signal, 300.0, 3400.0), 8000, "WAV", "ULAW")


def through_gsm(signal: Signal) -> Signal:
    """GSM 06.10 full rate, 8 kHz."""
    return _through_file(band_limited(signal, 200.0, 3600.0), 8000, "WAV", "GSM610")


def through_mp3(signal: Signal, quality: float = 0.7) -> Signal:
    """MPEG layer III at 16 kHz; quality from 0 (best) to 1."""
    return _through_file(signal, SAMPLE_RATE, "MP3", "MPEG_LAYER_III", quality)


def through_vorbis(signal: Signal, quality: float = 0.9) -> Signal:
    """Ogg Vorbis at 16 kHz; quality from 0 (best) to 1."""
    return _through_file(signal, SAMPLE_RATE, "OGG", "VORBIS", quality)


def random_path(rng: Rng, signal: Signal, kind: str | None = None) -> Signal:
    """One of ``PATH_KINDS`` with random edges; drawn when None."""
    chosen = kind or str(rng.choice(PATH_KINDS, p=(0.36, 0.12, 0.12, 0.12, 0.12, 0.08, 0.08)))
    order: int | None = None if rng.random() < 0.6 else int(rng.integers(1, 7))
    if chosen == "low_pass":  # sources of 8 and 11 kHz often, walls and muffled microphones otherwise
        edge = float(rng.choice([3400, 3700, 4000, 5000, 5512])) if rng.random() < 0.5 else log_uniform(rng, 2500, 7500)
        return band_limited(signal, 0.0, edge, order)
    if chosen == "high_pass":
        return band_limited(signal, log_uniform(rng, 60, 450), NYQUIST, order)
    if chosen == "band":
        return band_limited(signal, log_uniform(rng, 80, 450), log_uniform(rng, 3300, 7500), order)
    if chosen == "phone":
        return through_phone(signal)
    if chosen == "gsm":
        return through_gsm(signal)
    return (through_mp3 if chosen == "mp3" else through_vorbis)(signal, rng.uniform(0.3, 1.0))


def two_paths(rng: Rng, signal: Signal, delay_s: float) -> NDArray[np.float32]:
    """The sound and one strong reflection: a comb that may put a notch on a tone."""
    shift = max(1, round(delay_s * SAMPLE_RATE))
    out = signal.copy()
    out[shift:] += np.float32(rng.uniform(-0.9, 0.9)) * signal[:-shift]
    return out
