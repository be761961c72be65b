"""`emberwatch init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file

_FOLDER = "emberwatch"
_TARGET = re.compile(r"^\s*add_executable\s*\(\s*([A-Za-z0-9_.+-]+)", re.MULTILINE)
_VARIABLE = re.compile(r"^\s*add_executable\s*\(\s*\$\{", re.MULTILINE)


def init(
    project: Annotated[Path, typer.Argument(help="Folder with a CMakeLists.txt.", metavar="[FOLDER]")] = Path(),
    target: Annotated[
        str | None, typer.Option(help="Executable to test; default: the first of CMakeLists.txt.", metavar="NAME")
    ] = None,
    workflow: Annotated[bool, typer.Option(help="Write a workflow for GitHub Actions as well.")] = True,
) -> int:
    """Give a project of the pico-sdk tests on the emulated chip: for CTest, and in GitHub's CI.

    Adds a folder emberwatch/ (CMake function, board, one test), a few lines to CMakeLists.txt, and a workflow.
    Nothing that is there already is overwritten.

    Examples:

    \b
    emberwatch init
    emberwatch init ~/blink --target blink
    cmake -B build && cmake --build build && ctest --test-dir build
    """
    from jinja2 import Environment, PackageLoader

    lists = project / "CMakeLists.txt"
    try:
        text = lists.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{lists} cannot be read: {reason}; name the folder of a CMake project") from None
    target = target or _only_target(lists, text)
    environment = Environment(loader=PackageLoader("emberwatch.cli", "project"), keep_trailing_newline=True)

    def made(template: str) -> str:
        values = {"target": target, "folder": _FOLDER, "sdk": "pico_sdk" in text or "PICO_SDK" in text}
        return environment.get_template(template).render(values)

    folder = project / _FOLDER
    files = {
        folder / "emberwatch.cmake": made("emberwatch.cmake"),
        folder / "board.toml": made("board.toml"),
        folder / f"{target}.toml": made("test.toml.j2"),
    }
    if workflow:
        files[project / ".github" / "workflows" / "emberwatch.yml"] = made("workflow.yml.j2")
    for path, content in files.items():
        if path.exists():
            print(f"kept      {path}")
        else:
            write_file(path, content)
            print(f"written   {path}")
    if "emberwatch_add_test" in text:
        print(f"kept      {lists}")
    else:
        write_file(lists, text.rstrip("\n") + "\n" + made("cmake_block.txt.j2"))
        print(f"extended  {lists}")
    print("next      cmake -B build && cmake --build build && ctest --test-dir build")
    return 0


def _only_target(lists: Path, text: str) -> str:
    found = _TARGET.search(text)
    if found is None:
        project = re.search(r"^\s*project\s*\(\s*([A-Za-z0-9_.+-]+)", text, re.MULTILINE)
        if _VARIABLE.search(text) and project is not None:  # add_executable(${PROJECT_NAME} ...)
            return project[1]
        raise UsageError(f"{lists} has no add_executable; name the program to test with --target")
    return found[1]
