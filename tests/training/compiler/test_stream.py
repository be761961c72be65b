"""Streaming gives what a whole inference on the last T frames gives, to the bit."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Oracle
from tflite_networks import SAME, Network, detector

from emberwatch.training.compiler.compiler import write_model
from emberwatch.training.compiler.model import parse_model
from emberwatch.training.compiler.native import NativeModel
from emberwatch.training.compiler.stream import FILL

SEEDS = int(os.environ.get("EMBERWATCH_FUZZ", "12"))


def values_seen(seed: int, tmp_path: Path) -> int:
    """Compare one random network push by push; returns how many different outputs were seen."""
    rng = np.random.default_rng(seed)
    data = detector(rng)
    model = parse_model(data, "detector")
    compiled = write_model(model, "detector.tflite", tmp_path, "net")
    assert compiled.stream_frames >= 4
    native, oracle = NativeModel(compiled, model), Oracle(data)
    shape = model.tensors[model.inputs[0]].shape
    seen = set()
    for _ in range(2):  # the second round starts from histories full of the first
        native.stream_reset()
        window = np.full(shape, FILL, np.int8)
        for push in range(30):
            shape_now = (compiled.stream_frames, *shape[2:])
            frames = np.clip(rng.normal(rng.integers(-128, 128), 40, shape_now), -128, 127).astype(np.int8)
            window = np.concatenate([window[:, compiled.stream_frames :], frames[None]], axis=1)
            got = native.stream_push(frames)
            np.testing.assert_array_equal(got, native.invoke(window)[0])
            if push % 8 == 0:
                np.testing.assert_array_equal(got.ravel(), oracle.invoke(window)[0].ravel())
            seen.add(int(got.ravel()[0]))
    return len(seen)


def test_stream_equals_invoke(tmp_path: Path) -> None:
    seen = [values_seen(seed, tmp_path / str(seed)) for seed in range(SEEDS)]
    assert sum(n > 2 for n in seen) > SEEDS // 2, f"the outputs hardly moved ({seen}), so little was compared"


def test_padding_along_time_does_not_stream(tmp_path: Path) -> None:
    net = Network(np.random.default_rng(0), (1, 31, 1, 8))
    net.conv(3, 1, 4, padding=SAME)
    model = parse_model(net.end("mean"), "padded")
    assert write_model(model, "padded.tflite", tmp_path, "net").stream_frames == 0
    assert "stream" not in (tmp_path / "net.h").read_text()


@pytest.mark.parametrize("name", ["LEAKY_RELU", "ELU", "MAXIMUM", "PRELU"])
def test_elementwise_layers_stream(name: str, tmp_path: Path) -> None:
    """Only the new columns of a layer that works element by element are computed."""
    rng = np.random.default_rng(1)
    net = Network(rng, (1, 31, 1, 8))
    net.conv(3, 1, 6)
    inputs = [net.now]
    if name in ("MAXIMUM", "PRELU"):
        now = net.b.graph.tensors[net.now].quantization
        values = rng.integers(-128, 128, (1, 1, 6)).astype(np.int8)
        inputs.append(net.b.constant(values, now.scale[0], int(now.zeroPoint[0])))
    options = {"alpha": 0.2} if name == "LEAKY_RELU" else {}
    kind = {"LEAKY_RELU": "LeakyReluOptions", "MAXIMUM": "MaximumMinimumOptions"}.get(name, "")
    net.same(name, inputs, net.shape, kind, **options)
    net.conv(3, 1, 4)
    data = net.end("mean")
    model = parse_model(data, name)
    compiled = write_model(model, name, tmp_path, "net")
    assert compiled.stream_frames == 4
    assert compiled.stream_macs < compiled.macs / 4
    native, oracle = NativeModel(compiled, model), Oracle(data)
    native.stream_reset()
    window, seen = np.full((1, 31, 1, 8), FILL, np.int8), set()
    for _ in range(15):
        frames = rng.integers(-128, 128, (4, 1, 8)).astype(np.int8)
        window = np.concatenate([window[:, 4:], frames[None]], axis=1)
        got = native.stream_push(frames)
        np.testing.assert_array_equal(got.ravel(), oracle.invoke(window)[0].ravel())
        seen.add(got.tobytes())
    assert len(seen) > 2
