"""Generated networks compiled for the host and called from Python."""

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.base.paths import cache_folder
from emberwatch.program.host_library import shared_library
from emberwatch.training.compiler.choose import Options
from emberwatch.training.compiler.compiler import CompiledModel, compile_model
from emberwatch.training.compiler.model import Model, Tensor, read_model

NUMPY_OF: dict[str, type[np.generic]] = {
    "INT8": np.int8, "UINT8": np.uint8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64, "FLOAT32": np.float32,
    "BOOL": np.bool_,
}  # fmt: skip
WARNINGS = ("-Wpedantic",)


def numpy_type(tensor: Tensor) -> type[np.generic]:
    """The NumPy type of a tensor of the interface."""
    return NUMPY_OF[tensor.dtype]


class NativeModel:
    """A generated network as a shared library of the host.

    Args:
        compiled: what the compiler wrote.
        model: the graph, for types and shapes.
        options: options of the C compiler.
        folder: where to put the library; by default beside the C file.
    """

    def __init__(
        self,
        compiled: CompiledModel,
        model: Model,
        options: tuple[str, ...] = ("-O2", "-std=c11"),
        folder: Path | None = None,
    ) -> None:
        # The loader knows a library by its path: another network needs another name, which the hash gives.
        home = folder or compiled.source.parent
        path = shared_library(compiled.name, [compiled.source], (*WARNINGS, *options), [compiled.header], folder=home)
        self._library = ctypes.CDLL(str(path))
        self._name = compiled.name
        self._inputs = [model.tensors[t] for t in model.inputs]
        self._outputs = [model.tensors[t] for t in model.outputs]
        self.stream_frames = compiled.stream_frames

    def invoke(self, *inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Run one inference.

        Args:
            inputs: one array per graph input, of its type and number of elements.

        Returns:
            One array per graph output, of its shape.
        """
        arrays = [np.ascontiguousarray(a, NUMPY_OF[t.dtype]) for a, t in zip(inputs, self._inputs, strict=True)]
        for array, tensor in zip(arrays, self._inputs, strict=True):
            if array.size != tensor.size:
                raise ValueError(f"input of {array.size} elements, {tensor.size} wanted")
        results = [np.empty(t.shape, NUMPY_OF[t.dtype]) for t in self._outputs]
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in arrays + results]
        getattr(self._library, f"{self._name}_invoke")(*pointers)
        return results

    def reset(self) -> None:
        """Forget all inferences: for a network that remembers."""
        getattr(self._library, f"{self._name}_reset")()

    def stream_reset(self) -> None:
        """Forget all frames."""
        getattr(self._library, f"{self._name}_stream_reset")()

    def stream_push(self, frames: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Give the next frames, oldest first; returns the output for the last window."""
        array = np.ascontiguousarray(frames, np.int8)
        result = np.empty(self._outputs[0].shape, np.int8)
        pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (array, result)]
        getattr(self._library, f"{self._name}_stream_push")(*pointers)
        return result

    def stream(self, frames: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Reset, then give a whole recording.

        Args:
            frames: ``[pushes, elements of a push]``.

        Returns:
            The outputs after every push, ``[pushes, outputs]``.
        """
        array = np.ascontiguousarray(frames, np.int8)
        results = np.empty((len(array), self._outputs[0].size), np.int8)
        push = getattr(self._library, f"{self._name}_stream_push")
        # Plain addresses: wrapping each row in an array object would cost more than the network.
        source, target = array.ctypes.data, results.ctypes.data
        size, width = array.shape[1], results.shape[1]
        self.stream_reset()
        for index in range(len(array)):
            push(ctypes.c_void_p(source + index * size), ctypes.c_void_p(target + index * width))
        return results


def load(tflite: Path, options: Options | None = None) -> NativeModel:
    """A .tflite file compiled to C and that for this computer: its inferences as functions of NumPy arrays.

    Args:
        tflite: the model.
        options: size or speed; the results are the same.

    Raises:
        CompileError: the file cannot be compiled.
        MissingDependencyError: there is no C compiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_model(tflite, Path(folder), "network", options)
        return NativeModel(compiled, read_model(tflite), folder=cache_folder() / "networks")
