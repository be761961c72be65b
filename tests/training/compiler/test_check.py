"""`emberwatch compile`: comparison on the spot, libraries, NumPy bindings, the table over a folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_cases import CASES
from tflite_networks import detector

from emberwatch.cli.main import main
from emberwatch.training.compiler import Options, compile_model
from emberwatch.training.compiler.check import check_model
from emberwatch.training.compiler.library import write_library
from emberwatch.training.compiler.model import read_model
from emberwatch.training.compiler.native import load
from emberwatch.training.compiler.survey import survey_folder, table


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "detector.tflite"
    path.write_bytes(detector(np.random.default_rng(3)))
    return path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return int(ended.value.code or 0)


def test_check_compares_inferences_and_pushes(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("compile", str(network), "--out", str(tmp_path / "c"), "--check", "12") == 0
    assert "12 inputs and 12 pushes compared with TensorFlow Lite Micro" in capsys.readouterr().out


def test_check_ends_with_1_on_a_differing_byte(network: Path, tmp_path: Path) -> None:
    compiled = compile_model(network, tmp_path / "c", "net")
    text = compiled.source.read_text()
    head, call, tail = text.rpartition("void net_invoke(const int8_t *input, int8_t *output)\n{")
    assert call
    compiled.source.write_text(head + call + tail.replace("\n}", "\n    output[0] = (int8_t)(output[0] ^ 1);\n}", 1))
    found = check_model(network.read_bytes(), read_model(network), compiled, 5, tmp_path)
    assert len([d for d in found.differences if d.form == "input"]) == 5
    assert "TensorFlow Lite Micro gives" in str(found.differences[0])


def test_what_the_witness_does_not_run_is_one_line(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("Interpreter invocation failed.")  # its whole word, for a file that it has taken

    monkeypatch.setattr("emberwatch.training.compiler.oracle.Oracle.invoke", fail)
    assert run("compile", str(network), "--out", str(tmp_path / "c"), "--check", "2") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "TensorFlow Lite Micro does not take it" in error


def test_a_check_that_moves_nothing_is_told_apart(network: Path, tmp_path: Path) -> None:
    compiled = compile_model(network, tmp_path / "c", "net")
    found = check_model(network.read_bytes(), read_model(network), compiled, 40, tmp_path)
    assert found.inputs == 40
    assert found.distinct > 1, "the output never moved"
    assert not found.differences


def test_bindings_give_inferences_of_arrays(network: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EMBERWATCH_CACHE", str(tmp_path / "cache"))
    speed, size = load(network), load(network, Options("size"))
    shape = read_model(network).tensors[0].shape
    values = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    np.testing.assert_array_equal(speed.invoke(values)[0], size.invoke(values)[0])
    assert list((tmp_path / "cache" / "networks").glob("*.so"))


def test_arduino_library_compiles(network: Path, tmp_path: Path) -> None:
    files = write_library(compile_model(network, tmp_path / "c", "net"), "arduino", tmp_path / "net")
    names = {str(f.relative_to(tmp_path / "net")) for f in files}
    assert names == {"src/net.c", "src/net.h", "library.properties", "examples/net/net.ino"}
    source = tmp_path / "net" / "src" / "net.c"
    assert ".ram_text" not in source.read_text()
    assert ".time_critical." in source.read_text()
    subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", "-c", str(source), "-o", str(tmp_path / "net.o")], check=True)
    sketch = (tmp_path / "net" / "examples" / "net" / "net.ino").read_text()
    assert "net_invoke(input0, output0);" in sketch


@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not on the path")
def test_pico_sdk_library_builds_with_cmake(network: Path, tmp_path: Path) -> None:
    write_library(compile_model(network, tmp_path / "c", "net"), "pico-sdk", tmp_path / "net")
    user = tmp_path / "user"
    user.mkdir()
    (user / "main.c").write_text(
        '#include "net.h"\nint main(void) { static int8_t in[NET_INPUT_SIZE], out[NET_OUTPUT_SIZE];'
        " net_invoke(in, out); return 0; }\n"
    )
    (user / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(user C)\nadd_subdirectory(../net net)\n"
        "add_executable(user main.c)\ntarget_link_libraries(user net)\n"
    )
    for command in (["cmake", "-S", str(user), "-B", str(tmp_path / "b")], ["cmake", "--build", str(tmp_path / "b")]):
        subprocess.run(command, check=True, capture_output=True)
    subprocess.run([str(tmp_path / "b" / "user")], check=True)


def test_survey_names_what_is_refused_and_counts(tmp_path: Path) -> None:
    for name in ("softmax", "mean"):
        (tmp_path / f"{name}.tflite").write_bytes(CASES[name](np.random.default_rng(1)))
    (tmp_path / "broken.tflite").write_bytes(b"TFL3 is not enough")
    rows = survey_folder(tmp_path, Options(), 4, lambda compiled, folder: None, lambda name: None)
    text = table(rows)
    assert [row.name for row in rows] == ["broken.tflite", "mean.tflite", "softmax.tflite"]
    assert "2 of 3 accepted, 0 with a differing byte" in text
    assert "| broken.tflite | refused: " in text
    assert all(row.arena for row in rows[1:]), "the witness's arena was not read"


def test_bad_options_are_refused(network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "c")
    for words, told in (
        (("--optimise", "fast"), "speed, balanced, size"),
        (("--library", "mbed"), "arduino, pico-sdk"),
        (("--max-ram", "-1"), "negative"),
        (("--max-flash", "1"), "--max-flash is 1"),
    ):
        assert run("compile", str(network), "--out", out, *words) == 2
        assert told in capsys.readouterr().err


def test_the_compiler_needs_no_tensorflow(network: Path, tmp_path: Path) -> None:
    """Neither import nor compilation loads TensorFlow, or anything else that only training needs."""
    code = (
        "import sys, pathlib\n"
        "from emberwatch.training.compiler import compile_model\n"
        "compile_model(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), 'net')\n"
        "found = {m.split('.')[0] for m in sys.modules} & {'tensorflow', 'keras', 'tflite_micro', 'scipy'}\n"
        "sys.exit(f'loaded: {found}' if found else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(network), str(tmp_path / "c")], check=True)
