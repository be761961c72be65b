"""Cycles of the signal chain on the emulated chip, side by side with CMSIS-DSP built for the same core.

CMSIS-DSP's C source comes from its release on PyPI (Apache-2.0), checked by SHA-256 and kept in the cache.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emberwatch.base.archives import unpack_tar
from emberwatch.base.errors import MissingDependencyError
from emberwatch.base.paths import project_root
from emberwatch.bench.bare import BareChip, link

CMSIS_VERSION = "1.10.3"
CMSIS_SHA256 = "307d32298faa7c58db912851027fce35f886fec7eb1a27c4b309ce1a97f47519"
_CMSIS_SOURCES = (
    "TransformFunctions/arm_rfft_q15.c",
    "TransformFunctions/arm_rfft_init_q15.c",
    "TransformFunctions/arm_cfft_q15.c",
    "TransformFunctions/arm_cfft_init_q15.c",
    "TransformFunctions/arm_cfft_radix4_q15.c",
    "TransformFunctions/arm_bitreversal2.c",
    "CommonTables/arm_common_tables.c",
    "CommonTables/arm_const_structs.c",
    "BasicMathFunctions/arm_shift_q15.c",
    "BasicMathFunctions/arm_mult_q15.c",
    "ComplexMathFunctions/arm_cmplx_mag_fast_q15.c",
    "FastMathFunctions/arm_sqrt_q15.c",
)
_FRAMES = 8
_SEED = 1


@dataclass(frozen=True)
class Figure:
    """One line of the comparison: mean cycles of a call in zero-wait SRAM, and the bytes of code and tables."""

    what: str
    cycles: int
    bytes: int


def figures(cmsis: bool = True) -> list[Figure]:
    """Measures our stages and, with ``cmsis``, CMSIS-DSP's.

    Raises:
        BuildError: the cross compiler is missing or fails.
        MissingDependencyError: CMSIS-DSP's source can neither be found nor downloaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = [_pdm(Path(folder)), _features(Path(folder))]
        return result + (_cmsis(Path(folder)) if cmsis else [])


def _sources() -> list[Path]:
    return sorted((project_root() / "firmware" / "dsp").glob("*.[cS]"))


def _include() -> str:
    return f"-I{project_root() / 'firmware'}"


def _pdm(folder: Path) -> Figure:
    image = link(folder, _sources(), ("pdm_init", "pdm_decimate"), (_include(),))
    chip = BareChip(image)
    state, words = image.free, image.free + 64
    pcm = words + 4096
    chip.call("pdm_init", state)
    chip.write(words, random.Random(_SEED).randbytes(4096))
    chip.call("pdm_decimate", state, words, pcm, 512)
    return Figure("PDM to PCM, 512 samples", chip.cycles, image.bytes)


def _frames() -> list[bytes]:
    """Frames of noise and tones at several levels."""
    rng = random.Random(_SEED)
    frames = []
    for i in range(_FRAMES):
        peak, step = 32000 / 4**i, rng.uniform(0.02, 3.1)
        samples = [round(peak * (0.5 * math.sin(step * n) + rng.uniform(-0.5, 0.5))) for n in range(256)]
        frames.append(struct.pack("<256h", *samples))
    return frames


def _features(folder: Path) -> Figure:
    image = link(folder, _sources(), ("features_compute",), (_include(),))
    chip = BareChip(image)
    total = 0
    for frame in _frames():
        chip.write(image.free, frame)
        chip.call("features_compute", image.free, image.free + 512)
        total += chip.cycles
    return Figure("spectrum with features, 256 points", total // _FRAMES, image.bytes)


def _cmsis(folder: Path) -> list[Figure]:
    root = cmsis_source()
    sources = [Path(__file__).with_name("cmsis_spectrum.c"), *(root / "Source" / name for name in _CMSIS_SOURCES)]
    # __GNUC_PYTHON__ stands in for the CMSIS-Core header, which the package does not hold.
    flags = ("-O3", "-D__GNUC_PYTHON__", "-w", f"-I{root / 'Include'}", f"-I{root / 'PrivateInclude'}")
    results = []
    for what, function in (("rfft_q15 alone", "cmsis_rfft"), ("window, rfft_q15, magnitude", "cmsis_spectrum")):
        image = link(folder, sources, (function, "cmsis_init"), flags)
        chip = BareChip(image)
        if chip.call("cmsis_init") != 0:
            raise MissingDependencyError(f"CMSIS-DSP {CMSIS_VERSION}: its 256-point FFT does not initialise")
        frame, window, out = image.free, image.free + 512, image.free + 1024
        chip.write(
            window, struct.pack("<256h", *(round(16383 * (1 - math.cos(math.pi * n / 128))) for n in range(256)))
        )
        total = 0
        for samples in _frames():
            chip.write(frame, samples)
            arguments = (frame, out) if function == "cmsis_rfft" else (frame, window, out, out + 2048)
            chip.call(function, *arguments)
            total += chip.cycles
        results.append(Figure(f"CMSIS-DSP {CMSIS_VERSION}: {what}", total // _FRAMES, image.bytes))
    return results


def cmsis_source() -> Path:
    """Folder of CMSIS-DSP's source, downloaded with pip on first use.

    Raises:
        MissingDependencyError: pip cannot fetch it, or it is not the release that was measured.
    """
    cache = Path(os.environ.get("EMBERWATCH_CACHE") or Path.home() / ".cache" / "emberwatch")
    root = cache / f"cmsisdsp-{CMSIS_VERSION}"
    if root.is_dir():
        return root
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "cmsisdsp"]
        done = subprocess.run(
            [*command, "-d", folder, f"cmsisdsp=={CMSIS_VERSION}"], capture_output=True, text=True, check=False
        )
        archives = list(Path(folder).glob("cmsisdsp-*.tar.gz"))
        if done.returncode or not archives:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise MissingDependencyError(f"CMSIS-DSP {CMSIS_VERSION}: pip cannot download it from PyPI: {reason}")
        digest = hashlib.sha256(archives[0].read_bytes()).hexdigest()
        if digest != CMSIS_SHA256:
            raise MissingDependencyError(
                f"{archives[0].name}: SHA-256 {digest} is not that of the release, {CMSIS_SHA256}"
            )
        with tarfile.open(archives[0]) as archive:
            unpack_tar(archive, folder)
        (Path(folder) / root.name).rename(root)
    return root


def main() -> None:
    """Prints the table."""
    for figure in figures():
        print(f"{figure.what:<50} {figure.cycles:>8} cycles {figure.bytes:>7} bytes")


if __name__ == "__main__":
    main()
