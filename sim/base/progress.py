"""Progress bars on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def progress(*columns: str | ProgressColumn, hidden: bool = False) -> Progress:
    """A bar that vanishes when it is done. Errors stay one line elsewhere: FORCE_COLOR makes no terminal of a file."""
    from rich.console import Console
    from rich.progress import Progress

    shown = sys.stderr.isatty() and not hidden
    return Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True)


@contextmanager
def percentage(what: str, total: float, hidden: bool = False) -> Iterator[Callable[[float], None]]:
    """A bar from 0 to 100 %: call it with what is done of `total`. Without a terminal nothing is even loaded."""
    if hidden or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    percent = TextColumn("{task.percentage:3.0f} %")
    with progress(TextColumn("{task.description}"), BarColumn(), percent, TimeRemainingColumn()) as bar:
        task = bar.add_task(what, total=total)

        def show(done: float) -> None:
            bar.update(task, completed=done)

        yield show


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar that counts: call it with what is done and the total."""
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    count = TextColumn(f"{{task.completed}}/{{task.total}} {unit}")
    with progress(TextColumn("{task.description}"), BarColumn(), count, TimeRemainingColumn()) as bar:
        task = bar.add_task(what, total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield show
