"""Keywords about the firmware's files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from robot.api import logger
from robot.api.deco import keyword, library

from emberwatch.base.errors import EmberwatchError
from emberwatch.program.elf import load_image
from emberwatch.robot.session import session


@library(scope="GLOBAL")
class FirmwareLibrary:
    """Building and looking at firmware."""

    @keyword
    def firmware_should_exist(self, path: Path, board: str = "pico") -> None:
        """Builds the firmware when its file is not there."""
        if path.is_file():
            return
        from emberwatch.detector.build import build_firmware

        try:
            result = build_firmware(board)
        except EmberwatchError as error:
            raise AssertionError(f"{path} does not exist and cannot be built: {error}") from None
        logger.console(f"built {result.elf}")
        if not path.is_file():
            raise AssertionError(f"{path} does not exist; run: make firmware")

    @keyword
    def build_firmware_variant(self, board: str, name: str, *definitions: str) -> Path:
        """Builds the firmware with preprocessor definitions NAME=VALUE beside the normal one; returns its ELF."""
        return _build(board, name, dict(definition.split("=", 1) for definition in definitions), None)

    @keyword
    def build_firmware_for_clock(self, board: str, hertz: int) -> Path:
        """Builds the firmware for another system clock beside the normal one; returns its ELF."""
        return _build(board, f"{hertz // 1_000_000}mhz", {}, hertz)

    @keyword
    def use_firmware(self, path: Path) -> None:
        """The board of this test runs this firmware instead of ${FIRMWARE}; until 'Forget Board'."""
        session.firmware = path

    @keyword
    def model_hash(self, path: Path) -> str:
        """The first 12 hexadecimal digits of a model file's SHA-256, as the boot banner prints them."""
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]

    @keyword
    def image_should_be_bootable(self, path: Path) -> None:
        """The file loads and its boot2 has the CRC that the boot ROM checks."""
        load_image(path)


def _build(board: str, name: str, defines: dict[str, str], clk_sys_hz: int | None) -> Path:
    from emberwatch.base.paths import build_folder
    from emberwatch.detector.build import build_firmware

    out = build_folder() / "firmware" / f"{board}-{name}"
    try:
        return build_firmware(board, out=out, defines=defines, clk_sys_hz=clk_sys_hz).elf
    except EmberwatchError as error:
        raise AssertionError(f"The firmware variant {name} cannot be built: {error}") from None
