"""`emberwatch evaluate`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emberwatch.base.errors import EmberwatchError, UsageError

if TYPE_CHECKING:
    from emberwatch.training.evaluate.run import Judged

OUT = Path("build/evaluation")
_JSON, _HTML = "evaluation.json", "evaluation.html"
_LISTED = 20  # wrong clips that are printed


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
        typer.Option(
            help="Also play each alarm in the data set's own noises at this SNR, dB, and -20 dBFS (repeatable).",
            metavar="DB",
        ),
    ] = None,
    noises: Annotated[int, typer.Option(help="Noises per alarm and SNR.", metavar="N")] = 10,
    detector: Annotated[
        Path | None,
        typer.Option(
            help="Event parameters; default: detector.toml beside the model, else the released.", metavar="FILE"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder for evaluation.json and evaluation.html; default {OUT}, with --json none.", metavar="DIR"
        ),
    ] = None,
    emulate: Annotated[
        int, typer.Option(help="Trials to play to the emulated board too: every window must be equal.", metavar="N")
    ] = 0,
    workers: Annotated[int, typer.Option("--workers", "--jobs", "-j", help="Processes.", metavar="N")] = os.cpu_count()
    or 1,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> int:
    """Measure recall, false alarms and time to detect on recordings, with the firmware's own integer arithmetic.

    The recordings go through the firmware's DSP, the network's generated C and the event logic, compiled for this
    computer; every clip starts from reset and gets 0.2 s of silence before and 2 s after it. --emulate plays some of
    them to the firmware on the emulated chip, through its PDM microphone, and compares window by window.

    Examples:

    \b
    emberwatch evaluate training/released/emberwatch.tflite --level -20 --level -40
    emberwatch evaluate model.tflite --manifest clips.csv --snr 10 --emulate 4
    emberwatch evaluate model.tflite --manifest clips.csv --json > result.json
    """
    from emberwatch.base.output import check_outputs, write_file
    from emberwatch.base.paths import recordings_folder
    from emberwatch.base.progress import progress_bar
    from emberwatch.detector.agreement import check_on_emulator
    from emberwatch.training.data.clips import load_datasets
    from emberwatch.training.evaluate.detector import Detector, detector_file
    from emberwatch.training.evaluate.page import write_page
    from emberwatch.training.evaluate.report import report
    from emberwatch.training.evaluate.run import plan_trials, run_trials
    from emberwatch.training.model.events import EventParameters

    for option, values in (("--level", level), ("--snr", snr)):
        for value in values or []:
            if not -120 <= value <= 120:
                raise UsageError(f"{option} {value:g} is outside -120..120 dB")
    if workers < 1 or noises < 1:
        raise UsageError(f"--workers {workers} and --noises {noises} must be at least 1")
    if emulate < 0:
        raise UsageError(f"--emulate {emulate} must not be negative")
    source = manifest or recordings_folder()
    if source is None:
        raise UsageError("no recordings: give --manifest CSV, or set EMBERWATCH_AUDIO to a folder with manifest.csv")
    if not model.is_file():
        raise UsageError(f"{model}: no such model; give an int8 .tflite")
    detector = detector or detector_file(model)
    parameters = EventParameters.load(detector)
    sha256 = Detector(model, parameters).sha256
    clips = load_datasets([source])
    trials = plan_trials(clips, dict.fromkeys(level or [-20.0]), dict.fromkeys(snr or []), noises)
    if snr and not any(trial.noise for trial in trials):
        raise EmberwatchError(f"--snr: {source} holds no alarms, or no sounds of a category that serves as noise")
    folder = out or (None if json_output else OUT)
    if folder is not None:
        check_outputs({"--out": folder / _HTML}, [model, detector, *(clip.path for clip in clips)])

    with progress_bar("evaluating", "trials") as show:
        judged = run_trials(model, parameters, trials, workers, show)
    figures = report(judged, sha256)
    agreement = ""
    if emulate:
        where = (folder or OUT) / "firmware"
        with progress_bar("on the emulated chip", "trials") as show:
            found = check_on_emulator(model, detector, judged, emulate, where, workers, show)
        figures["emulated"] = {"trials": found.trials, "windows": found.windows, "same_verdict": found.same_verdict}
        agreement = (
            f"{found.windows} windows of {found.trials} trials equal on the emulated chip; "
            f"{found.same_verdict} with the file's verdict"
        )
    if folder is not None:
        names = {"model": str(model), "data": str(source), "detector": str(detector), "emulated": agreement}
        write_file(folder / _JSON, json.dumps(figures, indent=1) + "\n", "--out")
        write_page(folder / _HTML, figures, judged, parameters, names)
    if json_output:
        print(json.dumps(figures))
        return 0
    _print_report(figures, judged)
    if agreement:
        print(agreement)
    print(f"{OUT if folder is None else folder}/{_HTML}, {_JSON}")
    return 0


def _print_report(figures: dict[str, Any], judged: list[Judged]) -> None:
    from rich.console import Console
    from rich.table import Table

    from emberwatch.training.evaluate.report import worst

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    table = Table(title=f"model {figures['model'][:12]}", caption="in brackets: 95 % intervals")
    for heading in ("dBFS", "SNR dB", "detected", "false events/h", "false windows/h", "delay s: median, max"):
        table.add_column(heading, justify="right")
    for row in figures["conditions"]:
        found, rate = row["recall_95"], row["false_events_per_hour_95"]
        delay = row["median_time_to_detect_s"]
        table.add_row(
            f"{row['level_dbfs']:g}",
            "-" if row["snr_db"] is None else f"{row['snr_db']:g}",
            f"{row['detected']}/{row['alarms']} ({found[0]:.2f}-{found[1]:.2f})" if found else "-",
            f"{row['false_events_per_hour']:.1f} ({rate[0]:.1f}-{rate[1]:.1f})" if rate else "-",
            f"{row['false_windows_per_hour']:.0f}" if rate else "-",
            "-" if delay is None else f"{delay:.2f}, {row['max_time_to_detect_s']:.2f}",
        )
    console.print(table)
    wrong = [one.result for one in worst(judged, len(judged)) if one.trial.clip.is_alarm != one.result.detected]
    for result in wrong[:_LISTED]:
        noise = f" in {result.noise} at {result.snr_db:g} dB" if result.snr_db is not None else ""
        word = "missed" if result.label == "alarm" else "false "
        line = f"{word}  {result.file} at {result.level_dbfs:g} dBFS{noise}"
        console.print(line, highlight=False, soft_wrap=True)
    if len(wrong) > _LISTED:
        print(f"and {len(wrong) - _LISTED} more; the HTML page and the JSON have them")
