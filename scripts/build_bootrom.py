#!/usr/bin/env python3
"""Build the boot ROM image from sim/rp2040/bootrom and write it as a C++ array.

Usage: scripts/build_bootrom.py [--check]

The array is committed so that installing the emulator needs no Arm compiler. --check rebuilds and compares
instead of writing. Series coefficients are exact rationals rounded once to double (Taylor series at 0).
"""

from __future__ import annotations

import argparse
import struct
import subprocess
import sys
import tempfile
from fractions import Fraction
from math import factorial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "sim/rp2040/bootrom"
IMAGE = ROOT / "sim/rp2040/bus/bootrom_image.inc"
ROM_BYTES = 16384

# 60 digits are ample for a two-part double split (106 bits are 32 digits).
PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494")
LN2 = Fraction("0.693147180559945309417232121458176568075500134360255254120680")


def double_bits(value: Fraction) -> str:
    """Return the C literal of the double nearest to `value`."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', float(value)))[0]:016x}ull"


def high_part(value: Fraction, bits: int) -> Fraction:
    """Return `value` truncated to `bits` significant bits (value in [0.5, 2))."""
    return Fraction(int(value * 2**bits), 2**bits)


def arctan(x: Fraction) -> Fraction:
    """Return atan(x) for 0 <= x <= 1 to far beyond double precision, by Euler's series."""
    square = x * x
    term = x / (1 + square)
    total = Fraction(0)
    for n in range(200):
        total += term
        term *= Fraction(2 * n + 2, 2 * n + 3) * square / (1 + square)
        term = Fraction(int(term * 2**200), 2**200)
    return total


def series_header() -> str:
    """Return the coefficient tables as C source."""
    tables = {
        # sin r = r + r^3 (S0 + S1 r^2 + ...), |r| <= pi/4
        "SINE": [Fraction((-1) ** (k + 1), factorial(2 * k + 3)) for k in range(9)],
        "COSINE": [Fraction((-1) ** (k + 1), factorial(2 * k + 2)) for k in range(9)],
        # exp r = 1 + r (E0 + E1 r + ...), |r| <= ln2 / 2
        "EXPONENTIAL": [Fraction(1, factorial(k + 1)) for k in range(14)],
        # artanh s = s + s^3 (A0 + A1 s^2 + ...), |s| <= 0.172
        "ARTANH": [Fraction(1, 2 * k + 3) for k in range(11)],
        # atan r = r + r^3 (T0 + T1 r^2 + ...), |r| <= 1/16
        "ARCTAN": [Fraction((-1) ** (k + 1), 2 * k + 3) for k in range(6)],
        "ARCTAN_STEP": [arctan(Fraction(k, 8)) for k in range(9)],
    }
    pi_half_high, ln2_high = high_part(PI / 2, 32), high_part(LN2, 32)
    constants = {
        "PI": PI,
        "PI_HALF": PI / 2,
        "TWO_OVER_PI": 2 / PI,
        "PI_HALF_HIGH": pi_half_high,  # 33 bits: exact times any quadrant number below 2^20
        "PI_HALF_LOW": PI / 2 - pi_half_high,
        "ONE_OVER_LN2": 1 / LN2,
        "LN2_HIGH": ln2_high,
        "LN2_LOW": LN2 - ln2_high,
        "SQRT2": Fraction("1.41421356237309504880168872420969807856967187537694"),
    }
    lines = ["// Written by scripts/build_bootrom.py; bits of doubles."]
    lines += [f"#define {name} {double_bits(value)}" for name, value in constants.items()]
    for name, values in tables.items():
        lines.append(f"#define {name}_TERMS {len(values)}")
        lines.append(f"static const f64 {name}[{len(values)}] = {{{', '.join(map(double_bits, values))}}};")
    return "\n".join(lines) + "\n"


def build() -> bytes:
    """Compile and link the ROM; return its 16384 bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "series.inc").write_text(series_header(), encoding="utf-8")
        elf, binary = Path(scratch) / "rom.elf", Path(scratch) / "rom.bin"
        sources = [str(path) for path in sorted(SOURCE.iterdir()) if path.suffix in (".S", ".c")]
        flags = ["-mcpu=cortex-m0plus", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-fno-builtin", "-nostdlib"]
        warnings = ["-Wall", "-Wextra", "-Werror"]
        link = [f"-Wl,-T,{SOURCE / 'rom.ld'}", "-I", scratch, "-o", str(elf)]
        try:
            subprocess.run(["arm-none-eabi-gcc", *flags, *warnings, *sources, *link, "-lgcc"], check=True)
        except FileNotFoundError:
            sys.exit("build_bootrom: arm-none-eabi-gcc not found; install gcc-arm-none-eabi")
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", str(elf), str(binary)], check=True)
        image = binary.read_bytes()
    if len(image) > ROM_BYTES:
        sys.exit(f"build_bootrom: the image has {len(image)} bytes, the ROM {ROM_BYTES}")
    return image


def render(image: bytes) -> str:
    """Return the image as an initialiser list, sixteen bytes a line."""
    rows = [image[i : i + 16] for i in range(0, len(image), 16)]
    body = "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in row) for row in rows)
    size = f"{len(image)} of {ROM_BYTES} bytes, the rest zero"
    return f"// Written by scripts/build_bootrom.py from sim/rp2040/bootrom; {size}.\n{body}\n"


def main() -> None:
    """Write the image, or with --check compare it with the committed one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed image instead of writing")
    arguments = parser.parse_args()
    image = build()
    text = render(image)
    if arguments.check:
        if IMAGE.read_text(encoding="utf-8") != text:
            sys.exit(f"build_bootrom: {IMAGE.relative_to(ROOT)} is stale; run scripts/build_bootrom.py")
        return
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    IMAGE.write_text(text, encoding="utf-8")
    print(f"{IMAGE.relative_to(ROOT)}: {len(image)} of {ROM_BYTES} bytes")


if __name__ == "__main__":
    main()
