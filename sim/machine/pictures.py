"""Pictures of displays beside those that they should show."""

from __future__ import annotations

import io
from pathlib import Path

from emberwatch.base.errors import ExpectationError, UsageError
from emberwatch.base.extras import load
from emberwatch.base.lazy import np, npt


def _dots(source: io.BytesIO | Path) -> npt.NDArray[np.uint8]:
    """Grey values of a PNG file, [height, width]."""
    image = load("PIL.Image", "comparing pictures")
    try:
        with image.open(source) as picture:
            return np.asarray(picture.convert("L"))
    except (OSError, ValueError) as error:  # Pillow's own complaint about no picture is an OSError
        reason = getattr(error, "strerror", None) or "it is no picture"
        raise UsageError(f"picture {source} cannot be read: {reason}") from None


def compare_picture(shown: bytes, file: Path, what: str) -> None:
    """Compares a display's PNG with a file, which may be larger by a whole factor.

    Raises:
        ExpectationError: a dot differs, or the shape.
        UsageError: the file is no picture.
    """
    dots, wanted = _dots(io.BytesIO(shown)) > 127, _dots(file) > 127
    height, width = dots.shape
    factor = max(1, wanted.shape[0] // height)
    if wanted.shape != (height * factor, width * factor):
        size = f"{wanted.shape[1]} by {wanted.shape[0]}"
        raise ExpectationError(f"{file} is {size}, not {width} by {height} or a multiple, as {what} shows")
    different = np.argwhere(dots != wanted[factor // 2 :: factor, factor // 2 :: factor])
    if len(different):
        y, x = different[0]
        raise ExpectationError(f"{what} differs from {file} in {len(different)} dots, the first at x {x}, y {y}")
