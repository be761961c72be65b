"""Write what a training run leaves behind: the .tflite, its event parameters, figures as JSON and the model card."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from emberwatch.base import atomic
from emberwatch.base.errors import UsageError
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.licences import source_of
from emberwatch.training.evaluate.map import CellResult, map_figures
from emberwatch.training.evaluate.report import report
from emberwatch.training.evaluate.run import Judged
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.pipeline import Material, Outcome, Recipe

_DETECTOR_COMMENT = """\
# Parameters of the event logic for the model beside this file (meaning: firmware/apps/detector/events.h).
# Each key k of [events] becomes "#define EVENTS_K value" in the generated detector_config.h.
"""


def sources(clips: Sequence[Clip]) -> list[dict[str, Any]]:
    """Where recordings are from and under which licences, with counts; the largest first."""
    counts: dict[tuple[str, str], int] = {}
    for clip in clips:
        key = (source_of(clip), clip.licence)
        counts[key] = counts.get(key, 0) + 1
    rows = [{"source": source, "licence": licence, "clips": count} for (source, licence), count in counts.items()]
    return sorted(rows, key=lambda row: (-row["clips"], row["source"], row["licence"]))


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("tensorflow-cpu", "tensorflow", "numpy", "soxr", "soundfile"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def render_card(summary: dict[str, Any]) -> str:
    """The model card as Markdown, from the summary that is also written as JSON."""
    loader = jinja2.FileSystemLoader(Path(__file__).with_name("templates"))
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.get_template("MODEL_CARD.md.j2").render(summary)


def _judged(judged: Sequence[Judged], sha256: str) -> dict[str, Any]:
    """What `emberwatch evaluate` says about the same trials, without each clip's."""
    figures = report(judged, sha256)
    wrong: dict[str, int] = {}
    for one in judged:
        if one.trial.clip.is_alarm != one.result.detected:
            wrong[one.result.file] = wrong.get(one.result.file, 0) + 1
    kept = {name: value for name, value in figures.items() if name not in ("per_clip", "curves")}
    return {**kept, "wrong": dict(sorted(wrong.items()))}


def summary_of(outcome: Outcome, recipe: Recipe, parameters: EventParameters) -> dict[str, Any]:
    """Everything that the card tells, JSON-ready."""
    arch, material = recipe.architecture, outcome.material
    sha256 = hashlib.sha256(outcome.tflite).hexdigest()
    return {
        "sha256": sha256,
        "bytes": len(outcome.tflite),
        "frames": arch.frames,
        "seconds": (arch.frames + 1) * 0.008,
        "macs_per_second": arch.macs_per_second,
        "digest": outcome.digest,
        "recipe": asdict(recipe),
        "versions": _versions(),
        "clips": {
            name: {"clips": len(clips), "groups": len({clip.group for clip in clips})}
            for name, clips in _lists(material).items()
        },
        "sources": sources(material.training),
        "events": asdict(parameters),
        "int8": outcome.int8.figures(),
        "judged": _judged(outcome.judged, sha256),
        "map": map_figures(outcome.cells),
        "negatives": [],
    }


def _lists(material: Material) -> dict[str, list[Clip]]:
    """The lists of a `Material` by name."""
    return {name: getattr(material, name) for name in ("training", "alarms", "held_out", "evaluation_only")}


def write_release(out: Path, outcome: Outcome, recipe: Recipe, parameters: EventParameters) -> dict[str, Any]:
    """Write emberwatch.tflite, detector.toml, metrics.json and MODEL_CARD.md to ``out``; returns the metrics."""
    out.mkdir(parents=True, exist_ok=True)
    atomic.write_bytes(out / "emberwatch.tflite", outcome.tflite)
    atomic.write_text(out / "detector.toml", _DETECTOR_COMMENT + parameters.to_toml())
    summary = summary_of(outcome, recipe, parameters)
    _write(out, summary)
    return summary


def _write(out: Path, summary: dict[str, Any]) -> None:
    atomic.write_text(out / "metrics.json", json.dumps(summary, indent=1) + "\n")
    atomic.write_text(out / "MODEL_CARD.md", render_card(summary))


def released_recipe(model: Path) -> tuple[dict[str, Any], Recipe]:
    """Figures beside a released model, and the recipe it is judged by.

    Raises:
        UsageError: there are none, or they are of another model.
    """
    path = model.with_name("metrics.json")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        told, given = summary["sha256"], summary["recipe"]
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{path}: no figures of a training run; a card belongs to a model that `train` made") from None
    if told != hashlib.sha256(model.read_bytes()).hexdigest():
        raise UsageError(f"{path} is of another model than {model}; train again, or restore the one it is of")
    names = ("folds", "noises_per_clip", "map_every", "seed", "levels", "other_levels", "snrs")
    told_options = {name: given[name] for name in names if name in given}
    options: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told_options.items()}
    return summary, replace(Recipe(), **options)


def renew(
    model: Path,
    parameters: EventParameters,
    judged: Sequence[Judged],
    cells: Sequence[CellResult],
    negatives: Sequence[dict[str, Any]],
) -> None:
    """Write the judgement of a released model anew: metrics.json and MODEL_CARD.md beside it.

    Args:
        model: the .tflite.
        parameters: of the event logic, with which it was judged.
        judged: trials of `emberwatch.training.model.pipeline.plan_judgement`.
        cells: of the map.
        negatives: figures of hours of other sounds.

    What was not judged this time stays as it was.

    Raises:
        UsageError: that was with other parameters, so that the card would mix two detectors.
    """
    summary, _ = released_recipe(model)
    if not (judged and cells) and summary["events"] != asdict(parameters):
        raise UsageError(
            f"{model.parent}: the card is of other event parameters; give --card without --negatives first"
        )
    summary.setdefault("negatives", [])
    if judged and cells:
        summary["judged"], summary["map"] = _judged(judged, summary["sha256"]), map_figures(cells)
        if summary["events"] != asdict(parameters):
            summary["events"], summary["negatives"] = asdict(parameters), []
    if negatives:
        summary["negatives"] = [_without_paths(row) for row in negatives]
    _write(model.parent, summary)


def _without_paths(row: dict[str, Any]) -> dict[str, Any]:
    events = [{**event, "folder": Path(event["folder"]).name} for event in row["events"]]
    return {**row, "events": events, "unreadable": len(row["unreadable"])}
