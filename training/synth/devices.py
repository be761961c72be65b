"""Machines that are no alarm: appliances that beep, telephones, sirens of cars, kettles, brakes, noise."""

from __future__ import annotations

import numpy as np

from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    add_at,
    coloured_noise,
    from_db,
    gate_envelope,
    harmonics,
    log_uniform,
    phase_of,
    samples_of,
    shape_spectrum,
    smooth_walk,
)


def sweep(rng: Rng, seconds: float) -> Signal:
    """Glides, single or repeated, linear or exponential, crossing the alarm band without resting in it."""
    count = samples_of(seconds)
    period = log_uniform(rng, 0.7, 12.0)
    cycle = (np.arange(count) / SAMPLE_RATE / period + rng.random()) % 1.0
    if rng.random() < 0.4:
        cycle = 1 - np.abs(2 * cycle - 1)
    low, high = log_uniform(rng, 60, 900), rng.uniform(3000, 7500)
    if rng.random() < 0.3:
        low, high = high, low
    frequency = low + (high - low) * cycle if rng.random() < 0.5 else low * (high / low) ** cycle
    return np.sin(phase_of(frequency, count)).astype(np.float32)


def clicks(rng: Rng, seconds: float) -> Signal:
    """Clicks, knocks and ticks: short resonances, regular or not."""
    out = np.zeros(samples_of(seconds), np.float32)
    interval = log_uniform(rng, 0.03, 1.0)
    regular = rng.random() < 0.5
    position = rng.uniform(0, interval)
    while position < seconds:
        count = samples_of(0.12)
        ring = np.exp(-np.arange(count) / (log_uniform(rng, 0.0004, 0.02) * SAMPLE_RATE))
        body = rng.standard_normal(count) * 0.5 + np.sin(phase_of(log_uniform(rng, 100, 6000), count))
        add_at(out, samples_of(position), (body * ring * rng.uniform(0.3, 1)).astype(np.float32))
        position += interval if regular else interval * rng.exponential()
        position += 0.005
    return out


def siren(rng: Rng, seconds: float) -> Signal:
    """Wail, yelp and two-tone emergency sirens, 350 to 1900 Hz, with harmonics."""
    count = samples_of(seconds)
    low, rate = rng.uniform(350, 900), log_uniform(rng, 0.1, 6)
    high = low * rng.uniform(1.25, 2.3)
    cycle = (np.arange(count) * rate / SAMPLE_RATE + rng.random()) % 1.0
    shape = (cycle < 0.5).astype(float) if rng.random() < 0.35 else 1 - np.abs(2 * cycle - 1)
    partials = [(float(n), rng.uniform(0.2, 0.8) ** (n - 1)) for n in range(1, 10)]
    return harmonics(low * (high / low) ** shape, count, partials, rng)


def beeps(rng: Rng, seconds: float) -> Signal:
    """Clocks, timers, watches, phones and interfaces: beeps of 25 to 85 ms in groups, or long ones below 2.2 kHz."""
    out = np.zeros(samples_of(seconds), np.float32)
    long_low = rng.random() < 0.3
    frequency = log_uniform(rng, 600, 2150) if long_low else log_uniform(rng, 900, 5000)
    on = log_uniform(rng, 0.2, 1.2) if long_low else log_uniform(rng, 0.025, 0.085)
    gap = on * log_uniform(rng, 0.4, 1.5)
    per_group = int(rng.integers(1, 6))
    period = per_group * (on + gap) + log_uniform(rng, 0.1, 2.0)
    bright = rng.uniform(0.02, 0.6)
    partials = [(float(n), bright ** (n - 1) if n > 1 else 1.0) for n in range(1, 8, int(rng.integers(1, 3)))]
    second = frequency * float(rng.choice([1, 1, 1.25, 1.5, 0.8]))
    position = rng.uniform(0, 0.5)
    while position < seconds:
        for beep in range(per_group):
            n = samples_of(on)
            edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 60)
            part = harmonics(second if beep % 2 else frequency, n, partials, rng) * edge
            add_at(out, samples_of(position + beep * (on + gap)), part.astype(np.float32))
        position += period
    return out


