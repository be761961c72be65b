"""Sliding windows over images: sizes, padding and reach, worked out once for convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emberwatch.training.compiler.ir import Lowering
from emberwatch.training.compiler.model import Tensor
from emberwatch.training.compiler.schema import PADDINGS

MAX_REACH = 1 << 16  # rows or columns that all windows together reach over, padding included
MAX_STEP = 32767  # of windows, strides and dilations: the runtime keeps padding in 16 bits
_NAMES = {1: "rows", 2: "columns"}


@dataclass(frozen=True)
class Axis:
    """A window that slides along the rows or the columns of an image.

    Attributes:
        size: of the image.
        out: positions of the window.
        kernel: elements of the window.
        stride: from one position to the next; 1 where there is only one.
        dilation: from one element to the next; 1 where there is only one.
        pad: elements before the image's first that the first window begins at.
    """

    size: int
    out: int
    kernel: int
    stride: int
    dilation: int
    pad: int

    @property
    def reach(self) -> int:
        """From a window's first element to behind its last."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def field(self) -> int:
        """From the first window's first element to behind the last window's last."""
        return (self.out - 1) * self.stride + self.reach

    @property
    def padded(self) -> bool:
        """Whether a window reaches beyond the image."""
        return self.pad > 0 or self.field > self.size

    @property
    def copied(self) -> int:
        """Elements of the image that windows reach."""
        return min(self.size, self.field - self.pad)

    def clipped(self) -> Axis:
        """The same with a window that is no longer than it can be of use; elements lie side by side."""
        return replace(self, kernel=min(self.kernel, self.size + self.pad))


@dataclass(frozen=True)
class Geometry:
    """Windows over a batch of images ``[batch][rows][columns][depth]``."""

    batch: int
    rows: Axis
    columns: Axis
    depth: int
    channels: int

    @property
    def windows(self) -> int:
        """Windows over one image."""
        return self.rows.out * self.columns.out

    @property
    def padded(self) -> bool:
        """Whether a window reaches beyond the image."""
        return self.rows.padded or self.columns.padded

    @property
    def output(self) -> tuple[int, ...]:
        """Shape of the result."""
        return self.batch, self.rows.out, self.columns.out, self.channels

    def summary(self) -> str:
        """One line for comments and reports."""
        rows, columns = self.rows, self.columns
        return (
            f"{rows.kernel}x{columns.kernel} window, stride {rows.stride}x{columns.stride}, "
            f"dilation {rows.dilation}x{columns.dilation}, padding {rows.pad},{columns.pad}"
        )


def image(low: Lowering, tensor: Tensor) -> tuple[int, int, int, int]:
    """Batch, rows, columns and depth of a tensor; refuses other ranks."""
    if len(tensor.shape) != 4:
        low.fail(f"shape {list(tensor.shape)} does not have 4 dimensions", tensor)
    return tensor.shape[0], tensor.shape[1], tensor.shape[2], tensor.shape[3]


def _axis(low: Lowering, number: int, kernel: int) -> Axis:
    letter, options = "hw"[number - 1], low.op.options
    stride, dilation = int(options[f"stride_{letter}"]), int(options.get(f"dilation_{letter}", 1))
    code, size = int(options["padding"]), low.input(0).shape[number]
    if not 0 <= code < len(PADDINGS):
        low.fail(f"padding {code} is unknown")
    if not all(1 <= n <= MAX_STEP for n in (stride, dilation, kernel)):
        low.fail(f"window {kernel}, stride {stride}, dilation {dilation}: each must be 1 to {MAX_STEP}")
    reach = (kernel - 1) * dilation + 1
    if "pads" in options:  # a layer cut down for streaming
        out, pad = low.output().shape[number], int(options["pads"][number - 1])
    elif PADDINGS[code] == "SAME":
        out = -(-size // stride)
        pad = max(0, (out - 1) * stride + reach - size) // 2
    else:
        out, pad = (size - reach) // stride + 1, 0
        if reach > size:
            low.fail(f"a window that reaches over {reach} of {size} {_NAMES[number]}, without padding", low.input(0))
    if pad > MAX_STEP:
        low.fail(f"{pad} {_NAMES[number]} of padding; at most {MAX_STEP}")
    return Axis(size, out, kernel, stride if out > 1 else 1, dilation if kernel > 1 else 1, pad)


def geometry(low: Lowering, kernel_h: int, kernel_w: int, channels: int) -> Geometry:
    """The windows of a convolution or pool with 4-dimensional input.

    Args:
        low: the operator.
        kernel_h: rows of the window.
        kernel_w: its columns.
        channels: of the output.

    Raises:
        CompileError: the input is no image, or the options make no sense.
    """
    batch, _, _, depth = image(low, low.input(0))
    return Geometry(batch, _axis(low, 1, kernel_h), _axis(low, 2, kernel_w), depth, channels)


def check_reach(low: Lowering, windows: Geometry) -> None:
    """Refuse windows whose padded image would be absurdly large."""
    for number, axis in ((1, windows.rows), (2, windows.columns)):
        if axis.field > MAX_REACH:
            low.fail(f"windows that reach over {axis.field} {_NAMES[number]}; at most {MAX_REACH} are compiled")
