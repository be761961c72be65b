"""The figures of all steps as text and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from emberwatch.base import atomic
from emberwatch.training.transfer.baseline import BaselineResult
from emberwatch.training.transfer.loop import Weights


def save_features(path: Path, result: BaselineResult) -> None:
    """Weights of the feature layers and the recordings they were trained on, for the transfer."""
    arrays: dict[str, Any] = {
        f"{name}/{index}": array for name, many in result.features.items() for index, array in enumerate(many)
    }
    arrays["groups"] = np.array(json.dumps(result.training_groups))
    with atomic.replacing(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_features(path: Path) -> tuple[dict[str, Weights], set[str]]:
    """What `save_features` wrote: weights by layer, and the recordings that the layers have heard."""
    features: dict[str, Weights] = {}
    with np.load(path) as stored:
        groups = set(json.loads(str(stored["groups"])))
        names = [name for name in stored.files if name != "groups"]
        for name in sorted(names, key=lambda n: (n.rpartition("/")[0], int(n.rpartition("/")[2]))):
            features.setdefault(name.rpartition("/")[0], []).append(stored[name])
    return features, groups


def baseline_figures(result: BaselineResult) -> dict[str, Any]:
    """JSON-ready."""
    return {
        "accuracy": result.accuracy,
        "top5": result.top5,
        "validation_accuracy": result.validation_accuracy,
        "chance": 1 / len(result.classes),
        "clips": result.clips,
        "best_epoch": result.outcome.best_epoch,
        "per_class": {name: {"right": right, "clips": all_} for name, (right, all_) in result.per_class.items()},
    }


def write_json(path: Path, figures: dict[str, Any]) -> None:
    """Indented JSON with a final newline."""
    atomic.write_text(path, json.dumps(figures, indent=1) + "\n")
