"""Training scenes: 8 s of sound with where the alarm sounds, mixed from synthetic and real material.

Real material in one scene comes from one cross-validation fold only, so a scene can be given to every model that does
not hold that fold out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.audio.files import load, loudest_second_rms
from emberwatch.training.data.clips import Clip
from emberwatch.training.synth.alarms import make_alarm
from emberwatch.training.synth.negatives import make_negative
from emberwatch.training.synth.paths import random_path
from emberwatch.training.synth.rooms import at_level, microphone_curve, room_response, through_room, to_pcm
from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    add_at,
    coloured_noise,
    from_db,
    log_uniform,
    rms,
    samples_of,
)

BLOCK_SAMPLES = 512
SCENE_BLOCKS = 250
SCENE_SAMPLES = BLOCK_SAMPLES * SCENE_BLOCKS
SCENE_SECONDS = SCENE_SAMPLES / SAMPLE_RATE
NO_FOLD = -1

CONFUSABLE = frozenset(
    "bird_song car_horn cat chirping_birds church_bells clock_alarm crickets doorbell frog hen insects rooster siren "
    "ui_sound appliance".split()
)
"""Categories of recordings with tones where alarms have theirs: heard more often than their number warrants."""


@dataclass(frozen=True)
class Scene:
    """PCM, the share of each block during which an alarm sounds (0..255), the fold of its real parts, a description."""

    pcm: NDArray[np.int16]
    sounding: NDArray[np.uint8]
    fold: int
    what: str


def sounding_of_recording(signal: Signal) -> NDArray[np.bool_]:
    """Where a recorded alarm sounds: within 14 dB of its strongest 8 ms at its dominant frequency (0.4 to 7 kHz)."""
    spectrum = np.abs(np.fft.rfft(signal))
    frequency = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    spectrum[(frequency < 400) | (frequency > 7000)] = 0
    band = np.abs(frequency - frequency[int(np.argmax(spectrum))]) < 250
    narrow = np.fft.irfft(np.fft.rfft(signal) * band, len(signal))
    power = np.convolve(narrow**2, np.ones(128) / 128, mode="same")
    return np.asarray(power > np.max(power) * 10 ** (-1.4), dtype=bool)


class Material:
    """Real clips in memory, by fold: negatives as signals, alarms with their sounding masks."""

    def __init__(self, clips: list[Clip], folds: dict[str, int]) -> None:
        self.others: dict[int, list[tuple[str, Signal]]] = {}
        self.alarms: dict[int, list[tuple[str, Signal, NDArray[np.bool_]]]] = {}
        for clip in clips:
            fold = folds[clip.group]
            signal = load(clip.path)
            peak = float(np.max(np.abs(signal)))
            if clip.is_alarm:
                self.alarms.setdefault(fold, []).append((clip.path.stem, signal, sounding_of_recording(signal)))
            elif peak > 1e-4:
                self.others.setdefault(fold, []).append((clip.category, signal))

    def folds(self) -> list[int]:
        """The folds that hold negatives."""
        return sorted(self.others)


def _speed(signal: Signal, factor: float) -> Signal:
    """Play ``factor`` times as fast by linear interpolation; enough for augmentation of band-limited clips."""
    positions = np.arange(0, len(signal) - 1, factor)
    return np.asarray(np.interp(positions, np.arange(len(signal)), signal), np.float32)


def _fill(rng: Rng, signal: Signal, seconds: float) -> Signal:
    """Cut a random piece, or repeat with random gaps, so that the result has the given length."""
    count = samples_of(seconds)
    if len(signal) >= count:
        start = int(rng.integers(0, len(signal) - count + 1))
        return signal[start : start + count]
    out = np.zeros(count, np.float32)
    position = -int(rng.integers(0, len(signal)))
    while position < count:
        add_at(out, position, signal)
        position += len(signal) + (0 if rng.random() < 0.6 else int(rng.integers(0, 2 * SAMPLE_RATE)))
    return out


def _real_negative(rng: Rng, pool: list[tuple[str, Signal]]) -> tuple[Signal, str]:
    draw = rng.random()
    if draw < 0.6:  # by category, so that rare ones are heard as often as common ones
        categories = sorted({category for category, _ in pool})
        confusable = [category for category in categories if category in CONFUSABLE]
        category = str(rng.choice(confusable if draw < 0.25 and confusable else categories))
        pool = [entry for entry in pool if entry[0] == category]
    category, signal = pool[int(rng.integers(len(pool)))]
    if rng.random() < 0.5:
        signal = _speed(signal, rng.uniform(0.88, 1.12))
    return _fill(rng, signal, SCENE_SECONDS), category


def _through_air(rng: Rng, signal: Signal, probability: float) -> Signal:
    response = room_response(rng, next_room=rng.random() < 0.3) if rng.random() < probability else None
    return through_room(signal, response, None)


def _negative_layers(rng: Rng, pool: list[tuple[str, Signal]] | None) -> tuple[Signal, str]:
    """One or two negative sounds over each other, and a floor of noise."""
    real = pool is not None and rng.random() < 0.72
    signal, what = _real_negative(rng, pool) if real and pool else make_negative(rng, SCENE_SECONDS)
    signal = at_level(_through_air(rng, signal, 0.3 if real else 0.6), -20)
    if rng.random() < 0.3:
        second_real = pool is not None and rng.random() < 0.5
        other, also = _real_negative(rng, pool) if second_real and pool else make_negative(rng, SCENE_SECONDS)
        signal = signal + at_level(_through_air(rng, other, 0.4), -20 + rng.uniform(-25, 5))
        what += "+" + also
    if rng.random() < 0.7:
        floor = coloured_noise(rng, SCENE_SAMPLES, rng.uniform(-6, 0))
        signal = signal + floor * np.float32(from_db(-20 - rng.uniform(10, 60)))
    return signal, what


def _place_alarm(rng: Rng, signal: Signal, mask: NDArray[np.bool_]) -> tuple[Signal, NDArray[np.bool_]]:
    """Put an alarm into an empty scene: from the start, or from a random moment; sometimes it ends before the scene."""
    out, out_mask = np.zeros(SCENE_SAMPLES, np.float32), np.zeros(SCENE_SAMPLES, bool)
    start = 0 if rng.random() < 0.25 else int(rng.integers(0, SCENE_SAMPLES // 2))
    length = min(len(signal), SCENE_SAMPLES - start)
    if rng.random() < 0.2:
        length = min(length, samples_of(rng.uniform(0.8, 4)))
    out[start : start + length] = signal[:length]
    out_mask[start : start + length] = mask[:length]
    return out, out_mask


def _recorded_alarm(
    rng: Rng, pool: list[tuple[str, Signal, NDArray[np.bool_]]]
) -> tuple[Signal, NDArray[np.bool_], str]:
    name, signal, mask = pool[int(rng.integers(len(pool)))]
    factor = rng.uniform(0.85, 1.15) if rng.random() < 0.8 else 1.0
    faster = _speed(signal, factor)
    stretched = mask[np.minimum((np.arange(len(faster)) * factor).astype(int), len(mask) - 1)]
    start = int(rng.integers(0, max(1, len(faster) - SAMPLE_RATE)))
    return faster[start:], stretched[start:], name


def _snippet(rng: Rng, mask: NDArray[np.bool_]) -> slice:
    """A piece of 0.9 to 6 s, as a player that starts and ends abruptly makes it; with some of the alarm, if any."""
    length = samples_of(log_uniform(rng, 0.9, 6))
    sounding = np.flatnonzero(mask)
    first, last = 0, SCENE_SAMPLES - length
    if len(sounding):
        anchor = int(sounding[int(rng.integers(len(sounding)))])
        first, last = max(0, anchor - length), min(last, anchor)
    start = int(rng.integers(first, max(first, last) + 1))
    return slice(start, start + length)


def make_scene(rng: Rng, material: Material | None) -> Scene:
    """Draw one scene; without material everything is synthetic.

    Nearly half of the scenes hold an alarm, at -8 to 45 dB over what else sounds; the loudest second is at -50 to -10
    dBFS mostly, and clips sometimes. A quarter are snippets: nothing before, nothing after.
    """
    use_real = material is not None and rng.random() < 0.85
    fold = int(rng.choice(material.folds())) if use_real and material else NO_FOLD
    pool = material.others[fold] if use_real and material else None
    background, what = _negative_layers(rng, pool)
    mask = np.zeros(SCENE_SAMPLES, bool)
    if rng.random() < 0.45:
        alarms = material.alarms.get(fold, []) if material else []
        if alarms and rng.random() < 0.3:
            signal, mask, name = _recorded_alarm(rng, alarms)
        else:
            sound = make_alarm(rng, SCENE_SECONDS)
            signal, mask, name = sound.samples, sound.sounding, sound.kind
        signal, mask = _place_alarm(rng, signal, mask)
        signal = at_level(_through_air(rng, signal, 0.75), -20)
        snr = rng.uniform(-8, 15) if rng.random() < 0.7 else rng.uniform(15, 45)
        level = loudest_second_rms(background)
        if level > 1e-6 and rms(signal) > 0:
            background = background * np.float32(from_db(-20 - snr) / level)
        signal, what = signal + background, f"{name}/{what}@{snr:.0f}dB"
    else:
        signal = background
    if rng.random() < 0.4:
        signal = random_path(rng, signal)
    if rng.random() < 0.25:
        piece = _snippet(rng, mask)
        inside = np.zeros(SCENE_SAMPLES, bool)
        inside[piece] = True
        signal, mask = np.where(inside, signal, np.float32(0)), mask & inside
    signal = through_room(signal, None, microphone_curve(rng) if rng.random() < 0.6 else None)
    signal = at_level(signal, rng.uniform(-50, -10)) if rng.random() < 0.93 else at_level(signal, rng.uniform(-9, 3))
    if rng.random() < 0.85:  # the microphone's own noise
        signal = signal + coloured_noise(rng, SCENE_SAMPLES, 0) * np.float32(from_db(rng.uniform(-95, -72)))
    share = mask.reshape(SCENE_BLOCKS, BLOCK_SAMPLES).mean(axis=1)
    return Scene(to_pcm(signal), np.rint(share * 255).astype(np.uint8), fold, what)
