"""Entry point of `emberwatch`: the list of commands, and errors turned into one line and exit code 2.

Commands are imported when they are used: `emberwatch run` must not wait for code that only training needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click
import typer

from sim import __version__
from sim.errors import EmberwatchError, MissingDependencyError

_COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("sim.cli.run", "run", "Run firmware on the emulated board and let it hear a sound."),
    "build": ("sim.cli.build", "build", "Build the firmware: ELF, UF2 and BIN."),
    "train": ("training.cli", "train", "Train the network and write an int8 .tflite (needs TensorFlow)."),
    "compile": ("training.cli", "compile_model", "Compile an int8 .tflite to C for the Cortex-M0+."),
    "evaluate": ("training.cli", "evaluate", "Measure recall and false alarms of a network on recordings."),
    "doctor": ("sim.cli.doctor", "doctor", "Say what is missing on this computer and how to get it."),
    "selftest": ("sim.cli.selftest", "selftest", "Check the emulated Cortex-M0+ against an independent one."),
    "summary": ("sim.cli.summary", "summary", "Sum up a Robot run: tests, detection, cycles against budget."),
}
"""Name, module, function, short help. The order is that of `--help`."""

_EPILOG = """\
Examples:

  emberwatch build --board pico

  emberwatch run build/firmware/pico/emberwatch.elf --audio smoke.wav

  emberwatch run build/firmware/pico/emberwatch.elf --scenario kitchen.toml --json > result.json

  emberwatch doctor

Every command explains itself: emberwatch COMMAND --help
"""


class LazyGroup(click.Group):
    """A click group whose commands are Typer functions, imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports and wraps one command."""
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, function, short_help = entry
        command = typer_command(getattr(import_module(module), function))
        command.name = cmd_name
        command.short_help = short_help
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Names the known commands when one is not known."""
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            raise EmberwatchError(f"command {args[0]!r} is not known; commands: {', '.join(_COMMANDS)}")
        return super().resolve_command(ctx, args)


def typer_command(function: Callable[..., Any]) -> click.Command:
    """One Typer-annotated function as a click command."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(function)
    return typer.main.get_command(app)


@click.group(
    cls=LazyGroup,
    help="Train a smoke-alarm listener, compile it for the RP2040, and prove the very ELF on an emulated chip whose "
    "microphone hears sound files.",
    epilog="\b\n" + _EPILOG.replace("\n\n", "\n"),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="emberwatch", message="%(prog)s %(version)s")
def cli() -> None:
    """Group of all commands."""


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line.

    Exit codes: 0 done, 1 done and the answer is "no" (a check failed), 2 wrong input or something missing,
    130 interrupted.
    """
    try:
        code = cli.main(args=arguments, prog_name="emberwatch", standalone_mode=False)
    except EmberwatchError as error:
        _fail(str(error))
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.ClickException as error:
        hint = f" (see: {error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        _fail(error.format_message().replace("\n", " ") + hint)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("sim", "training"):
            raise
        _fail(str(MissingDependencyError(f"Python package {error.name!r} is missing; try: emberwatch doctor")))
    except BrokenPipeError:
        # The reader of our output went away (for example `| head`): not an error of ours.
        sys.stderr.close()
        sys.exit(141)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    print(f"emberwatch: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
