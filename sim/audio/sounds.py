"""Generated sounds: alarms by the standards, noises and everything that must not be mistaken for an alarm.

Each sound is a pure function of the sample index, so any part of it can be rendered at any time without the rest:
hours of it need no memory, and a snapshot of a machine needs no audio state. Randomness comes from counter-like
seeds ``(seed, block)``. The sounds are written independently of the training synthesiser on purpose: what tests the
model must not share the code that taught it.

Amplitudes: tones and alarms peak at 1.0; noises have an RMS of 0.25.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.base.errors import ScenarioError
from emberwatch.base.lazy import np, npt

Samples: TypeAlias = "npt.NDArray[np.float64]"

_HIGHEST_HZ = 7600.0
_BLOCK = 4096


class Sound(ABC):
    """Something audible of limited or unlimited length at 16 kHz."""

    length: int | None = None
    """Samples, or None when the sound never ends by itself."""

    @abstractmethod
    def read(self, start: int, count: int) -> Samples:
        """Samples ``start .. start + count - 1``; those outside the sound are zero."""


@dataclass(frozen=True)
class Recording(Sound):
    """Samples held in memory or mapped from a file; `path` is where they were read."""

    samples: npt.NDArray[np.float32]
    path: Path | None = None

    @property
    def length(self) -> int:  # type: ignore[override]
        """Number of samples."""
        return len(self.samples)

    def read(self, start: int, count: int) -> Samples:
        out = np.zeros(count)
        first, last = max(start, 0), min(start + count, len(self.samples))
        if first < last:
            out[first - start : last - start] = self.samples[first:last]
        return out


def _frequency(value: float, lowest: float = 20.0, name: str = "frequency_hz") -> float:
    if not lowest <= value <= _HIGHEST_HZ:
        raise ScenarioError(f"{name} = {value:g} is outside {lowest:g}..{_HIGHEST_HZ:g} Hz")
    return float(value)


def _square(phase: Samples, frequency_hz: float) -> Samples:
    """Band-limited square wave from a phase in turns; peak about 1.0."""
    out = np.zeros_like(phase)
    for harmonic in range(1, int(_HIGHEST_HZ // frequency_hz) + 1, 2):
        out += np.sin(2 * np.pi * harmonic * phase) / harmonic
    return out * (4 / np.pi) / 1.18  # 1.18: Gibbs overshoot


class Tone(Sound):
    """A steady sine or band-limited square wave."""

    def __init__(self, frequency_hz: float = 1000.0, waveform: str = "sine") -> None:
        self._frequency = _frequency(frequency_hz)
        if waveform not in ("sine", "square"):
            raise ScenarioError(f"waveform = {waveform!r} is not known; use 'sine' or 'square'")
        self._waveform = waveform

    def read(self, start: int, count: int) -> Samples:
        # Reduced to one turn in exact arithmetic where possible: no drift after hours.
        phase = np.fmod(np.arange(start, start + count) * (self._frequency / SAMPLE_RATE), 1.0)
        return np.sin(2 * np.pi * phase) if self._waveform == "sine" else _square(phase, self._frequency)


class Pattern(Sound):
    """A tone keyed on and off in a repeating pattern: smoke alarms, CO alarms, beepers.

    Args:
        frequency_hz: pitch; 3100 for a piezo, 520 for the low-frequency sounder.
        beeps_s: on-times and gaps of one cycle in turn, beginning with on.
        waveform: 'piezo' (sine with weak overtones), 'sine' or 'square'.
    """

    _RAMP_S = 0.004  # a piezo disc rings up and down in a few milliseconds

    def __init__(self, frequency_hz: float, beeps_s: tuple[float, ...], waveform: str = "piezo") -> None:
        self._frequency = _frequency(frequency_hz, 200.0)
        if waveform not in ("piezo", "sine", "square"):
            raise ScenarioError(f"waveform = {waveform!r} is not known; use 'piezo', 'sine' or 'square'")
        self._waveform = waveform
        self._edges = np.concatenate(([0.0], np.cumsum(beeps_s)))

    def read(self, start: int, count: int) -> Samples:
        index = np.arange(start, start + count)
        seconds = index / SAMPLE_RATE
        within = np.fmod(seconds, self._edges[-1])
        envelope = np.zeros(count)
        for on, off in zip(self._edges[:-1:2], self._edges[1::2], strict=True):
            rise = np.clip((within - on) / self._RAMP_S, 0.0, 1.0)
            fall = np.clip((off + self._RAMP_S - within) / self._RAMP_S, 0.0, 1.0)
            envelope = np.maximum(envelope, np.minimum(rise, fall))
        sounding = np.flatnonzero(envelope)  # most patterns are silent most of the time
        phase = np.fmod(index[sounding] * (self._frequency / SAMPLE_RATE), 1.0)
        if self._waveform == "square":
            carrier = _square(phase, self._frequency)
        else:
            carrier = np.sin(2 * np.pi * phase)
            if self._waveform == "piezo" and 2 * self._frequency < _HIGHEST_HZ:
                carrier = (carrier + 0.08 * np.sin(4 * np.pi * phase + 1.0)) / 1.08
        envelope[sounding] *= carrier
        return envelope


def t3(frequency_hz: float = 3100.0, waveform: str = "piezo") -> Pattern:
    """Smoke alarm signal of ISO 8201: three half-second pulses half a second apart, then 1.5 s of silence."""
    return Pattern(frequency_hz, (0.5, 0.5, 0.5, 0.5, 0.5, 1.5), waveform)


def t4(frequency_hz: float = 3100.0, waveform: str = "piezo") -> Pattern:
    """Carbon monoxide signal: four 100 ms pulses 100 ms apart, then 5 s of silence."""
    return Pattern(frequency_hz, (0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 5.0), waveform)


def pulsed(frequency_hz: float = 3100.0, on_s: float = 0.1, off_s: float = 0.1, waveform: str = "piezo") -> Pattern:
    """Fast regular beeping of many European smoke alarms."""
    for name, value in (("on_s", on_s), ("off_s", off_s)):
        if not 0.01 <= value <= 60.0:
            raise ScenarioError(f"{name} = {value:g} is outside 0.01..60 s")
    return Pattern(frequency_hz, (on_s, off_s), waveform)


def continuous(frequency_hz: float = 3100.0, waveform: str = "piezo") -> Pattern:
    """An alarm that sounds without a break."""
    return Pattern(frequency_hz, (1e9, 0.0), waveform)


class Silence(Sound):
    """Nothing at all: exact zeros."""

    def read(self, start: int, count: int) -> Samples:
        return np.zeros(count)


class BlockSound(Sound):
    """A random sound made of independent blocks, each a function of (seed, block number)."""

    def __init__(self, seed: int = 0, block: int = _BLOCK) -> None:
        if not 0 <= seed < 1 << 63:
            raise ScenarioError(f"seed = {seed} is outside 0..2**63 - 1")
        self._seed = seed
        self._block = block
        self._cached = lru_cache(maxsize=4)(self._make)

    @abstractmethod
    def _make(self, number: int) -> Samples:
        """Samples of one block."""

    def _random(self, number: int, purpose: int = 0) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(np.random.SeedSequence([self._seed, number, purpose])))

    def read(self, start: int, count: int) -> Samples:
        out = np.zeros(count)
        for number in range(max(start, 0) // self._block, -(-(start + count) // self._block)):
            origin = number * self._block
            first, last = max(start, origin), min(start + count, origin + self._block)
            if first < last:
                out[first - start : last - start] = self._cached(number)[first - origin : last - origin]
        return out


class WhiteNoise(BlockSound):
    """Gaussian noise with a flat spectrum."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)

    def _make(self, number: int) -> Samples:
        return 0.25 * self._random(number).standard_normal(self._block)


