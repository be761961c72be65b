"""The event logic in C against its Python reference, to the bit."""

import ctypes
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from event_streams import random_stream
from paths import ROOT

from emberwatch.training.data.features import block_features
from emberwatch.training.evaluate.cells import CADENCES, Cell, render_cell
from emberwatch.training.model.events import (
    KIND_NAMES,
    EventParameters,
    Events,
    render_header,
)

APP = ROOT / "firmware/apps/detector"
RELEASED = EventParameters.load(ROOT / "training/released/detector.toml")
EAGER = EventParameters(1, 1, 1, 1, 1, 1, 40, 2, 178)


class CEvent(ctypes.Structure):
    _fields_ = (("type", ctypes.c_uint8), ("kind", ctypes.c_uint8))


def compiler() -> str:
    found = shutil.which("cc") or shutil.which("gcc")
    if found is None:
        pytest.skip("no host C compiler (cc) to build the event logic")
    return found


def build(directory: Path, parameters: EventParameters) -> ctypes.CDLL:
    (directory / "detector_config.h").write_text(render_header(parameters))
    library = directory / "libevents.so"
    (directory / "size.c").write_text(
        '#include "apps/detector/events.h"\nunsigned events_size(void) { return sizeof(events_t); }\n'
    )
    sources = [str(APP / name) for name in ("events.c", "bursts.c", "cadence.c")] + [str(directory / "size.c")]
    command = [compiler(), "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", str(directory)]
    command += [
        "-I",
        str(ROOT / "firmware"),
        '-DEVENTS_CONFIG_HEADER="detector_config.h"',
        *sources,
        "-o",
        str(library),
    ]
    subprocess.run(command, check=True)
    lib = ctypes.CDLL(str(library))
    lib.events_update.restype = CEvent
    lib.events_kind_name.restype = ctypes.c_char_p
    return lib


@pytest.mark.parametrize("parameters", [RELEASED, EAGER, replace(EAGER, tonality=30, possible_on=200)])
def test_c_equals_python(tmp_path: Path, parameters: EventParameters) -> None:
    lib = build(tmp_path, parameters)
    state = (ctypes.c_uint8 * lib.events_size())()
    rng = np.random.default_rng(20240611)
    for _ in range(6):
        features, probabilities = random_stream(rng, 3000)
        blocks = features.reshape(-1, 4, 32)
        lib.events_init(state)
        twin = Events(parameters)
        for block, probability in enumerate(probabilities.tolist()):
            data = np.ascontiguousarray(blocks[block])
            got = lib.events_update(state, data.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint8(probability))
            want = twin.update(blocks[block], probability)
            assert (got.type, got.kind) == want, f"block {block}"


def test_c_equals_python_on_alarms(tmp_path: Path) -> None:
    lib = build(tmp_path, EAGER)
    state = (ctypes.c_uint8 * lib.events_size())()
    quiet = np.full((300, 4, 32), -128, np.int8)
    seen = set()
    for name in (*CADENCES, "continuous pulsed_2hz"):
        cells = [Cell("test", part, True, 2600.0, "piezo", path="room") for part in name.split()]
        blocks = np.concatenate([*(block_features(render_cell(cell)).reshape(-1, 4, 32) for cell in cells), quiet])
        lib.events_init(state)
        twin = Events(EAGER)
        for number, block in enumerate(blocks):
            probability = 200 if number < len(blocks) - len(quiet) else 0
            data = np.ascontiguousarray(block)
            got = lib.events_update(state, data.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint8(probability))
            assert (got.type, got.kind) == twin.update(block, probability), name
            seen.add((got.type, got.kind))
    assert {kind for kind, _ in seen} == {0, 1, 2, 3, 4, 5}, "every event type must be reached"
    assert {kind for _, kind in seen} == set(range(6)), "every alarm kind must be reached"


def test_kind_names_match(tmp_path: Path) -> None:
    lib = build(tmp_path, RELEASED)
    names = tuple(lib.events_kind_name(kind).decode() for kind in range(len(KIND_NAMES)))
    assert names == KIND_NAMES
    assert lib.events_kind_name(200) == b"unknown"


def test_nothing_is_built_without_a_configuration(tmp_path: Path) -> None:
    command = [
        compiler(),
        "-std=c11",
        "-I",
        str(ROOT / "firmware"),
        "-c",
        str(APP / "events.c"),
        "-o",
        str(tmp_path / "x.o"),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0
    assert "EVENTS_CONFIG_HEADER" in result.stderr
