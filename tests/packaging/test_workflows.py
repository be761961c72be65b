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
