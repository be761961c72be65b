"""`emberwatch renode`, `renode install`, `renode generate` and `renode monitor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.output import write_file


def renode(
    library: Annotated[bool, typer.Option("--library", help="Print the path of librp2040 and nothing else.")] = False,
) -> int:
    """Say what the Renode engine needs and what of it is there; 1 if something is absent.

    Examples:

    \b
    emberwatch renode
    emberwatch renode --library
    emberwatch run emberwatch.elf --engine renode --audio smoke.wav
    """
    if library:
        from emberwatch.engines.renode.library import library_path

        print(library_path())
        return 0
    from emberwatch.engines.renode.install import findings

    missing = False
    for name, found, remedy in findings():
        print(f"{'ok     ' if found else 'absent '}  {name:<12} {found or remedy}")
        missing |= found is None
    return 1 if missing else 0


def install() -> int:
    """Download Renode 1.16.1 for this system, check its SHA-256 and unpack it into the user's cache.

    Example:

    \b
    emberwatch renode install
    """
    from emberwatch.engines.renode import install

    print(install.install())
    return 0


def generate(
    board: Annotated[
        str | None, typer.Option(help="Board name or TOML file; default: every board.", metavar="BOARD")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; default: platforms/renode.", metavar="DIR")
    ] = None,
) -> int:
    """Write *.repl and *.resc, Renode's platform files, from the boards' TOML files.

    Examples:

    \b
    emberwatch renode generate
    emberwatch renode generate --board my_board.toml --out build/renode
    """
    from emberwatch.board.board import load_board
    from emberwatch.engines.renode import generate

    if board is None:
        files = generate.render_all()
    else:
        files = {"rp2040.repl": generate.render_chip()} | generate.render_board(load_board(board))
    target = out if out is not None else generate.folder()
    for name, text in files.items():
        write_file(target / name, text, "--out")
        print(target / name)
    return 0


def monitor(
    board: Annotated[str, typer.Option(help="Board name or TOML file.", metavar="BOARD")] = "pico",
    elf: Annotated[Path | None, typer.Option(help="Firmware; default: the one of this tree.", metavar="FILE")] = None,
) -> int:
    """Open a board in Renode's monitor.

    Example:

    \b
    emberwatch renode monitor --board pico
    """
    from emberwatch.engines.renode.install import open_monitor

    return open_monitor(board, elf)