class PinkNoise(BlockSound):
    """Gaussian noise whose power falls by 3 dB an octave from about 4 Hz on: a half-order integrator as FIR."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        k = np.arange(1, _BLOCK)
        response = np.concatenate(([1.0], np.cumprod((k - 0.5) / k)))
        self._gain = 0.25 / np.sqrt(np.sum(response**2))
        self._spectrum = np.fft.rfft(response, 2 * _BLOCK)

    def _make(self, number: int) -> Samples:
        white = np.concatenate([self._random(n + 1).standard_normal(_BLOCK) for n in (number - 1, number)])
        filtered = np.fft.irfft(np.fft.rfft(white) * self._spectrum)
        return np.asarray(self._gain * filtered[_BLOCK:])


class Sweep(Sound):
    """A sine that glides exponentially up and down again between two frequencies, like many sirens."""

    def __init__(self, from_hz: float = 100.0, to_hz: float = 7000.0, period_s: float = 10.0) -> None:
        self._low, self._high = _frequency(from_hz, name="from_hz"), _frequency(to_hz, name="to_hz")
        if self._low == self._high:
            raise ScenarioError(f"from_hz and to_hz are both {from_hz:g}; a sweep needs two frequencies")
        if not 0.05 <= period_s <= 3600:
            raise ScenarioError(f"period_s = {period_s:g} is outside 0.05..3600 s")
        self._half = period_s / 2

    def read(self, start: int, count: int) -> Samples:
        seconds = np.arange(start, start + count) / SAMPLE_RATE
        ratio = np.log(self._high / self._low)

        def turns(t: Samples) -> Samples:
            return np.asarray(self._low * self._half / ratio * (np.exp(ratio * t / self._half) - 1.0))

        half, t = np.divmod(seconds, self._half)
        per_half = turns(np.array(self._half))
        rising = half % 2 == 0
        phase = half * per_half + np.where(rising, turns(t), per_half - turns(self._half - t))
        return np.sin(2 * np.pi * np.fmod(phase, 1.0))


class Clicks(BlockSound):
    """Short broadband clicks at random moments, about three a second: keyboards, cutlery, relays."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed, SAMPLE_RATE)

    def _make(self, number: int) -> Samples:
        random = self._random(number)
        out = np.zeros(self._block)
        for _ in range(random.integers(1, 6)):
            length = int(random.integers(20, 400))
            at = int(random.integers(0, self._block - length))
            decay = np.exp(-5.0 * np.arange(length) / length)
            out[at : at + length] += random.uniform(0.2, 0.9) * decay * random.uniform(-1, 1, length)
        return np.clip(out, -1.0, 1.0)


