"""The whole detector on the host: firmware DSP, generated C of the network, event logic; nothing in floating point."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.errors import EmberwatchError
from training.compiler import compile_model
from training.compiler.model import Model, read_model
from training.compiler.native import NativeModel
from training.data.features import BANDS, FRAMES_PER_BLOCK, SILENT, block_features
from training.model.events import Event, EventParameters, find_events

RELEASED = Path(__file__).resolve().parents[1] / "released"
RELEASED_MODEL = RELEASED / "emberwatch.tflite"
RELEASED_DETECTOR = RELEASED / "detector.toml"


class Detector:
    """A .tflite and event parameters, ready to listen.

    Args:
        tflite: an int8 model whose input is ``T x 32`` feature bytes and whose output is one probability.
        parameters: of the event logic.

    Raises:
        EmberwatchError: the model cannot be compiled, or its input is not feature frames.
    """

    def __init__(self, tflite: Path, parameters: EventParameters) -> None:
        self.parameters = parameters
        self._folder = tempfile.TemporaryDirectory(prefix="emberwatch-model-")
        model: Model = read_model(tflite)
        compiled = compile_model(tflite, Path(self._folder.name), "model")
        size = model.tensors[model.inputs[0]].size
        outputs = model.tensors[model.outputs[0]].size
        if size % BANDS or outputs != 1:
            raise EmberwatchError(
                f"{tflite}: {size} inputs, {outputs} outputs; evaluate needs T x {BANDS} features and one probability"
            )
        self.sha256 = compiled.sha256
        self.frames = size // BANDS
        self._native = NativeModel(compiled, model)

    def probabilities(self, features: NDArray[np.int8]) -> NDArray[np.uint8]:
        """Probability 0..255 after every block of four frames, from a silent past."""
        blocks = features.reshape(-1, FRAMES_PER_BLOCK * BANDS)
        out = np.empty(len(blocks), np.uint8)
        if self._native.stream_frames == FRAMES_PER_BLOCK:
            self._native.stream_reset()
            for index, block in enumerate(blocks):
                out[index] = int(self._native.stream_push(block).ravel()[0]) + 128
            return out
        window = np.full((self.frames, BANDS), SILENT, np.int8)
        for index, block in enumerate(blocks):
            window = np.concatenate([window[FRAMES_PER_BLOCK:], block.reshape(FRAMES_PER_BLOCK, BANDS)])
            out[index] = int(self._native.invoke(window)[0].ravel()[0]) + 128
        return out

    def listen(self, pcm: NDArray[np.int16]) -> tuple[NDArray[np.uint8], list[Event]]:
        """Probabilities of all blocks of a recording (whole blocks of 512 samples) and the events they cause."""
        probabilities = self.probabilities(block_features(pcm))
        return probabilities, find_events(probabilities, self.parameters)
