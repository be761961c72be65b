"""The pure parts of firmware/apps/detector, compiled for the host."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess

import numpy as np
import numpy.typing as npt
import pytest

from emberwatch.base.paths import project_root

SOURCES = ("common/text.c", "detector/level.c", "detector/health.c", "detector/stats.c")


class Text(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint32), ("data", ctypes.c_char * 160))

    def value(self) -> str:
        return bytes(self.data)[: self.size].decode()


class Health(ctypes.Structure):
    _fields_ = (("faults", ctypes.c_uint32), ("unsettled", ctypes.c_bool), ("streak", ctypes.c_uint8 * 6))


class Stats(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint32) for name in ("blocks", "missed", "late", "busy_max", "busy_sum", "busy_count")
    )


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no host C compiler; get it with: sudo apt-get install gcc")
    firmware = project_root() / "firmware"
    library = tmp_path_factory.mktemp("app") / "libapp.so"
    sources = [str(firmware / "apps" / name) for name in SOURCES]
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    flags += ["-fsanitize=undefined", "-fno-sanitize-recover"]
    subprocess.run([compiler, *flags, f"-I{firmware}", *sources, "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.health_name.restype = ctypes.c_char_p
    loaded.stats_take_mean.restype = ctypes.c_uint32
    loaded.level_dbfs.restype = ctypes.c_uint32
    loaded.health_check_pdm.restype = ctypes.c_uint32
    loaded.health_update.restype = ctypes.c_uint32
    return loaded


def pointer(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("value", [0, 1, 9, 10, 12345, 2**32 - 1])
def test_decimal_and_hex(app: ctypes.CDLL, value: int) -> None:
    text = Text()
    app.text_decimal(ctypes.byref(text), ctypes.c_uint32(value))
    app.text_string(ctypes.byref(text), b" ")
    app.text_hex(ctypes.byref(text), ctypes.c_uint32(value))
    assert text.value() == f"{value} {value:08x}"


@pytest.mark.parametrize(("us", "shown"), [(0, "0.000"), (999, "0.000"), (1_050_999, "1.050"), (2**33, "8589.934")])
def test_seconds(app: ctypes.CDLL, us: int, shown: str) -> None:
    text = Text()
    app.text_seconds(ctypes.byref(text), ctypes.c_uint64(us))
    assert text.value() == shown


def test_text_never_leaves_its_buffer(app: ctypes.CDLL) -> None:
    text = Text()
    for _ in range(50):
        app.text_string(ctypes.byref(text), b"0123456789")
    assert text.size == 160 and text.value() == "0123456789" * 16


@pytest.mark.parametrize("level", [0, 1, 6, 20, 40, 60, 80])
def test_level_of_a_sine(app: ctypes.CDLL, level: int) -> None:
    amplitude = 32767 * 10 ** (-level / 20)
    sine = np.round(amplitude * np.sin(2 * np.pi * np.arange(512) * 17 / 512)).astype(np.int16)
    rms = math.sqrt(float(np.mean(sine.astype(float) ** 2)))
    exact = -20 * math.log10(rms / 32768)
    assert abs(app.level_dbfs(pointer(sine), 512) - exact) <= 1


def test_level_of_the_extremes(app: ctypes.CDLL) -> None:
    assert app.level_dbfs(pointer(np.zeros(512, np.int16)), 512) == 99
    assert app.level_dbfs(pointer(np.full(512, -32768, np.int16)), 512) == 0
    assert app.level_dbfs(pointer(np.full(1, 1, np.int16)), 1) == pytest.approx(90, abs=1)


def test_health_of_pdm_words(app: ctypes.CDLL) -> None:
    def check(words: npt.NDArray[np.uint32]) -> int:
        return int(app.health_check_pdm(pointer(words), len(words)))

    assert check(np.zeros(1024, np.uint32)) == 1
    assert check(np.full(1024, 0xFFFFFFFF, np.uint32)) == 2
    assert check(np.full(1024, 0x55555555, np.uint32)) == 0
    one_bit = np.zeros(1024, np.uint32)
    one_bit[1021] = 1 << 31
    assert check(one_bit) == 0
    assert check(~one_bit) == 0


@pytest.mark.parametrize(
    ("mean", "symptom"), [(0, 0), (16383, 0), (16384, 4), (-16384, 0), (-16385, 4), (40000, 4), (-40000, 4)]
)
def test_health_of_the_mean(app: ctypes.CDLL, mean: int, symptom: int) -> None:
    assert app.health_check_mean(mean) == symptom


def test_health_of_pcm(app: ctypes.CDLL) -> None:
    samples = np.zeros(512, np.int16)
    samples[:64] = 32767
    assert app.health_check_pcm(pointer(samples), 512) == 0
    samples[64] = -32768
    assert app.level_dbfs(pointer(samples), 512) <= 10  # so the firmware looks
    assert app.health_check_pcm(pointer(samples), 512) == 8


def test_faults_have_hysteresis(app: ctypes.CDLL) -> None:
    health = Health()
    app.health_init(ctypes.byref(health))

    def feed(symptoms: int, blocks: int) -> list[int]:
        return [app.health_update(ctypes.byref(health), symptoms) for _ in range(blocks)]

    assert feed(1, 3) == [0, 0, 0]
    assert feed(0, 1) == [0]  # a good block begins the count anew
    assert feed(1, 5) == [0, 0, 0, 1, 0]
    assert health.faults == 1
    assert feed(1 | 8, 4) == [0, 0, 0, 8]
    feed(0, 7)
    assert health.faults == 9
    feed(0, 1)
    assert health.faults == 0
    assert app.health_name(1) == b"mic-stuck-low" and app.health_name(0) == b"none"


def test_stats(app: ctypes.CDLL) -> None:
    stats = Stats()
    for cycles in (100, 300, 200):
        app.stats_add(ctypes.byref(stats), cycles)
    assert app.stats_take_mean(ctypes.byref(stats)) == 200
    assert app.stats_take_mean(ctypes.byref(stats)) == 0
    assert (stats.blocks, stats.busy_max) == (3, 300)
    for _ in range(2):
        app.stats_add(ctypes.byref(stats), ctypes.c_uint32(2**32 - 1))
    assert app.stats_take_mean(ctypes.byref(stats)) == (2**32 - 1) // 2
