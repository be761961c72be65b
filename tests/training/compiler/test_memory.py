"""The memory plan: nothing that lives at the same time overlaps, and little is wasted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")

from tflite_cases import CASES
from tflite_networks import detector

from emberwatch.training.compiler.compiler import write_model
from emberwatch.training.compiler.memory import Block, arena_size, place_blocks
from emberwatch.training.compiler.model import parse_model


@pytest.mark.parametrize("seed", range(30))
def test_no_overlap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    blocks = []
    for i in range(25):
        first = int(rng.integers(0, 20))
        blocks.append(Block(str(i), int(rng.integers(1, 500)), first, first + int(rng.integers(0, 6))))
    blocks = place_blocks(blocks)
    for i, a in enumerate(blocks):
        assert a.offset >= 0
        assert a.offset % 4 == 0
        for b in blocks[i + 1 :]:
            apart = a.last < b.first or b.last < a.first
            assert apart or a.offset + a.size <= b.offset or b.offset + b.size <= a.offset, f"{a} meets {b}"
    busiest = max(sum(b.size for b in blocks if b.first <= layer <= b.last) for layer in range(26))
    assert arena_size(blocks) <= 1.6 * busiest + 100


def test_plan_of_a_network(tmp_path: Path) -> None:
    model = parse_model(detector(np.random.default_rng(3)), "detector")
    compiled = write_model(model, "detector.tflite", tmp_path, "net")
    assert compiled.arena == max(b.offset + b.size for b in compiled.plan.blocks)
    assert all(block.name in compiled.memory_plan for block in compiled.plan.blocks)
    assert compiled.arena < sum(b.size for b in compiled.plan.blocks), "no memory is shared"


def test_elementwise_layers_work_in_place(tmp_path: Path) -> None:
    data = CASES["reshape"](np.random.default_rng(0))
    compiled = write_model(parse_model(data, "reshape"), "reshape.tflite", tmp_path, "net")
    assert compiled.arena == 0, "RELU between views of the caller's buffers needs no memory of its own"
