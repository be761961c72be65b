"""The generated C beside TensorFlow Lite Micro on the spot: `emberwatch compile --check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.training.compiler.compiler import CompiledModel
from emberwatch.training.compiler.errors import CompileError
from emberwatch.training.compiler.model import Model, Tensor
from emberwatch.training.compiler.native import NativeModel, numpy_type
from emberwatch.training.compiler.oracle import Oracle
from emberwatch.training.compiler.stream import FILL

Witness = Callable[..., list[npt.NDArray[Any]]]
"""What TensorFlow Lite Micro gives for the inputs of one inference."""


@dataclass(frozen=True)
class Difference:
    """The first element that differs in one comparison."""

    form: str
    number: int
    output: int
    element: int
    got: float
    wanted: float

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.form} {self.number}, output {self.output}, element {self.element}: "
            f"{self.got:g}, TensorFlow Lite Micro gives {self.wanted:g}"
        )


@dataclass(frozen=True)
class Check:
    """What a comparison found.

    Attributes:
        inputs: whole inferences compared.
        pushes: pushes of the streaming form compared.
        distinct: different outputs that were seen; one alone means that nothing moved.
        differences: the first of every comparison that differed.
    """

    inputs: int
    pushes: int
    distinct: int
    differences: tuple[Difference, ...]


def values_for(tensor: Tensor, count: int, rng: np.random.Generator) -> Iterator[npt.NDArray[Any]]:
    """Inputs for one tensor: extremes, constants, noise of several spreads, and walks by single steps.

    A walk changes a few elements by one, so that sums creep over rounding steps and meet their ties. Floating-point
    inputs lie on multiples of half a step, where QUANTIZE has its ties, and between them.
    """
    kind = numpy_type(tensor)
    if np.issubdtype(kind, np.floating):
        step = 2.0 ** float(rng.integers(-6, 2))
        for number in range(count):
            spread = float(rng.choice([0.5, 3.0, 40.0]))
            noise = rng.normal(0, spread, tensor.shape)
            yield (np.round(noise / step) * step if number % 2 else noise).astype(kind)
        return
    if kind == np.bool_:
        for _ in range(count):
            yield rng.random(tensor.shape) < 0.5
        return
    info = np.iinfo(np.dtype(kind))
    low, high = max(int(info.min), -32768), min(int(info.max), 32767)
    middle, width = (low + high + 1) // 2, high - low
    walk = rng.integers(low, high + 1, tensor.shape)
    values: npt.NDArray[Any]
    for number in range(count):
        if number < 4:
            values = np.full(tensor.shape, (low, high, middle, middle - 1)[number])
        elif number % 4 == 0:
            values = rng.choice([low, high], tensor.shape)
        elif number % 4 == 1:
            values = rng.integers(low, high + 1, tensor.shape)
        elif number % 4 == 2:
            around = rng.integers(low, high + 1)
            values = np.clip(
                np.round(rng.normal(around, width * rng.choice([0.01, 0.1, 0.25]), tensor.shape)), low, high
            )
        else:
            steps = (rng.random(tensor.shape) < 0.1) * rng.choice([-1, 1], tensor.shape)
            values = walk = np.clip(walk + steps, low, high)
        yield values.astype(kind)


def _difference(
    form: str, number: int, got: list[npt.NDArray[Any]], wanted: list[npt.NDArray[Any]]
) -> Difference | None:
    for output, (ours, theirs) in enumerate(zip(got, wanted, strict=True)):
        left, right = ours.ravel(), theirs.ravel()
        wrong = np.flatnonzero((left != right) & ~((left != left) & (right != right)))
        if wrong.size:
            at = int(wrong[0])
            return Difference(form, number, output, at, float(left[at]), float(right[at]))
    return None


@contextmanager
def _the_witness_may_refuse(model: Model) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise CompileError(f"{model.path}: TensorFlow Lite Micro does not take it, so nothing is compared") from error


def check_model(data: bytes, model: Model, compiled: CompiledModel, count: int, folder: Path, seed: int = 0) -> Check:
    """Compare the generated C with TensorFlow Lite Micro, byte for byte.

    Args:
        data: the .tflite file.
        model: what was read from it.
        compiled: what the compiler wrote.
        count: how many inputs; a streaming form is given as many pushes.
        folder: for the library that is built of the C.
        seed: of the inputs.

    Raises:
        MissingDependencyError: tflite-micro or a C compiler is missing.
        CompileError: TensorFlow Lite Micro does not take the file, or does not run it.
    """

    def wanted(*values: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        with _the_witness_may_refuse(model):
            return oracle.invoke(*values)

    with _the_witness_may_refuse(model):
        oracle = Oracle(data, len(model.outputs))
    native, rng = NativeModel(compiled, model, folder=folder), np.random.default_rng(seed)
    sources = [values_for(model.tensors[t], count, rng) for t in model.inputs]
    differences, seen = [], set()
    for number, values in enumerate(zip(*sources, strict=True)):
        got = native.invoke(*values)
        seen.add(b"".join(a.tobytes() for a in got))
        found = _difference("input", number, got, wanted(*values))
        if found:
            differences.append(found)
    pushes = count if compiled.stream_frames else 0
    if pushes:
        differences += _check_stream(model, native, wanted, pushes, rng)
    return Check(count, pushes, len(seen), tuple(differences))


def _check_stream(
    model: Model, native: NativeModel, wanted: Witness, pushes: int, rng: np.random.Generator
) -> list[Difference]:
    shape, frames = model.tensors[model.inputs[0]].shape, native.stream_frames
    window = np.full(shape, FILL, np.int8)
    native.stream_reset()
    differences = []
    for number in range(pushes):
        spread = rng.choice([3, 40, 200])
        new = np.clip(rng.normal(rng.integers(-128, 128), spread, (frames, *shape[2:])), -128, 127).astype(np.int8)
        window = np.concatenate([window[:, frames:], new[None]], axis=1)
        found = _difference("push", number, [native.stream_push(new)], wanted(window))
        if found:
            differences.append(found)
    return differences
