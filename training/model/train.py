"""Training of the alarm network on scenes: labels from where alarms sound, batches, optimisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.data.features import FRAMES_PER_BLOCK, SILENT
from emberwatch.training.data.scene_cache import SceneSet
from emberwatch.training.model.augment import Augmentation
from emberwatch.training.model.network import TEMPERATURE, Architecture, import_tensorflow, scaled_input, sequence_model

_RECENT = 8  # blocks: is it sounding now
_WINDOW = 19  # blocks (0.6 s): has it sounded long enough to be told from a click or a short beep
_QUIET = 12  # blocks without a sounder after which the answer must be no
_AFTER = 47  # blocks after an alarm in which a no counts less: its pauses and its reverberation
_AFTER_WEIGHT = 0.4
_EARLY = 20  # blocks of sounding; before that many in the last 1.5 s a yes counts more: short alarms must be heard too
_EARLY_WEIGHT = 2.0


@dataclass(frozen=True)
class TrainingOptions:
    """How long and how hard to train; ``seed`` decides initial weights, order and augmentation."""

    epochs: int = 30
    batch: int = 32
    learning_rate: float = 1.5e-3
    negative_weight: float = 2.0
    seed: int = 1


def labels_and_weights(
    sounding: NDArray[np.uint8], negative_weight: float = 1.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Targets and weights per block from the share of each block in which a sounder is driven.

    Yes: a sounder has been on for 0.22 s of the last 0.6 s and is on now (T4's half-empty beeps pass). No: nothing
    for 0.38 s. In between there is no right answer and the weight is 0.

    Args:
        sounding: ``[scenes, blocks]``, 0..255.
        negative_weight: weight of a no relative to a yes.
    """
    share = sounding.astype(np.float32) / 255
    total = np.concatenate([np.zeros((len(share), 1), np.float32), np.cumsum(share, axis=1)], axis=1)

    def over_last(blocks: int) -> NDArray[np.float32]:
        past = np.concatenate([np.zeros((len(share), blocks), np.float32), total], axis=1)[:, 1 : 1 + share.shape[1]]
        return np.asarray(total[:, 1:] - past, np.float32)

    yes = (over_last(_WINDOW) >= 7.0) & (over_last(_RECENT) >= 2.2)
    no = over_last(_QUIET) < 0.05
    weights = np.where(yes, 1.0, np.where(no, negative_weight, 0.0))
    weights = np.where(yes & (over_last(_AFTER) < _EARLY), weights * _EARLY_WEIGHT, weights)
    weights = np.where(no & (over_last(_AFTER) > 0.05), weights * _AFTER_WEIGHT, weights)
    return yes.astype(np.float32), weights.astype(np.float32)


def batches(
    augmentation: Augmentation, chosen: NDArray[np.int64], options: TrainingOptions, arch: Architecture, epoch: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """One epoch of (scaled features, targets, weights), shuffled and augmented from the seed."""
    rng = np.random.default_rng([options.seed, epoch])
    order = rng.permutation(chosen)
    for first in range(0, len(order) - options.batch + 1, options.batch):
        index = np.sort(order[first : first + options.batch])
        features, sounding = augmentation.batch(rng, index)
        targets, weights = labels_and_weights(sounding, options.negative_weight)
        skip = arch.columns - 1
        yield scaled_input(features), targets[:, skip:], weights[:, skip:]


def fit(
    scenes: SceneSet,
    chosen: NDArray[np.int64],
    arch: Architecture,
    options: TrainingOptions,
    on_epoch: Callable[[int, float], None] = lambda epoch, loss: None,
    start_from: list[NDArray[np.float32]] | None = None,
) -> Any:
    """Train a sequence model on the chosen scenes.

    Args:
        scenes: features and where alarms sound.
        chosen: indices of the scenes to learn from.
        arch: size of the network.
        options: epochs, rates, seed.
        on_epoch: gets the epoch (from 1) and its mean loss.
        start_from: weights of an earlier model, to fine-tune it; random ones when None.
    """
    tf = import_tensorflow()
    tf.keras.utils.set_random_seed(options.seed)
    model = sequence_model(arch)
    if start_from is not None:
        model.set_weights(start_from)
    steps = max(1, len(chosen) // options.batch)
    schedule = tf.keras.optimizers.schedules.CosineDecay(
        options.learning_rate * 0.1,
        options.epochs * steps,
        0.01,
        warmup_target=options.learning_rate,
        warmup_steps=steps,
    )
    optimizer = tf.keras.optimizers.Adam(schedule)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any, w: Any) -> Any:
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(y, model(x, training=True))
            loss = tf.reduce_sum(losses * w) / (tf.reduce_sum(w) + 1.0)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    augmentation = Augmentation(scenes, chosen)
    for epoch in range(1, options.epochs + 1):
        losses = [float(step(*batch)) for batch in batches(augmentation, chosen, options, arch, epoch)]
        on_epoch(epoch, float(np.mean(losses)))
    return model


def sequence_probabilities(model: Any, arch: Architecture, features: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Probability (0..255) of every block of a recording by the float model, from a silent past."""
    past = np.full((arch.frames - FRAMES_PER_BLOCK, features.shape[1]), SILENT, np.int8)
    x = scaled_input(np.concatenate([past, features])[np.newaxis])
    logits = np.asarray(model(x, training=False))[0]
    return np.asarray(np.clip(np.rint(256 / (1 + np.exp(-logits / TEMPERATURE))), 0, 255), np.uint8)
