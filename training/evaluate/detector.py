"""The whole detector on the host: firmware DSP, generated C of the network, event logic; nothing in floating point."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import EmberwatchError
from emberwatch.base.paths import RELEASED_DETECTOR
from emberwatch.training.compiler import compile_model
from emberwatch.training.compiler.model import Model, Tensor, read_model
from emberwatch.training.compiler.native import NativeModel
from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK, SILENT, block_features
from emberwatch.training.model.events import Event, EventParameters, Hit, run_events
from emberwatch.training.model.native_events import find_events


def detector_file(model: Path) -> Path:
    """Event parameters that go with a model: detector.toml beside it, else the released ones."""
    beside = model.with_name("detector.toml")
    return beside if beside.is_file() else RELEASED_DETECTOR


@dataclass(frozen=True)
class Heard:
    """What a detector made of a recording: probability of each block, events, cadences whether believed or not."""

    probabilities: NDArray[np.uint8]
    events: list[Event]
    hits: list[Hit]


class Detector:
    """A .tflite and event parameters, ready to listen.

    Args:
        tflite: an int8 model whose input is ``T x 32`` feature bytes and whose output is one probability.
        parameters: of the event logic; None where only probabilities are asked for.

    Raises:
        EmberwatchError: the model cannot be compiled, or its input is not feature frames.
    """

    def __init__(self, tflite: Path, parameters: EventParameters | None) -> None:
        self.parameters = parameters
        self._folder = tempfile.TemporaryDirectory(prefix="emberwatch-model-")
        model = read_model(tflite)
        self.frames = input_frames(model)
        compiled = compile_model(tflite, Path(self._folder.name), "model")
        self.sha256 = compiled.sha256
        self._native = NativeModel(compiled, model)

    def probabilities(self, features: NDArray[np.int8]) -> NDArray[np.uint8]:
        """Probability 0..255 after every block of four frames, from a silent past."""
        blocks = features.reshape(-1, FRAMES_PER_BLOCK * BANDS)
        if self._native.stream_frames == FRAMES_PER_BLOCK:
            return (self._native.stream(blocks)[:, 0].astype(np.int16) + 128).astype(np.uint8)
        out = np.empty(len(blocks), np.uint8)
        window = np.full((self.frames, BANDS), SILENT, np.int8)
        for index, block in enumerate(blocks):
            window = np.concatenate([window[FRAMES_PER_BLOCK:], block.reshape(FRAMES_PER_BLOCK, BANDS)])
            out[index] = int(self._native.invoke(window)[0].ravel()[0]) + 128
        return out

    def listen(self, pcm: NDArray[np.int16]) -> tuple[NDArray[np.uint8], list[Event]]:
        """Probabilities of all blocks of a recording (whole blocks of 512 samples) and the events they cause."""
        if self.parameters is None:
            raise ValueError("a detector without event parameters gives probabilities alone")
        features = block_features(pcm)
        probabilities = self.probabilities(features)
        return probabilities, find_events(features, probabilities, self.parameters)

    def hear(self, pcm: NDArray[np.int16]) -> Heard:
        """As `listen`, with every cadence that was met: by the event logic's twin in Python, which takes its time."""
        if self.parameters is None:
            raise ValueError("a detector without event parameters gives probabilities alone")
        features = block_features(pcm)
        probabilities = self.probabilities(features)
        return Heard(probabilities, *run_events(features, probabilities, self.parameters))


def input_frames(model: Model) -> int:
    """T of a model that the firmware could run.

    Raises:
        EmberwatchError: it takes or gives something else; one line says what.
    """

    def shapes(indices: tuple[int, ...]) -> str:
        return ", ".join(_described(model.tensors[index]) for index in indices)

    wanted = f"the firmware computes int8 [1, T, {BANDS}]: log power in {BANDS} bands of 250 Hz every 8 ms"
    tensor = model.tensors[model.inputs[0]]
    dimensions = [size for size in tensor.shape if size != 1]
    fits = (dimensions[-1:] == [BANDS] and len(dimensions) <= 2) or (len(dimensions) == 1 and tensor.size % BANDS == 0)
    if len(model.inputs) != 1 or tensor.dtype != "INT8" or not fits:
        raise EmberwatchError(f"{model.path}: takes {shapes(model.inputs)}; {wanted}")
    frames = tensor.size // BANDS
    if frames < FRAMES_PER_BLOCK:
        raise EmberwatchError(f"{model.path}: takes {frames} frames; a block has {FRAMES_PER_BLOCK}, train on more")
    output = model.tensors[model.outputs[0]]
    if len(model.outputs) != 1 or output.dtype != "INT8" or output.size != 1:
        raise EmberwatchError(
            f"{model.path}: gives {shapes(model.outputs)}; the event logic takes int8 [1, 1], a probability"
        )
    return frames


def _described(tensor: Tensor) -> str:
    return f"{tensor.dtype.lower()} {list(tensor.shape)}"
