"""Streaming: the same network computed a few frames at a time, exact all the same.

The first input is `[1, T, ...]`. When the window moves on by F frames, a layer whose windows take no padding along time
and whose accumulated stride divides F yields its old columns moved by F / stride, and only the last F / stride columns
are new. So the graph is rewritten: every such layer is cut down to its new columns, reads the tail of its input's
history, and writes to the end of its own history. Layers that need the whole window (a mean over time, flatten and
fully connected) read the full history and are computed anew each time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from emberwatch.training.compiler import ops_binary, ops_unary
from emberwatch.training.compiler.model import Model, Operator, Tensor
from emberwatch.training.compiler.schema import PADDINGS

BLOCK_FRAMES = 4  # frames of one 32 ms block
FILL = -128  # the quietest feature: what frames before the first count as

_RESHAPES = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}
_ELEMENTWISE = {
    "RELU", "RELU6", "LOGISTIC", "TANH", "ADD", "SUB", "MUL", "QUANTIZE", *ops_unary.RULES, *ops_binary.RULES,
}  # fmt: skip
_WINDOWED = {"CONV_2D": "filter", "DEPTHWISE_CONV_2D": "filter", "MAX_POOL_2D": "pool", "AVERAGE_POOL_2D": "pool"}


@dataclass
class History:
    """What is kept of one storage: the last `columns` columns of `column_size` bytes, `new` of them new each time."""

    tensor: int
    columns: int
    new: int
    column_size: int
    offset: int = 0

    @property
    def size(self) -> int:
        """Bytes."""
        return self.columns * self.column_size


@dataclass
class StreamGraph:
    """The rewritten graph.

    Attributes:
        model: operators on new columns; its input is the new frames.
        frames: frames per push.
        window: frames that the output depends on.
        histories: by root tensor of the original model.
        views: tensor of the rewritten model -> (root, columns it shows from the end of the history).
        fresh: tensor of the rewritten model that holds a root's new columns -> root.
    """

    model: Model
    frames: int
    window: int
    histories: dict[int, History] = field(default_factory=dict)
    views: dict[int, tuple[int, int]] = field(default_factory=dict)
    fresh: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Time:
    """A tensor's time axis and the frames between two of its columns."""

    axis: int
    stride: int


class _Rewriter:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.tensors = model.tensors
        self.time: dict[int, _Time] = {}
        self.root: dict[int, int] = {}

    def find_axis(self, tensor: Tensor, length: int) -> int | None:
        """The axis of a given length that has only ones before it."""
        for axis, size in enumerate(tensor.shape):
            if size == length and size > 1:
                return axis
            if size != 1:
                return None
        return None

    def window_of(self, op: Operator, axis: int) -> tuple[int, int] | None:
        """Reach and stride of a windowed operator along time, or None when it is padded there."""
        if axis not in (1, 2):
            return None
        letter = "h" if axis == 1 else "w"
        if _WINDOWED[op.name] == "filter":
            size = self.tensors[op.inputs[1]].shape[axis]
            reach = (size - 1) * int(op.options[f"dilation_{letter}"]) + 1
        else:
            reach = int(op.options[f"filter_{letter}"])
        stride = int(op.options[f"stride_{letter}"])
        length = self.tensors[op.inputs[0]].shape[axis]
        out = self.tensors[op.outputs[0]].shape[axis]
        if (out - 1) * stride + reach > length or out < 2:
            return None
        return reach, stride

    def follow(self, op: Operator) -> bool:
        """Whether the operator can work on new columns alone; notes the time axis of its output."""
        timed = [i for i in op.inputs if i in self.time]
        if not timed or len(op.outputs) != 1:
            return False
        source, output = timed[0], self.tensors[op.outputs[0]]
        time = self.time[source]
        length = self.tensors[source].shape[time.axis]
        if op.name in _RESHAPES:
            axis = self.find_axis(output, length)
            if axis is None:
                return False
            self.time[output.index] = _Time(axis, time.stride)
            self.root[output.index] = self.root[source]
            return True
        if op.name in _ELEMENTWISE:
            for i in op.inputs:
                tensor = self.tensors[i]
                missing = len(output.shape) - len(tensor.shape)
                at = time.axis - missing
                if i in self.time and (self.time[i] != time or tensor.shape != output.shape):
                    return False
                if i not in self.time and (tensor.data is None or (at >= 0 and tensor.shape[at] != 1)):
                    return False
            new_time = time
        elif op.name in _WINDOWED:
            found = self.window_of(op, time.axis)
            if found is None or op.inputs[0] != source:
                return False
            new_time = _Time(time.axis, time.stride * found[1])
        elif op.name == "CONCATENATION":
            axis = int(op.options["axis"]) % len(output.shape)
            if axis <= time.axis or any(self.time.get(i) != time for i in op.inputs):
                return False
            new_time = time
        else:
            return False
        self.time[output.index] = new_time
        self.root[output.index] = output.index
        return True


