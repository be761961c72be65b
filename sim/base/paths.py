"""Where things lie: the clone or the installed package, build folders, the released model, recordings and models.

Nothing else asks where its own file is to find another.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from emberwatch.base.errors import EmberwatchError

PACKAGE = Path(__file__).resolve().parents[1]
"""sim/ of a clone, or the folder `emberwatch` of an installed package."""

IMPORT_ROOT = Path(__file__).absolute().parents[2]
"""Folder from which a process of ours imports the package: .src of a clone, or site-packages."""

_PACKAGED = PACKAGE / "tree"
"""firmware/ and platforms/ as an installed package brings them."""

TRAINING = PACKAGE.parent / "training" if (PACKAGE.parent / "training" / "released").is_dir() else PACKAGE / "training"
"""Sources of `emberwatch.training`: beside sim/ in a clone, inside the installed package."""

RELEASED = TRAINING / "released"
RELEASED_MODEL = RELEASED / "emberwatch.tflite"
RELEASED_DETECTOR = RELEASED / "detector.toml"
"""Event parameters that go with the released model."""


class TreeError(EmberwatchError):
    """No source tree of Emberwatch where one is needed."""


def project_root() -> Path:
    """Folder that holds firmware/ and platforms/.

    It is EMBERWATCH_ROOT, else the clone that this file stands in, else a clone around the working folder, else the
    copy in the installed package, which is only to be read: see `build_folder`.

    Raises:
        TreeError: none of them is there.
    """
    if override := os.environ.get("EMBERWATCH_ROOT"):
        if not _is_tree(Path(override)):
            raise TreeError(
                f"EMBERWATCH_ROOT = {override} is no Emberwatch source tree; point it to a clone or unset it"
            )
        return Path(override)
    for folder in (PACKAGE.parent, Path.cwd(), *Path.cwd().parents, _PACKAGED):
        if _is_tree(folder):
            return folder
    raise TreeError(f"no Emberwatch source tree at {PACKAGE.parent}; install the package again, or run inside a clone")


def _is_tree(folder: Path) -> bool:
    return (folder / "platforms" / "boards").is_dir() and (folder / "firmware").is_dir()


def build_folder() -> Path:
    """Where builds go by default: build/ of the clone, or of the working folder with the installed package alone."""
    root = project_root()
    return (Path.cwd() if root == _PACKAGED else root) / "build"


def cache_folder() -> Path:
    """Where things that were fetched are kept: EMBERWATCH_CACHE, else the user's cache folder."""
    if override := os.environ.get("EMBERWATCH_CACHE"):
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData/Local")) / "emberwatch"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/emberwatch"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "emberwatch"


def shared_folder(variable: str, name: str, holds: str) -> Path | None:
    """A folder of material that is not in the repository: what an environment variable names, or ../shared/NAME.

    Args:
        variable: EMBERWATCH_AUDIO or EMBERWATCH_MODELS.
        name: of the folder in ../shared beside the clone.
        holds: glob pattern of what must be in it.

    Returns:
        The folder, or None if the variable is not set and there is none beside the clone.

    Raises:
        TreeError: the variable names a folder without such a file.
    """
    if override := os.environ.get(variable):
        folder = Path(override)
        if next(folder.glob(holds), None) is None:
            raise TreeError(f"{variable} = {folder} holds no {holds}; point it to such a folder or unset it")
        return folder
    folder = PACKAGE.parent.parent / "shared" / name
    return folder if next(folder.glob(holds), None) is not None else None


def recordings_folder() -> Path | None:
    """Real recordings with their manifest.csv: EMBERWATCH_AUDIO, else ../shared/audio beside the clone."""
    return shared_folder("EMBERWATCH_AUDIO", "audio", "manifest.csv")


def models_folder() -> Path | None:
    """Public .tflite files: EMBERWATCH_MODELS, else ../shared/models beside the clone."""
    return shared_folder("EMBERWATCH_MODELS", "models", "*.tflite")
