"""The build: reproducible, incremental, clear when it fails."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from firmware_builds import clone

from emberwatch.base.errors import BoardError, BuildError
from emberwatch.base.paths import RELEASED_DETECTOR, project_root
from emberwatch.detector.build import BuildResult, build_firmware


def test_same_bytes_wherever_the_tree_lies(
    small_build: BuildResult, mean_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clone(tmp_path / "a longer path" / "tree")
    monkeypatch.setenv("EMBERWATCH_ROOT", str(root))
    other = build_firmware("pico", mean_model, root / "build" / "other")
    for product in ("elf", "uf2", "bin", "map"):
        assert getattr(other, product).read_bytes() == getattr(small_build, product).read_bytes(), product


def test_only_what_changed_is_compiled(
    toolchain: None, mean_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clone(tmp_path / "tree")
    monkeypatch.setenv("EMBERWATCH_ROOT", str(root))
    first = build_firmware("pico", mean_model)
    assert first.elf == root / "build" / "firmware" / "pico" / "emberwatch.elf"
    assert first.compiled > 10
    assert build_firmware("pico", mean_model).compiled == 0

    led = root / "firmware" / "drivers" / "led.c"
    led.write_text(led.read_text().replace("LED_DIVIDER 8u", "LED_DIVIDER 9u"))
    before = first.bin.read_bytes()
    assert build_firmware("pico", mean_model).compiled == 1
    assert first.bin.read_bytes() != before

    header = root / "firmware" / "drivers" / "led.h"
    header.write_text(header.read_text() + "\n")
    assert build_firmware("pico", mean_model).compiled == 3  # led.c, main.c and what both applications start with


def test_defines_reach_the_sources(small_build: BuildResult, mean_model: Path, tmp_path: Path) -> None:
    stalled = build_firmware("pico", mean_model, tmp_path, {"INJECT_STALL_BLOCK": 3, "INJECT_STALL_US": 100_000})
    assert stalled.bin.read_bytes() != small_build.bin.read_bytes()


@pytest.mark.parametrize("hz", [48_000_000, 133_000_000])
def test_other_clocks(toolchain: None, mean_model: Path, tmp_path: Path, hz: int) -> None:
    build_firmware("pico", mean_model, tmp_path, clk_sys_hz=hz)
    assert f"#define CLK_SYS_HZ {hz}u" in (tmp_path / "gen" / "board.h").read_text()


def test_impossible_clock_is_refused(mean_model: Path, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="clk_sys_hz = 1000 cannot be made"):
        build_firmware("pico", mean_model, tmp_path, clk_sys_hz=1000)


@pytest.mark.parametrize("read", ["quad", "dual", "serial"])
@pytest.mark.parametrize("channel", ["left", "right"])
def test_every_board_option_builds(toolchain: None, mean_model: Path, tmp_path: Path, read: str, channel: str) -> None:
    text = (project_root() / "platforms" / "boards" / "pico.toml").read_text()
    board = tmp_path / "variant.toml"
    board.write_text(
        text.replace('"quad" ', f'"{read}" ')
        .replace('"left"', f'"{channel}"')
        .replace('"high"', '"low"')
        .replace("instance = 0\ntx = 0\nrx = 1", "instance = 1\ntx = 8\nrx = 9")
    )
    build_firmware(board, mean_model, tmp_path / "out")
    header = (tmp_path / "out" / "gen" / "board.h").read_text()
    assert f"FLASH_READ_{read.upper()} 1" in header and f"PDM_CHANNEL_RIGHT {int(channel == 'right')}" in header


def test_second_board(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    built = build_firmware("sparkfun_micromod", mean_model, tmp_path)
    assert b"board=sparkfun_micromod" in built.bin.read_bytes()


def test_missing_toolchain_says_how_to_get_it(
    mean_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        BuildError, match=r"arm-none-eabi-gcc is not installed; get it with: (sudo apt-get|brew) install"
    ):
        build_firmware("pico", mean_model, tmp_path / "out")


def test_compiler_errors_name_file_and_line(
    toolchain: None, mean_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clone(tmp_path / "tree")
    monkeypatch.setenv("EMBERWATCH_ROOT", str(root))
    with (root / "firmware" / "apps" / "detector" / "stats.c").open("a") as file:
        file.write("int broken(void) { return nonsense; }\n")
    with pytest.raises(BuildError, match=r"firmware/apps/detector/stats.c:\d+:\d+: error: .*nonsense"):
        build_firmware("pico", mean_model)


def test_event_parameters_come_with_the_model(toolchain: None, mean_model: Path, tmp_path: Path) -> None:
    """Those beside the model, unless others are named; a model that has none gets the released ones."""
    folder = tmp_path / "model"
    shutil.copytree(mean_model, folder)

    def score(detector: Path | None = None) -> str:
        build_firmware("pico", folder, tmp_path / "out", detector=detector)
        header = (tmp_path / "out/gen/detector_config.h").read_text()
        return next(line for line in header.splitlines() if " EVENTS_TRUST_T3 " in line).split()[-1]

    text = RELEASED_DETECTOR.read_text()
    released = tomllib.loads(text)["events"]["trust_t3"]
    assert score() == str(released)
    (folder / "detector.toml").write_text(text.replace(f"trust_t3 = {released}", "trust_t3 = 123"))
    (tmp_path / "mine.toml").write_text(text.replace(f"trust_t3 = {released}", "trust_t3 = 45"))
    assert [score(), score(tmp_path / "mine.toml")] == ["123", "45"]


def test_a_model_of_another_shape_is_refused_before_the_compiler_sees_it(toolchain: None, tmp_path: Path) -> None:
    folder = tmp_path / "kws"
    folder.mkdir()
    (folder / "model.c").write_text("")
    sizes = {"MODEL_INPUT_SIZE": 490, "MODEL_INPUT_FRAMES": 49, "MODEL_OUTPUT_SIZE": 12}
    (folder / "model.h").write_text("".join(f"#define {name} {value}\n" for name, value in sizes.items()))
    with pytest.raises(
        BuildError, match="kws takes 490 values in 49 frames and gives 12; the firmware needs frames of 32"
    ):
        build_firmware("pico", folder, tmp_path / "out")


def test_missing_model(toolchain: None, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no model at .*nowhere\.tflite"):
        build_firmware("pico", tmp_path / "nowhere.tflite", tmp_path)
    with pytest.raises(BuildError, match=r"has no model\.c"):
        build_firmware("pico", tmp_path, tmp_path / "out")
