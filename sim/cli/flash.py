"""`emberwatch flash`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def flash(
    firmware: Annotated[Path, typer.Argument(help="ELF, UF2, HEX or BIN file.", metavar="FIRMWARE")],
    board: Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")] = "pico",
    way: Annotated[
        str,
        typer.Option("--with", help="drive, picotool, probe-rs, openocd; default: what reaches a board.", metavar="W"),
    ] = "auto",
    drive: Annotated[
        Path | None, typer.Option(help="Where the board's drive RPI-RP2 is, if it is not found.", metavar="DIR")
    ] = None,
) -> None:
    """Put firmware on a board and start it: by the boot ROM's drive, picotool, probe-rs or OpenOCD, whichever is there.

    The file is checked first, as for a run on the emulated board: what does not fit the board is refused.

    Examples:

    \b
    emberwatch flash build/firmware/pico/emberwatch.uf2
    emberwatch flash build/firmware/pico/emberwatch.elf --with openocd
    """
    from emberwatch.base.output import say
    from emberwatch.board.board import load_board
    from emberwatch.engines.hardware.flashers import flasher
    from emberwatch.program.elf import load_image

    image = load_image(firmware, load_board(board).flash.size)
    chosen = flasher(way, drive)
    say(f"writing {firmware} by {chosen.name}")
    chosen.flash(image)
    print(f"{firmware}: {sum(len(segment.data) for segment in image.segments)} bytes flashed by {chosen.name}")
