"""The generated C: builds cleanly everywhere, is the same every time, and equals itself on the emulated Cortex-M0+."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from paths import ROOT

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")

from tflite_cases import CASES
from tflite_networks import detector

from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.model import Model, parse_model
from emberwatch.training.compiler.native import NativeModel

GCC = "arm-none-eabi-gcc"
GOLDEN = Path(__file__).parent / "golden"
LIBC = ROOT / "firmware" / "libc"
"""The C library's header: the toolchain may have come without one."""
needs_gcc = pytest.mark.skipif(shutil.which(GCC) is None, reason=f"{GCC} is not installed")


def compiled(name: str, seed: int, folder: Path) -> tuple[Model, CompiledModel]:
    data = detector(np.random.default_rng(seed)) if name == "detector" else CASES[name](np.random.default_rng(seed))
    model = parse_model(data, name)
    return model, write_model(model, f"{name}.tflite", folder, "net")


@needs_gcc
@pytest.mark.parametrize("cpu", ["cortex-m0plus", "cortex-m4"])
@pytest.mark.parametrize("standard", ["c99", "c11"])
def test_builds_for_arm_without_warnings(cpu: str, standard: str, tmp_path: Path) -> None:
    for name in [*CASES, "detector"]:
        _, result = compiled(name, 1, tmp_path / name)
        for level in ("-O2", "-Os"):
            flags = [f"-mcpu={cpu}", "-mthumb", f"-std={standard}", level, "-ffreestanding"]
            flags += ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-isystem", str(LIBC)]
            output = tmp_path / name / "net.o"
            subprocess.run([GCC, *flags, "-c", str(result.source), "-o", str(output)], check=True)
            names = ["arm-none-eabi-nm", "-u", str(output)]
            undefined = subprocess.run(names, check=True, capture_output=True, text=True)
            wanted = {line.split()[-1] for line in undefined.stdout.splitlines()}
            assert {s for s in wanted if not s.startswith("__")} <= {"memcpy"}, f"{name} needs {wanted}"


@pytest.mark.skipif(shutil.which("clang") is None, reason="clang is not installed")
def test_builds_with_clang_without_warnings(tmp_path: Path) -> None:
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    for name in [*CASES, "detector"]:
        _, result = compiled(name, 1, tmp_path / name)
        output = tmp_path / name / "net.o"
        subprocess.run(["clang", *flags, "-O1", "-c", str(result.source), "-o", str(output)], check=True)


@pytest.mark.parametrize("name", ["conv_2d", "softmax", "detector"])
def test_same_output_every_time(name: str, tmp_path: Path) -> None:
    texts = [compiled(name, 3, tmp_path / folder)[1] for folder in ("a", "b")]
    for left, right in [(texts[0].source, texts[1].source), (texts[0].header, texts[1].header)]:
        assert left.read_bytes() == right.read_bytes()


@pytest.mark.parametrize("suffix", ["c", "h"])
def test_golden_file(suffix: str, tmp_path: Path) -> None:
    """A small detector's C. After a wanted change: EMBERWATCH_UPDATE_GOLDEN=1 pytest tests/training/compiler."""
    compiled("detector", 7, tmp_path)
    golden = GOLDEN / f"detector.{suffix}.txt"
    text = (tmp_path / f"net.{suffix}").read_text()
    if os.environ.get("EMBERWATCH_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


@needs_gcc
@pytest.mark.parametrize("name", [*CASES, "detector"])
def test_equal_on_the_emulated_chip(name: str, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built")
    from emberwatch.bench.network import NetworkBench
    from emberwatch.training.compiler.ir import ELEMENT_SIZE

    rng = np.random.default_rng(11)
    for seed in (1, 2):
        model, result = compiled(name, seed, tmp_path / str(seed))
        native = NativeModel(result, model)
        tensors = [[model.tensors[t] for t in side] for side in (model.inputs, model.outputs)]
        sizes = [[t.size * ELEMENT_SIZE[t.dtype] for t in side] for side in tensors]
        bench = NetworkBench(result, sizes[0], sizes[1], tmp_path / str(seed) / "bench")
        for _ in range(2):
            inputs = [
                rng.normal(0, 2, t.shape).astype(np.float32)
                if t.dtype == "FLOAT32"
                else rng.integers(0, 256, t.shape).astype(np.uint8).view(np.int8 if t.dtype == "INT8" else np.uint8)
                for t in tensors[0]
            ]
            run = bench.invoke(*inputs)
            for got, want in zip(run.outputs, native.invoke(*inputs), strict=True):
                assert got == want.tobytes(), f"{name}, seed {seed}"
        if result.stream_frames:
            bench.stream_reset()
            native.stream_reset()
            shape = (result.stream_frames, *tensors[0][0].shape[2:])
            for _ in range(12):
                frames = rng.integers(-128, 128, shape).astype(np.int8)
                assert bench.stream_push(frames).outputs[0] == native.stream_push(frames).tobytes()
