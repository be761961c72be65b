"""What the compiler does not compile is refused in one line that names operator, tensor and reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")

from tflite_builder import Builder
from tflite_cases import CASES

from emberwatch.training.compiler import CompileError, compile_model


def refusal(data: bytes, tmp_path: Path) -> str:
    path = tmp_path / "bad.tflite"
    path.write_bytes(data)
    with pytest.raises(CompileError) as caught:
        compile_model(path, tmp_path / "out")
    assert not (tmp_path / "out").exists(), "something was written"
    text = str(caught.value)
    assert "\n" not in text
    assert "bad.tflite" in text
    return text


def unary(name: str, dtype: str = "i1", **scales: float) -> bytes:
    b = Builder()
    x, y = b.tensor((1, 4), 0.1, 0, dtype), b.tensor((1, 4), 0.1, 0, dtype)
    b.operator(name, [x], [y])
    return b.build([x], [y])


@pytest.mark.parametrize("name", ["SIN", "LEAKY_RELU", "RESIZE_BILINEAR", "SVDF"])
def test_unsupported_operator(name: str, tmp_path: Path) -> None:
    text = refusal(unary(name), tmp_path)
    assert f"operator 0 ({name})" in text
    assert "'t1'" in text
    assert "not supported" in text


def test_float_model(tmp_path: Path) -> None:
    text = refusal(unary("RELU", "f4"), tmp_path)
    assert "operator 0 (RELU)" in text
    assert "FLOAT32" in text
    assert "int8" in text


def test_weights_computed_at_run_time(tmp_path: Path) -> None:
    b = Builder()
    x, w, y = b.tensor((1, 4), 0.1), b.tensor((3, 4), 0.1), b.tensor((1, 3), 0.1)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    assert "must be a constant" in refusal(b.build([x, w], [y]), tmp_path)


def test_asymmetric_weights(tmp_path: Path) -> None:
    b = Builder()
    x, w, y = b.tensor((1, 4), 0.1), b.constant(np.ones((3, 4), np.int8), 0.1, 5), b.tensor((1, 3), 0.1)
    b.operator("FULLY_CONNECTED", [x, w, -1], [y], "FullyConnectedOptions")
    assert "zero point" in refusal(b.build([x], [y]), tmp_path)


def test_wrong_logistic_output(tmp_path: Path) -> None:
    assert "1/256" in refusal(unary("LOGISTIC"), tmp_path)


@pytest.mark.parametrize("data", [b"", b"TFL3", b"hello, this is a text file", b"\x1c\x00\x00\x00TFL3", b"\x00" * 64])
def test_not_a_model(data: bytes, tmp_path: Path) -> None:
    refusal(data, tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match=r"absent\.tflite"):
        compile_model(tmp_path / "absent.tflite", tmp_path)


def test_name_that_is_no_c_identifier(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="9lives"):
        compile_model(tmp_path / "any.tflite", tmp_path, "9lives")


def test_damaged_files_never_crash(tmp_path: Path) -> None:
    """Truncations and flipped bytes end in a refusal or in a model; nothing else comes out."""
    rng = np.random.default_rng(1)
    data = CASES["conv_2d"](np.random.default_rng(5))
    refused = 0
    for trial in range(300):
        damaged = bytearray(data)
        if trial % 2:
            damaged = damaged[: int(rng.integers(0, len(data)))]
        else:
            for at in rng.integers(0, len(data), 3):
                damaged[at] = int(rng.integers(256))
        path = tmp_path / "damaged.tflite"
        path.write_bytes(bytes(damaged))
        try:
            compile_model(path, tmp_path / "out")
        except CompileError:
            refused += 1
    assert refused > 150
