"""Entry point of `emberwatch`: the list of commands, and errors turned into one line and exit code 2.

Commands are imported when they are used: `emberwatch run` must not wait for code that only training needs.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from types import FrameType
from typing import Any, NoReturn

import typer

from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.base.output import say

_COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("emberwatch.cli.run", "run", "Run firmware on the emulated board and let it hear a sound."),
    "micropython": (
        "emberwatch.cli.micropython",
        "micropython",
        "Run a script on MicroPython on the emulated chip; files in and out.",
    ),
    "usb": ("emberwatch.cli.usb", "usb", "Show what USB device a program is; use its drive and microphone."),
    "serve": ("emberwatch.cli.serve", "serve", "Let another program drive a board: JSON lines in and out."),
    "gdb": (
        "emberwatch.cli.gdb",
        "gdb",
        "Run firmware under GDB, backwards too; also opens a crash just before it happens.",
    ),
    "init": ("emberwatch.cli.init", "init", "Give a pico-sdk project tests on the emulated chip, and CI for them."),
    "schema": (
        "emberwatch.cli.schema",
        "schema",
        "JSON schemas: of what `emberwatch run --json` prints, of board, scenario and campaign files.",
    ),
    "svd": ("emberwatch.cli.svd", "svd", "The chip's registers as a CMSIS-SVD file, for debuggers and editors."),
    "profile": (
        "emberwatch.cli.profile",
        "profile",
        "Cycles, stack, XIP misses per function and line; five file formats.",
    ),
    "trace": ("emberwatch.cli.trace", "trace", "Wave forms of pins, PDM, IRQs, DMA, PIO and calls as a VCD file."),
    "coverage": (
        "emberwatch.cli.coverage",
        "coverage",
        "Lines and branches of the firmware that runs executed: LCOV, HTML.",
    ),
    "budget check": (
        "emberwatch.cli.budget",
        "check",
        "Cycles, stack, flash, RAM per function against limits and baseline.",
    ),
    "budget update": ("emberwatch.cli.budget", "update", "Measure them anew as the baseline."),
    "build": ("emberwatch.cli.build", "build", "Build the firmware: ELF, UF2 and BIN."),
    "flash": ("emberwatch.cli.flash", "flash", "Put firmware on a board: drive, picotool, probe-rs or OpenOCD."),
    "record": (
        "emberwatch.cli.record",
        "record",
        "Record from a board on a serial port that runs the capture application.",
    ),
    "data through-device": ("emberwatch.cli.data", "through_device", "Pass a data set through the board's PDM chain."),
    "data measure-chain": (
        "emberwatch.cli.data",
        "measure_chain",
        "Measure response, noise and distortion of that chain.",
    ),
    "data fetch": (
        "emberwatch.training.data.cli",
        "fetch",
        "Download a public data set: resumable, verified, licence shown.",
    ),
    "data select": (
        "emberwatch.training.data.cli",
        "select",
        "Choose classes of FSD50K, AudioSet or DESED: a manifest with licences.",
    ),
    "train": ("emberwatch.training.cli", "train", "Train the network and write an int8 .tflite (needs TensorFlow)."),
    "train baseline": (
        "emberwatch.training.transfer.cli",
        "baseline",
        "Train the classes of ESC-50 (needs TensorFlow).",
    ),
    "train transfer": (
        "emberwatch.training.transfer.cli",
        "transfer",
        "Transfer them to alarms and fine-tune (needs TensorFlow).",
    ),
    "compile": ("emberwatch.cli.compile", "compile_model", "Compile an int8 .tflite to C for the Cortex-M0+."),
    "compile survey": (
        "emberwatch.cli.compile",
        "survey",
        "Compile a folder of models; a table of what they take and whether they are exact.",
    ),
    "evaluate": (
        "emberwatch.cli.evaluate",
        "evaluate",
        "Measure recall and false alarms of a network on recordings.",
    ),
    "campaign run": ("emberwatch.cli.campaign", "run", "Run many cases from a file, on this machine or a cluster."),
    "campaign status": ("emberwatch.cli.campaign", "status", "Say how far a campaign is."),
    "campaign replay": (
        "emberwatch.cli.campaign",
        "replay",
        "Run one of its runs again: the same to the cycle; report, VCD, GDB.",
    ),
    "campaign report": ("emberwatch.cli.campaign_report", "report", "Write a page about a campaign; JUnit for CI."),
    "campaign compare": (
        "emberwatch.cli.campaign_report",
        "compare",
        "Compare two campaigns: what is worse, and not by chance.",
    ),
    "campaign search": (
        "emberwatch.cli.campaign_search",
        "search",
        "Find the level, ratio to noise or clock at which a claim breaks.",
    ),
    "campaign shrink": ("emberwatch.cli.campaign_search", "shrink", "Shorten a scenario that fails."),
    "campaign explore": (
        "emberwatch.cli.campaign_search",
        "explore",
        "Look for scenarios that reach new branches of the firmware.",
    ),
    "campaign endurance": (
        "emberwatch.cli.campaign",
        "endurance",
        "Let the detector listen for a day, in segments that join.",
    ),
    "doctor": ("emberwatch.cli.doctor", "doctor", "Say what is missing on this computer and how to get it."),
    "selftest": ("emberwatch.cli.selftest", "selftest", "Check the emulated Cortex-M0+ against an independent one."),
    "bench": ("emberwatch.cli.bench", "bench", "Measure speed and cycles, as ratios within one run."),
    "renode": ("emberwatch.cli.renode", "renode", "Say what the Renode engine needs; find librp2040."),
    "renode install": ("emberwatch.cli.renode", "install", "Download Renode and check it."),
    "renode generate": ("emberwatch.cli.renode", "generate", "Write Renode's platform files from the boards."),
    "renode monitor": ("emberwatch.cli.renode", "monitor", "Open a board in Renode's monitor."),
    "completion": ("emberwatch.cli.completion", "completion", "Print the script that completes words in your shell."),
    "summary": ("emberwatch.cli.summary", "summary", "Sum up a Robot run: tests, detection, cycles against budget."),
}
"""Name (one word or two), module, function, short help. The order is that of `--help`."""

_HELP_OPTIONS = ["-h", "--help"]

_INTRODUCTION = """\
Usage: emberwatch COMMAND [OPTIONS]

