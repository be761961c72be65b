"""A short run of every fuzz target, with fixed seeds; `make fuzz` runs them long."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest

pytest.importorskip("emberwatch._native", reason="the native module is not built (make setup)")
from targets import MOST_BYTES, TARGETS, load_file, mutator, seeds

ROUNDS = {
    "load_file": 1500,
    "registers": 400,
    "instructions": 400,
    "pio": 200,
    "tflite_file": 60,
    "toml_file": 150,
    "sound_file": 300,
    "manifest": 500,
    "dwarf": 150,
    "robot_xml": 150,
    "wokwi_yaml": 300,
    "request": 300,
    "gdb_packets": 400,
    "snapshot": 200,
    "c_abi": 200,
}


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    if name == "tflite_file":
        pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")
    for data in seeds(name)[:40]:
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_mutations(name: str) -> None:
    if name == "tflite_file":
        pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') writes the models")
    rng = random.Random(f"emberwatch {name}")
    corpus, mutate = seeds(name), mutator(name)
    for number in range(ROUNDS[name]):
        data = mutate(rng, corpus)
        try:
            TARGETS[name](data)
        except Exception as error:
            error.add_note(f"input {number}: {data.hex()}")
            raise


def test_memory_of_the_loaders_is_bounded() -> None:
    """Headers that promise gigabytes, addresses far apart, a megabyte of records: a few copies of the file at most."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    elf = bytearray(seeds("load_file")[0])
    elf[52 + 16 : 52 + 24] = b"\xff\xff\xff\x7f" * 2  # p_filesz, p_memsz
    load_file(bytes(elf))
    far = b"".join(
        b":" + (r + bytes([-sum(r) & 0xFF])).hex().encode() + b"\n"
        for n in range(20_000)
        for r in (bytes([2, 0, 0, 4, n >> 8 & 0xFF, n & 0xFF]), bytes([1, 0, 0, 0, 7]))
    )
    load_file(far[:MOST_BYTES] + b":00000001FF\n")
    load_file(seeds("load_file")[1] * 500)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 200_000, "kilobytes"


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "findings").iterdir()), ids=lambda path: path.name)
def test_what_fuzzing_has_found_stays_mended(path: Path) -> None:
    name = path.name.partition("-")[0]
    if name == "tflite_file":
        pytest.importorskip("tflite_micro", reason="tflite-micro (extra 'dev') is the witness for int8 layers")
    TARGETS[name](path.read_bytes())
