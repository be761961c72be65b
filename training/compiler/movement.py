"""Moving elements without computing: loops over strides, in bytes, so that every type is moved by the same code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from emberwatch.training.compiler.ir import ELEMENT_SIZE, Lowering
from emberwatch.training.compiler.model import Tensor

Loop = tuple[int, int, int]


def strides(shape: Sequence[int]) -> list[int]:
    """Distance, in elements, of neighbours along every dimension."""
    return [math.prod(shape[i + 1 :]) for i in range(len(shape))]


def loops(shape: Sequence[int], sources: Sequence[int], targets: Sequence[int]) -> list[Loop]:
    """Loops (size, source stride, target stride) with joinable neighbours joined."""
    joined: list[Loop] = []
    for size, a, b in zip(shape, sources, targets, strict=True):
        if size == 1:
            continue
        if joined and joined[-1][1] == a * size and joined[-1][2] == b * size:
            joined[-1] = (joined[-1][0] * size, a, b)
        else:
            joined.append((size, a, b))
    return joined


def element_size(low: Lowering, source: Tensor, output: Tensor) -> int:
    """Bytes of an element that is moved from one tensor to another.

    Refuses a change of type or of quantisation; tensors without a scale can be moved too.
    """
    if source.dtype not in ELEMENT_SIZE:
        low.fail(f"type {source.dtype} is not supported", source)
    if source.dtype != output.dtype:
        low.fail(f"type {source.dtype} cannot become {output.dtype}", output)
    if source.scale.size == 1 and output.scale.size == 1:
        zeros = [int(t.zero_point[0]) if t.zero_point.size else 0 for t in (source, output)]
        if source.scale[0] != output.scale[0] or zeros[0] != zeros[1]:
            low.fail("input and output must have the same scale and zero point; quantise again", output)
    return ELEMENT_SIZE[source.dtype]


def element_sizes(low: Lowering, sources: Sequence[Tensor], output: Tensor) -> int:
    """Bytes of an element of several tensors that are moved to one, or of one that is moved to several."""
    return [element_size(low, source, output) for source in sources][-1]


def fill_byte(low: Lowering, output: Tensor) -> int:
    """The byte that fills an output with its zero point."""
    zero = int(output.zero_point[0]) if output.zero_point.size else 0
    if output.dtype not in ELEMENT_SIZE:
        low.fail(f"type {output.dtype} is not supported", output)
    if ELEMENT_SIZE[output.dtype] > 1 and zero:
        low.fail(f"zero point {zero} of type {output.dtype} is not supported, only 0", output)
    return zero if zero < 128 else zero - 256


def copy(
    low: Lowering,
    source: Tensor,
    output: Tensor,
    shape: Sequence[int],
    sources: Sequence[int],
    targets: Sequence[int],
    first: int = 0,
    start: int = 0,
    fill: int | None = None,
    summary: str = "",
) -> None:
    """Add a layer that copies elements by strides.

    Args:
        low: the operator.
        source: read.
        output: written.
        shape: sizes of the loops.
        sources: stride of the source for each, in elements.
        targets: stride of the output for each, in elements.
        first: element of the source to begin with.
        start: element of the output to begin with.
        fill: byte that the output is filled with before.
        summary: text for the table of layers.
    """
    size = element_size(low, source, output)
    runs = loops([*shape, size], [s * size for s in sources] + [1], [t * size for t in targets] + [1])
    context: dict[str, Any] = {
        "loops": runs or [(1, 1, 1)], "from": first * size, "start": start * size, "fill": fill,
        "size": output.size * size,
    }  # fmt: skip
    low.layer(
        "copy", [source], context, [output], raw=True, summary=summary, helpers={"fill"} if fill is not None else set()
    )
