"""One plot per step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from emberwatch.base import atomic, extras
from emberwatch.training.model.int8 import Comparison
from emberwatch.training.transfer.baseline import BaselineResult
from emberwatch.training.transfer.loop import Outcome


def _figure(columns: int, width: float = 10, height: float = 3.6) -> tuple[Any, Any]:
    figure = extras.figure(width, height)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _save(figure: Any, path: Path) -> None:
    with atomic.replacing(path) as file:
        figure.savefig(file, format="png", dpi=80, metadata={"Software": None})


def _history(axis: Any, outcome: Outcome, names: tuple[str, ...]) -> None:
    epochs = [row["epoch"] for row in outcome.history]
    for name in names:
        axis.plot(epochs, [row[name] for row in outcome.history], label=name.replace("_", " "))
    axis.axvline(outcome.best_epoch, color="grey", linewidth=0.8, linestyle=":")
    axis.set(xlabel="epoch")
    axis.grid(True, alpha=0.3)
    axis.legend()


def plot_baseline(result: BaselineResult, path: Path) -> None:
    """Loss and accuracy over epochs, and the confusion of the test fold."""
    figure, (losses, accuracy, confusion) = _figure(3, 13, 4)
    _history(losses, result.outcome, ("loss", "validation_loss"))
    losses.set(title="Cross-entropy")
    _history(accuracy, result.outcome, ("accuracy",))
    accuracy.axhline(1 / len(result.classes), color="grey", linewidth=0.8)
    accuracy.set(title=f"Accuracy on fold 4 (chance {1 / len(result.classes):.2f})")
    share = result.confusion / np.maximum(1, result.confusion.sum(axis=1, keepdims=True))
    confusion.imshow(share, cmap="magma", vmin=0, vmax=1)
    confusion.set(title=f"Fold 5: {100 * result.accuracy:.0f} % right", xlabel="guessed class", ylabel="class")
    _save(figure, path)


def plot_stages(stages: list[tuple[str, Outcome]], path: Path) -> None:
    """Loss and held-out area under the ROC of each stage."""
    figure, axes = _figure(2)
    for title, outcome in stages:
        epochs = [row["epoch"] for row in outcome.history]
        axes[0].plot(epochs, [row["loss"] for row in outcome.history], label=title)
        axes[1].plot(epochs, [1 - row["auc"] for row in outcome.history], label=title)
    axes[0].set(title="Training loss", xlabel="epoch", yscale="log")
    axes[1].set(title="1 - AUC of held-out blocks", xlabel="epoch", yscale="log")
    for axis in axes:
        axis.grid(True, alpha=0.3, which="both")
        axis.legend()
    _save(figure, path)


def plot_comparison(comparisons: list[tuple[str, Comparison]], path: Path) -> None:
    """Probability by int8 over that by float, one panel per conversion."""
    figure, axes = _figure(len(comparisons), 4.5 * len(comparisons), 4.2)
    for axis, (title, comparison) in zip(axes, comparisons, strict=True):
        axis.scatter(comparison.pairs[:, 0], comparison.pairs[:, 1], s=2, alpha=0.3)
        axis.plot([0, 255], [0, 255], color="grey", linewidth=0.8)
        axis.set(title=f"{title}: mean |Δp| {comparison.mean_difference:.4f}", xlabel="float", ylabel="int8")
    _save(figure, path)
