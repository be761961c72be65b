"""Where a clone and an installed package find what is theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emberwatch.base import paths
from emberwatch.base.paths import TreeError, build_folder, project_root, recordings_folder
from emberwatch.board.board import load_board


def test_installed_package_brings_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone, packaged, elsewhere = project_root(), tmp_path / "site-packages/emberwatch/tree", tmp_path / "elsewhere"
    for folder in ("firmware", "platforms"):
        shutil.copytree(clone / folder, packaged / folder)
    elsewhere.mkdir()
    monkeypatch.setattr(paths, "PACKAGE", packaged.parent)
    monkeypatch.setattr(paths, "_PACKAGED", packaged)
    monkeypatch.delenv("EMBERWATCH_ROOT", raising=False)
    monkeypatch.chdir(elsewhere)
    assert project_root() == packaged
    assert build_folder() == elsewhere / "build"
    assert load_board("pico").name == "pico"
    monkeypatch.chdir(clone / "docs")  # a clone around the working folder comes first
    assert (project_root(), build_folder()) == (clone, clone / "build")
    monkeypatch.setenv("EMBERWATCH_ROOT", str(tmp_path / "nowhere"))
    with pytest.raises(TreeError, match="nowhere is no Emberwatch source tree"):
        load_board("pico")


def test_a_folder_without_recordings_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBERWATCH_AUDIO", str(tmp_path))
    with pytest.raises(TreeError, match=r"EMBERWATCH_AUDIO = .* holds no manifest\.csv"):
        recordings_folder()
