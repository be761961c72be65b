"""The C# bridge, compiled by Mono against a stub of Renode's interfaces and run against the real librp2040."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from paths import ROOT

SOURCES = Path(__file__).parent / "csharp"
BRIDGE = ROOT / "platforms/renode/bridge"
TESTS = [
    name
    for path in sorted(SOURCES.glob("*Tests.cs"))
    for name in re.findall(r"public static void (\w+)\(\)", path.read_text())
]


@pytest.fixture(scope="session")
def outcomes(librp2040: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name of each C# test and its line of output."""
    compiler, mono = shutil.which("mcs"), shutil.which("mono")
    if compiler is None or mono is None:
        pytest.skip("no Mono; install it: apt-get install --no-install-recommends mono-mcs mono-runtime")
    program = tmp_path_factory.mktemp("bridge") / "tests.exe"
    files = [*SOURCES.glob("*.cs"), *BRIDGE.glob("*.cs")]
    options = ["-langversion:7", "-warnaserror", "-r:System.Core"]
    done = subprocess.run([compiler, *options, f"-out:{program}", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    image = ROOT / "build/firmware/pico/emberwatch.bin"
    environment = {**os.environ, "EMBERWATCH_LIBRP2040": str(librp2040)}
    command = [mono, program, *([image] if image.is_file() else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "FAIL "))]
    assert lines, done.stdout + done.stderr
    return {re.split(r"[ :]+", line)[1]: line for line in lines}


def test_there_are_tests() -> None:
    assert len(TESTS) >= 15


@pytest.mark.parametrize("name", TESTS)
def test_bridge(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes.get(name, "did not run").startswith("ok "), outcomes.get(name)


def test_the_bridge_keeps_to_what_both_compilers_take() -> None:
    # Renode compiles against the assemblies that are loaded: of .NET's, these namespaces are in those that always are.
    always = {
        "",
        ".Collections",
        ".Collections.Generic",
        ".IO",
        ".Reflection",
        ".Runtime.CompilerServices",
        ".Runtime.InteropServices",
        ".Text",
        ".Threading",
    }
    for path in BRIDGE.glob("*.cs"):
        text = path.read_text()
        assert set(re.findall(r"^using System([\w.]*);", text, re.M)) <= always, path.name
        assert not re.search(r"^namespace [\w.]+;", text, re.M), f"{path.name}: no file-scoped namespaces before C# 10"
        assert "record " not in text and "global using" not in text, path.name
