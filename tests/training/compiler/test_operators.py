"""Every operator against TensorFlow Lite Micro, to the bit, on random shapes, strides, scales and zero points."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Oracle
from tflite_cases import CASES

from emberwatch.training.compiler.compiler import write_model
from emberwatch.training.compiler.model import Tensor, parse_model
from emberwatch.training.compiler.native import NativeModel

SEEDS = int(os.environ.get("EMBERWATCH_FUZZ", "12"))


def random_input(rng: np.random.Generator, tensor: Tensor, trial: int) -> npt.NDArray[Any]:
    """Values over the whole range; the extremes in the first two trials; floats with exact ties."""
    if tensor.dtype == "FLOAT32":
        step = 0.05
        values = rng.normal(0, 3, tensor.shape) if trial else np.round(rng.normal(0, 3, tensor.shape) / step) * step
        return values.astype(np.float32)
    low, high = (0, 256) if tensor.dtype == "UINT8" else (-128, 128)
    if trial < 2:
        return rng.choice([low, high - 1], tensor.shape).astype(np.uint8 if low == 0 else np.int8)
    return rng.integers(low, high, tensor.shape).astype(np.uint8 if low == 0 else np.int8)


@pytest.mark.parametrize("name", CASES)
def test_equals_tflite_micro(name: str, tmp_path: Path) -> None:
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        data = CASES[name](rng)
        model = parse_model(data, f"{name} seed {seed}")
        compiled = write_model(model, f"{name}.tflite", tmp_path / str(seed), "net")
        native = NativeModel(compiled, model, ("-O1", "-std=c99"))
        oracle = Oracle(data)
        for trial in range(4):
            inputs = [random_input(rng, model.tensors[t], trial) for t in model.inputs]
            for got, want in zip(native.invoke(*inputs), oracle.invoke(*inputs), strict=True):
                np.testing.assert_array_equal(got.ravel(), want.ravel(), err_msg=f"{name}, seed {seed}, trial {trial}")
