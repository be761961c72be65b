"""What a training stage leaves for people to look at: history.csv, TensorBoard's event files, a plot of losses."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emberwatch.base import atomic, extras

HISTORY = "history.csv"
Figures = dict[str, float]


class StageLog:
    """Figures of one stage, a row per epoch.

    Without the package tensorboard there are no event files; one line says so and training goes on.

    Args:
        folder: of this stage alone.
        log: gets that line.
        history: rows of epochs that an earlier, interrupted call finished; what is on disk beyond them is dropped.
    """

    def __init__(
        self, folder: Path, log: Callable[[str], None] = lambda line: None, history: list[Figures] | None = None
    ) -> None:
        self.folder = folder
        self.history = list(history or [])
        self._writer: Any = None
        folder.mkdir(parents=True, exist_ok=True)
        if not self.history:
            shutil.rmtree(folder / "tensorboard", ignore_errors=True)
        try:
            import tensorboard  # noqa: F401
            import tensorflow
        except ImportError:
            log("no TensorBoard logs: pip install emberwatch[train]")
        else:
            self._summary = tensorflow.summary
            self._writer = tensorflow.summary.create_file_writer(str(folder / "tensorboard"))

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Add an epoch, counted from 1; both files are complete whenever this returns."""
        self.history.append({"epoch": float(epoch), **figures})
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(self.history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.history)
        atomic.write_text(self.folder / HISTORY, stream.getvalue())
        if self._writer is not None:
            with self._writer.as_default():
                for name, value in figures.items():
                    self._summary.scalar(name, value, step=epoch)
            self._writer.flush()

    def close(self) -> None:
        """No more epochs will come."""
        if self._writer is not None:
            self._writer.close()


def read_history(folder: Path) -> list[Figures]:
    """Rows of a stage's epochs; none when it has not begun."""
    path = folder / HISTORY
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]


def plot_losses(stages: Mapping[str, Path], path: Path) -> bool:
    """Loss over epochs of the stages that have a history, as one PNG; whether there were any.

    Args:
        stages: folder by title.
        path: of the PNG.
    """
    histories = {title: rows for title, folder in stages.items() if (rows := read_history(folder))}
    if not histories:
        return False
    figure = extras.figure(8, 4)
    axis = figure.subplots()
    for title, rows in histories.items():
        axis.plot([row["epoch"] for row in rows], [row["loss"] for row in rows], marker=".", label=title)
    axis.set(title="Training loss", xlabel="epoch", yscale="log")
    axis.grid(True, alpha=0.3, which="both")
    axis.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(path) as file:
        figure.savefig(file, format="png", dpi=80, metadata={"Software": None})
    return True
