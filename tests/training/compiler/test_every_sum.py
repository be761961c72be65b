"""Requantisation is right for every sum: at both ends of every span of sums with one output, in C and on the chip.

The exact rule never falls as the sum grows, and the fast rule gives one output over each span of sums between two of
the edges below (see `requantise.py`); so equality at the edges is equality everywhere between them.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")

from tflite_builder import Builder

from emberwatch.training.compiler.compiler import CompiledModel, write_model
from emberwatch.training.compiler.fixedpoint import Scale, quantize_multiplier, rescale, wrap32
from emberwatch.training.compiler.model import Model, parse_model
from emberwatch.training.compiler.native import NativeModel
from emberwatch.training.compiler.requantise import FRACTION_BITS, Channel, layer_rows, proven

GCC = "arm-none-eabi-gcc"
LIMIT = 2**31 - 2  # largest sum that a layer may reach
COUNT = 3000  # sums given to the generated code at once


def exact(total: int, bias: int, scale: Scale, zero: int, low: int, high: int) -> int:
    return min(high, max(low, wrap32(rescale(wrap32(total + bias), scale) + zero)))


def edges(row: Channel, scale: Scale, zero: int, low: int, high: int, bound: int) -> list[int]:
    """Sums at both sides of every change: of the exact rule's output, of the fast rule's step or band."""
    found = {-bound, bound, -1, 0, 1}
    if scale.shift <= 0 and abs(row.bias) < 2**30:
        for value in range(low, high + 1):  # the smallest sum whose output is `value` or more
            lower, upper = -bound, bound + 1
            while lower < upper:
                middle = (lower + upper) // 2
                if exact(middle, row.bias, scale, zero, low, high) >= value:
                    upper = middle
                else:
                    lower = middle + 1
            found |= {lower - 1, lower}
    if row.factor:
        for step in range(high - low + 2):
            for p in (step << FRACTION_BITS, (step << FRACTION_BITS) + row.band):
                t = -(-(p - row.offset) // row.factor)
                found |= {row.low + t - 1, row.low + t}
        found |= {row.low - 1, row.low, row.low + row.range - 1, row.low + row.range}
    return sorted(s for s in found if -bound <= s <= bound)


def channel(seed: int) -> tuple[Scale, int, int, int, int, int]:
    """Scale, bias, zero point, limits and bound of a layer's one channel; every second one is coarse."""
    rng = np.random.default_rng(seed)
    scale = quantize_multiplier(float(10 ** (rng.uniform(-5, -1.5) if seed % 2 else rng.uniform(-1.5, 1.5))))
    zero = int(rng.choice([-128, 0, 127, int(rng.integers(-128, 128))]))
    low, high = [(-128, 127), (zero, 127), (-50, 60)][int(rng.integers(3))]
    bound = LIMIT if seed % 4 == 0 else int(2 ** rng.uniform(12, 26))
    return scale, int(rng.integers(-20000, 20000)), zero, low, max(low, high), bound


def probe(folder: Path, row: Channel, band: int, zero: int, low: int, high: int) -> tuple[Model, CompiledModel]:
    """Generated C whose `net_invoke` requantises COUNT sums with the constants of one row."""
    b = Builder()
    x, y = b.tensor((1, 1), 1.0), b.tensor((1, 1), 1.0)
    b.operator("FULLY_CONNECTED", [x, b.constant(np.ones((1, 1), np.int8), 0.5), -1], [y], "FullyConnectedOptions")
    compiled = write_model(parse_model(b.build([x], [y]), "net"), "net", folder, "net")
    text = compiled.source.read_text()
    head, _, _ = text.rpartition("void net_invoke(")
    fast, rule = (", ".join(f"{w}u" if w > 2**31 - 1 else f"({w + 1} - 1)" for w in words) for words in (
        row.fast_words(), row.exact_words(),
    ))  # fmt: skip
    compiled.source.write_text(
        head.replace("NET_LAYER static void net_00", "__attribute__((unused)) static void net_00")
        + f"""static const net_channel_t probe_row = {{{fast}}};
static const net_exact_t probe_exact = {{{rule}}};
void net_invoke(const int8_t *input, int8_t *output)
{{
    static const net_output_t rule = {{{zero}, {low}, {high}, {band << 8}u, &probe_row, &probe_exact}};
    static const net_shape_t shape = {{1, {COUNT}, 1, 0}};
    net_store((const int32_t *)(const void *)input, &probe_row, &rule, &shape, output);
}}
"""
    )
    c = Builder()
    x, y = c.tensor((1, 4 * COUNT), 1.0), c.tensor((1, COUNT), 1.0)
    c.operator("RELU", [x], [y])
    return parse_model(c.build([x], [y]), "probe"), compiled


def filled(sums: list[int]) -> npt.NDArray[np.int32]:
    assert len(sums) <= COUNT
    return np.array(sums + sums[:1] * (COUNT - len(sums)), np.int32)


@pytest.mark.parametrize("seed", range(16))
def test_every_sum_in_c(seed: int, tmp_path: Path) -> None:
    scale, bias, zero, low, high, bound = channel(seed)
    rows, band = layer_rows([bias], [scale], zero, low, high, [bound + abs(bias)])
    sums = edges(rows[0], scale, zero, low, high, bound)
    assert rows[0].factor or seed % 2 == 0, "an ordinary scale is left to the exact rule"
    model, compiled = probe(tmp_path, rows[0], band, zero, low, high)
    native = NativeModel(compiled, model, ("-O2", "-std=c11", "-fsanitize=undefined", "-fno-sanitize-recover=all"))
    got = native.invoke(filled(sums).view(np.int8))[0].ravel()[: len(sums)]
    want = [exact(s, bias, scale, zero, low, high) for s in sums]
    np.testing.assert_array_equal(got, want)


@pytest.mark.skipif(shutil.which(GCC) is None, reason=f"{GCC} is not installed")
@pytest.mark.parametrize("seed", range(6))
def test_every_sum_on_the_emulated_chip(seed: int, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built")
    from emberwatch.bench.network import NetworkBench

    scale, bias, zero, low, high, bound = channel(seed)
    rows, band = layer_rows([bias], [scale], zero, low, high, [bound + abs(bias)])
    sums = edges(rows[0], scale, zero, low, high, bound)
    _, compiled = probe(tmp_path, rows[0], band, zero, low, high)
    bench = NetworkBench(compiled, [4 * COUNT], [COUNT], tmp_path / "bench")
    got = np.frombuffer(bench.invoke(filled(sums)).outputs[0], np.int8)[: len(sums)]
    np.testing.assert_array_equal(got, [exact(s, bias, scale, zero, low, high) for s in sums])


@pytest.mark.parametrize("field", ["low", "range", "factor", "offset", "band"])
def test_the_proof_sees_a_wrong_constant(field: str) -> None:
    scale, bias = quantize_multiplier(0.0031), 77
    rows, _ = layer_rows([bias], [scale], 3, -128, 127, [1 << 20])
    assert proven(rows, 3, -128, 127, [1 << 20]) == [True]
    step = {"low": 40, "range": -700, "factor": 60, "offset": 1 << 22, "band": -rows[0].band}[field]
    wrong = dataclasses.replace(rows[0], **{field: getattr(rows[0], field) + step})
    assert proven([wrong], 3, -128, 127, [1 << 20]) == [False]
