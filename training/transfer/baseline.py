"""The baseline: all classes of ESC-50 on the feature layers that the alarm network has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.data.clips import Clip
from emberwatch.training.model.network import Architecture, import_tensorflow, scaled_input, sequence_model
from emberwatch.training.transfer.esc import TEST, TRAIN, VALIDATION, EscSet, class_batches, load_esc
from emberwatch.training.transfer.loop import Outcome, Stage, Weights, run_stage, stage_digest

BATCH = 32


@dataclass(frozen=True)
class BaselineResult:
    """Accuracies on the test fold, which was not looked at before, and the weights of the feature layers."""

    accuracy: float
    validation_accuracy: float
    top5: float
    per_class: dict[str, tuple[int, int]]  #: right and all test clips of each class that has some
    confusion: NDArray[np.int64]
    classes: list[str]
    clips: dict[str, int]  #: number of clips per part
    training_groups: list[str]  #: recordings that the feature layers have learned from
    features: dict[str, Weights]  #: weights by name of the feature layers
    outcome: Outcome
    folder: Path


def feature_layers(model: Any) -> list[Any]:
    """The layers with weights below the head: those that transfer."""
    return [
        layer for layer in model.layers if layer.weights and layer.name.startswith(("local", "embed", "time", "mix"))
    ]


def class_model(arch: Architecture, classes: int) -> Any:
    """Scaled features ``[batch, frames, 32, 1]`` of any length to logits ``[batch, classes]``."""
    keras = import_tensorflow().keras
    trunk = sequence_model(arch)
    x = trunk.get_layer(f"mix{len(arch.taps) - 1}_relu").output
    mean = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    peak = keras.layers.GlobalMaxPooling2D(name="peak")(x)
    x = keras.layers.Dropout(0.3, name="drop")(keras.layers.Concatenate(name="both")([mean, peak]))
    return keras.Model(trunk.inputs, keras.layers.Dense(classes, name="classes")(x))


def logits_of(model: Any, features: NDArray[np.int8], batch: int = 64) -> NDArray[np.float32]:
    """Logits of whole clips."""
    parts = [
        np.asarray(model(scaled_input(features[at : at + batch]), training=False))
        for at in range(0, len(features), batch)
    ]
    return np.concatenate(parts)


def train_baseline(
    clips: list[Clip],
    work: Path,
    arch: Architecture,
    stage: Stage,
    log: Callable[[str], None],
) -> BaselineResult:
    """Trains on folds 1 to 3, chooses the epoch on fold 4, reports fold 5.

    Args:
        clips: any; those of ESC-50 are used.
        work: folder for stages and results; takes up what an interrupted call left.
        arch: of the feature layers.
        stage: epochs, rate, seed.
        log: gets lines of progress.
    """
    tf = import_tensorflow()
    data = load_esc(clips, work)
    train, validation, test = (data.of_folds(folds) for folds in (TRAIN, VALIDATION, TEST))
    counts = f"{len(train)} training, {len(validation)} validation, {len(test)} test clips"
    log(f"baseline: {counts}, {len(data.classes)} classes")
    names = [f"{group} {label}" for group, label in zip(data.groups, data.labels.tolist(), strict=True)]
    folder = work / f"baseline-{stage_digest(arch, stage, names)}"
    tf.keras.utils.set_random_seed(stage.seed)
    model = class_model(arch, len(data.classes))

    def loss(logits: Any, targets: Any, weights: Any) -> Any:
        return tf.reduce_mean(tf.keras.losses.categorical_crossentropy(targets, logits, True, 0.05) * weights)

    def validate(current: Any) -> dict[str, float]:
        logits = logits_of(current, data.features[validation])
        right = float(np.mean(logits.argmax(axis=1) == data.labels[validation]))
        surprise = float(np.mean(_cross_entropy(logits, data.labels[validation])))
        return {"accuracy": right, "validation_loss": surprise, "score": right - 1e-3 * surprise}

    outcome = run_stage(
        model,
        stage,
        folder,
        lambda epoch: class_batches(data, train, BATCH, stage.seed, epoch),
        max(1, len(train) // BATCH),
        loss,
        validate,
        log,
    )
    model.set_weights(outcome.weights)
    return _report(model, data, outcome, folder, (train, validation, test))


def _cross_entropy(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    normalised = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return np.asarray(-normalised[np.arange(len(labels)), labels])


def _report(
    model: Any, data: EscSet, outcome: Outcome, folder: Path, parts: tuple[NDArray[np.int64], ...]
) -> BaselineResult:
    train, validation, test = parts
    logits, labels = logits_of(model, data.features[test]), data.labels[test]
    guessed = logits.argmax(axis=1)
    confusion = np.zeros((len(data.classes), len(data.classes)), np.int64)
    np.add.at(confusion, (labels, guessed), 1)
    best5 = np.argsort(logits, axis=1)[:, -5:]
    return BaselineResult(
        accuracy=float(np.mean(guessed == labels)),
        validation_accuracy=max(outcome.history, key=lambda row: row["score"])["accuracy"],
        top5=float(np.mean((best5 == labels[:, None]).any(axis=1))),
        per_class={
            name: (int(confusion[n, n]), int(confusion[n].sum()))
            for n, name in enumerate(data.classes)
            if confusion[n].any()
        },
        confusion=confusion,
        classes=data.classes,
        clips={"training": len(train), "validation": len(validation), "test": len(test)},
        training_groups=sorted({data.groups[index] for index in train}),
        features={layer.name: layer.get_weights() for layer in feature_layers(model)},
        outcome=outcome,
        folder=folder,
    )
