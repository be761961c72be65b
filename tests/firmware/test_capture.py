"""The capture application: its build, its frames, and its stream on the emulated chip."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from firmware_builds import clone

from emberwatch.base.errors import BuildError
from emberwatch.base.paths import project_root
from emberwatch.board.board import load_board
from emberwatch.detector.build import BuildResult, build_firmware, capture_board

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch.audio.scenario import Clip, Scenario, generate
from emberwatch.detector.capture.stream import BLOCK_SAMPLES, INFO, PCM, Frame, FrameParser, PcmAssembler
from emberwatch.detector.machine import DetectorMachine

BOARD = capture_board(load_board("pico"))


@pytest.fixture(scope="module")
def capture_build(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_firmware("pico", out=tmp_path_factory.mktemp("capture"), app="capture")


@pytest.fixture(scope="module")
def tone_run(capture_build: BuildResult) -> DetectorMachine:
    machine = DetectorMachine(
        capture_build.elf, Scenario([Clip(generate("tone", frequency_hz=1000), level_dbfs=-13)], 2.0), board=BOARD
    )
    machine.run(1.2)
    return machine


@pytest.fixture(scope="module")
def frame_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no host C compiler; get it with: sudo apt-get install gcc")
    firmware = project_root() / "firmware"
    library = tmp_path_factory.mktemp("frame") / "libframe.so"
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fsanitize=undefined"]
    subprocess.run([compiler, *flags, f"-I{firmware}", firmware / "apps/capture/frame.c", "-o", library], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.frame_crc32.restype = ctypes.c_uint32
    return loaded


class CFrame(ctypes.Structure):
    _fields_ = (("bytes", ctypes.c_uint8 * 1040), ("size", ctypes.c_uint32))


@pytest.mark.parametrize("size", [0, 1, 5, 1024, 2000])
def test_frames_are_what_the_parser_expects(frame_library: ctypes.CDLL, size: int) -> None:
    payload = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8).tobytes()
    built = CFrame()
    frame_library.frame_build(ctypes.byref(built), PCM, 2, ctypes.c_uint32(0xFFFFFFF0), payload, size)
    expected = Frame(PCM, 2, 0xFFFFFFF0, payload[:1024])
    assert bytes(built.bytes)[: built.size] == expected.encode()
    assert FrameParser().feed(expected.encode()) == [expected]


def test_crc_is_that_of_zlib(frame_library: ctypes.CDLL) -> None:
    assert frame_library.frame_crc32(b"123456789", 9) == zlib.crc32(b"123456789") == 0xCBF43926


def test_same_bytes_wherever_the_tree_lies(
    capture_build: BuildResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clone(tmp_path / "a longer path" / "tree")
    monkeypatch.setenv("EMBERWATCH_ROOT", str(root))
    other = build_firmware("pico", app="capture")
    assert other.elf == root / "build" / "firmware" / "pico-capture" / "emberwatch-capture.elf"
    for product in ("elf", "uf2", "bin", "map"):
        assert getattr(other, product).read_bytes() == getattr(capture_build, product).read_bytes(), product


def test_application_and_model_are_checked(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="application 'captrue' is not known; choose from detector, capture"):
        build_firmware("pico", out=tmp_path, app="captrue")
    with pytest.raises(BuildError, match="has no network"):
        build_firmware("pico", mean_model, tmp_path, app="capture")


def test_detector_does_not_hold_the_capture_code(small_build: BuildResult) -> None:
    assert "frame_build" not in small_build.map.read_text()


def test_stream_is_whole(tone_run: DetectorMachine) -> None:
    parser = FrameParser()
    frames = parser.feed(bytes(tone_run.uart_bytes))
    assert (parser.bad_frames, parser.skipped_bytes) == (0, 0)
    assert frames[0].kind == INFO
    assert frames[0].payload.startswith(b"emberwatch-capture ") and b" board=pico " in frames[0].payload
    pcm = [frame for frame in frames if frame.kind == PCM]
    assert [frame.number for frame in pcm] == list(range(len(pcm))) and len(pcm) >= 36
    assert {len(frame.payload) for frame in pcm} == {2 * BLOCK_SAMPLES}
    assert {frame.flags for frame in pcm} == {0}
    assert [frame.number for frame in frames if frame.kind == INFO] == [0, 31]


def test_pcm_is_what_the_decimator_made(capture_build: BuildResult) -> None:
    machine = DetectorMachine(
        capture_build.elf, Scenario([Clip(generate("white_noise", seed=3), level_dbfs=-20)], 2.0), board=BOARD
    )
    capture = machine.capture_pcm()
    machine.run(0.5)
    streamed = np.concatenate(PcmAssembler().feed(bytes(machine.uart_bytes)))
    assert len(streamed) >= 14 * BLOCK_SAMPLES
    assert np.array_equal(streamed, capture.samples[: len(streamed)])


def test_tone_has_its_level(tone_run: DetectorMachine) -> None:
    pcm = np.concatenate(PcmAssembler().feed(bytes(tone_run.uart_bytes)))[8000:16000] / 32768.0
    assert 20 * np.log10(np.sqrt(np.mean(pcm**2))) == pytest.approx(-13.0, abs=0.1)


def test_the_line_keeps_up(tone_run: DetectorMachine) -> None:
    info = PcmAssembler()
    info.feed(bytes(tone_run.uart_bytes))
    assert info.report.info["missed"] == "0" and info.report.info["dropped"] == "0"
    assert info.report.info["crc"] == "ok"
