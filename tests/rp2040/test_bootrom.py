"""The boot ROM's functions, called through its public tables on Unicorn's Cortex-M0, against Python's arithmetic."""

from __future__ import annotations

import math
import random
import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
from paths import ROOT

pytest.importorskip("unicorn", reason="unicorn is not installed (pip install emberwatch[dev])")
from bootrom_rig import Rom
from unicorn import arm_const as reg


@pytest.fixture(scope="module")
def rom() -> Rom:
    return Rom()


def random_floats(rng: random.Random, count: int, low: int, high: int) -> list[float]:
    """Full-precision values of both signs with binary exponents low..high."""
    return [math.ldexp(rng.choice((-1, 1)) * (1 + rng.random()), rng.randint(low, high)) for _ in range(count)]


def test_header_is_what_the_datasheet_publishes(rom: Rom) -> None:
    assert rom.image[0x10:0x13] == b"Mu\x01"
    assert rom.image[0x13] == 3


def test_absent_code_is_zero(rom: Rom) -> None:
    assert rom.function("??") == 0


def test_bit_functions(rom: Rom) -> None:
    rng = random.Random(1)
    for value in [0, 1, 0x80000000, 0xFFFFFFFF, *(rng.getrandbits(rng.randint(1, 32)) for _ in range(200))]:
        assert rom.call(rom.function("P3"), value)[0] == value.bit_count()
        assert rom.call(rom.function("L3"), value)[0] == 32 - value.bit_length()
        assert rom.call(rom.function("T3"), value)[0] == (32 if value == 0 else (value & -value).bit_length() - 1)
        assert rom.call(rom.function("R3"), value)[0] == int(f"{value:032b}"[::-1], 2)


@pytest.mark.parametrize("code", ["MC", "C4"])
def test_memcpy_any_alignment(rom: Rom, code: str) -> None:
    source = bytes(range(1, 60))
    for to_offset in range(4):
        for from_offset in range(4):
            for count in (0, 1, 3, 4, 7, 8, 9, 31, 40):
                if code == "C4" and (to_offset or from_offset):
                    continue
                rom.uc.mem_write(0x20000000, source)
                rom.uc.mem_write(0x20001000, b"\xee" * 64)
                result = rom.call(rom.function(code), 0x20001000 + to_offset, 0x20000000 + from_offset, count)[0]
                expected = bytearray(b"\xee" * 64)
                expected[to_offset : to_offset + count] = source[from_offset : from_offset + count]
                assert rom.uc.mem_read(0x20001000, 64) == expected
                assert result == 0x20001000 + to_offset


@pytest.mark.parametrize("offset", range(4))
@pytest.mark.parametrize("count", [0, 1, 2, 5, 8, 33])
def test_memset(rom: Rom, offset: int, count: int) -> None:
    rom.uc.mem_write(0x20001000, bytes(64))
    rom.call(rom.function("MS"), 0x20001000 + offset, 0x1A5, count)
    assert rom.uc.mem_read(0x20001000, 64) == bytes(offset) + b"\xa5" * count + bytes(64 - offset - count)


def test_single_arithmetic_is_correctly_rounded(rom: Rom) -> None:
    rng = random.Random(2)
    a = np.array(random_floats(rng, 400, -40, 40), dtype=np.float32)
    b = np.array(random_floats(rng, 400, -40, 40), dtype=np.float32)
    b[::7] = a[::7] * np.float32(1.0000001)  # cancellation
    b[::11] = a[::11] * np.float32(2**-24)  # rounding ties
    for row, expected in (("add", a + b), ("sub", a - b), ("mul", a * b), ("div", a / b)):
        for x, y, want in zip(a, b, expected, strict=True):
            assert rom.single(row, x, y) == want, f"{x!r} {row} {y!r}"
    for x in np.abs(a):
        assert rom.single("sqrt", x) == np.sqrt(x)


def test_double_arithmetic_is_correctly_rounded(rom: Rom) -> None:
    rng = random.Random(3)
    a, b = random_floats(rng, 300, -60, 60), random_floats(rng, 300, -60, 60)
    for i in range(0, 300, 5):
        b[i] = a[i] * (1 + 2**-52)
        b[i - 1] = a[i - 1] * 2**-53
    for x, y in zip(a, b, strict=True):
        assert rom.double("add", x, y) == x + y
        assert rom.double("sub", x, y) == x - y
        assert rom.double("mul", x, y) == x * y
        assert rom.double("div", x, y) == x / y
        assert rom.double("sqrt", abs(x)) == math.sqrt(abs(x))


