"""Operators beyond convolutional networks against TensorFlow Lite Micro, to the bit, states and types among them."""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Builder, Oracle
from tflite_more_cases import MORE_CASES
from tflite_recurrent_cases import RECURRENT_CASES
from tflite_wide_cases import WIDE_CASES

from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.ir import ELEMENT_SIZE
from emberwatch.training.compiler.model import Model, Tensor, parse_model
from emberwatch.training.compiler.native import NUMPY_OF, NativeModel

CASES = MORE_CASES | WIDE_CASES | RECURRENT_CASES
SEEDS = max(3, int(os.environ.get("EMBERWATCH_FUZZ", "12")) // 3)
GCC = "arm-none-eabi-gcc"
LIBC = Path(__file__).resolve().parents[3] / "firmware" / "libc"
needs_gcc = pytest.mark.skipif(shutil.which(GCC) is None, reason=f"{GCC} is not installed")
ON_CHIP = [
    "conv_2d_16", "transpose_conv_16", "softmax_16", "logistic_16", "tanh_16", "batch_matmul_16", "quantize_wide",
    "transpose_conv", "fully_connected_asymmetric", "resize_bilinear", "div", "l2_normalization", "log_softmax",
    "squared_difference", "mirror_pad", "split_v", "arg_max", "lstm", "svdf", "variables",
]  # fmt: skip


def random_input(rng: np.random.Generator, tensor: Tensor, trial: int) -> npt.NDArray[Any]:
    """Values over the whole range of a type; the extremes in the first trial."""
    kind = np.dtype(NUMPY_OF[tensor.dtype])
    limits = np.iinfo(kind)
    if trial == 0:
        return rng.choice([limits.min, limits.max], tensor.shape).astype(kind)
    return rng.integers(limits.min, limits.max, tensor.shape, endpoint=True).astype(kind)


def compiled(name: str, seed: int, folder: Path) -> tuple[bytes, Model, CompiledModel]:
    data = CASES[name](np.random.default_rng([seed, zlib.crc32(name.encode())]))
    model = parse_model(data, f"{name} seed {seed}")
    return data, model, write_model(model, f"{name}.tflite", folder, "net")


@pytest.mark.parametrize("name", CASES)
def test_equals_tflite_micro(name: str, tmp_path: Path) -> None:
    for seed in range(SEEDS):
        data, model, result = compiled(name, seed, tmp_path / str(seed))
        native, oracle = NativeModel(result, model, ("-O1", "-std=c99", "-Wpedantic")), Oracle(data)
        rng = np.random.default_rng(seed)
        for trial in range(4):  # one after the other: some remember
            inputs = [random_input(rng, model.tensors[t], trial) for t in model.inputs]
            for got, want in zip(native.invoke(*inputs), oracle.invoke(*inputs), strict=True):
                np.testing.assert_array_equal(got.ravel(), want.ravel(), err_msg=f"{name}, seed {seed}, trial {trial}")


@pytest.mark.parametrize("name", RECURRENT_CASES)
def test_reset_forgets(name: str, tmp_path: Path) -> None:
    remembered = False
    for seed in range(4):
        _, model, result = compiled(name, seed, tmp_path / str(seed))
        native, rng = NativeModel(result, model), np.random.default_rng(0)
        inputs = [[random_input(rng, model.tensors[t], 1) for t in model.inputs] for _ in range(6)]
        first = [native.invoke(*values)[0].tobytes() for values in inputs]
        again = [native.invoke(*values)[0].tobytes() for values in inputs]
        native.reset()
        assert [native.invoke(*values)[0].tobytes() for values in inputs] == first
        remembered |= again != first
        assert "void net_reset(void);" in result.header.read_text()
    assert remembered, "no network remembered anything"


@needs_gcc
@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m4"])
def test_builds_for_arm_without_warnings(cpu: str, tmp_path: Path) -> None:
    for name in CASES:
        _, _, result = compiled(name, 1, tmp_path / name)
        flags = [f"-mcpu={cpu}", "-mthumb", "-std=c99", "-O2", "-ffreestanding", "-Wall", "-Wextra", "-Werror"]
        output = tmp_path / name / "net.o"
        command = [GCC, *flags, "-isystem", str(LIBC), "-c", str(result.source), "-o", str(output)]
        subprocess.run(command, check=True)
        names = ["arm-none-eabi-nm", "-u", str(output)]
        undefined = subprocess.run(names, check=True, capture_output=True, text=True).stdout.split()
        assert {s for s in undefined if s != "U" and not s.startswith("__")} <= {"memcpy"}, f"{name}: {undefined}"


@needs_gcc
@pytest.mark.parametrize("name", ON_CHIP)
def test_equal_on_the_emulated_chip(name: str, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built")
    from emberwatch.bench.network import NetworkBench

    _, model, result = compiled(name, 1, tmp_path)
    native = NativeModel(result, model)
    sides = [[model.tensors[t] for t in side] for side in (model.inputs, model.outputs)]
    sizes = [[t.size * ELEMENT_SIZE[t.dtype] for t in side] for side in sides]
    bench = NetworkBench(result, sizes[0], sizes[1], tmp_path / "bench")
    rng = np.random.default_rng(3)
    for trial in range(3):
        inputs = [random_input(rng, t, trial) for t in sides[0]]
        for got, want in zip(bench.invoke(*inputs).outputs, native.invoke(*inputs), strict=True):
            assert got == want.tobytes()


def near_tie(rng: np.random.Generator) -> tuple[int, float, float]:
    """A number and two scales whose quotient, in float32, lies on the other side of a tie than in double."""
    from emberwatch.training.compiler.fixedpoint import quantize_multiplier, rescale

    while True:
        x, steps, out = int(rng.integers(1, 200)), int(rng.integers(0, 100)), np.float32(10 ** rng.uniform(-2, 0))
        scale = np.float32((steps + 0.5) / x * float(out))
        single, double = float(scale / out), float(scale) / float(out)
        if rescale(x, quantize_multiplier(single)) != rescale(x, quantize_multiplier(double)):
            return x, float(scale), float(out)


@pytest.mark.parametrize("name", ["RELU", "ABS", "LEAKY_RELU", "SUM", "MEAN", "QUANTIZE"])
def test_factors_are_quotients_in_double(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for trial in range(4):
        x, scale, out = near_tie(rng)
        b = Builder()
        source, target = b.tensor((1, 1), scale, -128), b.tensor((1, 1), out, 0)
        axes = [b.constant(np.array([1], np.int32))] if name in ("SUM", "MEAN") else []
        kind = {"SUM": "ReducerOptions", "MEAN": "ReducerOptions", "LEAKY_RELU": "LeakyReluOptions"}.get(name, "")
        b.operator(name, [source, *axes], [target], kind, **({"keepDims": True} if axes else {}))
        data = b.build([source], [target])
        model = parse_model(data, name)
        native = NativeModel(write_model(model, name, tmp_path / str(trial), "net"), model)
        value = np.full((1, 1), min(x - 128, 127), np.int8)
        assert native.invoke(value)[0].ravel()[0] == Oracle(data).invoke(value)[0].ravel()[0]


# What TensorFlow Lite Micro has for float32 only: the rule is that of its tables for int8.
REAL = {
    "CEIL": np.ceil, "COS": np.cos, "EXP": np.exp, "FLOOR": np.floor, "LOG": np.log, "NEG": np.negative,
    "ROUND": np.round, "SIGN": np.sign, "SIN": np.sin, "SQRT": np.sqrt, "SQUARE": np.square,
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_real_functions(name: str, tmp_path: Path) -> None:
    b = Builder()
    x, y = b.tensor((1, 256), 0.02, -128), b.tensor((1, 256), 0.03, -20)
    b.operator(name, [x], [y])
    model = parse_model(b.build([x], [y]), name)
    values = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    got = NativeModel(write_model(model, name, tmp_path, "net"), model).invoke(values)[0].astype(float)
    with np.errstate(divide="ignore"):
        real = REAL[name]((values.astype(float) + 128) * 0.02) / 0.03 - 20
    assert np.all(np.abs(got - np.clip(real, -128, 127)) <= 0.5 + 1e-4)


def test_shape_arithmetic_folds(tmp_path: Path) -> None:
    """What Keras writes for Flatten with a free batch: SHAPE, STRIDED_SLICE, PACK, RESHAPE."""
    b, q = Builder(), (0.1, 3)
    x, shape, batch, packed = (
        b.tensor((2, 3, 4), *q),
        b.tensor((3,), dtype="i4"),
        b.tensor((), dtype="i4"),
        b.tensor((2,), dtype="i4"),
    )
    flat, y = b.tensor((2, 12), *q), b.tensor((2, 12), *q)
    lists = [b.constant(np.array([v], np.int32)) for v in (0, 1, 1)]
    b.operator("SHAPE", [x], [shape], "ShapeOptions", outType=2)
    b.operator("STRIDED_SLICE", [shape, *lists], [batch], "StridedSliceOptions", shrinkAxisMask=1)
    b.operator("PACK", [batch, b.constant(np.array(12, np.int32))], [packed], "PackOptions", valuesCount=2)
    b.operator("RESHAPE", [x, packed], [flat], "ReshapeOptions")
    b.operator("RELU6", [flat], [y])
    data = b.build([x], [y])
    model = parse_model(data, "folded")
    result = write_model(model, "folded", tmp_path, "net")
    assert [layer.operator for layer in result.layers] == ["RELU6"]
    values = np.random.default_rng(0).integers(-128, 128, (2, 3, 4)).astype(np.int8)
    np.testing.assert_array_equal(NativeModel(result, model).invoke(values)[0], Oracle(data).invoke(values)[0])


def test_uint8_network_is_its_int8_twin(tmp_path: Path) -> None:
    """A network of uint8 gives, less 128, what TensorFlow Lite Micro gives for the int8 network of the same numbers."""
    rng = np.random.default_rng(4)
    weights, bias = rng.integers(-127, 128, (5, 3, 3, 4)), rng.integers(-2000, 2000, 5).astype(np.int32)
    files = []
    for kind, shift in (("u1", 128), ("i1", 0)):
        b = Builder()
        x, h = b.tensor((1, 8, 8, 4), 0.02, 3 + shift, kind), b.tensor((1, 6, 6, 5), 0.05, -7 + shift, kind)
        w = b.constant((weights + shift).astype(kind), 0.01, shift)
        options = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
        b.operator("CONV_2D", [x, w, b.constant(bias, 0.0002)], [h], "Conv2DOptions", **options)
        y = b.tensor((1, 3, 3, 5), 0.05, -7 + shift, kind)
        pool = {"padding": 1, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
        b.operator("MAX_POOL_2D", [h], [y], "Pool2DOptions", **pool)
        files.append(b.build([x], [y]))
    model = parse_model(files[0], "uint8")
    native, oracle = NativeModel(write_model(model, "uint8", tmp_path, "net"), model), Oracle(files[1])
    values = rng.integers(0, 256, (1, 8, 8, 4))
    got = native.invoke(values.astype(np.uint8))[0].astype(int) - 128
    np.testing.assert_array_equal(got.ravel(), oracle.invoke((values - 128).astype(np.int8))[0].astype(int).ravel())


def test_uint8_weights_with_any_zero_point(tmp_path: Path) -> None:
    """Sums of products of uint8 numbers less their zero points."""
    rng = np.random.default_rng(5)
    weights = rng.integers(0, 256, (3, 6)).astype(np.uint8)
    b = Builder()
    x, y = b.tensor((1, 6), 0.5, 100, "u1"), b.tensor((1, 3), 16.0, 90, "u1")
    b.operator("FULLY_CONNECTED", [x, b.constant(weights, 0.5, 37), -1], [y], "FullyConnectedOptions")
    model = parse_model(b.build([x], [y]), "dense")
    native = NativeModel(write_model(model, "dense", tmp_path, "net"), model)
    for _ in range(20):
        values = rng.integers(0, 256, (1, 6)).astype(np.uint8)
        sums = (values.astype(int) - 100) @ (weights.astype(int) - 37).T
        want = np.clip(np.sign(sums) * ((np.abs(sums) + 32) // 64) + 90, 0, 255)  # ties away from zero
        np.testing.assert_array_equal(native.invoke(values)[0], want)


def test_uint8_average_rounds_up_from_zero(tmp_path: Path) -> None:
    """An average of uint8 numbers is rounded as such: int8 numbers below 0 are rounded the other way."""
    b, q = Builder(), (0.5, 100, "u1")
    x, y = b.tensor((1, 2, 2, 50), *q), b.tensor((1, 1, 1, 50), *q)
    pool = {"padding": 1, "strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2}
    b.operator("AVERAGE_POOL_2D", [x], [y], "Pool2DOptions", **pool)
    model = parse_model(b.build([x], [y]), "average")
    native = NativeModel(write_model(model, "average", tmp_path, "net"), model)
    values = np.random.default_rng(6).integers(0, 256, (1, 2, 2, 50)).astype(np.uint8)
    want = (values.astype(int).sum(axis=(1, 2)) + 2) // 4
    np.testing.assert_array_equal(native.invoke(values)[0].ravel(), want.ravel())


@pytest.mark.parametrize("seed", range(4))
def test_tile_repeats_every_dimension(seed: int, tmp_path: Path) -> None:
    """TensorFlow Lite Micro has no TILE; NumPy says what it is."""
    rng, b = np.random.default_rng(seed), Builder()
    shape = rng.integers(1, 5, int(rng.integers(1, 5)))
    multiples = rng.integers(1, 4, len(shape)).astype(np.int32)
    x, y = b.tensor(shape, 0.1, 5), b.tensor(shape * multiples, 0.1, 5)
    b.operator("TILE", [x, b.constant(multiples)], [y], "TileOptions")
    model = parse_model(b.build([x], [y]), "tile")
    native = NativeModel(write_model(model, "tile", tmp_path, "net"), model)
    values = rng.integers(-128, 128, shape).astype(np.int8)
    np.testing.assert_array_equal(native.invoke(values)[0], np.tile(values, multiples))
