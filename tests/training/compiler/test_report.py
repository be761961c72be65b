"""The page of a compiled network: layers with cycles, memory, and what dominates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")

from tflite_networks import detector

from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.model import parse_model
from emberwatch.training.compiler.report import Measurement, dominant, rows, write_report


@pytest.fixture
def compiled(tmp_path: Path) -> CompiledModel:
    return write_model(parse_model(detector(np.random.default_rng(3)), "d"), "d.tflite", tmp_path, "net")


def measurement(compiled: CompiledModel) -> Measurement:
    """The second layer takes three quarters, the others share the rest."""
    symbols = [layer.symbol for layer in compiled.layers]
    functions = {symbol: 1000 for symbol in symbols} | {symbols[1]: 3000 * (len(symbols) - 1)}
    return Measurement(functions, {s: 40 for s in symbols}, sum(functions.values()), 125_000_000, True, 9000, 4000)


def test_page_with_cycles(compiled: CompiledModel, tmp_path: Path) -> None:
    write_report(compiled, tmp_path / "page.html", measurement(compiled))
    text = (tmp_path / "page.html").read_text()
    layer = compiled.layers[1]
    assert f"Most cycles: {layer.index} {layer.operator} (75 %)." in text
    assert text.count("<svg") == 2, "cycles and memory"
    assert text.count("<text ") == 2 * len(compiled.layers)
    assert f"{compiled.arena:,} bytes of working memory" in text


def test_page_without_a_toolchain(compiled: CompiledModel, tmp_path: Path) -> None:
    write_report(compiled, tmp_path / "page.html", None, "no compiler")
    text = (tmp_path / "page.html").read_text()
    assert "were not measured: no compiler" in text
    assert "Most multiply-accumulates: " in text
    assert text.count("<svg") == 1


def test_dominant_layers_make_up_half(compiled: CompiledModel) -> None:
    table = rows(compiled, measurement(compiled))
    assert dominant(table, measurement(compiled).total).count("%") == 1
    assert dominant(rows(compiled, None), 0).count("%") >= 1
