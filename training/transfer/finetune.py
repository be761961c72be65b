"""Transfer: the baseline's feature layers under a new head for the alarm task, first frozen, then fine-tuned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.data.scene_cache import SceneSet
from emberwatch.training.model.augment import Augmentation
from emberwatch.training.model.network import Architecture, import_tensorflow, scaled_input, sequence_model
from emberwatch.training.model.scores import block_scores, block_targets
from emberwatch.training.model.train import TrainingOptions, batches
from emberwatch.training.transfer.baseline import feature_layers
from emberwatch.training.transfer.loop import Outcome, Stage, Weights, run_stage, stage_digest

BATCH = 32
_NEGATIVE_WEIGHT = 2.0


@dataclass(frozen=True)
class TransferResult:
    """Both stages, and the weights of a ``sequence_model`` after each."""

    frozen: Outcome | None  #: None when the layers did not come from a baseline
    tuned: Outcome
    folder: Path


def alarm_loss() -> Callable[[Any, Any, Any], Any]:
    """Cross-entropy of every block, weighted, as a function of (logits, targets, weights)."""
    tf = import_tensorflow()

    def loss(logits: Any, targets: Any, weights: Any) -> Any:
        losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
        return tf.reduce_sum(losses * weights) / (tf.reduce_sum(weights) + 1.0)

    return loss


def block_logits(model: Any, arch: Architecture, features: NDArray[np.int8], batch: int = 32) -> NDArray[np.float32]:
    """Logits ``[scenes, columns]`` of the blocks that see a whole window."""
    parts = []
    for at in range(0, len(features), batch):
        x = scaled_input(features[at : at + batch])
        parts.append(np.asarray(model(x, training=False)))
    return np.concatenate(parts)


def run_alarm_stage(
    model: Any,
    stage: Stage,
    folder: Path,
    scenes: SceneSet,
    chosen: NDArray[np.int64],
    held_out: NDArray[np.int64],
    arch: Architecture,
    log: Callable[[str], None],
) -> Outcome:
    """One stage on scenes; the best epoch is that of the highest area under the ROC of held-out blocks."""
    options = TrainingOptions(stage.epochs, BATCH, stage.learning_rate, _NEGATIVE_WEIGHT, stage.seed)
    augmentation = Augmentation(scenes, chosen)

    def validate(current: Any) -> dict[str, float]:
        logits = block_logits(current, arch, scenes.features[held_out])
        targets, weights = block_targets(arch, scenes.sounding[held_out])
        scores = block_scores(logits, targets, weights)
        return {"auc": scores.auc, "accuracy": scores.accuracy, "score": scores.auc}

    return run_stage(
        model,
        stage,
        folder,
        lambda epoch: batches(augmentation, chosen, options, arch, epoch),
        max(1, len(chosen) // BATCH),
        alarm_loss(),
        validate,
        log,
    )


def train_transfer(
    features: dict[str, Weights] | None,
    scenes: SceneSet,
    held_out_fold: int,
    work: Path,
    arch: Architecture,
    stages: tuple[Stage, Stage],
    source: str,
    log: Callable[[str], None],
) -> tuple[TransferResult, Any]:
    """Trains the alarm network on the baseline's layers.

    Args:
        features: weights of the feature layers by name; None starts from random ones and skips the frozen stage.
        scenes: alarms and others; those of ``held_out_fold`` are for validation alone.
        held_out_fold: a fold of the scenes.
        work: folder for stages and results.
        arch: of the network, as the baseline's.
        stages: the new head on frozen layers; everything.
        source: what the layers and the scenes are, for the folder's name.
        log: gets lines of progress.

    Returns:
        The outcome, and the model with the best weights.
    """
    tf = import_tensorflow()
    chosen, held_out = np.flatnonzero(scenes.fold != held_out_fold), np.flatnonzero(scenes.fold == held_out_fold)
    if not len(held_out) or not len(chosen):
        raise ValueError(f"no scenes in or outside fold {held_out_fold}")
    head, everything = stages
    folder = work / f"transfer-{stage_digest(arch, head, everything, source, len(scenes), held_out_fold)}"
    tf.keras.utils.set_random_seed(everything.seed)
    model = sequence_model(arch)
    frozen = None
    if features is not None:
        for layer in feature_layers(model):
            layer.set_weights(features[layer.name])
            layer.trainable = False
        frozen = run_alarm_stage(model, head, folder / head.name, scenes, chosen, held_out, arch, log)
        model.set_weights(frozen.weights)
        for layer in feature_layers(model):
            layer.trainable = True
    tuned = run_alarm_stage(model, everything, folder / everything.name, scenes, chosen, held_out, arch, log)
    model.set_weights(tuned.weights)
    return TransferResult(frozen, tuned, folder), model
