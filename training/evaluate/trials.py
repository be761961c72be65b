"""Trials: a clip at a level, alone or in noise, as the PCM that the firmware would see, and when its alarm begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.audio.files import SAMPLE_RATE, load, loudest_second_rms
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.features import BLOCK_SAMPLES, whole_blocks
from emberwatch.training.data.scenes import sounding_of_recording
from emberwatch.training.model.train import labels_and_weights
from emberwatch.training.synth.rooms import at_level, to_pcm
from emberwatch.training.synth.signals import Signal, from_db

LEAD_IN_SECONDS = 0.2
TAIL_SECONDS = 2.0
"""Silence before and after each clip, as `emberwatch run` plays it; an event in the tail still counts."""


@dataclass(frozen=True)
class Trial:
    """One thing to evaluate: the clip, its level (RMS of the loudest second, dBFS), noise under it or None."""

    clip: Clip
    level_dbfs: float
    noise: Clip | None = None
    snr_db: float | None = None


@dataclass(frozen=True)
class Sound:
    """PCM of a trial, seconds of the clip itself, seconds until its alarm begins (0 for other sounds).

    ``sounding``: of an alarm, whether the window that ends with each block of 512 samples should say so, by the rule
    that labels training (`emberwatch.training.model.train.labels_and_weights`); None for other sounds.
    """

    pcm: NDArray[np.int16]
    seconds: float
    onset_s: float
    sounding: NDArray[np.bool_] | None


def _noise_under(signal: Signal, noise: Signal, snr_db: float) -> Signal:
    """Repeat or cut the noise to the signal's length, at ``snr_db`` below it, both by their loudest seconds."""
    bed = np.resize(noise, len(signal)).astype(np.float32)
    level = loudest_second_rms(bed)
    if level < 1e-7:
        return signal
    return (signal + bed * np.float32(loudest_second_rms(signal) * from_db(-snr_db) / level)).astype(np.float32)


def render(trial: Trial) -> Sound:
    """Decode, mix and scale a trial. The level is that of the mixture when there is noise."""
    signal = load(trial.clip.path)
    lead_in, tail = (np.zeros(round(s * SAMPLE_RATE), np.float32) for s in (LEAD_IN_SECONDS, TAIL_SECONDS))
    onset, mask = 0.0, None
    if trial.clip.is_alarm:
        mask = sounding_of_recording(signal)[: len(signal)]
        onset = float(np.argmax(mask)) / SAMPLE_RATE
    if trial.noise is not None and trial.snr_db is not None:
        signal = _noise_under(signal, load(trial.noise.path), trial.snr_db)
    signal = at_level(signal, trial.level_dbfs)
    pcm = whole_blocks(to_pcm(np.concatenate([lead_in, signal, tail])))
    sounding = None if mask is None else _sounding_windows(mask, len(lead_in), len(pcm))
    return Sound(pcm, len(signal) / SAMPLE_RATE, LEAD_IN_SECONDS + onset, sounding)


def _sounding_windows(mask: NDArray[np.bool_], start: int, length: int) -> NDArray[np.bool_]:
    """Windows that should say alarm, from the samples in which a recording that begins at ``start`` sounds."""
    whole = np.zeros(length, bool)
    whole[start : start + len(mask)] = mask
    share = np.rint(whole.reshape(-1, BLOCK_SAMPLES).mean(axis=1) * 255).astype(np.uint8)
    targets, weights = labels_and_weights(share[None])
    return np.asarray((targets[0] > 0.5) & (weights[0] > 0))
