"""`emberwatch build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def build(
    board: Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")] = "pico",
    app: Annotated[
        str,
        typer.Option(
            help="detector, or capture: streams what the microphone hears (see emberwatch record).", metavar="NAME"
        ),
    ] = "detector",
    model: Annotated[
        Path | None,
        typer.Option(
            help="int8 .tflite, or a folder with a compiled model; default: the released one.", metavar="PATH"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the products; default build/firmware/BOARD.", metavar="DIR")
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(
            help="Event parameters; default: detector.toml beside the model, else the released ones.", metavar="FILE"
        ),
    ] = None,
    define: Annotated[
        list[str] | None,
        typer.Option("--define", "-D", help="Preprocessor definition NAME=VALUE.", metavar="NAME=VALUE"),
    ] = None,
    clock_hz: Annotated[int | None, typer.Option(help="System clock instead of the board's.", metavar="HZ")] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Compilers at the same time.", metavar="N")] = None,
) -> None:
    """Build the firmware for a board: ELF, UF2 and BIN, the same bytes every time.

    Needs arm-none-eabi-gcc (Debian and Ubuntu: apt install gcc-arm-none-eabi).

    Examples:

    \b
    emberwatch build
    emberwatch build --board sparkfun_micromod --model my_model.tflite
    emberwatch build --app capture
    """
    from emberwatch.base.errors import UsageError
    from emberwatch.detector.build import build_firmware

    defines: dict[str, str | int] = {}
    for text in define or []:
        name, _, value = text.partition("=")
        if not name.isidentifier():
            raise UsageError(f"--define {text!r} is not NAME or NAME=VALUE")
        defines[name] = value or "1"
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs} must be at least 1")
    result = build_firmware(board, model, out, defines, detector=detector, app=app, clk_sys_hz=clock_hz, jobs=jobs)
    for path in (result.elf, result.uf2, result.bin):
        print(_short(path))
    sizes = result.sizes
    print(f"flash {sizes.flash} bytes, RAM {sizes.ram} bytes (of which stack {sizes.stack})")


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
