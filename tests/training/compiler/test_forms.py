"""Every form in which a layer can be written gives the same bytes, and limits of memory are kept."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")

from tflite_builder import Oracle
from tflite_cases import CASES
from tflite_networks import detector

from emberwatch.training.compiler import CompileError, Options
from emberwatch.training.compiler.compiler import write_model
from emberwatch.training.compiler.ir import Form, Program
from emberwatch.training.compiler.memory import Plan
from emberwatch.training.compiler.model import parse_model
from emberwatch.training.compiler.native import NativeModel

SEEDS = int(os.environ.get("EMBERWATCH_FUZZ", "12"))


@pytest.mark.parametrize("name", ["conv_2d", "depthwise_conv_2d", "fully_connected"])
def test_every_form_equals_tflite_micro(name: str, tmp_path: Path) -> None:
    seen: set[str] = set()
    for seed in range(max(4, SEEDS // 2)):
        rng = np.random.default_rng([seed, zlib.crc32(name.encode()), 1])
        data = CASES[name](rng)
        model, oracle = parse_model(data, name), Oracle(data)
        values = rng.integers(-128, 128, model.tensors[model.inputs[0]].shape).astype(np.int8)
        want = oracle.invoke(values)[0].ravel()
        forms: list[Form] = []

        def note(
            program: Program, options: Options, plan: Callable[[], Plan], kept: int, beside: tuple[Program, ...],
            forms: list[Form] = forms,
        ) -> Plan:  # fmt: skip
            forms += program.layers[0].forms
            return plan()

        write_model(model, name, tmp_path / "any", "net", choose=note)
        for i in rng.choice(len(forms), min(5, len(forms)), replace=False):

            def take(
                program: Program, options: Options, plan: Callable[[], Plan], kept: int, beside: tuple[Program, ...],
                which: int = int(i),
            ) -> Plan:  # fmt: skip
                program.layers[0].choose(program.layers[0].forms[which])
                return plan()

            compiled = write_model(model, name, tmp_path / f"{seed}-{i}", "net", choose=take)
            got = NativeModel(compiled, model, ("-O1", "-std=c11")).invoke(values)[0]
            np.testing.assert_array_equal(got.ravel(), want, err_msg=f"{name}, seed {seed}, {forms[i].template}")
            seen.add(forms[i].template)
    assert len(seen) >= {"conv_2d": 3, "depthwise_conv_2d": 1, "fully_connected": 1}[name], f"only {seen} were tried"


def test_goals_trade_memory_for_cycles(tmp_path: Path) -> None:
    model = parse_model(detector(np.random.default_rng(3)), "detector")
    size, balanced, speed = (
        write_model(model, "detector", tmp_path / goal, "net", Options(goal)) for goal in ("size", "balanced", "speed")
    )
    assert size.flash <= balanced.flash <= speed.flash
    assert size.arena <= balanced.arena <= speed.arena
    assert size.flash < speed.flash, "nothing was traded"


def test_limits_are_kept_or_refused(tmp_path: Path) -> None:
    model = parse_model(detector(np.random.default_rng(3)), "detector")
    size = write_model(model, "detector", tmp_path / "size", "net", Options("size"))
    for options in (
        Options("speed", max_ram=max(size.arena, size.stream_ram) + 100),
        Options("speed", max_flash=size.flash + 100),
    ):
        kept = write_model(model, "detector", tmp_path / "kept", "net", options)
        assert options.max_ram is None or max(kept.arena, kept.stream_ram) <= options.max_ram
        assert options.max_flash is None or kept.flash <= options.max_flash
    with pytest.raises(CompileError, match=r"--max-ram is 10"):
        write_model(model, "detector", tmp_path / "no", "net", Options(max_ram=10))
    with pytest.raises(CompileError, match=r"--max-flash is 10"):
        write_model(model, "detector", tmp_path / "no", "net", Options(max_flash=10))


def test_no_stream(tmp_path: Path) -> None:
    model = parse_model(detector(np.random.default_rng(3)), "detector")
    assert write_model(model, "detector", tmp_path, "net", Options(stream=False)).stream_frames == 0
