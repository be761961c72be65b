"""Files of cases where they are run: in their places on the machine that planned, by content elsewhere."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from emberwatch.base.errors import UsageError
from emberwatch.campaign.case import Case, Content


class LocalFiles:
    """Where the plan found them, as long as they are what they were."""

    def __init__(self) -> None:
        self._checked: set[Content] = set()

    def path(self, content: Content) -> Path:
        """The file.

        Raises:
            UsageError: it is gone, or another than the one that was planned with.
        """
        path = Path(content.path)
        if content not in self._checked:
            if Content.of(path).sha256 != content.sha256:
                raise UsageError(f"{path} is not what it was when the campaign was planned; run the campaign anew")
            self._checked.add(content)
        return path

    def scenario(self, case: Case) -> Path:
        """The scenario in its place, its files beside it."""
        assert case.scenario is not None
        for content in case.scenario_files:
            self.path(content)
        return self.path(case.scenario)


class ShippedFiles:
    """Contents that came over a network, kept in a folder of this process's own, each written once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="emberwatch-campaign-")
        self._root = Path(self._folder.name)

    def take(self, contents: Mapping[str, bytes]) -> None:
        """Keeps contents by their SHA-256.

        Raises:
            UsageError: one is not what it should be.
        """
        for sha256, data in contents.items():
            path = self._root / sha256
            if not path.exists():
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise UsageError(f"content {sha256[:12]} was damaged on its way")
                path.write_bytes(data)

    def path(self, content: Content) -> Path:
        """The file, under a name that ends as its own does: what it is may depend on it."""
        suffix = PurePosixPath(content.name).suffix
        plain = self._root / content.sha256
        named = plain.with_name(content.sha256 + suffix) if suffix.isascii() else plain
        if not named.exists():
            shutil.copyfile(plain, named)
        return named

    def scenario(self, case: Case) -> Path:
        """A folder of its own with the scenario and its files by their names."""
        assert case.scenario is not None
        key = hashlib.sha256("".join(c.sha256 + c.name for c in case.scenario_files).encode()).hexdigest()
        folder = self._root / f"{case.scenario.sha256}-{key[:16]}"
        if not folder.exists():
            folder.mkdir()
            for content in case.scenario_files:
                name = PurePosixPath(content.name)
                if name.is_absolute() or ".." in name.parts:
                    raise UsageError(
                        f"scenario {case.scenario.name} names {content.name}, which is not below its folder; "
                        "move it there to run the campaign on a cluster"
                    )
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self._root / content.sha256, target)
            shutil.copyfile(self._root / case.scenario.sha256, folder / "scenario.toml")
        return folder / "scenario.toml"
