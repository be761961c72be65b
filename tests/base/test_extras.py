"""What is not installed is named with the command that installs it."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base import extras
from emberwatch.base.errors import MissingDependencyError


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("PIL.Image", r"a test needs Pillow, .*'emberwatch\[report\]'"),
        ("serial", r"pyserial, .*'emberwatch\[serial\]'"),
        ("robot", r"robotframework, .*'emberwatch\[robot\]'"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch, module: str, names: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as where it is not installed
    with pytest.raises(MissingDependencyError, match=names):
        extras.load(module, "a test")


def test_every_extra_that_a_message_names_exists_and_brings_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for package, extra, _ in extras.PACKAGES.values():
        assert any(line.startswith(package + ">=") for line in declared[extra]), (package, extra)


def test_a_figure_is_drawn_without_a_display(tmp_path: Path) -> None:
    figure = extras.figure(2, 1)
    figure.subplots().plot([1, 2])
    figure.savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes()[:4] == b"\x89PNG"