class Speechlike(BlockSound):
    """Babble with the long-term traits of speech: voiced syllables with moving formants, hisses and pauses."""

    _SYLLABLE = 3200  # 0.2 s

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed, self._SYLLABLE)

    def _make(self, number: int) -> Samples:
        random = self._random(number)
        kind = random.choice(["voiced", "voiced", "voiced", "hiss", "pause"])
        n = np.arange(self._block)
        envelope = np.sin(np.pi * n / self._block) ** 0.7
        if kind == "pause":
            return np.zeros(self._block)
        if kind == "hiss":
            noise = random.standard_normal(self._block + 1)
            return np.asarray(0.12 * envelope * np.diff(noise))
        pitch = random.uniform(90, 260) * (1 + random.uniform(-0.15, 0.15) * n / self._block)
        phase = np.cumsum(pitch) / SAMPLE_RATE
        formants = [
            (random.uniform(low, high), width)
            for low, high, width in ((270, 850, 90.0), (850, 2300, 120.0), (2300, 3200, 200.0))
        ]
        out = np.zeros(self._block)
        for harmonic in range(1, int(4000 / pitch.max())):
            frequency = harmonic * pitch.mean()
            weight = sum(1.0 / (1.0 + ((frequency - centre) / width) ** 2) for centre, width in formants)
            out += weight / np.sqrt(harmonic) * np.sin(2 * np.pi * harmonic * phase)
        return np.asarray(0.7 * envelope * out / np.max(np.abs(out)))
