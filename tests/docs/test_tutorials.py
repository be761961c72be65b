"""The tutorials are run as a reader runs them: files are written, commands give what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

TUTORIALS = sorted((ROOT / "docs/tutorials").glob("*.md"))
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.M | re.S)


def steps(page: str) -> list[tuple[str, str, str]]:
    """(file, its text, "") or ("", command, the output shown), in the order of the page."""
    found = []
    for language, title, text in BLOCK.findall(page):
        if title:
            found.append((title, text, ""))
        elif language == "console":
            for command in re.split(r"^\$ ", text, flags=re.M)[1:]:
                line, _, shown = command.partition("\n")
                found.append(("", line, shown))
    return found


def shows(output: str, shown: str) -> bool:
    """Whether a page shows this output: `...` stands for anything, and spaces do not count."""
    wanted = re.escape(" ".join(shown.split())).replace(r"\.\.\.", ".*?")
    return re.search(wanted, " ".join(output.split())) is not None


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_every_command_gives_what_the_page_shows(tutorial: Path, tmp_path: Path) -> None:
    for name in ("emberwatch.tflite", "detector.toml"):
        shutil.copy(ROOT / "training/released" / name, tmp_path / name.replace("emberwatch.tflite", "detector.tflite"))
    for name in ("firmware", "platforms"):  # so that it builds here, beside other tests that build
        (tmp_path / name).symlink_to(ROOT / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "EMBERWATCH_ROOT": str(tmp_path)}
    commands = 0
    for file, text, shown in steps(tutorial.read_text(encoding="utf-8")):
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
            continue
        done = subprocess.run(
            shlex.split(text), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        assert shows(done.stdout + done.stderr, shown), f"{text}\n{done.stdout}{done.stderr}\nthe page shows:\n{shown}"
        commands += 1
    assert commands >= 2, f"{tutorial.name} has hardly a command"
