"""Keywords about the firmware's files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from robot.api import logger
from robot.api.deco import keyword, library

from sim.elf import load_image
from sim.errors import EmberwatchError


@library(scope="GLOBAL")
class FirmwareLibrary:
    """Building and looking at firmware."""

    @keyword
    def firmware_should_exist(self, path: Path, board: str = "pico") -> None:
        """Builds the firmware when its file is not there."""
        if path.is_file():
            return
        from sim.build import build_firmware

        try:
            result = build_firmware(board)
        except EmberwatchError as error:
            raise AssertionError(f"{path} does not exist and cannot be built: {error}") from None
        logger.console(f"built {result.elf}")
        if not path.is_file():
            raise AssertionError(f"{path} does not exist; run: make firmware")

    @keyword
    def model_hash(self, path: Path) -> str:
        """The first 12 hexadecimal digits of a model file's SHA-256, as the boot banner prints them."""
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

    @keyword
    def image_should_be_bootable(self, path: Path) -> None:
        """The file loads and its boot2 has the CRC that the boot ROM checks."""
        load_image(path)
