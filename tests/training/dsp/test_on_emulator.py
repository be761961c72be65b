"""The build for the Cortex-M0+, assembly included, equals the native one to the bit and preserves what it must.

Run with ``-s`` to see the cycles.
"""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from target import Target, UnicornTarget
from test_rfft import HALF, HANN, frames_of, worst_frames

from emberwatch.base.paths import project_root
from emberwatch.bench.bare import SRAM_END, BareChip, BareImage, link
from emberwatch.training.dsp import native

BUFFERS = 0x20020000
STATE, WORDS, PCM = BUFFERS, BUFFERS + 0x1000, BUFFERS + 0x8000
FRAME, WINDOW, OUT = BUFFERS, BUFFERS + 0x1000, BUFFERS + 0x2000


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> BareImage:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed; run: apt-get install gcc-arm-none-eabi")
    firmware = project_root() / "firmware"
    functions = ("pdm_init", "pdm_decimate", "features_compute", "rfft_q15_256", "rfft_q15_256_power")
    sources = sorted((firmware / "dsp").glob("*.[cS]"))
    image = link(tmp_path_factory.mktemp("dsp"), sources, functions, (f"-I{firmware}", "-Wall", "-Wextra", "-Werror"))
    assert image.free <= BUFFERS
    return image


@pytest.fixture(scope="module", params=["chip", "unicorn"])
def target(request: pytest.FixtureRequest, image: BareImage) -> Target:
    if request.param == "chip":
        pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
        return BareChip(image)
    pytest.importorskip("unicorn", reason="unicorn is not installed; run: pip install unicorn")
    return UnicornTarget(image)


def report(target: Target, what: str) -> None:
    if isinstance(target, BareChip):
        print(f"\n{what}: {target.cycles} cycles")


def decimated(target: Target, words: np.ndarray, calls: list[int]) -> np.ndarray:
    target.call("pdm_init", STATE)
    target.write(WORDS, words.tobytes())
    done = 0
    for samples in calls:
        target.call("pdm_decimate", STATE, WORDS + 8 * done, PCM + 2 * done, samples)
        done += samples
    return np.frombuffer(target.read(PCM, 2 * done), dtype=np.int16)


def square_wave(half_period_words: int) -> np.ndarray:
    return np.where(np.arange(2048) // half_period_words % 2 == 0, 0xFFFFFFFF, 0).astype(np.uint32)


@pytest.mark.parametrize(
    "words",
    [
        np.random.default_rng(1).integers(0, 2**32, 2048, dtype=np.uint32),
        np.full(2048, 0xFFFFFFFF, dtype=np.uint32),
        np.zeros(2048, dtype=np.uint32),
        square_wave(1),
        square_wave(4),
        square_wave(40),
    ],
    ids=["random", "ones", "zeros", "16 kHz", "4 kHz", "400 Hz"],
)
def test_decimation(target: Target, words: np.ndarray) -> None:
    np.testing.assert_array_equal(decimated(target, words, [512, 512]), native.decimate(words))
    report(target, "pdm_decimate, 512 samples")


def test_decimation_in_pieces(target: Target) -> None:
    words = np.random.default_rng(2).integers(0, 2**32, 512, dtype=np.uint32)
    np.testing.assert_array_equal(decimated(target, words, [1, 31, 32, 33, 0, 159]), native.decimate(words))


@pytest.mark.parametrize("window", [HANN, HALF], ids=["hann", "rectangle"])
def test_spectrum(target: Target, window: np.ndarray) -> None:
    unsigned = window.astype(np.uint16)
    target.write(WINDOW, unsigned.tobytes())
    for frame in np.concatenate([worst_frames(), frames_of(3)]):
        target.write(FRAME, frame.tobytes())
        exponent = target.call("rfft_q15_256_power", FRAME, WINDOW, OUT)
        power, expected = native.rfft_q15_256_power(frame, unsigned)
        np.testing.assert_array_equal(np.frombuffer(target.read(OUT, 128), dtype=np.uint32), power)
        assert exponent == expected % 2**32
        exponent = target.call("rfft_q15_256", FRAME, WINDOW, OUT)
        assert exponent == expected % 2**32
        bins, expected = native.rfft_q15_256(frame, unsigned)
        np.testing.assert_array_equal(np.frombuffer(target.read(OUT, 512), dtype=np.int16), bins)


@pytest.mark.parametrize("offset", [0, 2], ids=["aligned", "unaligned"])
def test_features(target: Target, offset: int) -> None:
    for frame in np.concatenate([worst_frames()[::7], frames_of(4)]):
        target.write(FRAME + offset, frame.tobytes())
        target.call("features_compute", FRAME + offset, OUT)
        np.testing.assert_array_equal(np.frombuffer(target.read(OUT, 32), dtype=np.int8), native.features(frame)[0])
    report(target, "features_compute, one frame")


def test_preserved_registers(image: BareImage) -> None:
    """The assembly keeps r4-r11 and the stack pointer (AAPCS)."""
    unicorn = pytest.importorskip("unicorn", reason="unicorn is not installed; run: pip install unicorn")
    from unicorn import arm_const

    target = UnicornTarget(image)
    kept = [getattr(arm_const, f"UC_ARM_REG_R{n}") for n in range(4, 12)]
    assert isinstance(target._core, unicorn.Uc)
    for function, arguments in (
        ("pdm_init", (STATE,)),
        ("pdm_decimate", (STATE, WORDS, PCM, 40)),
        ("features_compute", (FRAME + 0x3000, OUT + 0x4000)),
        ("rfft_q15_256", (FRAME + 0x3000, WINDOW + 0x3000, OUT + 0x4000)),
    ):
        for number, register in enumerate(kept):
            target._core.reg_write(register, 0x1234_0000 + number)
        target.call(function, *arguments)
        assert [target._core.reg_read(r) for r in kept] == [0x1234_0000 + n for n in range(8)], function
        assert target._core.reg_read(arm_const.UC_ARM_REG_SP) == SRAM_END, function
