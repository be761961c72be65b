"""Software bill of materials of an environment: what Emberwatch needs there, as CycloneDX 1.6 JSON on standard output.

    .venv/bin/python scripts/sbom.py > sbom.json
    .venv/bin/python scripts/sbom.py --extra robot --extra plot > sbom.json

Reads the metadata of installed packages (no network). The document is a function of what is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from importlib import metadata
from typing import Any

ROOT = "emberwatch"
_NEEDED = re.compile(r"^([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?\s*([^;]*)(?:;(.*))?$")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def name_of(text: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", text).lower()


def requirements(distribution: metadata.Distribution, extras: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
    """Names and extras of what a distribution needs with these extras; other markers are left to the installer."""
    found = []
    for text in distribution.requires or ():
        match = _NEEDED.match(text)
        if match is None:
            continue
        wanted = _EXTRA.search(match[4] or "")
        if wanted is not None and wanted[1] not in extras:
            continue
        found.append((name_of(match[1]), frozenset(filter(None, (match[2] or "").replace(" ", "").split(",")))))
    return found


def component(distribution: metadata.Distribution) -> dict[str, Any]:
    """A package as CycloneDX has it: name, version, purl, licence, hash of its file list (RECORD)."""
    name, version = name_of(distribution.metadata["Name"]), distribution.version
    entry: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
    }
    licence = distribution.metadata.get("License-Expression") or distribution.metadata.get("License")
    if licence and len(licence) < 100:
        entry["licenses"] = [{"license": {"name": licence}}]
    record = distribution.read_text("RECORD")
    if record:  # it has the SHA-256 of every file
        entry["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(record.encode()).hexdigest()}]
    return entry


def document(extras: frozenset[str]) -> dict[str, Any]:
    """The whole closure of what is installed.

    Raises:
        PackageNotFoundError: Emberwatch itself is not installed.
    """
    todo, seen = [(ROOT, extras)], dict[str, dict[str, Any]]()
    needs: dict[str, set[str]] = {}
    while todo:
        name, wanted = todo.pop()
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            if name == ROOT:
                raise
            continue  # for another platform
        entry = component(distribution)
        wants = requirements(distribution, wanted)
        needs.setdefault(entry["bom-ref"], set()).update(n for n, _ in wants)
        if name not in seen:
            seen[name] = entry
            todo += wants
    root = seen.pop(ROOT)
    root["type"] = "application"
    refs = {name: entry["bom-ref"] for name, entry in seen.items()}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": [seen[name] for name in sorted(seen)],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(refs[name] for name in names if name in refs)}
            for ref, names in sorted(needs.items())
        ],
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extra", action="append", default=[], help="extra of emberwatch to include (repeatable)")
    json.dump(document(frozenset(parser.parse_args().extra)), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