Train a smoke-alarm listener, compile it for the RP2040, and prove the very ELF on an emulated chip whose
microphone hears sound files.

Commands:
"""

_EXAMPLES = """
Examples:
  emberwatch build --board pico
  emberwatch run build/firmware/pico/emberwatch.elf --audio smoke.wav
  emberwatch run build/firmware/pico/emberwatch.elf --scenario kitchen.toml --json > result.json
  emberwatch doctor

Options:
  --version   Print the version.
  --help      Print this. Every command explains itself: emberwatch COMMAND --help

Exit codes: 0 done; 1 the answer is no (a check failed, the firmware crashed); 2 wrong input or something missing;
130 interrupted, 143 terminated.
"""
_terminated = False


def help_text() -> str:
    """What `emberwatch --help` prints."""
    return _INTRODUCTION + _table(_COMMANDS) + _EXAMPLES


def _group(word: str) -> list[str]:
    """The commands of two words that begin with this one."""
    return [name for name in _COMMANDS if name.startswith(f"{word} ")]


def _table(names: Iterable[str]) -> str:
    width = max(len(name) for name in _COMMANDS) + 3
    return "".join(f"  {name:<{width}}{_COMMANDS[name][2]}\n" for name in names)


def run_command(name: str, arguments: list[str]) -> int:
    """Imports and runs one command.

    Returns:
        Its exit code.

    Raises:
        EmberwatchError: the command is not known or refused its input.
    """
    full_name = _full_name([name, *arguments])
    if full_name != name:
        name, arguments = full_name, arguments[1:]
    entry, group = _COMMANDS.get(name), _group(name)
    asks_for_help = any(argument in _HELP_OPTIONS for argument in arguments)
    if entry is None and group:
        if not asks_for_help:
            raise UsageError(f"command {name!r} needs one word more: {', '.join(group)}")
        print(f"Usage: emberwatch {name} COMMAND [OPTIONS]\n\nCommands:\n{_table(group)}", end="")
        return 0
    if entry is None:
        close = difflib.get_close_matches(name, _COMMANDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"commands: {', '.join(_COMMANDS)}"
        raise UsageError(f"command {name!r} is not known; {hint}")
    code = application(name)(args=arguments, prog_name=f"emberwatch {name}", standalone_mode=False)
    if asks_for_help and group:
        print(f"\nFurther commands:\n{_table(group)}", end="")
    return code if isinstance(code, int) else 0


def application(name: str) -> typer.Typer:
    """One command of `command_names` with its arguments and options."""
    module, function, _ = _COMMANDS[name]
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    settings = {"help_option_names": _HELP_OPTIONS, "max_content_width": 110}
    app.command(context_settings=settings)(_keep_broken_pipe(getattr(import_module(module), function)))
    return app


def command_names() -> list[str]:
    """All commands, of one word or two."""
    return list(_COMMANDS)


class _ReaderGone(Exception):
    """The reader of our output went away."""


def _keep_broken_pipe(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with BrokenPipeError renamed: click and Rich would make exit code 1 of it, which means "no"."""

    @functools.wraps(command)
    def renamed(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (BrokenPipeError, _ReaderGone):
            raise _ReaderGone from None
        except SystemExit as end:
            if isinstance(end.__context__, BrokenPipeError):
                raise _ReaderGone from None
            raise

    return renamed


def _full_name(words: list[str]) -> str:
    """The command that a command line begins with, of two words where there is one."""
    two = " ".join(words[:2])
    return two if two in _COMMANDS else words[0]


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _prepare_streams()
    _take_signals()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(help_text(), end="")
        sys.exit(0 if arguments else 2)
    if arguments[0] == "--version":
        from emberwatch import __version__

        print(f"emberwatch {__version__}")
        sys.exit(0)
    if arguments[:2] == ["completion", "--words"]:  # asked by the script at every Tab; the words are anybody's
        from emberwatch.cli.completion import candidates

        print("\n".join(candidates(arguments[2:])))
        sys.exit(0)
    try:
        code = run_command(arguments[0], arguments[1:])
        if "emberwatch.inspect.coverage" in sys.modules:  # at exit it would be too late for an exit code
            sys.modules["emberwatch.inspect.coverage"].flush()
        sys.stdout.flush()
        if code == 130 and _terminated:
            code = 143
    except EmberwatchError as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(143 if _terminated else 130)
    except MemoryError:
        _drop_output()
        _fail("out of memory; give a shorter --seconds or a narrower window, or more with --max-memory")
    except ImportError as error:
        if error.name == "emberwatch._native" or find_spec("emberwatch._native") is None:
            _fail(f"the emulator core is not built ({error}); run: make setup")
        package = (error.name or "emberwatch").partition(".")[0]
        if package == "emberwatch" or not isinstance(error, ModuleNotFoundError):
            raise
        _fail(f"Python package {error.name!r} is missing; try: emberwatch doctor")
    except (BrokenPipeError, _ReaderGone):
        # The reader of our output went away (`| head`): nothing of ours is wrong, and nothing more can be said.
        _drop_output()
        sys.exit(141)
    except OSError as error:
        _drop_output()
        _fail(_describe(error))
    except Exception as error:
        # Typer's own complaints about arguments; their class lives in click or inside Typer, depending on its version.
        if not hasattr(error, "format_message"):
            raise
        _fail(f"{error.format_message()} (see: emberwatch {_full_name(arguments)} --help)".replace("\n", " "))
    sys.exit(code)


def terminated() -> bool:
    """Whether SIGTERM has come."""
    return _terminated


def _take_signals() -> None:
    """SIGTERM ends a command as Ctrl-C does: workers, temporary folders and half-written files go with it."""
    if threading.current_thread() is not threading.main_thread():  # a test, or a program of ours within another
        return

    def terminate(*_: object) -> None:
        global _terminated
        _terminated = True
        raise KeyboardInterrupt

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.default_int_handler(number, frame)

    for number, handler in ((signal.SIGTERM, terminate), (signal.SIGINT, interrupt)):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            signal.signal(number, handler)


def _prepare_streams() -> None:
    """Makes printing safe where a stream was closed (`>&-`) or cannot encode a file's name."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open until the process ends
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Keeps the interpreter from flushing, and failing again, when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is not None:
        return f"{os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename}: {reason}"
    if isinstance(error, FileNotFoundError):
        return "the working folder is gone; change to one that exists"
    return f"the output cannot be written: {reason}"


def _fail(message: str) -> NoReturn:
    say(message)
    sys.exit(2)


if __name__ == "__main__":
    main()
