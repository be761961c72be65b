"""Alarm sounders by standard: ISO 8201 T3 and T4, at 2 to 4 kHz and 520 Hz; continuous, pulsed, hi-lo, whoop, warble.

A device is drawn once (tone, harmonics, modulation, envelope) and then plays a cadence. ``sounding`` tells sample by
sample whether the sounder is driven, which is what the training labels come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    from_db,
    gate_envelope,
    harmonics,
    log_uniform,
    samples_of,
    smooth_walk,
)

ALARM_KINDS = ("t3", "t3_520", "t4", "t4_520", "continuous", "pulsed", "hi_lo", "whoop", "warble")
_WEIGHTS = (
    0.27,
    0.14,
    0.11,
    0.05,
    0.13,
    0.20,
    0.05,
    0.0,
    0.05,
)  # a whoop is no other tone than a siren: its track tells
_SQUARE = ("t3_520", "t4_520")


@dataclass(frozen=True)
class AlarmSound:
    """A sounder's signal (peak about 1), where it is driven, and which cadence it plays."""

    samples: Signal
    sounding: NDArray[np.bool_]
    kind: str


def _gate(count: int, pattern: list[tuple[float, float]], offset_s: float) -> NDArray[np.bool_]:
    """Repeat a pattern of (on, off) seconds over ``count`` samples, starting ``offset_s`` into it."""
    cycle = np.concatenate(
        [np.concatenate([np.ones(samples_of(on), bool), np.zeros(samples_of(off), bool)]) for on, off in pattern]
    )
    start = samples_of(offset_s) % len(cycle)
    return np.resize(np.roll(cycle, -start), count)


def _cadence(rng: Rng, kind: str, count: int) -> NDArray[np.bool_]:
    from_start = rng.random() < 0.5
    tempo = rng.uniform(0.9, 1.1)
    if kind in ("t3", "t3_520"):
        on, off, pause = (tempo * part * rng.uniform(0.93, 1.07) for part in (0.5, 0.5, 1.5))
        return _gate(count, [(on, off), (on, off), (on, pause)], 0 if from_start else rng.uniform(0, 4))
    if kind in ("t4", "t4_520"):
        beep, gap = (tempo * 0.1 * rng.uniform(0.9, 1.15) for _ in range(2))
        pattern = [(beep, gap)] * 3 + [(beep, 5.0 * tempo - 4 * beep - 3 * gap)]
        return _gate(count, pattern, 0 if from_start else rng.uniform(3.5, 5))
    if kind == "pulsed":
        period = 1 / log_uniform(rng, 0.3, 10)
        on = period * rng.uniform(0.35, 0.92)
        return _gate(count, [(on, max(0.02, period - on))], 0 if from_start else rng.uniform(0, period))
    if kind == "whoop":
        return _gate(count, [(rng.uniform(0.8, 4.0), rng.uniform(0.01, 0.6))], 0 if from_start else rng.uniform(0, 4))
    return np.ones(count, bool)


def _piezo_partials(rng: Rng) -> list[tuple[float, float]]:
    """A resonant disc: a sine, with or without weak harmonics, half orders of the driver, a second disc, other modes.

    A third has nothing beside its tone: whatever is heard through a wall or a telephone has lost it.
    """
    kind = rng.random()
    if kind < 0.34:
        return [(1.0, 1.0)]
    if kind < 0.50:  # two discs, a beat or a roughness apart
        return [(1.0, 1.0), (1.0 + log_uniform(rng, 0.0005, 0.08), rng.uniform(0.2, 1.0))]
    partials = [(1.0, 1.0), (2.0, from_db(rng.uniform(-60, -12))), (3.0, from_db(rng.uniform(-60, -15)))]
    if rng.random() < 0.3:
        partials += [(order, from_db(rng.uniform(-60, -28))) for order in (0.5, 1.5, 2.5)]
    if rng.random() < 0.3:  # other modes of the disc and of its horn
        ratios = rng.uniform(0.72, 1.45, int(rng.integers(1, 6)))
        partials += [(float(ratio), from_db(rng.uniform(-25, -2))) for ratio in ratios]
    return partials


