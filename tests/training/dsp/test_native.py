"""Building the native library: cached, rebuilt when the sources change, clear errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emberwatch.base.errors import BuildError, MissingDependencyError
from emberwatch.training.dsp import native


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, and no library loaded before or after."""
    monkeypatch.setenv("EMBERWATCH_CACHE", str(tmp_path / "cache"))
    native.load.cache_clear()
    yield tmp_path / "cache"
    native.load.cache_clear()


def test_library_is_built_once(fresh: Path) -> None:
    native.features(np.zeros(256, dtype=np.int16))
    built = list(fresh.iterdir())
    assert len(built) == 1 and built[0].suffix == ".so"
    before = built[0].stat().st_mtime_ns
    native.load.cache_clear()
    native.features(np.zeros(256, dtype=np.int16))
    assert [p.stat().st_mtime_ns for p in fresh.iterdir()] == [before]


def test_missing_compiler(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(MissingDependencyError, match="install gcc"):
        native.load()


def test_failing_compiler(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "broken-cc"
    compiler.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(BuildError, match="no space left"):
        native.load()


def test_missing_sources(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(native, "project_root", lambda: tmp_path / "nowhere")
    with pytest.raises(BuildError, match="run from a checkout"):
        native.load()


def test_value_outside_the_logarithm_s_range() -> None:
    with pytest.raises(ValueError, match="0 is outside"):
        native.log2_eighths(0)
