"""`emberwatch micropython`."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import EmulationError, EmulationTimeout, FirmwareCrash, ImageError, UsageError
from emberwatch.base.output import check_outputs, say, write_file
from emberwatch.base.regular import read_regular, read_text
from emberwatch.base.text import printable
from emberwatch.cli import micropython_releases as releases
from emberwatch.cli.micropython_releases import LATEST
from emberwatch.inspect.crash import CrashWatch
from emberwatch.machine.machine import Machine
from emberwatch.machine.raw_repl import RawRepl
from emberwatch.machine.values import seconds
from emberwatch.program.binary_info import BlockDevice, block_devices
from emberwatch.program.elf import Image, load_image
from emberwatch.program.fat import FatFiles, fat_volume
from emberwatch.program.flash_images import read_kept, with_flash
from emberwatch.program.littlefs import FlashFiles

VARIABLE = "EMBERWATCH_MICROPYTHON"
_WRAPPED = """\
_ew_exit = 0
_ew_code = {source!r}
try:
    _ew_code = compile(_ew_code, {name!r}, "exec")
except NameError:
    pass
try:
    exec(_ew_code, {{"__name__": "__main__"}})
except SystemExit as _ew_end:
    _ew_exit = _ew_end.args[0] if _ew_end.args else 0
"""
_MODULE = """\
_ew_exit = 0
try:
    __import__({name!r})
except SystemExit as _ew_end:
    _ew_exit = _ew_end.args[0] if _ew_end.args else 0
