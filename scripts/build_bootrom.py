#!/usr/bin/env python3
"""Build the boot ROM image from sim/rp2040/bootrom and write it as a C++ array.

Usage: scripts/build_bootrom.py [--check]

The array is committed so that installing the emulator needs no Arm compiler. --check rebuilds and compares
instead of writing. Series coefficients are exact rationals rounded once to double (Taylor series at 0).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from math import ceil, factorial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "sim/rp2040/bootrom"
IMAGE = ROOT / "sim/rp2040/bus/bootrom_image.inc"
ROM_BYTES = 16384

# 60 digits are ample for a two-part double split (106 bits are 32 digits).
PI = Fraction("3.14159265358979323846264338327950288419716939937510582097494")
LN2 = Fraction("0.693147180559945309417232121458176568075500134360255254120680")


def fixed(value: Fraction, bits: int) -> int:
    """Return `value` in units of 2^-bits, rounded."""
    return round(value * 2**bits)


def c_array(kind: str, name: str, values: list[int]) -> str:
    """Return a C array of unsigned numbers and the macro of its length."""
    suffix = "ull" if kind == "uint64_t" else "u"
    body = ", ".join(f"0x{value:x}{suffix}" for value in values)
    return f"#define {name}_TERMS {len(values)}\nstatic const {kind} {name}[{len(values)}] = {{{body}}};"


def logarithm(x: Fraction) -> Fraction:
    """Return ln x for 1/2 <= x <= 2 to far beyond double precision: 2 artanh((x - 1) / (x + 1))."""
    s = (x - 1) / (x + 1)
    term, total = s, Fraction(0)
    for n in range(100):
        total += term / (2 * n + 1)
        term = Fraction(round(term * s * s * 2**200), 2**200)
    return 2 * total


def logarithm_rows() -> list[tuple[int, Fraction]]:
    """Return, for each 32nd of m in 1..2, a scale s of about 1 / m (or 2 / m) in 128ths or 256ths, and -ln of it.

    Rows from LN_UPPER on take m as half, so that all of m is in 0.71..1.42; around 1 the scale is 1.
    """
    rows = []
    for row in range(32):
        middle = 1 + (Fraction(row) + Fraction(1, 2)) / 32
        if row < LN_UPPER:
            scale = 128 if row == 0 else round(128 / middle)
            rows.append((scale, -logarithm(Fraction(scale, 128))))
        else:
            scale = 256 if row == 31 else round(512 / middle)
            rows.append((scale, -logarithm(Fraction(scale, 256))))
    return rows


LN_UPPER = 13


def economised(coefficients: list[Fraction], width: Fraction, terms: int) -> list[Fraction]:
    """Return the power series c[0] + c[1] x + ... with fewer terms, changed as little as possible on 0..`width`.

    The highest power gives way to lower ones by a multiple of the Chebyshev polynomial of that interval, again and
    again: an error of c[n] width^n / 2^(2n - 1) at most for each.
    """
    kept = list(coefficients)
    while len(kept) > terms:
        degree = len(kept) - 1
        before, chebyshev = [Fraction(1)], [Fraction(-1), 2 / width]
        for _ in range(degree - 1):  # T(n + 1) = 2 (2 x / width - 1) T(n) - T(n - 1)
            after = [Fraction(0)] * (len(chebyshev) + 1)
            for power, value in enumerate(chebyshev):
                after[power] -= 2 * value
                after[power + 1] += 4 / width * value
            for power, value in enumerate(before):
                after[power] -= value
            before, chebyshev = chebyshev, after
        factor = kept[degree] / chebyshev[degree]
        kept = [value - factor * part for value, part in zip(kept[:-1], chebyshev, strict=False)]
    return kept


def quarter_turn_series(odd: int, terms: int) -> list[Fraction]:
    """Return the series c[0] - c[1] s + c[2] s^2 ... of sin(f pi / 2) / f (odd: 1) or cos(f pi / 2) (odd: 0).

    s is f^2, f at most 1/2.
    """
    taylor = [(-1) ** k * (PI / 2) ** (2 * k + odd) / factorial(2 * k + odd) for k in range(terms + 6)]
    return [(-1) ** k * value for k, value in enumerate(economised(taylor, Fraction(1, 4), terms))]


def series_header() -> str:
    """Return the coefficients of single_functions.c and double_functions.c as C source."""
    power = [LN2 ** (k + 1) / factorial(k + 1) for k in range(20)]
    rows = logarithm_rows()
    lines = ["// Written by scripts/build_bootrom.py: fixed-point numbers."]
    for name, value in {
        "PI_30": fixed(PI, 30),
        "ONE_OVER_LN2_HIGH": fixed(1 / LN2, 63) >> 32,
        "ONE_OVER_LN2_LOW": fixed(1 / LN2, 63) & 0xFFFFFFFF,
        "TAN_EIGHTH": fixed(Fraction("0.41421356237309504880"), 32),
        "LN_UPPER": LN_UPPER,
    }.items():
        lines.append(f"#define {name} 0x{value:x}u")
    lines.append(f"#define LN2_56 0x{fixed(LN2, 56):x}ull")
    lines.append("#define LN_ONE(row) ((row) >= LN_UPPER ? 256 : 128)")
    # 2^f = 1 + f (P0 + f (P1 + ...)), 0 <= f < 1
    lines.append(c_array("uint32_t", "POWER", [fixed(c, 32) for c in power[:12]]))
    # ln(1 + r) = r - r^2 (L0 - r (L1 - ...)), ln(1 - r) = -(r + r^2 (L0 + r (L1 + ...))), r <= 1/32
    lines.append(c_array("uint32_t", "LOGARITHM", [fixed(Fraction(1, k + 2), 32) for k in range(6)]))
    # atan t = t - t s (A0 - s (A1 - ...)), t <= tan(pi / 8)
    lines.append(c_array("uint32_t", "ARCTAN", [fixed(Fraction(1, 2 * k + 3), 32) for k in range(12)]))
    lines.append(f"#define LN_SCALE_VALUES {', '.join(str(scale) for scale, _ in rows)}")
    # The same to 64 bits.
    for name, value in {"PI_62": fixed(PI, 62), "LN2_64": fixed(LN2, 64)}.items():
        lines.append(f"#define {name} 0x{value:x}ull")
    lines.append(c_array("uint64_t", "LOGARITHM_64", [fixed(Fraction(1, k + 2), 64) for k in range(10)]))
    lines.append(c_array("uint64_t", "ARCTAN_64", [fixed(Fraction(1, 2 * k + 3), 64) for k in range(22)]))
    body = ", ".join(f"{fixed(value, 62)}ll" for _, value in rows)
    lines.append(f"#define LN_ROW_62_VALUES {body}")
    return "\n".join(lines) + "\n"


def table(name: str, directive: str, values: list[int]) -> str:
    """Return a global table of the assembly routines; `directive` is .byte, .hword, .word or .quad."""
    return f".balign 4\n.global {name}\n{name}: {directive} {', '.join(map(hex, values))}"


def in_words(value: Fraction, words: int) -> list[int]:
    """Return the fraction `value` in 32-bit words, the lowest first."""
    return [fixed(value, 32 * words) >> 32 * word & 0xFFFFFFFF for word in range(words)]


def table_source() -> str:
    """Return the tables of the assembly routines as assembly source."""
    # 2^8 / sqrt(x) in the middle of each of the 96 intervals of x in 1..4.
    roots = [round(2**8 * ((32 + i + 0.5) / 32) ** -0.5) for i in range(96)]
    # One unit less each, as the products that are taken from them are too small by that on average.
    sine_32 = [fixed(c, 31) - 1 for odd, terms in ((1, 5), (0, 6)) for c in quarter_turn_series(odd, terms)[::-1]]
    sine_64 = [fixed(c, 63) - 1 for odd, terms in ((1, 7), (0, 8)) for c in quarter_turn_series(odd, terms)]
    # (e^t - 1) / t in powers of 32 t, and e^(k / 32).
    powers = economised([Fraction(1, factorial(k + 1) * 32**k) for k in range(12)], Fraction(1), 6)
    steps = [sum((Fraction(k, 32) ** j / factorial(j) for j in range(60)), Fraction(0)) for k in range(23)]
    # For each 32nd of m in 1..2 a scale in 1024ths that brings m to 1 + u, u below 35 / 1024; for each 1024th of u a
    # factor 1 - c, c in units of 2^-20, that brings it to 1 or just above; and the logarithms of their reciprocals.
    scales = [ceil(Fraction(1024 * 32, 32 + row)) for row in range(32)]
    factors = [2**20 * row // (1024 + row) for row in range(35)]
    lines = [
        "// Written by scripts/build_bootrom.py.",
        table("reciprocal_roots", ".byte", roots),
        table("sine_32", ".word", sine_32),
        table("sine_64", ".quad", sine_64),
        table("two_over_pi", ".word", in_words(2 / PI, 4)),
        table("exponential_64", ".quad", [fixed(c, 63) for c in powers]),
        table("exponential_steps", ".quad", [fixed(step, 62) for step in steps]),
        table("logarithm_scales", ".hword", scales),
        table("logarithm_factors", ".hword", factors),
        table("logarithm_rows", ".quad", [fixed(-logarithm(Fraction(scale, 1024)), 64) for scale in scales]),
        table("logarithm_fine", ".quad", [fixed(-logarithm(1 - Fraction(c, 2**20)), 64) for c in factors]),
        table("ln_2", ".word", in_words(LN2, 3)),
    ]
    low, high = in_words(2 / PI, 2)
    for name, value in (("TWO_OVER_PI_LOW", low), ("TWO_OVER_PI_HIGH", high), ("ONE_OVER_LN2_31", fixed(1 / LN2, 31))):
        lines.append(f".global {name}\n.equ {name}, {value:#x}")
    return "\n".join(lines) + "\n"


def build() -> bytes:
    """Compile and link the ROM; return its 16384 bytes."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "series.inc").write_text(series_header(), encoding="utf-8")
        (Path(scratch) / "tables.inc").write_text(table_source(), encoding="utf-8")
        elf, binary = Path(scratch) / "rom.elf", Path(scratch) / "rom.bin"
        sources = [
            str(path) for path in sorted(SOURCE.iterdir()) if path.suffix in (".S", ".c") and path.name != "macros.S"
        ]
        flags = ["-mcpu=cortex-m0plus", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-fno-builtin", "-nostdlib"]
        warnings = ["-Wall", "-Wextra", "-Werror"]
        link = [f"-Wl,-T,{SOURCE / 'rom.ld'}", "-I", scratch, "-I", str(SOURCE), "-o", str(elf)]
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
