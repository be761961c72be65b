"""Float against int8: the same network before and after conversion, on the same scenes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.data.scene_cache import SceneSet
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.model.network import Architecture
from emberwatch.training.model.scores import BlockScores, block_scores, block_targets
from emberwatch.training.model.train import sequence_probabilities


@dataclass(frozen=True)
class Comparison:
    """Float and int8 on the same blocks: scores of both, and how far the probabilities (0..1) are apart."""

    floating: BlockScores
    int8: BlockScores
    mean_difference: float
    largest_difference: float
    pairs: NDArray[np.uint8]  #: ``[blocks, 2]``: probability 0..255 by float and by int8, a sample for plots

    def figures(self) -> dict[str, Any]:
        """JSON-ready, without the sample."""
        return {
            "float": asdict(self.floating),
            "int8": asdict(self.int8),
            "mean_difference": self.mean_difference,
            "largest_difference": self.largest_difference,
        }


def compare(model: Any, arch: Architecture, tflite: Path, scenes: SceneSet, chosen: NDArray[np.int64]) -> Comparison:
    """Plays scenes to the float model and, with the firmware's arithmetic, to the converted one."""
    detector = Detector(tflite, None)
    skip = arch.columns - 1
    floating = np.stack([sequence_probabilities(model, arch, scenes.features[n])[skip:] for n in chosen])
    int8 = np.stack([detector.probabilities(scenes.features[n])[skip:] for n in chosen])
    targets, weights = block_targets(arch, scenes.sounding[chosen])
    apart = np.abs(floating.astype(int) - int8.astype(int)) / 256
    pairs = np.stack([floating.ravel(), int8.ravel()], axis=1)
    return Comparison(
        block_scores(floating.astype(np.float32), targets, weights, 128),
        block_scores(int8.astype(np.float32), targets, weights, 128),
        float(apart.mean()),
        float(apart.max()),
        pairs[:: max(1, len(pairs) // 4000)],
    )
