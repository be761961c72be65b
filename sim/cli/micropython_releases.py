"""Releases of MicroPython for the Raspberry Pi Pico by number: fetched from micropython.org once, and kept."""

from __future__ import annotations

import re
from pathlib import Path

from emberwatch.base.errors import UsageError
from emberwatch.base.output import say
from emberwatch.base.paths import cache_folder
from emberwatch.training.data.download import DownloadError, download

SITE = "https://micropython.org/resources/firmware"
RELEASES = {
    "1.16": "20210618",
    "1.17": "20210902",
    "1.18": "20220117",
    "1.19.1": "20220618",
    "1.20.0": "20230426",
    "1.21.0": "20231005",
    "1.22.2": "20240222",
    "1.23.0": "20240602",
    "1.24.1": "20241129",
    "1.25.0": "20250415",
    "1.26.1": "20250911",
    "1.27.0": "20251209",
    "1.28.0": "20260406",
}
"""The day of each release; it stands in the file's name."""
LATEST = "1.28.0"
_NUMBER = re.compile(r"v?(\d+\.\d+(\.\d+)?)")
_MAGIC = b"UF2\n"
_ATTEMPTS = 2


def firmware(named: str, site: str = SITE) -> Path:
    """The UF2 file that is meant: a file, or a release by its number, which is fetched unless it was before.

    Raises:
        UsageError: no such release, or what came is no UF2 file.
        DownloadError: the site cannot be reached, or the cache not written.
    """
    number = _NUMBER.fullmatch(named)
    if number is None or Path(named).exists():
        return Path(named)
    version = number[1]
    if version not in RELEASES:
        raise UsageError(
            f"MicroPython {version} is not among the releases known here: {', '.join(RELEASES)}; name its UF2 file"
        )
    name = f"RPI_PICO-{RELEASES[version]}-v{version}.uf2"
    kept = cache_folder() / "micropython" / name
    if kept.is_file():
        return kept
    say(f"MicroPython {version} (MIT licence) comes from {site}, this once; it is kept as {kept}")
    fresh = kept.with_suffix(".fetched")
    try:
        download(f"{site}/{name}", fresh, attempts=_ATTEMPTS)
    except DownloadError as error:
        raise DownloadError(f"{error}; or name a file that you have: --firmware FILE") from None
    with fresh.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            fresh.unlink()
            raise UsageError(f"{site}/{name} gave something that is no UF2 file; fetch it by hand: --firmware FILE")
    return fresh.replace(kept)
