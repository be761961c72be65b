"""Sounds that are not smoke alarms but share something with them: pitch, rhythm, steadiness or harmonics.

What the standards exclude is what separates them: beeps shorter than T4's, tones outside 2 to 4 kHz that are not the
520 Hz square wave's T3, gliding or irregular pitch, inharmonic or noisy spectra.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from emberwatch.training.synth import devices, music, voices
from emberwatch.training.synth.signals import Rng, Signal, coloured_noise, from_db, samples_of


def silence(rng: Rng, seconds: float) -> Signal:
    """Almost nothing: the microphone's own noise or digital zero."""
    count = samples_of(seconds)
    return (
        np.zeros(count, np.float32)
        if rng.random() < 0.5
        else coloured_noise(rng, count, 0.0) * np.float32(from_db(-80))
    )


_MAKERS: dict[str, tuple[float, Callable[[Rng, float], Signal]]] = {
    "tone": (1.2, music.tone),
    "melody": (1.2, music.melody),
    "sweep": (1.0, devices.sweep),
    "clicks": (0.6, devices.clicks),
    "speech": (0.8, voices.speech),
    "cry": (1.0, voices.cry),
    "siren": (1.0, devices.siren),
    "birds": (2.0, voices.birds),
    "crickets": (0.9, voices.crickets),
    "beeps": (1.8, devices.beeps),
    "single_beeps": (0.9, devices.single_beeps),
    "phone": (0.6, devices.phone),
    "bells": (1.4, music.bells),
    "bell_clock": (1.7, music.bell_clock),
    "two_tone": (1.5, devices.two_tone),
    "squeak": (1.4, devices.squeak),
    "horn": (0.7, music.horn),
    "chiptune": (1.8, music.chiptune),
    "chorus": (1.6, music.chorus),
    "resonant": (1.3, devices.resonant),
    "kettle": (1.4, devices.kettle),
    "whistle": (1.0, voices.whistle),
    "insects": (1.6, voices.insects),
    "pad": (1.2, music.pad),
    "car_alarm": (0.9, devices.car_alarm),
    "noise": (1.0, devices.noise),
    "silence": (0.2, silence),
}
NEGATIVE_KINDS = tuple(_MAKERS)


def make_negative(rng: Rng, seconds: float, kind: str | None = None) -> tuple[Signal, str]:
    """Draw a sound that must not raise an alarm; returns it (peak at most 1) and its kind.

    Args:
        rng: source of all randomness.
        seconds: length of the result.
        kind: one of ``NEGATIVE_KINDS``; drawn with weights when None.
    """
    weights = np.array([weight for weight, _ in _MAKERS.values()])
    chosen = kind or str(rng.choice(NEGATIVE_KINDS, p=weights / weights.sum()))
    samples = _MAKERS[chosen][1](rng, seconds)
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    return (samples / max(1.0, peak)).astype(np.float32), chosen
