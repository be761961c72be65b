"""`emberwatch data fetch`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer


def fetch(
    name: Annotated[str | None, typer.Argument(help="Data set; without one, all are listed.", metavar="NAME")] = None,
    out: Annotated[Path, typer.Option(help="Folder of data sets.", metavar="DIR")] = Path("data"),
    url: Annotated[
        str | None, typer.Option(help="Another address for the same archive: a mirror.", metavar="URL")
    ] = None,
) -> int:
    """Download a public data set to OUT/NAME: resumable, verified by SHA-256, its licence shown.

    Where no checksum is published, the first download's is recorded in OUT/datasets.lock.json and every later one must
    be equal to it; keep that file with your work. What is there already is not downloaded again.

    Examples:

    \b
    emberwatch data fetch
    emberwatch data fetch esc50
    emberwatch train --data data/esc50 --data my_alarms/manifest.csv
    """
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

    from emberwatch.base.progress import progress
    from emberwatch.training.data.fetch import LOCK
    from emberwatch.training.data.fetch import fetch as fetch_dataset
    from emberwatch.training.data.public import DATASETS, find_dataset

    if name is None:
        for dataset in DATASETS.values():
            print(f"{dataset.name:<28}{dataset.download_mb:>5} MB  {dataset.about}\n{'':<37}{dataset.licence}")
        return 0
    dataset = find_dataset(name)
    if url is not None:
        dataset = replace(dataset, url=url)
    print(f"{dataset.name}: {dataset.about}\nlicence: {dataset.licence}\nfrom:    {dataset.url}", flush=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with progress(*columns) as bar:
        task = bar.add_task("", total=None)

        def step(text: str) -> None:
            bar.reset(task, description=text, total=None)

        def loaded(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        result = fetch_dataset(dataset, out, step, loaded)
    if not result.downloaded:
        print(f"{result.folder}: already there")
    elif result.recorded:
        print(f"{result.folder}: SHA-256 {result.sha256}")
        print(
            f"No checksum is published for this archive: this one is recorded in {out / LOCK} and checked from now on."
        )
    else:
        print(f"{result.folder}: SHA-256 verified")
    return 0
