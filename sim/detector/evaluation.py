"""What `emberwatch evaluate` does, step by step: check what was asked for, measure, write, print."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emberwatch.base.errors import AudioError, EmberwatchError, UsageError
from emberwatch.base.extras import load
from emberwatch.base.output import check_outputs, say, write_file
from emberwatch.base.paths import recordings_folder
from emberwatch.base.progress import progress_bar
from emberwatch.detector.agreement import check_on_emulator
from emberwatch.training.compiler.model import printable
from emberwatch.training.data.clips import Clip, load_datasets
from emberwatch.training.evaluate.cells import Cell, every_nth
from emberwatch.training.evaluate.detector import Detector, detector_file
from emberwatch.training.evaluate.map import CellResult, heat_maps, map_figures, run_map
from emberwatch.training.evaluate.negatives import Piece, negative_figures, plan_pieces, run_pieces
from emberwatch.training.evaluate.page import write_page
from emberwatch.training.evaluate.report import report, worst
from emberwatch.training.evaluate.run import Judged, plan_trials, run_trials
from emberwatch.training.evaluate.trials import Trial
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.pipeline import divide, plan_judgement
from emberwatch.training.model.release import released_recipe, renew

OUT = Path("build/evaluation")
_JSON, _HTML = "evaluation.json", "evaluation.html"
_HEARD = "heard"  # folder in it: what other sounds were to the detector
_LISTED = 20  # wrong clips that are printed


@dataclass(frozen=True)
class Options:
    """What the user gave; the command's help has the meaning of each."""

    model: Path
    manifests: Sequence[Path]
    levels: Sequence[float]
    snrs: Sequence[float]
    noises: int
    detector: Path | None
    out: Path | None
    emulate: int
    map_every: int
    negatives: Sequence[Path]
    card: bool
    workers: int
    json_output: bool

    @property
    def recordings(self) -> bool:
        """Whether recordings that nobody named are asked for: nothing else is."""
        return not self.map_every and not self.negatives


@dataclass(frozen=True)
class Plan:
    """What will be measured."""

    model: Path
    detector: Path
    parameters: EventParameters
    sha256: str
    source: str
    clips: list[Clip]
    trials: list[Trial]
    cells: list[Cell]
    pieces: list[Piece]
    folder: Path | None
    card: bool


@dataclass(frozen=True)
class Outcome:
    """What was measured: the JSON object, the trials behind it, the map's cells, what the emulator said."""

    figures: dict[str, Any]
    judged: list[Judged] = field(default_factory=list)
    map_results: list[CellResult] = field(default_factory=list)
    agreement: str = ""
    unreadable: dict[str, str] = field(default_factory=dict)
    """Clips that were left out, and why."""


def _check(options: Options) -> None:
    for option, values in (("--level", options.levels), ("--snr", options.snrs)):
        for value in values:
            if not -120 <= value <= 120:
                raise UsageError(f"{option} {value:g} is outside -120..120 dB")
    if options.workers < 1 or options.noises < 1:
        raise UsageError(f"--workers {options.workers} and --noises {options.noises} must be at least 1")
    if options.card and (options.levels or options.snrs or options.map_every or options.json_output):
        raise UsageError("--card judges at its own levels and SNRs; leave out --level, --snr, --map and --json")
    if options.emulate < 0 or options.map_every < 0:
        raise UsageError(f"--emulate {options.emulate} and --map-every {options.map_every} must not be negative")
    if not options.model.is_file():
        raise UsageError(f"{options.model}: no such model; give an int8 .tflite")


def _sources(options: Options) -> list[Path]:
    if options.manifests:
        return list(options.manifests)
    found = recordings_folder()
    if found is None and options.recordings:
        raise UsageError("no recordings: give --manifest CSV, or set EMBERWATCH_AUDIO to a folder with manifest.csv")
    return [found] if found is not None and options.recordings else []


