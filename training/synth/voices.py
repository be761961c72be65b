"""Voices of people and animals that are no alarm: speech, cries, birds, insects, whistling."""

from __future__ import annotations

import numpy as np

from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    add_at,
    band_noise,
    coloured_noise,
    from_db,
    gate_envelope,
    harmonics,
    log_uniform,
    phase_of,
    samples_of,
    smooth_walk,
)


def speech(rng: Rng, seconds: float) -> Signal:
    """Syllables: a glottal pulse train with moving pitch through formants, and fricatives."""
    count = samples_of(seconds)
    out = np.zeros(count, np.float32)
    pitch0 = log_uniform(rng, 80, 330)
    position = rng.uniform(0, 0.3)
    while position < seconds:
        length = rng.uniform(0.08, 0.35)
        n = samples_of(length)
        if rng.random() < 0.25:
            part = band_noise(rng, n, rng.uniform(1500, 4000), rng.uniform(5000, 8000)) * 0.3
        else:
            pitch = pitch0 * 2 ** (0.3 * smooth_walk(rng, n, 6))
            formants = [rng.uniform(250, 900), rng.uniform(800, 2300), rng.uniform(2200, 3500)]
            partials = []
            for order in range(1, int(7600 / pitch.max())):
                at = order * pitch0
                gain = sum(w / (1 + ((at - f) / 120) ** 2) for f, w in zip(formants, (1, 0.5, 0.25), strict=True))
                partials.append((float(order), gain + 0.004))
            part = harmonics(pitch, n, partials, rng)
        add_at(out, samples_of(position), (part * np.hanning(n)).astype(np.float32))
        position += length + (rng.uniform(0.2, 0.8) if rng.random() < 0.2 else rng.uniform(-0.03, 0.08))
    return out


def cry(rng: Rng, seconds: float) -> Signal:
    """Baby cries, cats, gulls: rich harmonics on a high pitch that rises and falls."""
    out = np.zeros(samples_of(seconds), np.float32)
    base = log_uniform(rng, 300, 1100)
    position = rng.uniform(0, 0.5)
    while position < seconds:
        length = rng.uniform(0.25, 1.3)
        n = samples_of(length)
        arc = np.sin(np.linspace(0, np.pi, n))
        pitch = base * (1 + rng.uniform(0.02, 0.5) * arc + 0.03 * smooth_walk(rng, n, 15))
        strong = int(rng.integers(1, 8))
        partials = [(float(k), float(np.exp(-abs(k - strong) / rng.uniform(0.5, 3)))) for k in range(1, 14)]
        add_at(out, samples_of(position), (harmonics(pitch, n, partials, rng) * arc**0.5).astype(np.float32))
        position += length + rng.uniform(0.1, 0.8)
    return out


def birds(rng: Rng, seconds: float) -> Signal:
    """Chirps, trills and whistles between 1.6 and 7 kHz; pitch glides and differs from note to note."""
    out = np.zeros(samples_of(seconds), np.float32)
    position = rng.uniform(0, 0.4)
    centre = log_uniform(rng, 1900, 5500)
    while position < seconds:
        whistle = rng.random() < 0.35
        repeats = 1 if whistle else int(rng.integers(1, 9))
        length = rng.uniform(0.12, 0.55) if whistle else log_uniform(rng, 0.02, 0.16)
        start, glide = (
            centre * 2 ** rng.uniform(-0.6, 0.6),
            rng.uniform(0.03, 0.25) if whistle else rng.uniform(0.05, 0.7),
        )
        direction = rng.choice([-1, 1])
        for _ in range(repeats):
            n = samples_of(length * rng.uniform(0.9, 1.1))
            curve = direction * glide * np.linspace(-0.5, 0.5, n) + 0.05 * glide * smooth_walk(rng, n, 20)
            frequency = np.clip(start * 2**curve, 1500, 7600)
            partials = [(1.0, 1.0), (2.0, rng.uniform(0, 0.1))]
            add_at(
                out, samples_of(position), (harmonics(frequency, n, partials, rng) * np.hanning(n)).astype(np.float32)
            )
            position += length * rng.uniform(1.05, 1.6)
        position += log_uniform(rng, 0.05, 1.2)
    return out