def single_beeps(rng: Rng, seconds: float) -> Signal:
    """One short beep or low-battery chirp in the alarm band, and then nothing for long."""
    out = np.zeros(samples_of(seconds), np.float32)
    on = log_uniform(rng, 0.02, 0.18)
    n = samples_of(on)
    edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / 40)
    beep = (harmonics(rng.uniform(1800, 4200), n, [(1.0, 1.0), (2.0, rng.uniform(0, 0.2))], rng) * edge).astype(
        np.float32
    )
    position = rng.uniform(0, 2)
    while position < seconds:
        add_at(out, samples_of(position), beep)
        position += rng.uniform(1.5, 6)
    return out


def phone(rng: Rng, seconds: float) -> Signal:
    """Electronic telephone trill: two tones alternating 12 to 28 times a second, with pauses."""
    count = samples_of(seconds)
    time = np.arange(count) / SAMPLE_RATE
    low = log_uniform(rng, 500, 2600)
    frequency = np.where((time * rng.uniform(12, 28)) % 1 < 0.5, low, low * rng.uniform(1.1, 1.4))
    ring = (time % rng.uniform(2, 5)) < rng.uniform(0.8, 2.0)
    out = harmonics(frequency, count, [(1.0, 1.0), (2.0, rng.uniform(0, 0.3)), (3.0, rng.uniform(0, 0.4))], rng)
    return (out * gate_envelope(ring, 0.005, 0.02)).astype(np.float32)


def two_tone(rng: Rng, seconds: float) -> Signal:
    """Alarms of games, cars and gadgets: two to four bright low notes in turn, loudest below 1 kHz, harmonics above.

    Often a square wave with 520 Hz among the notes: what tells it from the standard's signal is that the pitch changes.
    """
    count = samples_of(seconds)
    root = 520.0 * rng.uniform(0.88, 1.12) if rng.random() < 0.45 else log_uniform(rng, 150, 800)
    pitches = root * 2 ** (np.append(0, rng.integers(-7, 9, int(rng.integers(1, 4)))) / 12)
    step = log_uniform(rng, 0.15, 1.0)
    which = ((np.arange(count) / SAMPLE_RATE + rng.uniform(0, step)) / step).astype(int) % len(pitches)
    frequency = pitches[which]
    roll_off = rng.uniform(0.7, 1.6)
    even = 0.0 if rng.random() < 0.5 else rng.uniform(0.2, 1)
    partials = [(float(n), (1.0 if n % 2 else even) * n**-roll_off) for n in range(1, int(7600 / frequency.max()) + 1)]
    out = harmonics(frequency, count, partials, rng)
    if rng.random() < 0.3:
        out = out + harmonics(frequency * float(rng.choice([0.5, 1.25, 1.5])), count, partials[:6], rng)
    gate = np.ones(count, bool)
    if rng.random() < 0.4:
        gate = (np.arange(count) / SAMPLE_RATE / (step * int(rng.integers(1, 4)))) % 1 < rng.uniform(0.5, 0.9)
    return np.asarray(out * gate_envelope(gate, 0.005, 0.02), np.float32)


def squeak(rng: Rng, seconds: float) -> Signal:
    """Doors, brakes, chairs: a friction tone whose pitch wanders, with jumps and roughness."""
    out = np.zeros(samples_of(seconds), np.float32)
    position = rng.uniform(0, 0.5)
    while position < seconds:
        n = samples_of(rng.uniform(0.15, 1.5))
        frequency = log_uniform(rng, 500, 3800) * 2 ** (rng.uniform(0.1, 0.6) * smooth_walk(rng, n, rng.uniform(4, 20)))
        partials = [(float(k), rng.uniform(0.1, 0.9) ** (k - 1)) for k in range(1, 7)]
        rough = 1 + 0.5 * smooth_walk(rng, n, 60)
        add_at(
            out,
            samples_of(position),
            (harmonics(frequency, n, partials, rng) * rough * np.hanning(n)).astype(np.float32),
        )
        position += n / SAMPLE_RATE + rng.uniform(0.05, 1)
    return out


