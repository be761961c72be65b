"""The pure parts of firmware/apps/detector, compiled for the host."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from emberwatch.base.paths import project_root

SOURCES = ("common/text.c", "detector/level.c", "detector/health.c", "detector/stats.c")


class Text:
    """A text_t; the library is the fixture `app`."""

    def __init__(self, app: ctypes.CDLL) -> None:
        self._app = app
        self.state = ctypes.create_string_buffer(fact(app, "text_size"))

    def value(self) -> str:
        out = ctypes.create_string_buffer(fact(self._app, "text_capacity"))
        size = self._app.text_read(self.state, out)
        return out.raw[:size].decode()


def fact(app: ctypes.CDLL, name: str) -> int:
    """A constant of app_facts.c."""
    return ctypes.c_uint32.in_dll(app, name).value


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no host C compiler; get it with: sudo apt-get install gcc")
    firmware = project_root() / "firmware"
    library = tmp_path_factory.mktemp("app") / "libapp.so"
    sources = [str(Path(__file__).with_name("app_facts.c")), *(str(firmware / "apps" / name) for name in SOURCES)]
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    flags += ["-fsanitize=undefined", "-fno-sanitize-recover"]
    subprocess.run([compiler, *flags, f"-I{firmware}", *sources, "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.health_name.restype = ctypes.c_char_p
    for name in ("stats_take_mean", "stats_busy_max", "stats_blocks", "health_faults"):
        getattr(loaded, name).restype = ctypes.c_uint32
    loaded.level_dbfs.restype = ctypes.c_uint32
    loaded.health_check_pdm.restype = ctypes.c_uint32
    loaded.health_update.restype = ctypes.c_uint32
    loaded.health_check_level.restype = ctypes.c_uint32
    return loaded


def pointer(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("value", [0, 1, 9, 10, 12345, 2**32 - 1])
def test_decimal_and_hex(app: ctypes.CDLL, value: int) -> None:
    text = Text(app)
    app.text_decimal(text.state, ctypes.c_uint32(value))
    app.text_string(text.state, b" ")
    app.text_hex(text.state, ctypes.c_uint32(value))
    assert text.value() == f"{value} {value:08x}"


@pytest.mark.parametrize(("us", "shown"), [(0, "0.000"), (999, "0.000"), (1_050_999, "1.050"), (2**33, "8589.934")])
def test_seconds(app: ctypes.CDLL, us: int, shown: str) -> None:
    text = Text(app)
    app.text_seconds(text.state, ctypes.c_uint64(us))
    assert text.value() == shown


def test_text_never_leaves_its_buffer(app: ctypes.CDLL) -> None:
    text = Text(app)
    for _ in range(50):
        app.text_string(text.state, b"0123456789")
    capacity = fact(app, "text_capacity")
    assert text.value() == ("0123456789" * 50)[:capacity]


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

    assert check(np.zeros(1024, np.uint32)) == fact(app, "stuck_low")
    assert check(np.full(1024, 0xFFFFFFFF, np.uint32)) == fact(app, "stuck_high")
    assert check(np.full(1024, 0x55555555, np.uint32)) == 0
    one_bit = np.zeros(1024, np.uint32)
    one_bit[1021] = 1 << 31
    assert check(one_bit) == 0
    assert check(~one_bit) == 0


@pytest.mark.parametrize(
    ("mean", "found"),
    [(0, False), (16383, False), (16384, True), (-16384, False), (-16385, True), (40000, True), (-40000, True)],
)
def test_health_of_the_mean(app: ctypes.CDLL, mean: int, found: bool) -> None:
    assert app.health_check_mean(mean) == (fact(app, "dc") if found else 0)


def test_health_of_pcm(app: ctypes.CDLL) -> None:
    samples = np.zeros(512, np.int16)
    samples[:64] = 32767
    assert app.health_check_pcm(pointer(samples), 512) == 0
    samples[64] = -32768
    assert app.level_dbfs(pointer(samples), 512) <= 10  # so the firmware looks
    assert app.health_check_pcm(pointer(samples), 512) == fact(app, "clipping")


def test_health_of_the_level(app: ctypes.CDLL) -> None:
    health = ctypes.create_string_buffer(fact(app, "health_size"))
    app.health_init(health)
    level, blocks, deaf = fact(app, "deaf_level"), fact(app, "deaf_blocks"), fact(app, "deaf")
    assert [app.health_check_level(health, level) for _ in range(blocks - 1)] == [0] * (blocks - 1)
    assert app.health_check_level(health, level - 1) == 0, "one louder block begins the minute anew"
    assert [app.health_check_level(health, 99) for _ in range(blocks)][-1] == deaf
    assert app.health_check_level(health, 99) == deaf
    assert app.health_check_level(health, 30) == 0


def test_faults_have_hysteresis(app: ctypes.CDLL) -> None:
    health = ctypes.create_string_buffer(fact(app, "health_size"))
    app.health_init(health)
    low, clipping = fact(app, "stuck_low"), fact(app, "clipping")
    raise_after, clear_after = fact(app, "raise_blocks"), fact(app, "clear_blocks")

    def feed(symptoms: int, blocks: int) -> list[int]:
        return [app.health_update(health, symptoms) for _ in range(blocks)]

    assert feed(low, raise_after - 1) == [0] * (raise_after - 1)
    assert feed(0, 1) == [0]  # a good block begins the count anew
    assert feed(low, raise_after + 1) == [0] * (raise_after - 1) + [low, 0]
    assert app.health_faults(health) == low
    assert feed(low | clipping, raise_after) == [0] * (raise_after - 1) + [clipping]
    feed(0, clear_after - 1)
    assert app.health_faults(health) == low | clipping
    feed(0, 1)
    assert app.health_faults(health) == 0
    assert app.health_name(low) == b"mic-stuck-low" and app.health_name(0) == b"none"


def test_stats(app: ctypes.CDLL) -> None:
    stats = ctypes.create_string_buffer(fact(app, "stats_size"))
    for cycles in (100, 300, 200):
        app.stats_add(stats, cycles)
    assert app.stats_take_mean(stats) == 200
    assert app.stats_take_mean(stats) == 0
    assert (app.stats_blocks(stats), app.stats_busy_max(stats)) == (3, 300)
    for _ in range(2):
        app.stats_add(stats, ctypes.c_uint32(2**32 - 1))
    assert app.stats_take_mean(stats) == (2**32 - 1) // 2
