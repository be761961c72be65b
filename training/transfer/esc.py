"""ESC-50 clips as features with class numbers and folds: the material of the baseline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.audio.files import load
from emberwatch.base import atomic
from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.features import SILENT, block_features, whole_blocks
from emberwatch.training.model.network import scaled_input
from emberwatch.training.synth.rooms import at_level, to_pcm
from emberwatch.training.transfer.loop import Batch

FRAMES = 624
"""Feature frames kept of each clip: 5 s, whole blocks."""
CROP = 500
"""Frames of a training example, 4 s."""
LEVEL_DBFS = -20.0
TRAIN, VALIDATION, TEST = (1, 2, 3), (4,), (5,)


@dataclass(frozen=True)
class EscSet:
    """Features ``[clips, FRAMES, 32]``, class numbers and folds ``[clips]``, class names, recordings."""

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    classes: list[str]
    groups: list[str]

    def of_folds(self, folds: tuple[int, ...]) -> NDArray[np.int64]:
        """Indices of the clips of these folds."""
        return np.flatnonzero(np.isin(self.folds, folds))


def load_esc(clips: list[Clip], cache: Path) -> EscSet:
    """Features of all ESC-50 clips among ``clips``, at LEVEL_DBFS; computed once per set of clips.

    Raises:
        EmberwatchError: the clips do not cover training, validation and test folds.
    """
    chosen = sorted((clip for clip in clips if clip.esc_fold), key=lambda clip: clip.path.name)
    for name, folds in (("training", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        if not any(clip.esc_fold in folds for clip in chosen):
            raise EmberwatchError(
                f"no ESC-50 clips of the {name} folds {folds} among {len(clips)} clips; emberwatch data fetch esc50"
            )
    classes = sorted({clip.category for clip in chosen})
    digest = hashlib.sha256("\n".join(f"{c.path} {c.path.stat().st_size}" for c in chosen).encode()).hexdigest()[:12]
    path = cache / f"esc-{digest}.npz"
    if path.is_file():
        with np.load(path) as stored:
            features = stored["features"]
    else:
        features = np.stack([_features(clip) for clip in chosen])
        cache.mkdir(parents=True, exist_ok=True)
        with atomic.replacing(path) as file:
            np.savez_compressed(file, features=features)
    return EscSet(
        features,
        np.array([classes.index(clip.category) for clip in chosen]),
        np.array([clip.esc_fold for clip in chosen]),
        classes,
        [clip.group for clip in chosen],
    )


def _features(clip: Clip) -> NDArray[np.int8]:
    sound = load(clip.path)
    pcm = to_pcm(at_level(sound, LEVEL_DBFS)) if np.any(sound) else np.zeros(len(sound), np.int16)
    features = block_features(whole_blocks(pcm))[:FRAMES]
    return np.pad(features, ((0, FRAMES - len(features)), (0, 0)), constant_values=SILENT)


def class_batches(data: EscSet, chosen: NDArray[np.int64], batch: int, seed: int, epoch: int) -> Iterator[Batch]:
    """One epoch of (features, mixed one-hot targets, ones): cut at random, varied in level, mixed up in pairs."""
    rng = np.random.default_rng([seed, epoch])
    one_hot = np.eye(len(data.classes), dtype=np.float32)
    order = rng.permutation(chosen)
    for first in range(0, max(1, len(order) - batch + 1), batch):
        index = order[first : first + batch]
        x = np.empty((len(index), CROP, data.features.shape[2]), np.float32)
        for row, clip in enumerate(index):
            start = int(rng.integers(0, FRAMES - CROP + 1))
            x[row] = data.features[clip, start : start + CROP]
        shift = rng.uniform(-40, 25, (len(index), 1, 1)) + rng.uniform(-8, 8, (len(index), 1, 1)) * np.linspace(
            -1, 1, x.shape[2]
        )
        x = np.clip(np.rint(x + shift), -128, 127)
        other = rng.permutation(len(index))
        share = rng.beta(0.3, 0.3, len(index)).astype(np.float32)
        # Powers add; the louder of two features is close enough to their sum on a logarithmic scale.
        quieter = np.rint(8 * np.log2(np.maximum(share, 1e-3)))[:, None, None]
        also = np.rint(8 * np.log2(np.maximum(1 - share, 1e-3)))[:, None, None]
        x = np.clip(np.maximum(x + quieter, x[other] + also), -128, 127)
        y = one_hot[data.labels[index]]
        y = share[:, None] * y + (1 - share)[:, None] * y[other]
        yield scaled_input(x.astype(np.int8)), y, np.ones(len(index), np.float32)