def crickets(rng: Rng, seconds: float) -> Signal:
    """Insects: a carrier of 2.5 to 7 kHz in pulses of 12 to 80 Hz, grouped or endless."""
    count = samples_of(seconds)
    out = np.zeros(count)
    time = np.arange(count) / SAMPLE_RATE
    for _ in range(int(rng.integers(1, 4))):
        carrier = rng.uniform(2500, 7000) * (1 + 0.004 * smooth_walk(rng, count, 3))
        rate = log_uniform(rng, 12, 80)
        pulses = np.maximum(0, np.sin(2 * np.pi * rate * time)) ** rng.uniform(0.5, 2)
        group = ((time * log_uniform(rng, 0.5, 4) + rng.random()) % 1) < rng.uniform(0.3, 1.1)
        out += rng.uniform(0.2, 1) * np.sin(phase_of(carrier, count)) * pulses * gate_envelope(group, 0.02, 0.02)
    return out.astype(np.float32)


def whistle(rng: Rng, seconds: float) -> Signal:
    """A person's whistle: a sine between 700 Hz and 3.5 kHz with vibrato, glides and breath, no two notes equal."""
    out = np.zeros(samples_of(seconds), np.float32)
    position = rng.uniform(0, 0.5)
    root = log_uniform(rng, 700, 2800)
    while position < seconds:
        n = samples_of(log_uniform(rng, 0.12, 2.0))
        glide = rng.uniform(-0.3, 0.3) * np.linspace(0, 1, n) * (rng.random() < 0.6)
        vibrato = rng.uniform(0, 0.03) * np.sin(2 * np.pi * rng.uniform(4, 7) * np.arange(n) / SAMPLE_RATE)
        frequency = np.clip(root * 2 ** (rng.uniform(-0.4, 0.6) + glide + vibrato), 400, 5000)
        breath = band_noise(rng, n, 1000, 6000) * np.float32(from_db(rng.uniform(-45, -18)))
        edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / rng.uniform(200, 2000))
        add_at(out, samples_of(position), ((np.sin(phase_of(frequency, n)) + breath) * edge).astype(np.float32))
        position += n / SAMPLE_RATE + log_uniform(rng, 0.03, 1.0)
    return out


def insects(rng: Rng, seconds: float) -> Signal:
    """A night of crickets and cicadas: carriers of 1.8 to 6 kHz, chirps of a few pulses, wavering, for minutes."""
    count = samples_of(seconds)
    out = np.zeros(count)
    time = np.arange(count) / SAMPLE_RATE
    for _ in range(int(rng.integers(1, 6))):
        carrier = log_uniform(rng, 1800, 6000) * (1 + rng.uniform(0.001, 0.012) * smooth_walk(rng, count, 2))
        rate = log_uniform(rng, 18, 90)
        pulses = np.maximum(0, np.sin(2 * np.pi * rate * time + rng.uniform(0, 6.28))) ** rng.uniform(0.3, 2)
        if rng.random() < 0.6:  # chirps: never quite regular
            chirp = log_uniform(rng, 0.7, 5) * (1 + 0.12 * smooth_walk(rng, count, 2))
            phase = np.cumsum(chirp) / SAMPLE_RATE + rng.random()
            pulses = pulses * gate_envelope(phase % 1 < rng.uniform(0.2, 0.8), 0.015, 0.02)
        fade = 1 + 0.5 * smooth_walk(rng, count, 0.7)
        out += from_db(rng.uniform(-20, 0)) * np.sin(phase_of(carrier, count)) * pulses * fade
    return (out + coloured_noise(rng, count, -2) * from_db(rng.uniform(-45, -15))).astype(np.float32)
