"""The network: a local convolution over time and frequency, then depthwise-separable ones over time; int8 conversion.

A tone is the same shape at whatever pitch, so the first layer looks at a few neighbouring bands with the same weights
everywhere. Every 32 ms block of four feature frames becomes one column; the layers above look back over columns with
valid padding, so the newest output depends on the last ``Architecture.frames`` frames only and adds one column per
block: the network streams exactly.
"""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK

INPUT_DIVISOR = 32.0
"""Training sees feature bytes divided by this; the exported first layer has it folded in."""

TEMPERATURE = 2.0
"""The exported probability is sigmoid(logit / TEMPERATURE): a byte then tells certain from nearly certain."""

BLOCKS_PER_SECOND = 31.25


@dataclass(frozen=True)
class Architecture:
    """Size of the network.

    Attributes:
        filters: of the local convolution.
        span: bands (of 250 Hz) that the local convolution looks at together.
        channels: of every later layer.
        taps: depthwise taps (columns of 32 ms) of each separable block.
        pool: columns whose mean decides.
    """

    filters: int = 8
    span: int = 4
    channels: int = 24
    taps: tuple[int, ...] = (15, 15, 15)
    pool: int = 6

    @property
    def columns(self) -> int:
        """Blocks of 32 ms that one output looks at."""
        return 1 + sum(taps - 1 for taps in self.taps) + self.pool - 1

    @property
    def frames(self) -> int:
        """Feature frames (T) that one output looks at."""
        return FRAMES_PER_BLOCK * self.columns

    @property
    def positions(self) -> int:
        """Bands at which the local convolution fits, before pairs of them are pooled."""
        return BANDS - self.span + 1

    @property
    def macs_per_second(self) -> int:
        """Multiply-accumulates per second of audio when streaming."""
        c = self.channels
        local = FRAMES_PER_BLOCK * self.span * self.filters * self.positions
        embed = self.positions // 2 * self.filters * c
        return round((local + embed + sum(taps * c + c * c for taps in self.taps) + c) * BLOCKS_PER_SECOND)


def scaled_input(features: NDArray[np.int8]) -> NDArray[np.float32]:
    """Feature bytes ``[scenes, frames, 32]`` as the training model takes them, ``[scenes, frames, 32, 1]``."""
    return features[..., np.newaxis].astype(np.float32) / np.float32(INPUT_DIVISOR)


def import_tensorflow() -> Any:
    """TensorFlow, quietly. Raises EmberwatchError with the remedy when it is not installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import tensorflow
    except ImportError:
        raise EmberwatchError("TensorFlow is missing; pip install emberwatch[train]") from None
    return tensorflow


def _trunk(keras: Any, arch: Architecture, x: Any) -> Any:
    layers = keras.layers
    c = arch.channels

    def normalised(x: Any, name: str) -> Any:
        return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_bn")(x))

    block = (FRAMES_PER_BLOCK, arch.span)
    x = layers.Conv2D(arch.filters, block, strides=(FRAMES_PER_BLOCK, 1), use_bias=False, name="local")(x)
    x = layers.MaxPooling2D((1, 2), name="local_pool")(normalised(x, "local"))
    x = normalised(layers.Conv2D(c, (1, arch.positions // 2), use_bias=False, name="embed")(x), "embed")
    for i, taps in enumerate(arch.taps):
        x = normalised(layers.DepthwiseConv2D((taps, 1), use_bias=False, name=f"time{i}")(x), f"time{i}")
        x = normalised(layers.Conv2D(c, 1, use_bias=False, name=f"mix{i}")(x), f"mix{i}")
    return x


def sequence_model(arch: Architecture) -> Any:
    """For training: scaled features ``[batch, frames, 32, 1]`` of any length to logits ``[batch, columns]``."""
    keras = import_tensorflow().keras
    inputs = keras.Input((None, BANDS, 1))
    x = _trunk(keras, arch, inputs)
    x = keras.layers.AveragePooling2D((arch.pool, 1), strides=1, name="pool")(x)
    x = keras.layers.Conv2D(1, 1, name="head")(x)
    return keras.Model(inputs, keras.layers.Reshape((-1,))(x))


def export_model(arch: Architecture, trained: Any) -> Any:
    """The same weights as a model of one window: ``[1, T, 32, 1]`` feature bytes to ``[1, 1]`` probability."""
    keras = import_tensorflow().keras
    inputs = keras.Input(batch_shape=(1, arch.frames, BANDS, 1))
    x = _trunk(keras, arch, inputs)
    x = keras.layers.AveragePooling2D((arch.pool, 1), name="pool")(x)
    x = keras.layers.Reshape((arch.channels,))(x)
    outputs = keras.layers.Dense(1, activation="sigmoid", name="head")(x)
    model = keras.Model(inputs, outputs)
    for layer in model.layers:
        weights = layer.get_weights()
        if not weights:
            continue
        source = trained.get_layer(layer.name).get_weights()
        if layer.name == "local":
            source = [source[0] / INPUT_DIVISOR]
        elif layer.name == "head":
            source = [source[0].reshape(arch.channels, 1) / TEMPERATURE, source[1] / TEMPERATURE]
        layer.set_weights(source)
    return model


def to_int8(model: Any, windows: NDArray[np.int8]) -> bytes:
    """Post-training int8 conversion; the input tensor's byte is the feature byte (scale 1, zero point 0).

    Args:
        model: from :func:`export_model`.
        windows: calibration windows ``[n, T, 32]``; one more window is added that holds both extremes.
    """
    tf = import_tensorflow()
    extremes = np.resize(np.array([-128, 127], np.int8), windows.shape[1:])

    def calibration() -> Any:
        for window in [extremes, *windows]:
            yield [window.astype(np.float32)[np.newaxis, :, :, np.newaxis]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = calibration
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    with contextlib.redirect_stdout(io.StringIO()):  # Keras announces every temporary export
        return bytes(converter.convert())
