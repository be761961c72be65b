"""Write what a training run leaves behind: the .tflite, its event parameters, figures as JSON and the model card."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from emberwatch.base import atomic
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.licences import source_of
from emberwatch.training.evaluate.map import map_figures
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


def calibration(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Of blocks with a right answer, by the probability that the network gave: how many, and the share of alarms.

    Blocks of alarms in which one sounds against all blocks of other sounds; the share depends on how many there are of
    each, so what counts is that it rises.
    """
    bins = [[0, 0] for _ in range(8)]
    for one in judged:
        probabilities = one.probabilities if one.sounding is None else one.probabilities[one.sounding]
        for probability in (probabilities // 32).tolist():
            bins[probability][0] += 1
            bins[probability][1] += one.sounding is not None
    return [
        {"from": n / 8, "to": (n + 1) / 8, "blocks": total, "alarm_share": alarms / total if total else None}
        for n, (total, alarms) in enumerate(bins)
    ]


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


def _judged(outcome: Outcome, sha256: str) -> dict[str, Any]:
    """What `emberwatch evaluate` says about the same trials, without each clip's."""
    figures = report(outcome.judged, sha256)
    wrong: dict[str, int] = {}
    for one in outcome.judged:
        if one.trial.clip.is_alarm != one.result.detected:
            wrong[one.result.file] = wrong.get(one.result.file, 0) + 1
    kept = {name: value for name, value in figures.items() if name not in ("per_clip", "curves")}
    return {**kept, "wrong": dict(sorted(wrong.items())), "calibration": calibration(outcome.judged)}


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
        "judged": _judged(outcome, sha256),
        "map": map_figures(outcome.cells),
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
    atomic.write_text(out / "metrics.json", json.dumps(summary, indent=1) + "\n")
    atomic.write_text(out / "MODEL_CARD.md", render_card(summary))
    return summary
