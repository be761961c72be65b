"""Weights by DMA and layers on two cores give the bytes of TensorFlow Lite Micro, on the host and the emulated chip."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Builder, Oracle
from tflite_cases import CASES

from emberwatch.training.compiler import CompileError, Options
from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.dense import Gather, single_window
from emberwatch.training.compiler.geometry import Axis, Geometry
from emberwatch.training.compiler.ir import Form, Program
from emberwatch.training.compiler.memory import Plan
from emberwatch.training.compiler.model import Model, parse_model
from emberwatch.training.compiler.native import NativeModel

OPTIONS = Options(dma_channel=5, cores=2)


def dense(seed: int, rows: int, terms: int, channels: int, lowest: int = -127) -> bytes:
    """A dense layer of a given size."""
    rng, b = np.random.default_rng(seed), Builder()
    x = b.tensor((rows, terms), 0.05, -3)
    w = b.constant(rng.integers(lowest, 128, (channels, terms)).astype(np.int8), 0.01)
    bias = b.constant(rng.integers(-9999, 9999, channels).astype(np.int32), 0.0005)
    y = b.tensor((rows, channels), 0.5, 4)
    b.operator("FULLY_CONNECTED", [x, w, bias], [y], "FullyConnectedOptions")
    return b.build([x], [y])


def forced(model: Model, folder: Path, wanted: Callable[[Form], bool], which: int = 0) -> CompiledModel | None:
    """The model with its first layer in one of the forms that are wanted; None when there is none."""
    found = False

    def take(
        program: Program, options: Options, plan: Callable[[], Plan], kept: int, beside: tuple[Program, ...]
    ) -> Plan:
        nonlocal found
        forms = [f for f in program.layers[0].forms if wanted(f)]
        if forms:
            found = True
            program.layers[0].choose(forms[which % len(forms)])
        return plan()

    compiled = write_model(model, "test", folder, "net", OPTIONS, choose=take)
    return compiled if found else None


@pytest.mark.parametrize("kind", ["dma", "cores"])
@pytest.mark.parametrize("size", [(1, 3, 5), (2, 130, 9), (1, 300, 37), (1, 700, 6)], ids=str)
def test_dense_layers_on_the_host(size: tuple[int, int, int], kind: str, tmp_path: Path) -> None:
    data = dense(sum(size), *size)
    model, oracle, rng = parse_model(data, "dense"), Oracle(data), np.random.default_rng(1)
    for which in range(3):
        compiled = forced(model, tmp_path / str(which), lambda f: f.dma if kind == "dma" else f.cores == 2, which)
        if compiled is None:
            assert kind == "cores" and size[2] < 8, "there should have been such a form"
            continue
        native = NativeModel(compiled, model)
        for values in (np.full(size[:2], -128, np.int8), rng.integers(-128, 128, size[:2]).astype(np.int8)):
            np.testing.assert_array_equal(native.invoke(values)[0].ravel(), oracle.invoke(values)[0].ravel())


def test_weights_that_are_both_the_lowest_take_another_kernel(tmp_path: Path) -> None:
    """Two products of -128 with -128 do not fit 16 bits."""
    data = dense(1, 1, 8, 4, -128)
    model = parse_model(data, "dense")
    tensor = next(t for t in model.tensors if t.shape == (4, 8))
    assert tensor.data is not None
    tensor.data = np.full((4, 8), -128, np.int8)
    assert forced(model, tmp_path, lambda f: "dense" in f.helpers) is None
    assert forced(model, tmp_path, lambda f: "dot1" in f.helpers) is not None


@pytest.mark.parametrize("kind", ["dma", "shared", "cores"])
@pytest.mark.parametrize("name", ["fully_connected", "conv_2d", "depthwise_conv_2d", "dense"])
def test_on_the_emulated_chip(name: str, kind: str, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built")
    from emberwatch.bench.network import NetworkBench
    from emberwatch.program.toolchain import find_compiler

    find_compiler()
    rng, tried = np.random.default_rng([zlib.crc32(name.encode()), len(kind)]), 0
    for seed in range(100):
        data = dense(seed, 1, 200, 30) if name == "dense" else CASES[name](np.random.default_rng(seed))
        model, oracle = parse_model(data, name), Oracle(data)
        folder = tmp_path / str(seed)
        wanted = (lambda f: f.cores == 2) if kind == "cores" else (lambda f: f.dma)
        compiled = forced(model, folder, wanted, int(rng.integers(100)))
        if compiled is None:
            continue
        if kind == "shared":
            text = compiled.header.read_text()
            compiled.header.write_text(text.replace("NET_FLASH_SHARED 0", "NET_FLASH_SHARED 1"))
        shapes = [model.tensors[t].shape for t in (*model.inputs, *model.outputs)]
        bench = NetworkBench(compiled, [int(np.prod(shapes[0]))], [int(np.prod(shapes[1]))], folder / "bench")
        for _ in range(2):
            values = rng.integers(-128, 128, shapes[0]).astype(np.int8)
            assert bench.invoke(values).outputs[0] == oracle.invoke(values)[0].tobytes(), f"{name}, seed {seed}"
        tried += 1
        if tried == 2:
            return
    assert tried, f"no {kind} form of {name} was tried"


def test_what_is_no_channel_or_core_is_refused() -> None:
    with pytest.raises(CompileError, match="dma-channel: 12 is none; give one of 0 to 11"):
        Options(dma_channel=12)
    with pytest.raises(CompileError, match="cores: 3 is not 1 or 2"):
        Options(cores=3)


def test_no_form_needs_what_was_not_given(tmp_path: Path) -> None:
    model = parse_model(dense(2, 1, 300, 60), "dense")
    plain = write_model(model, "dense", tmp_path / "plain", "net", Options("speed"))
    text = plain.source.read_text() + plain.header.read_text()
    assert "DMA_CHANNEL" not in text and "start_core1" not in text and plain.cores == 1
    by_dma = write_model(model, "dense", tmp_path / "dma", "net", Options(dma_channel=7))
    assert "#define NET_DMA_CHANNEL 7" in by_dma.header.read_text()


def test_a_single_window_is_a_row() -> None:
    whole = Geometry(1, Axis(3, 1, 3, 1, 1, 0), Axis(4, 1, 4, 1, 1, 0), 5, 8)
    assert single_window(whole, 7) == Gather(((0, 0, 60),), 60, 7)
    part = Geometry(1, Axis(5, 1, 3, 1, 1, 0), Axis(4, 1, 2, 1, 1, 0), 5, 8)
    assert single_window(part, 7) == Gather(((0, 0, 10), (10, 20, 10), (20, 40, 10)), 30, 7)
    padded = Geometry(1, Axis(1, 1, 3, 1, 1, 1), Axis(1, 1, 1, 1, 1, 0), 4, 8)
    row = single_window(padded, -9)
    assert row == Gather(((4, 0, 4),), 12, -9) and row.gaps and not row.in_place
