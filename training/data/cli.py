"""`emberwatch data fetch` and `emberwatch data select`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from emberwatch.base.errors import UsageError


def _fetch_freesound(ids: Path | None, folder: Path, url: str | None) -> int:
    from emberwatch.base.progress import progress_bar
    from emberwatch.training.data.freesound import KEY_VARIABLE, URL, fetch_sounds, read_list

    if ids is None:
        raise UsageError("freesound: give --ids FILE, a text file with a sound's number a line")
    wanted = read_list(ids)
    with progress_bar("freesound", "sounds") as show:
        result = fetch_sounds(wanted, folder, os.environ.get(KEY_VARIABLE, ""), url or URL, show)
    print(f"{result.folder}/manifest.csv: {result.clips} sounds, {result.new} of them new, each with its licence")
    if result.gone:
        print(f"not there any more: {', '.join(map(str, result.gone))}")
    return 0


def fetch(
    name: Annotated[str | None, typer.Argument(help="Data set; without one, all are listed.", metavar="NAME")] = None,
    out: Annotated[Path, typer.Option(help="Folder of data sets.", metavar="DIR")] = Path("data"),
    url: Annotated[
        str | None, typer.Option(help="Another address for the same archive or service: a mirror.", metavar="URL")
    ] = None,
    ids: Annotated[
        Path | None,
        typer.Option(
            help="freesound: text file with a sound's number a line, or number,label,category.", metavar="FILE"
        ),
    ] = None,
) -> int:
    """Download a public data set to OUT/NAME: resumable, verified by SHA-256, its licence shown.

    Where no checksum is published, the first download's is recorded in OUT/datasets.lock.json and every later one must
    be equal to it; keep that file with your work. What is there already is not downloaded again. The name freesound
    stands for single sounds of freesound.org, listed with --ids; it needs your key in FREESOUND_API_KEY.

    Examples:

    \b
    emberwatch data fetch
    emberwatch data fetch esc50
    emberwatch data fetch freesound --ids sounds.txt
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
        print(f"{'freesound':<37}  sounds by their numbers (--ids FILE)\n{'':<37}each under its own, in the manifest")
        return 0
    if ids is not None and name != "freesound":
        raise UsageError(f"--ids is for freesound, not for {name}")
    if name == "freesound":
        return _fetch_freesound(ids, out / name, url)
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


def select(
    folder: Annotated[Path, typer.Argument(help="Unpacked FSD50K, AudioSet or DESED.", metavar="FOLDER")],
    classes: Annotated[
        list[str] | None,
        typer.Option("--class", help="Class of sounds that are no alarms (repeatable); default: all.", metavar="NAME"),
    ] = None,
    alarms: Annotated[
        list[str] | None, typer.Option("--alarm", help="Class of sounds that are alarms (repeatable).", metavar="NAME")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="Leave out files of this class (repeatable).", metavar="NAME")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Manifest to write; default: in FOLDER.", metavar="CSV")] = None,
    ids: Annotated[
        Path | None,
        typer.Option(help="FSD50K: write a list for `data fetch freesound` instead; needs no sounds.", metavar="FILE"),
    ] = None,
) -> int:
    """Choose classes of a public data set: a manifest of its files, each with label, class, licence and source.

    Classes in which smoke alarms lie among other sounds (Alarm, Alarm_bell_ringing, Siren and the like) are left out
    unless they are named.

    Examples:

    \b
    emberwatch data select data/audioset --alarm "Smoke detector, smoke alarm" --class Speech --class "Vacuum cleaner"
    emberwatch data select data/FSD50K --without Music --out build/fsd50k.csv
    emberwatch data select data/FSD50K --class Microwave_oven --ids microwaves.txt
    """
    from emberwatch.training.data.layouts import read_layout
    from emberwatch.training.data.select import select as select_files
    from emberwatch.training.data.select import write_ids, write_manifest

    name, files = read_layout(folder)
    selection = select_files(files, classes or [], alarms or [], without or [])
    if ids is not None:
        write_ids(selection, ids)
        print(f"{ids}: {len(selection.chosen)} sounds of {name}")
        return 0
    manifest = out or folder / "manifest.csv"
    write_manifest(selection, manifest)
    there = selection.there
    alarm_count = sum(label == "alarm" for _, label, _ in there)
    print(f"{manifest}: {len(there)} files of {name}, {alarm_count} of them alarms")
    if len(there) < len(selection.chosen):
        print(f"{len(selection.chosen) - len(there)} more are of these classes, but not there")
    return 0