def resonant(rng: Rng, seconds: float) -> Signal:
    """Distant horns, voices and machines: many harmonics of a low pitch heard through a resonance of 1.5 to 5 kHz."""
    count = samples_of(seconds)
    pitch = log_uniform(rng, 120, 700) * (1 + rng.uniform(0, 0.03) * smooth_walk(rng, count, rng.uniform(0.5, 6)))
    centre, width = log_uniform(rng, 1500, 5000), log_uniform(rng, 200, 1200)
    top = int(7600 / float(pitch.max()))
    mean = float(pitch.mean())
    partials = [
        (float(n), 0.02 + 1 / (1 + ((n * mean - centre) / width) ** 2) * rng.uniform(0.3, 1)) for n in range(1, top)
    ]
    out = harmonics(pitch, count, partials, rng)
    if rng.random() < 0.5:
        other = harmonics(pitch * rng.uniform(1.15, 1.35), count, partials[: max(1, int(top / 1.4))], rng)
        out = out + other
    gate = smooth_walk(rng, count, log_uniform(rng, 0.5, 3)) > rng.uniform(-0.9, 0.3)
    return np.asarray(out * gate_envelope(gate, rng.uniform(0.003, 0.1), rng.uniform(0.01, 0.1)), np.float32)


def noise(rng: Rng, seconds: float) -> Signal:
    """White to brown noise, swelling or steady, with or without a band emphasised (wind, water, motors)."""
    count = samples_of(seconds)
    out = coloured_noise(rng, count, rng.uniform(-7, 1))
    if rng.random() < 0.6:
        out *= (1 + 0.9 * smooth_walk(rng, count, log_uniform(rng, 0.5, 30))).astype(np.float32)
    if rng.random() < 0.5:
        centre = log_uniform(rng, 200, 6000)
        out = shape_spectrum(out, ([centre / 2, centre, centre * 2], [0.0, rng.uniform(3, 20), 0.0]))
    if rng.random() < 0.3:
        hum = [(float(n), rng.uniform(0.1, 1) / n) for n in range(1, 30)]
        out += rng.uniform(0.1, 2) * harmonics(rng.uniform(45, 240), count, hum, rng)
    return out


def kettle(rng: Rng, seconds: float) -> Signal:
    """A whistle that grows out of hiss within seconds, bends upwards and wavers: kettles, pipes, wind in a slit."""
    count = samples_of(seconds)
    grow = np.clip((np.arange(count) / SAMPLE_RATE - rng.uniform(-2, 2)) / rng.uniform(1.5, 6), 0, 1) ** rng.uniform(
        1, 3
    )
    bend = rng.uniform(0.02, 0.3)
    waver = 1 + rng.uniform(0.002, 0.03) * smooth_walk(rng, count, log_uniform(rng, 2, 20))
    frequency = log_uniform(rng, 1200, 4500) * (1 - bend * (1 - grow)) * waver
    out = harmonics(frequency, count, [(1.0, 1.0), (2.0, from_db(rng.uniform(-50, -6)))], rng)
    if rng.random() < 0.4:
        out = out + harmonics(frequency * rng.uniform(1.05, 1.5), count, [(1.0, rng.uniform(0.2, 1))], rng)
    hiss = coloured_noise(rng, count, rng.uniform(-2, 2)) * np.float32(from_db(rng.uniform(-40, -8)))
    return np.asarray((out * (1 + 0.3 * smooth_walk(rng, count, 8))) * grow + hiss * np.sqrt(grow), np.float32)


def car_alarm(rng: Rng, seconds: float) -> Signal:
    """Sweeps and yelps of 0.7 to 3 kHz, several patterns in turn, each with harmonics: what cars do."""
    out = np.zeros(samples_of(seconds), np.float32)
    position, low = 0.0, log_uniform(rng, 600, 1400)
    high = low * rng.uniform(1.6, 2.6)
    partials = [(float(n), rng.uniform(0.2, 0.7) ** (n - 1)) for n in range(1, 7)]
    while position < seconds:
        n = samples_of(rng.uniform(1.0, 3.5))
        cycle = (np.arange(n) * log_uniform(rng, 1.0, 14) / SAMPLE_RATE) % 1.0
        shape = int(rng.integers(3))
        sweep = 1 - np.abs(2 * cycle - 1) if shape == 0 else cycle if shape == 1 else 1 - cycle
        add_at(out, samples_of(position), harmonics(low * (high / low) ** sweep, n, partials, rng))
        position += n / SAMPLE_RATE
    return out
