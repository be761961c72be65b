"""Arrays of bytes as small PNG pictures inside HTML pages."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt

from emberwatch.base.extras import load

DARK_TO_LIGHT = (
    (0, 0, 4),
    (28, 16, 68),
    (79, 18, 123),
    (129, 37, 129),
    (181, 54, 122),
    (229, 80, 100),
    (251, 135, 97),
    (254, 194, 135),
    (252, 253, 191),
)
"""Red, green, blue from black through violet and orange to a pale yellow; lightness rises evenly, so that it reads in
grey as well."""
_KNOTS = np.array(DARK_TO_LIGHT, np.float64)
_PALETTE = np.stack(
    [np.interp(np.arange(256), np.linspace(0, 255, len(_KNOTS)), _KNOTS[:, channel]) for channel in range(3)], axis=1
)


def heat_map(values: npt.NDArray[np.uint8], columns: int, shades: int = 256) -> str:
    """A PNG data URL of `values`, one pixel each, first row on top, dark for 0 and light for 255.

    Args:
        values: `[rows, n]`.
        columns: the most the picture may have; of what falls into one pixel the largest is shown.
        shades: how many different colours, 2 to 256; fewer make a smaller file.

    Raises:
        MissingDependencyError: Pillow is not installed.
    """
    image = load("PIL.Image", "the picture of a page")
    if values.shape[1] > columns:
        edges = np.linspace(0, values.shape[1], columns + 1).astype(int)[:-1]
        values = np.maximum.reduceat(values, edges, axis=1)
    step = 256 // shades
    picture = image.fromarray(np.ascontiguousarray(values // step * step), "L")
    picture.putpalette(np.rint(_PALETTE).astype(np.uint8).tobytes())
    stream = io.BytesIO()
    picture.save(stream, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
