"""`emberwatch train` and `emberwatch evaluate`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from sim.errors import EmberwatchError

ROOT = Path(__file__).resolve().parents[1]


def default_audio() -> Path | None:
    """The recordings to use when none are named: EMBERWATCH_AUDIO, or ``../shared/audio`` beside the checkout."""
    override = os.environ.get("EMBERWATCH_AUDIO")
    if override:
        return Path(override)
    beside = ROOT.parent / "shared" / "audio"
    return beside if (beside / "manifest.csv").is_file() else None


def _log(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def train(
    data: Annotated[
        list[Path] | None,
        typer.Option(
            "--data",
            "--manifest",
            help="CSV manifest or data set folder (repeatable); default: EMBERWATCH_AUDIO, ../shared/audio.",
            metavar="PATH",
        ),
    ] = None,
    synthetic_only: Annotated[bool, typer.Option("--synthetic-only", help="Use no recordings at all.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for model, detector.toml and model card.", metavar="DIR")] = Path(
        "build/model"
    ),
    work: Annotated[
        Path, typer.Option(help="Folder for scenes and stages; a run resumes from it.", metavar="DIR")
    ] = Path("build/train"),
    workers: Annotated[int, typer.Option(help="Processes that make scenes and features.", metavar="N")] = os.cpu_count()
    or 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A tiny run that tries everything and detects nothing.")
    ] = False,
) -> int:
    """Train the network from seeds: scenes, pre-training, cross-validated fine-tuning, int8, event parameters, card.

    An interrupted run continues where it stopped. Give --out training/released to replace the released model.

    Examples:

    \b
    emberwatch train
    emberwatch train --data my_recordings/manifest.csv --out build/mine
    emberwatch train --quick --synthetic-only
    """
    from training.data.clips import load_dataset
    from training.model.network import import_tensorflow
    from training.model.pipeline import Recipe, run
    from training.model.release import write_release

    import_tensorflow()
    found = default_audio()
    sources = [] if synthetic_only else list(data or ([found] if found else []))
    clips = [clip for source in sources for clip in load_dataset(source)]
    if not clips and not synthetic_only:
        _log("no recordings given or found: training on synthetic sound alone, without cross-validation")
    recipe = Recipe.quick() if quick else Recipe()
    outcome = run(recipe, clips, work, workers, _log)
    summary = write_release(out, outcome, recipe, clips)
    print(json.dumps(summary, indent=2))
    return 0


def evaluate(
    model: Annotated[
        Path, typer.Argument(help="int8 .tflite: T x 32 features in, one probability out.", metavar="MODEL")
    ],
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="CSV manifest or data set folder; default: EMBERWATCH_AUDIO, ../shared/audio.", metavar="PATH"
        ),
    ] = None,
    level: Annotated[
        list[float] | None,
        typer.Option(help="RMS of each clip's loudest second, dBFS (repeatable); default -20.", metavar="DB"),
    ] = None,
    snr: Annotated[
        list[float] | None,
        typer.Option(help="Also play each alarm in real noise at this SNR, dB (repeatable).", metavar="DB"),
    ] = None,
    noises: Annotated[int, typer.Option(help="Noises per alarm and SNR.", metavar="N")] = 10,
    detector: Annotated[
        Path | None,
        typer.Option(
            help="Event parameters; default: detector.toml beside the model, else the released.", metavar="FILE"
        ),
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes.", metavar="N")] = os.cpu_count() or 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> int:
    """Measure recall, false events and time to detect on recordings, with the firmware's own integer arithmetic.

    The recordings go through the firmware's DSP, the network's generated C and the event logic, compiled for this
    computer; every clip starts from reset and gets 0.2 s of silence before and 2 s after it.

    Examples:

    \b
    emberwatch evaluate training/released/emberwatch.tflite --level -20 --level -40
    emberwatch evaluate model.tflite --manifest clips.csv --snr 10 --json > result.json
    """
    from training.data.clips import load_dataset
    from training.evaluate.detector import RELEASED_DETECTOR, Detector
    from training.evaluate.run import plan_trials, report, run_trials
    from training.model.events import EventParameters

    for option, values in (("--level", level), ("--snr", snr)):
        for value in values or []:
            if not -120 <= value <= 120:
                raise EmberwatchError(f"{option} {value:g} is outside -120..120 dB")
    if workers < 1 or noises < 1:
        raise EmberwatchError(f"--workers {workers} and --noises {noises} must be at least 1")
    source = manifest or default_audio()
    if source is None:
        raise EmberwatchError(
            "no recordings: give --manifest CSV, or set EMBERWATCH_AUDIO to a folder with manifest.csv"
        )
    if not model.is_file():
        raise EmberwatchError(f"{model}: no such model; give an int8 .tflite")
    beside = model.with_name("detector.toml")
    parameters = EventParameters.load(detector or (beside if beside.is_file() else RELEASED_DETECTOR))
    sha256 = Detector(model, parameters).sha256
    trials = plan_trials(load_dataset(source), level or [-20.0], snr or [], noises)
    results = run_trials(model, parameters, trials, workers, _progress(json_output))
    result = report(results, sha256)
    if json_output:
        print(json.dumps(result))
    else:
        _print_report(result)
    return 0


def _progress(quiet: bool):  # type: ignore[no-untyped-def]
    def show(done: int, total: int) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"\r{done}/{total} clips", end="" if done < total else "\n", file=sys.stderr, flush=True)

    return show


def _print_report(result: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=f"model {str(result['model'])[:12]}")
    for heading in ("dBFS", "SNR dB", "detected", "recall (95 %)", "false/h (below)", "delay s: median, max"):
        table.add_column(heading, justify="right")
    conditions = result["conditions"]
    assert isinstance(conditions, list)
    for row in conditions:
        interval = row["recall_95"]
        table.add_row(
            f"{row['level_dbfs']:g}",
            "-" if row["snr_db"] is None else f"{row['snr_db']:g}",
            f"{row['detected']}/{row['alarms']}",
            f"{row['recall']:.2f} ({interval[0]:.2f}-{interval[1]:.2f})" if interval else "-",
            f"{row['false_events_per_hour']:.1f} ({row['false_events_per_hour_upper_95']:.1f})"
            if row["negative_hours"]
            else "-",
            f"{row['median_time_to_detect_s']:.2f}, {row['max_time_to_detect_s']:.2f}" if row["detected"] else "-",
        )
    console.print(table)
    clips = result["per_clip"]
    assert isinstance(clips, list)
    for clip in clips:
        wrong = (clip["label"] == "alarm") != (clip["events"] > 0)
        if wrong:
            noise = f" in {clip['noise']} at {clip['snr_db']:g} dB" if clip["noise"] else ""
            word = "missed" if clip["label"] == "alarm" else "false "
            line = f"{word}  {clip['file']} at {clip['level_dbfs']:g} dBFS{noise}"
            console.print(line, highlight=False, soft_wrap=True)