def stream_graph(model: Model) -> StreamGraph | None:
    """Rewrite a graph for streaming, or return None when it does not stream.

    It streams when it has one int8 input `[1, T, ...]` with T > 1, one output, at least one layer that works on new
    columns alone, an output that no longer has a time axis, and no memory of its own.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1 or model.has_memory():
        return None
    source = model.tensors[model.inputs[0]]
    if source.dtype != "INT8" or len(source.shape) < 3 or source.shape[0] != 1 or source.shape[1] < 2:
        return None
    rewriter = _Rewriter(model)
    rewriter.time[source.index] = _Time(1, 1)
    rewriter.root[source.index] = source.index
    local: list[bool] = []
    for op in model.operators:
        local.append(rewriter.follow(op))
    frames = math.lcm(BLOCK_FRAMES, *(t.stride for t in rewriter.time.values()))
    window = source.shape[1]
    if (
        model.outputs[0] in rewriter.time
        or frames > window
        or not any(
            here and op.name in ("CONV_2D", "DEPTHWISE_CONV_2D")
            for here, op in zip(local, model.operators, strict=True)
        )
    ):
        return None
    return _rewrite(model, rewriter, local, frames, window)


def _rewrite(model: Model, rewriter: _Rewriter, local: list[bool], frames: int, window: int) -> StreamGraph | None:
    tensors = list(model.tensors)
    graph = StreamGraph(replace(model, tensors=tensors, operators=[]), frames, window)
    columns_of = {i: model.tensors[i].shape[t.axis] for i, t in rewriter.time.items()}
    new_of = {i: frames // t.stride for i, t in rewriter.time.items()}
    if any(new_of[i] > columns_of[i] for i in new_of):
        return None

    def cut(index: int, columns: int) -> int:
        """Add a copy of a tensor with fewer columns."""
        tensor, axis = tensors[index], rewriter.time[index].axis
        shape = (*tensor.shape[:axis], columns, *tensor.shape[axis + 1 :])
        tensors.append(replace(tensor, index=len(tensors), shape=shape))
        return len(tensors) - 1

    fresh: dict[int, int] = {}
    views: dict[tuple[int, int], int] = {}

    def view(index: int, columns: int) -> int:
        """The last columns of a tensor, from its history unless they are just the new ones."""
        if columns == new_of[index]:
            return fresh[index]
        root = rewriter.root[index]
        history = graph.histories.setdefault(root, History(root, new_of[root], new_of[root], 0))
        history.columns = max(history.columns, columns)
        if (index, columns) not in views:
            views[index, columns] = cut(index, columns)
            graph.views[views[index, columns]] = (root, columns)
        return views[index, columns]

    fresh[model.inputs[0]] = cut(model.inputs[0], frames)
    for op, here in zip(model.operators, local, strict=True):
        if not here:
            inputs = tuple(view(i, columns_of[i]) if i in rewriter.time else i for i in op.inputs)
            graph.model.operators.append(replace(op, inputs=inputs))
            continue
        out = op.outputs[0]
        fresh[out] = cut(out, new_of[out])
        needed = {i: new_of[i] for i in op.inputs if i in rewriter.time}
        options = dict(op.options)
        if op.name in _WINDOWED:
            axis = rewriter.time[op.inputs[0]].axis
            found = rewriter.window_of(op, axis)
            assert found is not None
            needed[op.inputs[0]] = columns_of[op.inputs[0]] - (columns_of[out] - new_of[out]) * found[1]
            options["pads"] = _pads(model, op)
        inputs = tuple(view(i, needed[i]) if i in needed else i for i in op.inputs)
        graph.model.operators.append(Operator(op.index, op.name, inputs, (fresh[out],), options))

    if not graph.histories:  # the output depends on nothing but the last frames
        return None
    offset = 0
    for root in sorted(graph.histories):
        history = graph.histories[root]
        history.column_size = tensors[root].size // columns_of[root]
        history.offset = offset
        offset += (history.size + 3) // 4 * 4
    graph.fresh = {tensor: rewriter.root[i] for i, tensor in fresh.items()}
    graph.model = replace(graph.model, inputs=(fresh[model.inputs[0]],))
    return graph


def _pads(model: Model, op: Operator) -> tuple[int, int]:
    """Rows and columns of padding in front of the original operator's windows."""
    if PADDINGS[int(op.options["padding"])] == "VALID":
        return 0, 0
    pads = []
    for axis, letter in ((1, "h"), (2, "w")):
        size, out = model.tensors[op.inputs[0]].shape[axis], model.tensors[op.outputs[0]].shape[axis]
        if _WINDOWED[op.name] == "filter":
            reach = (model.tensors[op.inputs[1]].shape[axis] - 1) * int(op.options[f"dilation_{letter}"]) + 1
        else:
            reach = int(op.options[f"filter_{letter}"])
        pads.append(max(0, (out - 1) * int(op.options[f"stride_{letter}"]) + reach - size) // 2)
    return pads[0], pads[1]


def state_size(graph: StreamGraph) -> int:
    """Bytes of all histories."""
    return int(np.sum([(h.size + 3) // 4 * 4 for h in graph.histories.values()], dtype=np.int64))
