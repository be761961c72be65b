"""A heat map shows every value at its place, and peaks survive where many values share a pixel."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest

from emberwatch.base.picture import heat_map

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed; pip install emberwatch[report]")


def decoded(url: str) -> np.ndarray:
    head, data = url.split(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"), np.int32)


def test_lightness_rises_with_the_value() -> None:
    pixels = decoded(heat_map(np.arange(256, dtype=np.uint8)[np.newaxis], 256))
    lightness = pixels[0] @ (299, 587, 114)
    assert lightness[0] < 5000 and lightness[-1] > 240_000
    assert (np.diff(lightness) >= -300).all(), "one step of rounding at most"


def test_first_row_is_on_top_and_a_peak_survives_narrowing() -> None:
    values = np.zeros((2, 1000), np.uint8)
    values[0, 501] = 255
    pixels = decoded(heat_map(values, 10))
    assert pixels.shape == (2, 10, 3)
    bright = pixels.sum(axis=2) > 300
    assert bright[0].tolist() == [column == 5 for column in range(10)] and not bright[1].any()


def test_fewer_shades_make_a_smaller_file() -> None:
    values = np.random.default_rng(1).integers(0, 256, (32, 500)).astype(np.uint8)
    assert len(heat_map(values, 500, shades=16)) < 0.7 * len(heat_map(values, 500))
