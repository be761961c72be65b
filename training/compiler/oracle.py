"""TensorFlow Lite Micro as the witness: the PyPI package `tflite-micro`, which needs no TensorFlow."""

from __future__ import annotations

import os
import re
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt

from emberwatch.base.errors import MissingDependencyError

_ARENA = 16_000_000  # bytes that the witness may take


def _runtime() -> Any:
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError as error:
        raise MissingDependencyError(
            "tflite-micro is not installed: it is what results are compared with; pip install --pre tflite-micro"
        ) from error
    return runtime


def oracle_version() -> str:
    """Version of the witness, or an empty text where it is not installed."""
    try:
        return version("tflite-micro")
    except PackageNotFoundError:
        return ""


class Oracle:
    """One network in TensorFlow Lite Micro.

    Args:
        data: the .tflite file.
        outputs: how many outputs the graph has.

    Raises:
        MissingDependencyError: the package is not installed.
        RuntimeError: TensorFlow Lite Micro does not take the file.
    """

    def __init__(self, data: bytes, outputs: int) -> None:
        self._interpreter = _runtime().Interpreter.from_bytes(data, arena_size=_ARENA)
        self._outputs = outputs

    def invoke(self, *inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Run one inference; one array per output."""
        for i, value in enumerate(inputs):
            self._interpreter.set_input(value, i)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_output(i)) for i in range(self._outputs)]

    def arena(self) -> int:
        """Bytes of its arena on this computer, whose pointers are twice as wide as the chip's."""
        with tempfile.TemporaryFile() as file:
            kept = os.dup(2)
            try:
                os.dup2(file.fileno(), 2)  # the library knows no other way to say it
                self._interpreter.print_allocations()
            finally:
                os.dup2(kept, 2)
                os.close(kept)
            file.seek(0)
            found = re.search(rb"Arena allocation total (\d+) bytes", file.read())
        return int(found[1]) if found else 0
