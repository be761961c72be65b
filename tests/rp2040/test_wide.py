"""Integers of 128 bits for compilers that have none: the results of the compiler's own."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from paths import ROOT

PROGRAM = """
#include <cstdio>
#include "base/wide.hpp"
using rp2040::PortableWide;
unsigned long long wide(PortableWide value) { return static_cast<unsigned long long>(value); }
int main() {
    unsigned long long ah, al, bh, bl;
    unsigned shift;
    while (std::scanf("%llx %llx %llx %llx %u", &ah, &al, &bh, &bl, &shift) == 5) {
        const PortableWide a = (PortableWide(ah) << 64) + al, b = (PortableWide(bh) << 64) + bl;
        const PortableWide results[] = {a + b, a - b, a * b, a / b, a % b, a << shift, a >> shift};
        for (const PortableWide& r : results)
            std::printf("%016llx%016llx ", wide(r >> 64), wide(r));
        std::printf("%d %d\\n", a < b, a == b);
    }
}
"""
LIMIT = 1 << 128


def test_operations(tmp_path: Path) -> None:
    compiler = shutil.which("c++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("there is no C++ compiler; run: apt-get install g++")
    (tmp_path / "wide.cpp").write_text(PROGRAM)
    options = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "sim/rp2040"]
    subprocess.run([compiler, *options, tmp_path / "wide.cpp", "-o", tmp_path / "wide"], check=True)
    draw = random.Random(1)
    cases = []
    for _ in range(3000):
        a, b = (draw.getrandbits(draw.randint(1, 128)) for _ in range(2))
        cases.append((a, draw.choice([b, a, 1, LIMIT - 1]) or 1, draw.randrange(128)))
    low = (1 << 64) - 1
    lines = "".join(f"{a >> 64:x} {a & low:x} {b >> 64:x} {b & low:x} {n}\n" for a, b, n in cases)
    output = subprocess.run([tmp_path / "wide"], input=lines, capture_output=True, text=True, check=True).stdout
    for (a, b, n), line in zip(cases, output.splitlines(), strict=True):
        *results, less, equal = line.split()
        wanted = (a + b, a - b, a * b, a // b, a % b, a << n, a >> n)
        assert [int(r, 16) for r in results] == [value % LIMIT for value in wanted], (a, b, n)
        assert (less, equal) == (str(int(a < b)), str(int(a == b)))