"""
_OUR_FRAME = re.compile(rb'  File "<stdin>", line \d+, in <module>\r?\n')
"""What the code above adds to a traceback."""
_FIRST_START_S = 30.0
_EXIT = "print(0 if _ew_exit is None else _ew_exit if isinstance(_ew_exit, int) else 1)"


def micropython(
    script: Annotated[Path | None, typer.Argument(help="Python file to run.", metavar="[FILE]")] = None,
    code: Annotated[str | None, typer.Option("-c", help="Code to run.", metavar="CODE")] = None,
    module: Annotated[str | None, typer.Option("-m", help="Module in flash to run.", metavar="MODULE")] = None,
    firmware: Annotated[
        str | None,
        typer.Option(
            help="UF2 of MicroPython or CircuitPython, or a release of MicroPython to fetch, as 1.26.1; "
            f"default: what {VARIABLE} names, else {LATEST}.",
            metavar="FILE|RELEASE",
        ),
    ] = None,
    board: Annotated[str | None, typer.Option(help="Board name or file.", metavar="BOARD")] = None,
    put: Annotated[list[str] | None, typer.Option(help="Put a file into flash before.", metavar="FILE[:NAME]")] = None,
    get: Annotated[
        list[str] | None, typer.Option(help="Get a file out of flash afterwards.", metavar="NAME[:FILE]")
    ] = None,
    flash_file: Annotated[
        Path | None, typer.Option(help="Flash is kept in this file from run to run.", metavar="FILE")
    ] = None,
    timeout: Annotated[str, typer.Option(help="Emulated time that the code may take.", metavar="S")] = "60 s",
    seed: Annotated[int, typer.Option(help="Seed of what chance decides.", metavar="N")] = 1,
) -> int:
    """Run a script on MicroPython on the emulated chip, and end with its exit code.

    What the script prints goes to standard output, a traceback to standard error; the exit code is that of sys.exit(),
    1 after an exception. Without code, the prompt is on the terminal; a pipe is a script.

    Examples:

    \b
    emberwatch micropython script.py
    emberwatch micropython script.py --firmware RPI_PICO.uf2
    emberwatch micropython -c 'import machine; print(machine.freq())'
    emberwatch micropython --put lib/driver.py:driver.py --put main.py -m main --get log.csv
    """
    if sum(given is not None for given in (script, code, module)) > 1:
        raise UsageError("FILE, -c and -m exclude each other")
    limit = seconds(timeout, "--timeout")
    fetched = [_pair(text, "--get") for text in get or ()]
    check_outputs({f"--get {name}": Path(path) for name, path in fetched} | {"--flash-file": flash_file}, [script])
    source = _source(script, code, module)
    named = releases.firmware(firmware or os.environ.get(VARIABLE) or LATEST)
    image, disk = _with_files(
        load_image(named), flash_file, [_pair(text, "--put") for text in put or ()], bool(fetched), board, seed
    )
    if source is None:
        from emberwatch.cli.desk import desk
        from emberwatch.steps.run import StepRun

        with Machine(image, board=board, seed=seed) as machine, desk(machine, True, (), (), sys.stdin.isatty()):
            run = StepRun(machine)
            run.run(1e6)
            if run.error is not None:
                raise run.error
            _keep(machine, disk, fetched, flash_file)
        return 0
    with Machine(image, board=board, seed=seed) as machine:
        exit_code = _run(machine, source, limit)
        _keep(machine, disk, fetched, flash_file)
    return exit_code


def _source(script: Path | None, code: str | None, module: str | None) -> str | None:
    if module is not None:
        return _MODULE.format(name=module)
    if code is not None:
        return _WRAPPED.format(source=code, name="<string>")
    if script is not None and script != Path("-"):
        return _WRAPPED.format(source=read_text(script, "script", UsageError), name=script.name)
    if script is None and sys.stdin.isatty():
        return None
    return _WRAPPED.format(source=_typed(), name="<stdin>")


def _typed() -> str:
    """What comes on standard input."""
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError("the script on standard input is no text in UTF-8") from None


def _pair(text: str, option: str) -> tuple[str, str]:
    """A file and what it is called on the other side."""
    one, colon, other = text.rpartition(":")
    if not colon:
        return text, Path(text).name
    if not one or not other:
        raise UsageError(f"{option} {text!r} must be NAME or NAME:NAME")
    return one, other


def _with_files(
    image: Image,
    flash_file: Path | None,
    puts: Sequence[tuple[str, str]],
    needed: bool,
    board: str | None,
    seed: int,
) -> tuple[Image, BlockDevice | None]:
    """The program with what is in flash besides, and where its files are."""
    kept = read_kept(flash_file) if flash_file is not None else b""
    disk = next(iter(block_devices(image)), None) or fat_volume(kept)
    if disk is None and (puts or needed):
        kept = _first_start(image, board, seed)
        disk = fat_volume(kept)
    if disk is None and (puts or needed):
        raise ImageError(
            f"{image.path} does not say where in flash it keeps files; is it MicroPython or CircuitPython?"
        )
    extra: list[tuple[int, bytes]] = []
    if puts and disk is not None:
        files = _files(kept.ljust(disk.offset + disk.size, b"\xff"), disk)
        for local, name in puts:
            files.put(name, read_regular(Path(local), "--put", UsageError))
        extra.append((disk.offset, files.image))
    return with_flash(image, kept, extra), disk


def _first_start(image: Image, board: str | None, seed: int) -> bytes:
    """What flash holds after a first start: CircuitPython makes its drive then, and opens USB when it is done."""
    say("its first start, in which it makes its drive; --flash-file keeps it")
    with Machine(image, board=board, seed=seed) as machine:
        with machine.finely():
            machine.wait_until(lambda m: m.engine.usb_open, _FIRST_START_S, "its USB port was not opened")
        return machine.flash


def _files(flash: bytes, disk: BlockDevice) -> FlashFiles | FatFiles:
    """The files on a disk in flash."""
    content = flash[disk.offset : disk.offset + disk.size]
    return FatFiles(content) if fat_volume(content) is not None else FlashFiles(content)


def _run(machine: Machine, source: str, limit: float) -> int:
    def show(data: bytes) -> None:
        sys.stdout.write(_shown(data, sys.stdout.isatty()))
        sys.stdout.flush()

    crashes = CrashWatch(machine)
    try:
        repl = RawRepl(machine)
        _, traceback = repl.run(source, limit, show)
    except EmulationTimeout as error:
        say(str(error))
        return 1
    except FirmwareCrash as error:
        say(str(error))
        with contextlib.suppress(EmulationError):
            if crashes.first is not None:
                sys.stderr.write(crashes.first.report().text())
        return 1
    if traceback:
        sys.stderr.write(_shown(_OUR_FRAME.sub(b"", traceback, count=1), sys.stderr.isatty()))
        return 1
    output, _ = repl.run(_EXIT, limit)
    return int(output) & 0xFF


def _shown(data: bytes, terminal: bool) -> str:
    """What a script prints, as text; a terminal gets no control characters of it but line ends."""
    text = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return "\n".join(map(printable, text.split("\n"))) if terminal else text


def _keep(
    machine: Machine, disk: BlockDevice | None, fetched: Sequence[tuple[str, str]], flash_file: Path | None
) -> None:
    """Writes what was asked for of what flash holds now."""
    flash = machine.flash
    if fetched and disk is not None:
        files = _files(flash, disk)
        for name, path in fetched:
            write_file(Path(path), files.get(name), f"--get {name}")
    if flash_file is not None:
        write_file(flash_file, flash, "--flash-file")
