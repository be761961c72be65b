"""A training loop that survives interruption: a checkpoint after every epoch, TensorBoard logs, a history, the best."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base import atomic
from emberwatch.training.model.logs import StageLog, read_history
from emberwatch.training.model.network import import_tensorflow
from emberwatch.training.model.stages import training_sources

Batch = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
Weights = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Stage:
    """One stage of training: ``epochs`` of Adam, on a cosine down to a hundredth of ``learning_rate``."""

    name: str
    epochs: int
    learning_rate: float
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """What a stage ended with: weights of the best epoch by validation, and the figures of all epochs."""

    weights: Weights
    history: list[dict[str, float]]
    best_epoch: int


def stage_digest(*parts: object) -> str:
    """Twelve hex digits of whatever decides a stage's result, the training code included; each has its own folder."""
    plain = [asdict(p) if is_dataclass(p) and not isinstance(p, type) else p for p in parts]
    text = json.dumps(plain, sort_keys=True)
    return hashlib.sha256(text.encode() + training_sources()).hexdigest()[:12]


def run_stage(
    model: Any,
    stage: Stage,
    folder: Path,
    batches: Callable[[int], Iterable[Batch]],
    steps: int,
    loss: Callable[[Any, Any, Any], Any],
    validate: Callable[[Any], dict[str, float]],
    log: Callable[[str], None],
) -> Outcome:
    """Trains what is trainable in ``model``; takes up an interrupted stage after its last whole epoch.

    Args:
        model: a Keras model that holds the weights to start from; layers with ``trainable`` unset stay as they are.
        stage: how long and how fast.
        folder: of this stage alone: checkpoints, TensorBoard's event files, history.csv, best.npz.
        batches: (inputs, targets, weights) of an epoch, counted from 1; a function of the epoch.
        steps: batches per epoch.
        loss: of (outputs, targets, weights).
        validate: figures of the model after an epoch; the highest "score" is the best.
        log: gets a line per epoch.
    """
    tf = import_tensorflow()
    tf.keras.utils.set_random_seed(stage.seed)
    folder.mkdir(parents=True, exist_ok=True)
    decay = tf.keras.optimizers.schedules.CosineDecay(stage.learning_rate, stage.epochs * steps, 0.01)
    optimizer = tf.keras.optimizers.Adam(decay)
    optimizer.build(model.trainable_variables)
    epoch_done = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, epoch=epoch_done)
    manager = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=1)
    if manager.latest_checkpoint:
        checkpoint.restore(manager.latest_checkpoint)
    start = int(epoch_done.numpy())
    history = [row for row in read_history(folder) if row["epoch"] <= start]
    if start and start < stage.epochs:
        log(f"{stage.name}: goes on after epoch {start}")

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(x: Any, y: Any, w: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(model(x, training=True), y, w)
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return value

    record = StageLog(folder, log, history)
    for epoch in range(start + 1, stage.epochs + 1):
        values = [float(step(*batch)) for batch in batches(epoch)]
        figures = {"loss": float(np.mean(values)), **validate(model)}
        if all(figures["score"] > earlier["score"] for earlier in record.history):
            with atomic.replacing(folder / "best.npz") as file:
                np.savez(file, *model.get_weights())
        record.write(epoch, figures)
        epoch_done.assign(epoch)
        manager.save()
        told = " ".join(f"{name} {value:.4f}" for name, value in figures.items() if name != "score")
        log(f"{stage.name} epoch {epoch}/{stage.epochs} {told}")
    record.close()
    history = record.history
    with np.load(folder / "best.npz") as stored:
        weights = [stored[f"arr_{index}"] for index in range(len(stored.files))]
    return Outcome(weights, history, int(max(history, key=lambda row: row["score"])["epoch"]))
