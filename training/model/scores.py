"""Figures of merit of blocks: how well logits or probabilities tell sounding blocks from others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emberwatch.training.model.network import Architecture
from emberwatch.training.model.train import labels_and_weights


@dataclass(frozen=True)
class BlockScores:
    """Area under the ROC, and share right at probability 1/2; blocks without a right answer do not count."""

    auc: float
    accuracy: float
    blocks: int


def auc_of(scores: npt.NDArray[np.floating], positive: npt.NDArray[np.bool_]) -> float:
    """Probability that a positive scores higher than a negative, ties half (Mann and Whitney); nan without either."""
    _, index, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2.0
    yes, no = int(positive.sum()), int((~positive).sum())
    if not yes or not no:
        return float("nan")
    rank_sum = float(mean_rank[index.ravel()][positive.ravel()].sum())
    return (rank_sum - yes * (yes + 1) / 2) / (yes * no)


def block_scores(
    scores: npt.NDArray[np.floating],
    targets: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32],
    middle: float = 0.0,
) -> BlockScores:
    """Scores of blocks whose weight is not zero.

    Args:
        scores: logits, or probabilities in any unit.
        targets: 1 or 0.
        weights: 0 leaves a block out.
        middle: score that stands for probability 1/2.
    """
    used = weights > 0
    values, positive = scores[used], targets[used] > 0.5
    return BlockScores(auc_of(values, positive), float(np.mean((values >= middle) == positive)), int(used.sum()))


def block_targets(
    arch: Architecture, sounding: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Targets and weights ``[scenes, columns]`` of the blocks that see a whole window."""
    targets, weights = labels_and_weights(sounding, 1.0)
    return targets[:, arch.columns - 1 :], weights[:, arch.columns - 1 :]
