"""`emberwatch renode`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError


def renode(
    action: Annotated[
        str | None,
        typer.Argument(help="install, generate or monitor; without one, say what is there.", metavar="ACTION"),
    ] = None,
    library: Annotated[bool, typer.Option("--library", help="Print the path of librp2040 and nothing else.")] = False,
    board: Annotated[
        str | None,
        typer.Option(
            help="Board name or TOML file: for monitor, default pico; for generate, only it.", metavar="BOARD"
        ),
    ] = None,
    elf: Annotated[
        Path | None, typer.Option(help="Firmware for monitor; default: the one of this tree.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder that generate writes to.", metavar="DIR")] = None,
) -> int:
    """Set up Renode 1.16.1 and work with the platform files for it.

    \b
    install   download Renode for this system, check its SHA-256, unpack it into the user's cache
    generate  write platforms/renode/*.repl and *.resc from the boards' TOML files
    monitor   open a board in Renode's monitor

    Examples:

    \b
    emberwatch renode --library
    emberwatch renode install
    emberwatch renode generate --board my_board.toml --out build/renode
    emberwatch renode monitor --board pico
    emberwatch run emberwatch.elf --engine renode --audio smoke.wav
    """
    if library:
        from emberwatch.engines.renode.library import library_path

        print(library_path())
        return 0
    if action is None:
        return _status()
    if action == "install":
        from emberwatch.engines.renode.install import install

        print(install())
        return 0
    if action == "generate":
        return _generate(board, out)
    if action == "monitor":
        from emberwatch.engines.renode.install import open_monitor

        return open_monitor(board or "pico", elf)
    raise UsageError(f"action {action!r} is not known; use install, generate or monitor")


def _status() -> int:
    from emberwatch.engines.renode.install import findings

    missing = False
    for name, found, remedy in findings():
        print(f"{'ok     ' if found else 'absent '}  {name:<12} {found or remedy}")
        missing |= found is None
    return 1 if missing else 0


def _generate(board: str | None, out: Path | None) -> int:
    from emberwatch.board.board import load_board
    from emberwatch.engines.renode import generate

    if board is None:
        files = generate.render_all()
    else:
        files = {"rp2040.repl": generate.render_chip()} | generate.render_board(load_board(board))
    target = out if out is not None else generate.folder()
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (target / name).write_text(text, encoding="utf-8")
            print(target / name)
    except OSError as error:
        raise UsageError(f"--out {target} cannot be written ({error.strerror}); give another folder") from None
    return 0
