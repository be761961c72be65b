"""Writes .ci/requirements.lock: the packages that this environment has, each by version and SHA-256.

    .venv/bin/python scripts/lock_packages.py        # after a run of the tests that was green

Continuous integration installs these first (`pip install --require-hashes`). The hashes are those of the files that pip
would take here: CPython 3.11 on Linux, x86-64.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from emberwatch.base import atomic

LOCK = Path(__file__).resolve().parents[1] / ".ci" / "requirements.lock"
_HEAD = "# Written by scripts/lock_packages.py: what the tests were seen to pass with. CPython 3.11, Linux, x86-64.\n"


def pip(*arguments: str) -> str:
    """What pip prints."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def installed() -> list[str]:
    """NAME==VERSION of everything but what is here by its sources, and pip itself."""
    lines = pip("freeze", "--exclude-editable").splitlines()
    return [line for line in lines if "==" in line and not line.startswith("emberwatch==")]


def entries(report: dict[str, Any]) -> list[str]:
    """The lines of the lock from pip's installation report (pip 22.2 and later)."""
    lines = []
    for item in report["install"]:
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        digest = item["download_info"]["archive_info"]["hashes"]["sha256"]
        lines.append(f"{name}=={item['metadata']['version']} --hash=sha256:{digest}\n")
    return sorted(lines)


def main() -> int:
    """Writes the file."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, report = Path(folder) / "wanted.txt", Path(folder) / "report.json"
        wanted.write_text("\n".join(installed()) + "\n")
        options = ["--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", str(report)]
        pip("install", *options, "-r", str(wanted))
        lines = entries(json.loads(report.read_text(encoding="utf-8")))
    atomic.write_text(LOCK, _HEAD + "".join(lines))
    print(f"{LOCK}: {len(lines)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
