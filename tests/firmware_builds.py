"""Builds of the firmware that several tests look at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emberwatch.base.paths import RELEASED_MODEL, project_root
from emberwatch.detector.build import BuildResult, build_firmware
from emberwatch.program.toolchain import COMPILER, install_command

MODEL_H = """\
#ifndef MODEL_H
#define MODEL_H
#include <stdint.h>
#define MODEL_SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MODEL_INPUT_FRAMES 8
#define MODEL_INPUT_SIZE 256
#define MODEL_OUTPUT_SIZE 1
void model_invoke(const int8_t *input, int8_t *output);
#endif
"""
MODEL_C = """\
#include "model.h"
void model_invoke(const int8_t *input, int8_t *output) {
    int32_t sum = 0;
    for (int i = 0; i < MODEL_INPUT_SIZE; i++) sum += input[i];
    *output = (int8_t)(sum / MODEL_INPUT_SIZE);
}
"""


@pytest.fixture(scope="session")
def toolchain() -> None:
    if shutil.which(COMPILER) is None:
        pytest.skip(f"{COMPILER} is not installed; get it with: {install_command()}")


@pytest.fixture(scope="session")
def mean_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network in the generated form that averages its window: enough to build with, whatever is released."""
    folder = tmp_path_factory.mktemp("mean_model")
    (folder / "model.h").write_text(MODEL_H)
    (folder / "model.c").write_text(MODEL_C)
    return folder


@pytest.fixture(scope="session")
def small_build(toolchain: None, mean_model: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The firmware for the Pico with the averaging network."""
    return build_firmware("pico", mean_model, tmp_path_factory.mktemp("firmware"))


@pytest.fixture(scope="session")
def released_build(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The firmware for the Pico as shipped."""
    if not RELEASED_MODEL.is_file():
        pytest.skip(f"{RELEASED_MODEL} is missing; `emberwatch train` makes it")
    return build_firmware("pico", None, tmp_path_factory.mktemp("released"))


def clone(folder: Path) -> Path:
    """What the build reads, copied elsewhere."""
    root = project_root()
    shutil.copytree(root / "firmware", folder / "firmware")
    shutil.copytree(root / "platforms", folder / "platforms")
    shutil.copytree(root / "training" / "released", folder / "training" / "released")
    shutil.copy(root / "pyproject.toml", folder)
    return folder
