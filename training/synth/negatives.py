"""Sounds that are not smoke alarms but share something with them: pitch, rhythm, steadiness or harmonics.

What the standards exclude is what separates them: beeps shorter than T4's, tones outside 2 to 4 kHz that are not the
520 Hz square wave's T3, gliding or irregular pitch, inharmonic or noisy spectra.
"""

from __future__ import annotations

from collections.abc import Callable

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
    shape_spectrum,
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


def siren(rng: Rng, seconds: float) -> Signal:
    """Wail, yelp and two-tone emergency sirens, 350 to 1900 Hz, with harmonics."""
    count = samples_of(seconds)
    low, rate = rng.uniform(350, 900), log_uniform(rng, 0.1, 6)
    high = low * rng.uniform(1.25, 2.3)
    cycle = (np.arange(count) * rate / SAMPLE_RATE + rng.random()) % 1.0
    shape = (cycle < 0.5).astype(float) if rng.random() < 0.35 else 1 - np.abs(2 * cycle - 1)
    partials = [(float(n), rng.uniform(0.2, 0.8) ** (n - 1)) for n in range(1, 10)]
    return harmonics(low * (high / low) ** shape, count, partials, rng)


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


def silence(rng: Rng, seconds: float) -> Signal:
    """Almost nothing: the microphone's own noise or digital zero."""
    count = samples_of(seconds)
    return (
        np.zeros(count, np.float32)
        if rng.random() < 0.5
        else coloured_noise(rng, count, 0.0) * np.float32(from_db(-80))
    )


_MAKERS: dict[str, tuple[float, Callable[[Rng, float], Signal]]] = {
    "tone": (1.2, tone),
    "melody": (1.2, melody),
    "sweep": (1.0, sweep),
    "clicks": (0.6, clicks),
    "speech": (0.8, speech),
    "cry": (1.0, cry),
    "siren": (1.0, siren),
    "birds": (2.0, birds),
    "crickets": (0.9, crickets),
    "beeps": (1.8, beeps),
    "single_beeps": (0.9, single_beeps),
    "phone": (0.6, phone),
    "bells": (1.4, bells),
    "bell_clock": (1.7, bell_clock),
    "two_tone": (1.5, two_tone),
    "squeak": (1.4, squeak),
    "horn": (0.7, horn),
    "chiptune": (1.8, chiptune),
    "chorus": (1.6, chorus),
    "resonant": (1.3, resonant),
    "kettle": (1.4, kettle),
    "whistle": (1.0, whistle),
    "insects": (1.6, insects),
    "pad": (1.2, pad),
    "car_alarm": (0.9, car_alarm),
    "noise": (1.0, noise),
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
