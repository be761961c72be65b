"""Libraries in C++ that only the tests load, compiled once for all workers of a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.locks import locked

HERE = Path(__file__).parent


def build_library(source: str, name: str) -> Path:
    """Compile the CMake project in the folder `source` beside this file into build/`name`; returns lib`name`.so."""
    cmake = shutil.which("cmake", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if cmake is None:
        pytest.skip("cmake is not installed: pip install cmake")
    build = ROOT / "build" / name
    build.mkdir(parents=True, exist_ok=True)
    with locked(build / "lock"):
        for command in ([cmake, "-S", HERE / source, "-B", build], [cmake, "--build", build, "-j2"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return build / f"lib{name}.so"