def make_plan(options: Options) -> Plan:
    """Checks everything that can be checked before anything is measured.

    Raises:
        EmberwatchError: an option, the model, its parameters or the data set is wrong; one line says what and how.
    """
    _check(options)
    sources = _sources(options)
    detector = options.detector or detector_file(options.model)
    parameters = EventParameters.load(detector)
    sha256 = Detector(options.model, parameters).sha256
    clips = load_datasets(sources)
    levels, snrs = dict.fromkeys(options.levels or [-20.0]), dict.fromkeys(options.snrs)
    map_every = options.map_every
    if options.card and options.recordings:
        _, recipe = released_recipe(options.model)
        trials, map_every = plan_judgement(divide(clips, recipe.folds), recipe), recipe.map_every
    else:
        trials = plan_trials(clips, levels, snrs, options.noises)
    source = ", ".join(map(str, [*sources, *options.negatives])) or "the synthetic map"
    if clips and snrs and not any(trial.noise for trial in trials):
        raise EmberwatchError(f"--snr: {source} holds no alarms, or no sounds of a category that serves as noise")
    folder = options.out or (None if options.json_output else OUT)
    if folder is not None:
        load("PIL.Image", "the page of an evaluation")
        check_outputs({"--out": folder / _HTML}, [options.model, detector, *(clip.path for clip in clips)])
    cells = every_nth(map_every) if map_every else []
    pieces = plan_pieces(options.negatives, list(levels))
    return Plan(options.model, detector, parameters, sha256, source, clips, trials, cells, pieces, folder, options.card)


def measure(plan: Plan, options: Options) -> Outcome:
    """Plays everything to the detector."""
    judged: list[Judged] = []
    unreadable: dict[str, str] = {}

    def leave_out(trial: Trial, error: AudioError) -> None:
        reason = str(error)
        name = str(next((c.path for c in (trial.noise, trial.clip) if c and str(c.path) in reason), trial.clip.path))
        if name not in unreadable:
            unreadable[name] = reason
            say(f"{reason}; the clip is left out")

    if plan.trials:
        with progress_bar("evaluating", "trials") as show:
            judged = run_trials(plan.model, plan.parameters, plan.trials, options.workers, show, leave_out)
        if not judged:
            raise EmberwatchError(f"none of the {len(plan.clips)} clips of {plan.source} can be read")
    figures = report(judged, plan.sha256)
    figures["unreadable"] = [{"file": name, "reason": reason} for name, reason in unreadable.items()]
    cells: list[CellResult] = []
    if plan.cells:
        with progress_bar("the map", "cells") as show:
            cells = run_map(plan.model, plan.parameters, plan.cells, options.workers, show)
        figures["map"] = map_figures(cells)
    if plan.pieces:
        kept = (plan.folder or OUT) / _HEARD
        with progress_bar("other sounds", "pieces of 10 minutes") as show:
            heard = run_pieces(plan.model, plan.parameters, plan.pieces, kept, options.workers, show)
        figures["negatives"] = negative_figures(heard)
    agreement = ""
    if options.emulate:
        where = (plan.folder or OUT) / "firmware"
        with progress_bar("on the emulated chip", "trials") as show:
            found = check_on_emulator(plan.model, plan.detector, judged, options.emulate, where, options.workers, show)
        figures["emulated"] = {"trials": found.trials, "windows": found.windows, "same_verdict": found.same_verdict}
        agreement = (
            f"{found.windows} windows of {found.trials} trials equal on the emulated chip; "
            f"{found.same_verdict} with the file's verdict"
        )
    return Outcome(figures, judged, cells, agreement, unreadable)


def write(plan: Plan, outcome: Outcome) -> None:
    """The JSON file and the page, if a folder was given."""
    if plan.folder is None:
        return
    names = {
        "model": str(plan.model),
        "data": plan.source,
        "detector": str(plan.detector),
        "emulated": outcome.agreement,
    }
    if plan.card:
        renew(plan.model, plan.parameters, outcome.judged, outcome.map_results, outcome.figures.get("negatives", []))
    write_file(plan.folder / _JSON, json.dumps(outcome.figures, indent=1) + "\n", "--out")
    write_page(plan.folder / _HTML, outcome.figures, outcome.judged, heat_maps(outcome.map_results), names)


