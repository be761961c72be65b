"""Music and instruments that are no alarm: tones, melodies, bells, pads, horns."""

from __future__ import annotations

import numpy as np

from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    add_at,
    band_noise,
    gate_envelope,
    harmonics,
    log_uniform,
    phase_of,
    samples_of,
    smooth_walk,
)


def _note(rng: Rng, frequency: float, seconds: float, decay_s: float, brightness: float) -> Signal:
    count = samples_of(seconds)
    partials = [(float(n), brightness ** (n - 1)) for n in range(1, 9)]
    envelope = np.minimum(1, np.arange(count) / 80) * np.exp(-np.arange(count) / (decay_s * SAMPLE_RATE))
    envelope *= np.minimum(1, np.arange(count)[::-1] / 160)
    return np.asarray(harmonics(frequency, count, partials, rng) * envelope, np.float32)


def tone(rng: Rng, seconds: float) -> Signal:
    """A steady tone outside the alarm bands: sine, square, saw-like; also chords."""
    count = samples_of(seconds)
    out = np.zeros(count, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        frequency = log_uniform(rng, 80, 1950) if rng.random() < 0.72 else rng.uniform(4500, 7400)
        odd_only = rng.random() < 0.3 and not 440 < frequency < 600
        brightness = 0.0 if rng.random() < 0.5 else rng.uniform(0.2, 0.8)
        partials = [(float(n), brightness ** (n - 1) if n > 1 else 1.0) for n in range(1, 12, 2 if odd_only else 1)]
        out += harmonics(frequency, count, partials, rng)
    if rng.random() < 0.4:  # cut into pieces
        gate = smooth_walk(rng, count, rng.uniform(0.5, 4)) > -0.2
        out *= gate_envelope(gate, 0.005, 0.01).astype(np.float32)
    return out


def melody(rng: Rng, seconds: float) -> Signal:
    """Notes of a scale on one of many instruments, from organ-like to plucked."""
    out = np.zeros(samples_of(seconds), np.float32)
    root = log_uniform(rng, 110, 1500)
    decay, brightness = log_uniform(rng, 0.05, 2.0), rng.uniform(0.05, 0.75)
    beat = log_uniform(rng, 0.09, 0.6)
    position = 0.0
    while position < seconds:
        for _ in range(1 if rng.random() < 0.7 else 3):
            pitch = root * 2 ** (int(rng.integers(-7, 17)) / 12)
            length = beat * float(rng.choice([1, 1, 2, 3]))
            add_at(out, samples_of(position), _note(rng, pitch, min(length * 1.3, 3.0), decay, brightness))
        position += beat * float(rng.choice([1, 1, 2]))
    return out


def bells(rng: Rng, seconds: float) -> Signal:
    """Struck metal: inharmonic partials that die away; single strikes, doorbells and the clatter of a bell alarm."""
    out = np.zeros(samples_of(seconds), np.float32)
    interval = log_uniform(rng, 0.035, 0.12) if rng.random() < 0.45 else log_uniform(rng, 0.2, 3)
    base = log_uniform(rng, 250, 4200)
    modes = [(base * ratio, rng.uniform(0.1, 1), log_uniform(rng, 0.05, 1.5)) for ratio in rng.uniform(0.5, 6, 7)]
    modes.append((base, 1.0, log_uniform(rng, 0.1, 1.5)))
    n = samples_of(2.0)
    strike = np.zeros(n)
    for frequency, amplitude, decay in modes:
        if frequency < 7600:
            strike += amplitude * np.sin(phase_of(frequency, n)) * np.exp(-np.arange(n) / (decay * SAMPLE_RATE))
    strike[: samples_of(0.004)] += rng.standard_normal(samples_of(0.004)) * rng.uniform(0, 2)
    position = rng.uniform(0, interval)
    stop = seconds * rng.uniform(0.3, 1.2)
    while position < min(stop, seconds):
        add_at(out, samples_of(position), (strike * rng.uniform(0.6, 1)).astype(np.float32))
        position += interval * rng.uniform(0.95, 1.05)
    return out


def bell_clock(rng: Rng, seconds: float) -> Signal:
    """A mechanical alarm clock: a clapper's strikes run together, one mode rings through, everything else clatters."""
    out = np.zeros(samples_of(seconds), np.float32)
    interval = log_uniform(rng, 0.022, 0.1)
    ring, ring_decay = rng.uniform(1800, 5500), log_uniform(rng, 0.05, 1.5)
    modes = [(log_uniform(rng, 500, 7500), rng.uniform(0.05, 0.6), log_uniform(rng, 0.004, 0.15)) for _ in range(9)]
    n = samples_of(min(1.5, 4 * ring_decay))
    time = np.arange(n) / SAMPLE_RATE
    strike = log_uniform(rng, 0.2, 4) * np.sin(phase_of(ring, n)) * np.exp(-time / ring_decay)
    for frequency, amplitude, decay in modes:
        strike += amplitude * np.sin(phase_of(frequency, n, rng.uniform(0, 6.28))) * np.exp(-time / decay)
    clatter = samples_of(interval)
    strike[:clatter] += rng.standard_normal(clatter)[:n] * np.exp(-time[:clatter] / rng.uniform(0.003, 0.05))
    position = 0.0 if rng.random() < 0.5 else rng.uniform(0, 1.5)
    stop = seconds if rng.random() < 0.5 else rng.uniform(1, seconds)
    while position < stop:
        add_at(out, samples_of(position), (strike * rng.uniform(0.5, 1)).astype(np.float32))
        position += interval * rng.uniform(0.9, 1.1)
    return out


def horn(rng: Rng, seconds: float) -> Signal:
    """Car horns and reversing beepers: chords of 300 to 600 Hz rich in harmonics, or 0.8 to 1.6 kHz pulses."""
    count = samples_of(seconds)
    time = np.arange(count) / SAMPLE_RATE
    if rng.random() < 0.4:
        frequency, gate = rng.uniform(800, 1600), (time * rng.uniform(0.7, 2) + rng.random()) % 1 < 0.5
        out = harmonics(frequency, count, [(1.0, 1.0), (2.0, 0.2), (3.0, rng.uniform(0, 0.4))], rng)
    else:
        gate = smooth_walk(rng, count, 1.5) > rng.uniform(-0.6, 0.3)
        low = rng.uniform(300, 480)
        partials = [(float(n), rng.uniform(0.3, 1.0)) for n in range(1, 16)]
        out = harmonics(low, count, partials, rng) + harmonics(low * rng.uniform(1.18, 1.3), count, partials, rng)
    return (out * gate_envelope(gate, 0.01, 0.03)).astype(np.float32)


def chiptune(rng: Rng, seconds: float) -> Signal:
    """Games and gadgets: square-wave notes in one or two voices, held, stepped and glided; 520 Hz among the pitches."""
    out = np.zeros(samples_of(seconds), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        root = 520.0 * rng.uniform(0.9, 1.1) if rng.random() < 0.4 else log_uniform(rng, 150, 1400)
        steps = rng.choice([-12, -7, -5, -3, 0, 2, 4, 7, 12], int(rng.integers(2, 7)))
        beat = log_uniform(rng, 0.05, 0.5)
        duty_even = rng.uniform(0, 0.7) if rng.random() < 0.5 else 0.0
        partials = [(float(n), (1.0 if n % 2 else duty_even) / n) for n in range(1, 16)]
        position, index = rng.uniform(0, 1), 0
        while position < seconds:
            length = beat * float(rng.choice([1, 1, 2]))
            n = samples_of(min(length, 0.8))
            bend = 2 ** (rng.uniform(-1, 1) * np.linspace(0, 1, n)) if rng.random() < 0.2 else np.ones(n)
            pitch = root * 2 ** (int(steps[index % len(steps)]) / 12) * bend
            edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 40)
            add_at(out, samples_of(position), (harmonics(pitch, n, partials, rng) * edge).astype(np.float32))
            position += length + (0 if rng.random() < 0.7 else beat)
            index += 1
    return out


def chorus(rng: Rng, seconds: float) -> Signal:
    """Endless insect choruses, hiss and whine: narrow bands of noise, 30 to 400 Hz wide, between 2 and 7 kHz."""
    count = samples_of(seconds)
    out = np.zeros(count, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        centre, width = log_uniform(rng, 2000, 7000), log_uniform(rng, 30, 400)
        part = band_noise(rng, count, centre - width / 2, centre + width / 2)
        if rng.random() < 0.5:
            rate = log_uniform(rng, 1, 60)
            depth = rng.uniform(0.1, 0.9)
            part *= (1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * rate * np.arange(count) / SAMPLE_RATE))).astype(
                np.float32
            )
        out += part * np.float32(rng.uniform(0.1, 1))
    return out


def pad(rng: Rng, seconds: float) -> Signal:
    """Synthesiser pads and drones: chords of slowly swelling partials, detuned, up to 5 kHz."""
    count = samples_of(seconds)
    out = np.zeros(count, np.float32)
    root = log_uniform(rng, 100, 1600)
    for _ in range(int(rng.integers(2, 6))):
        pitch = root * 2 ** (float(rng.choice([0, 3, 4, 7, 10, 12, 19, 24])) / 12) * rng.uniform(0.995, 1.005)
        partials = [(float(n), n ** -rng.uniform(0.5, 3)) for n in range(1, max(2, int(5000 / pitch)))]
        swell = np.clip(0.6 + 0.6 * smooth_walk(rng, count, log_uniform(rng, 0.2, 1.5)), 0, None)
        out += harmonics(pitch * (1 + 0.002 * smooth_walk(rng, count, 4)), count, partials, rng) * swell.astype(
            np.float32
        )
    return out