@pytest.mark.parametrize("row", ["add", "sub", "mul", "div"])
def test_specials(rom: Rom, row: str) -> None:
    assert math.isinf(rom.single(row, math.inf, 1.0))
    assert math.isinf(rom.double(row, math.inf, 1.0))
    assert rom.single("mul", 1e30, 1e30) == math.inf
    assert rom.single("mul", 1e-30, -1e-30) == 0.0
    assert rom.double("sub", 1.5, 1.5) == 0.0


def test_compare_value_and_flags(rom: Rom) -> None:
    pairs = [(1.0, 2.0), (2.0, 1.0), (-1.0, 1.0), (-2.0, -1.0), (0.0, -0.0), (3.5, 3.5), (math.inf, 1.0)]
    for x, y in pairs:
        want = (x > y) - (x < y)
        words = [struct.unpack("<I", struct.pack("<f", v))[0] for v in (x, y)]
        assert rom.call(rom.float_entry("SF", "cmp"), *words)[0] == want & 0xFFFFFFFF
        rom.call(rom.float_entry("SF", "cmp_flags"), *words)
        flags = rom.uc.reg_read(reg.UC_ARM_REG_XPSR)
        assert bool(flags >> 30 & 1) == (x == y)  # Z
        assert bool(flags >> 29 & 1) == (x >= y)  # C


def test_conversions(rom: Rom) -> None:
    def bits(value: float) -> int:
        return struct.unpack("<I", struct.pack("<f", value))[0]

    for value, floor in ((1.75, 1), (-1.25, -2), (-1.0, -1), (1e20, 2**31 - 1), (-1e20, -(2**31)), (0.0, 0)):
        assert rom.call(rom.float_entry("SF", "2int"), bits(value))[0] == floor & 0xFFFFFFFF
    assert rom.call(rom.float_entry("SF", "2uint"), bits(-5.0))[0] == 0
    assert rom.call(rom.float_entry("SF", "2fix"), bits(1.5), 8)[0] == 384
    for integer in (0, 1, -1, 123456789, -(2**31), 16777217):
        got = rom.call(rom.float_entry("SF", "int2"), integer)[0]
        assert struct.unpack("<f", struct.pack("<I", got))[0] == np.float32(integer)
        low, high = rom.call(rom.float_entry("SD", "int2"), integer)[:2]
        assert struct.unpack("<d", struct.pack("<II", low, high))[0] == float(integer)
    low, high = rom.call(rom.float_entry("SF", "2other"), bits(-0.1))[:2]
    assert struct.unpack("<d", struct.pack("<II", low, high))[0] == float(np.float32(-0.1))


def test_atan2_in_all_quadrants(rom: Rom) -> None:
    rng = random.Random(5)
    for _ in range(100):
        y, x = rng.uniform(-5, 5), rng.uniform(-5, 5)
        assert rom.double("atan2", y, x) == pytest.approx(math.atan2(y, x), rel=2e-15)


def test_sine_entry_returns_the_cosine_too(rom: Rom) -> None:
    angle = struct.unpack("<I", struct.pack("<f", 0.7))[0]
    sine, cosine = rom.call(rom.float_entry("SF", "sin"), angle)[:2]
    assert struct.unpack("<f", struct.pack("<I", sine))[0] == pytest.approx(math.sin(0.7), rel=2e-7)
    assert struct.unpack("<f", struct.pack("<I", cosine))[0] == pytest.approx(math.cos(0.7), rel=2e-7)
    words = struct.unpack("<II", struct.pack("<d", 0.7))
    result = rom.call(rom.float_entry("SD", "sincos"), *words)
    assert struct.unpack("<dd", struct.pack("<IIII", *result)) == pytest.approx((math.sin(0.7), math.cos(0.7)))


def test_committed_image_is_fresh() -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    version = subprocess.run(["arm-none-eabi-gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("12."):
        pytest.skip(f"the image was built with GCC 12; GCC {version.strip()} may emit other code")
    subprocess.run([sys.executable, str(ROOT / "scripts/build_bootrom.py"), "--check"], check=True)
