"""Quantisation-aware fine-tuning.

Quantisation-aware training works on the network as it will be quantised: batch normalisation folded into the
convolutions, weights rounded to 8 bits per channel and activations to 8 bits per tensor in the forward pass, straight
through in the backward pass (Jacob et al. 2018). Its result is an ordinary model, converted as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK
from emberwatch.training.data.scene_cache import SceneSet
from emberwatch.training.model.network import Architecture, import_tensorflow, scaled_input
from emberwatch.training.transfer.finetune import run_alarm_stage
from emberwatch.training.transfer.loop import Outcome, Stage

_BN_EPSILON = 1e-3


def check_quantisation_aware() -> None:
    """Raises EmberwatchError when this TensorFlow cannot round in the forward pass."""
    tf = import_tensorflow()
    quantization = getattr(tf, "quantization", None)
    for name in ("fake_quant_with_min_max_vars", "fake_quant_with_min_max_vars_per_channel"):
        if not hasattr(quantization, name):
            raise EmberwatchError(
                f"--qat: TensorFlow {tf.__version__} has no tf.quantization.{name}; leave out --qat or install another"
            )


def fold_batch_norm(model: Any) -> None:
    """Moves each batch normalisation of a ``sequence_model`` into the convolution before it, in place.

    What stays of the normalisation is its offset; the function that the model computes stays the same.
    """
    for layer in model.layers:
        if not layer.name.endswith("_bn"):
            continue
        gamma, beta, mean, variance = layer.get_weights()
        convolution = model.get_layer(layer.name.removesuffix("_bn"))
        kernel = convolution.get_weights()[0]
        gain = gamma / np.sqrt(variance + _BN_EPSILON)
        shape = (1, 1, -1, 1) if convolution.name.startswith("time") else (1, 1, 1, -1)
        convolution.set_weights([kernel * gain.reshape(shape)])
        one = np.ones_like(gamma)
        layer.set_weights([one, beta - mean * gain, 0 * mean, one - _BN_EPSILON])


def _ranges(model: Any, arch: Architecture, windows: NDArray[np.float32]) -> dict[str, tuple[float, float]]:
    """Least and greatest value of each activation over calibration windows."""
    keras = import_tensorflow().keras
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")] + ["head"]
    probe = keras.Model(model.inputs[0], [model.get_layer(name).output for name in names])
    values = probe(windows, training=False)
    return {
        name: (min(0.0, float(np.min(value))), max(1e-3, float(np.max(value))))
        for name, value in zip(names, values, strict=True)
    }


def rounding_model(model: Any, arch: Architecture, ranges: dict[str, tuple[float, float]]) -> Any:
    """A Keras model that shares the folded model's variables and rounds weights and activations as int8 will."""
    tf = import_tensorflow()
    keras = tf.keras

    def rounded_kernel(kernel: Any, depthwise: bool) -> Any:
        if depthwise:
            kernel = tf.transpose(kernel, (0, 1, 3, 2))
        limit = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=(0, 1, 2)), 1e-6)
        limit = tf.stop_gradient(limit)
        quantised = tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -limit, limit, 8, True)
        return tf.transpose(quantised, (0, 1, 3, 2)) if depthwise else quantised

    def rounded(x: Any, name: str) -> Any:
        return tf.quantization.fake_quant_with_min_max_vars(x, *ranges[name])

    class Rounding(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = model
            for layer in model.layers:
                layer.trainable = not layer.name.endswith("_bn")
            # Of a folded normalisation only the offset is left to learn.
            names = ["local", "embed", *(f"{kind}{n}" for n in range(len(arch.taps)) for kind in ("time", "mix"))]
            self.offsets = {
                name: self.add_weight(
                    name=f"{name}_offset",
                    shape=(arch.filters if name == "local" else arch.channels,),
                    initializer=keras.initializers.Constant(model.get_layer(f"{name}_bn").get_weights()[1]),
                )
                for name in names
            }

        def convolve(self, x: Any, name: str) -> Any:
            kernel = self.inner.get_layer(name).weights[0]
            depthwise = name.startswith("time")
            strides = (1, FRAMES_PER_BLOCK, 1, 1) if name == "local" else (1, 1, 1, 1)
            quantised = rounded_kernel(kernel, depthwise)
            if depthwise:
                x = tf.nn.depthwise_conv2d(x, quantised, strides, "VALID")
            else:
                x = tf.nn.conv2d(x, quantised, strides, "VALID")
            return rounded(tf.nn.relu(x + self.offsets[name]), f"{name}_relu")

        def call(self, x: Any, training: bool = False) -> Any:
            for name in self.offsets:
                x = self.convolve(x, name)
                if name == "local":
                    x = tf.nn.max_pool2d(x, (1, 2), (1, 2), "VALID")
            x = tf.nn.avg_pool2d(x, (arch.pool, 1), 1, "VALID")
            kernel, bias = self.inner.get_layer("head").weights
            x = tf.nn.conv2d(x, rounded_kernel(kernel, False), 1, "VALID") + bias
            return tf.reshape(rounded(x, "head"), (tf.shape(x)[0], -1))

        def write_back(self) -> None:
            """Puts the learned offsets into the folded model."""
            for name, offset in self.offsets.items():
                layer = self.inner.get_layer(f"{name}_bn")
                gamma, _, mean, variance = layer.get_weights()
                layer.set_weights([gamma, offset.numpy(), mean, variance])

    rounding = Rounding()
    rounding(np.zeros((1, arch.frames, BANDS, 1), np.float32))
    return rounding


def quantisation_aware(
    model: Any,
    stage: Stage,
    folder: Path,
    scenes: SceneSet,
    chosen: NDArray[np.int64],
    held_out: NDArray[np.int64],
    arch: Architecture,
    log: Callable[[str], None],
) -> Outcome:
    """Fine-tunes a trained ``sequence_model`` for int8, in place; convert it afterwards as always."""
    check_quantisation_aware()
    fold_batch_norm(model)
    rng = np.random.default_rng(stage.seed)
    sample = scenes.features[rng.choice(chosen, min(64, len(chosen)), replace=False)]
    ranges = _ranges(model, arch, scaled_input(sample))
    rounding = rounding_model(model, arch, ranges)
    outcome = run_alarm_stage(rounding, stage, folder, scenes, chosen, held_out, arch, log)
    rounding.set_weights(outcome.weights)
    rounding.write_back()
    return outcome