def _modulation(rng: Rng, count: int) -> NDArray[np.float64]:
    """Amplitude modulation: none, a supply's ripple, a driver that is switched on and off, or an unsteady contact."""
    kind = rng.random()
    if kind < 0.45:
        return np.ones(count)
    depth, rate = rng.uniform(0.05, 0.95), log_uniform(rng, 20, 400)
    cycle = (np.arange(count) * rate / SAMPLE_RATE + rng.random()) % 1.0
    if kind < 0.7:
        return 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * cycle))
    if kind < 0.9:  # sidebands far from the tone, as a horn that is pulsed has them
        shape = np.minimum(1, cycle / 0.02) if rng.random() < 0.5 else np.ones(count)
        return 1 - depth * np.where(cycle < rng.uniform(0.3, 0.8), 1 - shape, 1.0)
    return np.asarray(1 + depth * 0.8 * smooth_walk(rng, count, rate))


def _frequency(rng: Rng, count: int, kind: str) -> NDArray[np.float64]:
    time = np.arange(count) / SAMPLE_RATE
    if kind in _SQUARE:
        base = 520.0 * rng.uniform(0.9, 1.1)
    elif kind == "whoop":
        base = log_uniform(rng, 450, 2400)
    elif kind in ("warble", "hi_lo"):
        base = rng.uniform(2100, 3000)
    else:
        base = float(np.clip(rng.normal(3150, 350) if rng.random() < 0.4 else rng.uniform(2150, 4050), 2150, 4050))
    drift = 1 + rng.uniform(0, 0.004) * smooth_walk(rng, count, 2.0)
    if kind in ("warble", "hi_lo", "whoop"):
        rate = log_uniform(rng, 1.5, 9) if kind == "warble" else log_uniform(rng, 0.5, 2.5)
        ratio = rng.uniform(1.12, 1.45) if kind != "whoop" else rng.uniform(1.3, 2.4)
        cycle = (time * rate + rng.random()) % 1.0
        if kind == "hi_lo":
            return base * np.where(cycle < 0.5, 1.0, ratio) * drift
        shape = 0 if kind == "whoop" else rng.integers(3)
        sweep = cycle if shape == 0 else (cycle < 0.5).astype(float) if shape == 1 else 1 - np.abs(2 * cycle - 1)
        return base * ratio**sweep * drift
    if rng.random() < 0.12:
        rate, width = log_uniform(rng, 20, 130), rng.uniform(5, 80)
        return base * drift + width * np.sin(2 * np.pi * rate * time)
    return base * drift


def make_alarm(rng: Rng, seconds: float, kind: str | None = None) -> AlarmSound:
    """Draw a device and let it sound for ``seconds``.

    Args:
        rng: source of all randomness.
        seconds: length of the result.
        kind: one of ``ALARM_KINDS``; drawn with weights when None.
    """
    chosen = kind or str(rng.choice(ALARM_KINDS, p=_WEIGHTS))
    count = samples_of(seconds)
    gate = _cadence(rng, chosen, count)
    frequency = _frequency(rng, count, chosen)
    if chosen in _SQUARE:
        tilt = rng.uniform(-9, 4)
        duty_error = rng.uniform(0, 0.15)
        odd = [(n, from_db(tilt * np.log2(n)) / n) for n in range(1, 16, 2)]
        even = [(n, duty_error * from_db(tilt * np.log2(n)) / n) for n in range(2, 15, 2)]
        tone = harmonics(frequency, count, [*odd, *even], rng)
    else:
        tone = harmonics(frequency, count, _piezo_partials(rng), rng)
        tone = (tone * _modulation(rng, count)).astype(np.float32)
    envelope = gate_envelope(gate, rng.uniform(0.0005, 0.012), log_uniform(rng, 0.0008, 0.02))
    if rng.random() < 0.3:  # level sags within a burst as the supply does
        envelope = envelope * (1 + 0.25 * smooth_walk(rng, count, 3.0))
    samples = (tone * envelope).astype(np.float32)
    return AlarmSound(samples / max(1e-6, float(np.max(np.abs(samples)))), gate, chosen)


def standard_t3(frequency_hz: float, seconds: float, square: bool = False) -> AlarmSound:
    """The textbook signal with nothing random: 0.5 s on, 0.5 s off, three times, then 1.5 s off (ISO 8201)."""
    count = samples_of(seconds)
    gate = _gate(count, [(0.5, 0.5), (0.5, 0.5), (0.5, 1.5)], 0.0)
    partials = [(float(n), 1.0 / n) for n in range(1, 16, 2)] if square else [(1.0, 1.0), (2.0, 0.03), (3.0, 0.01)]
    rng = np.random.default_rng(0)
    samples = harmonics(frequency_hz, count, partials, rng) * gate_envelope(gate, 0.003, 0.003).astype(np.float32)
    return AlarmSound((samples / np.max(np.abs(samples))).astype(np.float32), gate, "t3_520" if square else "t3")