def show(plan: Plan, outcome: Outcome) -> None:
    """Tables for people."""
    if outcome.judged:
        _print_conditions(outcome)
    if outcome.map_results:
        _print_map(outcome.figures["map"])
    if plan.pieces:
        _print_negatives(outcome.figures["negatives"])
    if outcome.agreement:
        print(outcome.agreement)
    if outcome.unreadable:
        print(f"{len(outcome.unreadable)} of {len(plan.clips)} clips could not be read and were left out")
    if plan.folder is not None:
        print(f"{plan.folder}/{_HTML}, {_JSON}")


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    table = Table(title=title, caption="in brackets: 95 % intervals")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 and not heading.endswith("dBFS") else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_conditions(outcome: Outcome) -> None:
    rows = []
    for row in outcome.figures["conditions"]:
        found, rate = row["recall_95"], row["false_events_per_hour_95"]
        delay = row["median_time_to_detect_s"]
        rows.append(
            (
                f"{row['level_dbfs']:g}",
                "-" if row["snr_db"] is None else f"{row['snr_db']:g}",
                f"{row['detected']}/{row['alarms']} ({found[0]:.2f}-{found[1]:.2f})" if found else "-",
                f"{row['false_events_per_hour']:.2f} ({rate[0]:.2f}-{rate[1]:.2f})" if rate else "-",
                f"{row['false_windows_per_hour']:.0f}" if rate else "-",
                "-" if delay is None else f"{delay:.2f}, {row['max_time_to_detect_s']:.2f}",
            )
        )
    headings = ("dBFS", "SNR dB", "detected", "false events/h", "false windows/h", "delay s: median, max")
    _table(f"model {outcome.figures['model'][:12]}", headings, rows)
    judged = outcome.judged
    wrong = [one.result for one in worst(judged, len(judged)) if one.trial.clip.is_alarm != one.result.detected]
    for result in wrong[:_LISTED]:
        noise = f" in {result.noise} at {result.snr_db:g} dB" if result.snr_db is not None else ""
        word = "missed" if result.label == "alarm" else "false "
        print(f"{word}  {result.file} at {result.level_dbfs:g} dBFS{noise}")
    if len(wrong) > _LISTED:
        print(f"and {len(wrong) - _LISTED} more; the HTML page and the JSON have them")


def _print_negatives(levels: Sequence[dict[str, Any]]) -> None:
    for level in levels:
        rows = []
        for row in (*level["folders"], {"folder": "all", **level}):
            rate = row["false_events_per_hour_95"]
            told = "-" if rate is None else f"{row['false_events_per_hour']:.3f} ({rate[0]:.3f}-{rate[1]:.3f})"
            rows.append((row["folder"], str(row["files"]), f"{row['hours']:.2f}", str(row["false_events"]), told))
        _table(
            f"other sounds at {level['level_dbfs']:g} dBFS",
            ("folder", "files", "hours", "false events", "an hour"),
            rows,
        )
        for event in level["events"]:
            where = printable(", ".join(event["files"]))
            print(f"false   {event['kind']} in {printable(event['folder'])}: {where}, {event['into_file_s']:.1f} s in")
        if level["unreadable"]:
            print(f"{len(level['unreadable'])} files could not be read, the first: {printable(level['unreadable'][0])}")


def _print_map(figures: dict[str, Any]) -> None:
    rows = []
    for row in (*figures["cadences"], *figures["appliances"]):
        low, high = row["share_95"]
        told = row["in_time"] if row["alarm"] else row["raised"]
        rows.append(
            (
                row["name"],
                f"{told}/{row['trials']} ({low:.3f}-{high:.3f})",
                "in time" if row["alarm"] else "false",
                str(row["raised"]),
                "-" if row["kind_right"] is None else str(row["kind_right"]),
                "-" if row["median_s"] is None else f"{row['median_s']:.2f}, {row['last_s']:.2f}",
            )
        )
    headings = ("cadence or appliance", "trials", "", "raised", "kind right", "s: median, last")
    _table(f"the synthetic map, {figures['trials']} trials", headings, rows)
