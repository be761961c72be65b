"""Workflows run what they name and nothing newer, with no more rights than they need."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest
from paths import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash_and_rights_are_least(path: object) -> None:
    text = path.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    actions = re.findall(r"uses: (\S+)(.*)", text)
    assert actions
    for action, comment in actions:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action), action
        assert re.search(r"# v\d", comment), f"{action}: say which version the hash is"
    assert re.search(r"^permissions:\n  contents: read$", text, re.M)


def test_every_file_that_a_workflow_runs_is_there_and_may_run() -> None:
    for path in WORKFLOWS:
        for command in re.findall(r"run: ((?:scripts|\.ci)/\S+)", path.read_text(encoding="utf-8")):
            assert (ROOT / command).stat().st_mode & 0o111, command


def test_the_version_is_one_that_can_be_tagged() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", version)
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version.partition('.dev')[0]} " in (ROOT / "CHANGELOG.md").read_text()


def test_shell_scripts_parse() -> None:
    for path in (ROOT / "scripts").glob("*.sh"):
        subprocess.run(["bash", "-n", str(path)], check=True)


class _Environment:
    """What PlatformIO's script gets of SCons, as far as ours asks."""

    def __init__(self) -> None:
        self.targets: dict[str, dict[str, object]] = {}

    def GetProjectOption(self, name: str, default: str) -> str:
        return {"custom_emberwatch_options": "--expect ready --timeout 2"}.get(name, default)

    def AddCustomTarget(self, name: str, **target: object) -> None:
        self.targets[name] = target


def test_platformio_runs_what_it_built() -> None:
    environment = _Environment()
    script = ROOT / "examples/platformio/emulate.py"
    exec(compile(script.read_text(), script, "exec"), {"Import": lambda name: None, "env": environment})
    target = environment.targets["emulate"]
    assert target["actions"] == ['emberwatch run "$BUILD_DIR/${PROGNAME}.elf" --expect ready --timeout 2']
    assert target["dependencies"] == "$BUILD_DIR/${PROGNAME}.elf"
    settings = (ROOT / "examples/platformio/platformio.ini").read_text()
    assert f"extra_scripts = post:{script.name}" in settings


def test_the_container_runs_without_rights_and_from_a_pinned_image() -> None:
    lines = (ROOT / "Containerfile").read_text().splitlines()
    images = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert images and all(re.search(r":\d[\w.-]+$", image) for image in images)
    last = max(n for n, line in enumerate(lines) if line.startswith("FROM "))
    assert "USER emberwatch" in lines[last:]
