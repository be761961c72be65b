"""Whole models: public ones, the released one, and random graphs, against TensorFlow Lite Micro to the bit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from paths import ROOT

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Oracle
from tflite_graphs import random_graph

from emberwatch.training.compiler.check import check_model, values_for
from emberwatch.training.compiler.compiler import compile_model, write_model
from emberwatch.training.compiler.ir import ELEMENT_SIZE
from emberwatch.training.compiler.model import parse_model, read_model
from emberwatch.training.compiler.native import NativeModel

FOLDER = Path(os.environ.get("EMBERWATCH_MODELS", ROOT.parent / "shared" / "models"))
MODELS = sorted(FOLDER.glob("*.tflite")) + sorted((ROOT / "training" / "released").glob("*.tflite"))
SEEDS = int(os.environ.get("EMBERWATCH_FUZZ", "12"))


def inputs_for(shape: tuple[int, ...], rng: np.random.Generator) -> list[npt.NDArray[np.int8]]:
    """Noise of several levels and spreads, and bursts of a band, as tones are in spectrograms."""
    arrays = [rng.integers(-128, 128, shape)]
    for _ in range(12):
        image = np.full(shape, -128).reshape(shape[1] if len(shape) > 2 else 1, -1)
        if image.shape[0] < 2:
            arrays.append(np.roll(np.where(np.arange(image.size) % 7 < 3, 127, -128), len(arrays)).reshape(shape))
            continue
        start, band = int(rng.integers(image.shape[0] // 2)), int(rng.integers(image.shape[1] - 2))
        image[start : start + image.shape[0] // 3, band : band + int(rng.integers(2, 30))] = 127
        arrays.append(image.reshape(shape))
    for mean in (-110, -60, 0, 70):
        for spread in (3, 25, 60):
            arrays.append(np.clip(np.round(rng.normal(mean, spread, shape)), -128, 127))
    return [a.astype(np.int8) for a in arrays]


@pytest.mark.skipif(not FOLDER.is_dir(), reason="no models: set EMBERWATCH_MODELS to a folder of .tflite files")
def test_there_are_public_models() -> None:
    assert any(path.parent == FOLDER for path in MODELS), f"{FOLDER} has no .tflite file"


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_public_model(path: Path, tmp_path: Path) -> None:
    model = read_model(path)
    compiled = compile_model(path, tmp_path)
    remembers = "model_reset" in compiled.header.read_text()  # a streaming network's first answers may all be equal
    found = check_model(path.read_bytes(), model, compiled, 24, tmp_path)
    assert not found.differences, str(found.differences[0])
    assert found.inputs == 24
    assert found.distinct > 1 or remembers, "the output never moved, so nothing was compared"
    source = model.tensors[model.inputs[0]]
    if len(model.inputs) > 1 or source.dtype != "INT8" or remembers:
        return
    native, oracle = NativeModel(compiled, model), Oracle(path.read_bytes())
    for values in inputs_for(source.shape, np.random.default_rng(0)):
        np.testing.assert_array_equal(native.invoke(values)[0].ravel(), oracle.invoke(values)[0].ravel())


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
def test_public_model_on_the_emulated_chip(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built")
    from emberwatch.bench.network import NetworkBench

    model = read_model(path)
    compiled = compile_model(path, tmp_path)
    native = NativeModel(compiled, model)
    inputs, outputs = ([model.tensors[t] for t in side] for side in (model.inputs, model.outputs))
    sizes = [[t.size * ELEMENT_SIZE[t.dtype] for t in side] for side in (inputs, outputs)]
    bench = NetworkBench(compiled, *sizes, tmp_path / "bench")
    rng = np.random.default_rng(1)
    for values in zip(*(values_for(tensor, 7, rng) for tensor in inputs), strict=True):
        assert list(bench.invoke(*values).outputs) == [output.tobytes() for output in native.invoke(*values)]


def test_random_graphs(tmp_path: Path) -> None:
    for seed in range(3 * SEEDS):
        rng = np.random.default_rng(seed)
        data = random_graph(rng)
        model = parse_model(data, f"graph {seed}")
        compiled = write_model(model, "graph.tflite", tmp_path / str(seed), "net")
        native, oracle = NativeModel(compiled, model, ("-O1", "-std=c11")), Oracle(data)
        for _ in range(3):
            inputs = [rng.integers(-128, 128, model.tensors[t].shape).astype(np.int8) for t in model.inputs]
            for i, (got, want) in enumerate(zip(native.invoke(*inputs), oracle.invoke(*inputs), strict=True)):
                np.testing.assert_array_equal(got.ravel(), want.ravel(), err_msg=f"seed {seed}, output {i}")
