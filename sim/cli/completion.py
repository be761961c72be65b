"""`emberwatch completion`: what shells offer when Tab is pressed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from emberwatch.base.errors import UsageError
from emberwatch.base.output import write_file

_SCRIPTS = {
    "bash": """\
_emberwatch() {
    local IFS=$'\\n'
    COMPREPLY=($(emberwatch completion --words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _emberwatch emberwatch
""",
    "zsh": """\
#compdef emberwatch
_emberwatch() {
    local -a found
    found=("${(@f)$(emberwatch completion --words "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -- $found
    _files
}
compdef _emberwatch emberwatch
""",
    "fish": """\
complete -c emberwatch -a '(emberwatch completion --words (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
""",
}


def completion(
    shell: Annotated[
        str | None,
        typer.Argument(help=f"One of: {', '.join(_SCRIPTS)}; --install knows yours.", metavar="SHELL"),
    ] = None,
    install: Annotated[bool, typer.Option("--install", help="Put it where the shell finds it, once.")] = False,
) -> int:
    """Print the script that completes commands and options in your shell, or install it.

    Examples:

    \b
    emberwatch completion --install
    echo 'eval "$(emberwatch completion bash)"' >> ~/.bashrc
    emberwatch completion zsh > ~/.zfunc/_emberwatch
    emberwatch completion fish > ~/.config/fish/completions/emberwatch.fish
    """
    if install:
        shell = shell or Path(os.environ.get("SHELL", "")).name
    if shell not in _SCRIPTS:
        raise UsageError(f"shell {shell!r} is not known; there are: {', '.join(_SCRIPTS)}")
    if install:
        _install(shell)
    else:
        print(_SCRIPTS[shell], end="")
    return 0


def _install(shell: str) -> None:
    """Adds a line to the shell's start file, or writes the file that fish looks for."""
    if shell == "fish":
        config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        path, text = config / "fish/completions/emberwatch.fish", _SCRIPTS[shell]
    else:
        path, line = Path.home() / f".{shell}rc", f'eval "$(emberwatch completion {shell})"'
        there = path.read_text(encoding="utf-8", errors="surrogateescape") if path.is_file() else ""
        if line in there.splitlines():
            print(f"kept      {path}")
            return
        text = there + ("" if there.endswith("\n") or not there else "\n") + line + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text)
    print(f"written   {path}")
    print("next      open a new shell, and press Tab after: emberwatch")


def candidates(words: list[str]) -> list[str]:
    """What may stand in place of the last of `words`, which the user has begun: commands, their second words, options.

    Nothing where a file or a value stands: shells complete files by themselves.
    """
    from emberwatch.cli.main import application, command_names

    *before, begun = words or [""]
    names = command_names()
    if not before:
        found = sorted({name.partition(" ")[0] for name in names})
    else:
        second = [name.partition(" ")[2] for name in names if name.startswith(f"{before[0]} ")]
        name = " ".join(before[:2]) if " ".join(before[:2]) in names else before[0]
        found = second if len(before) == 1 else []
        if begun.startswith("-") and name in names:
            command: Any = typer.main.get_command(application(name))
            found += [o for p in command.params for o in (*p.opts, *p.secondary_opts) if o.startswith("--")] + [
                "--help"
            ]
    return sorted({word for word in found if word.startswith(begun)})
