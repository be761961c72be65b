"""Write what a training run leaves behind: the .tflite, its event parameters, figures as JSON and the model card."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jinja2

from emberwatch.training.data.clips import Clip
from emberwatch.training.evaluate.metrics import summarise
from emberwatch.training.evaluate.verdict import ClipResult, clip_result
from emberwatch.training.model.events import EVENT_ALARM_ON, EventParameters, find_events
from emberwatch.training.model.pipeline import HeldOut, Outcome, Recipe

_DETECTOR_COMMENT = """\
# Parameters of the event logic for the model beside this file (meaning: firmware/apps/detector/events.h).
# Each key k of [events] becomes "#define EVENTS_K value" in the generated detector_config.h.
"""


def _judge(entry: HeldOut, parameters: EventParameters) -> ClipResult:
    return clip_result(entry.trial, entry.seconds, entry.onset_s, entry.probabilities, parameters)


def cross_validation(outcome: Outcome, parameters: Mapping[int, EventParameters]) -> list[dict[str, Any]]:
    """Per condition, the summary over all held-out trials with the parameters of their fold; worst clips by name."""
    results = [_judge(entry, parameters[entry.fold]) for entry in outcome.held_out]
    rows = []
    for condition in sorted(
        {(r.level_dbfs, r.snr_db) for r in results}, key=lambda c: (c[1] is not None, -c[0], str(c[1]))
    ):
        chosen = [r for r in results if (r.level_dbfs, r.snr_db) == condition]
        wrong: dict[str, int] = {}
        for r in chosen:
            if (r.label == "alarm") != r.detected:
                wrong[r.file] = wrong.get(r.file, 0) + 1
        row = {"level_dbfs": condition[0], "snr_db": condition[1], **summarise(chosen)}
        rows.append({**row, "wrong": dict(sorted(wrong.items()))})
    return rows


def synthetic_table(outcome: Outcome, parameters: EventParameters) -> dict[str, dict[str, Any]]:
    """By kind of synthetic sound: trials, and how many raised an alarm."""
    table: dict[str, dict[str, Any]] = {}
    for kind, trial in outcome.synthetic:
        row = table.setdefault(kind, {"alarm": trial.is_alarm, "trials": 0, "raised": 0})
        row["trials"] += 1
        events = find_events(trial.probabilities, parameters)
        row["raised"] += any(event.type == EVENT_ALARM_ON for event in events)
    return table


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("tensorflow-cpu", "tensorflow", "numpy", "soxr"):
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


def write_release(out: Path, outcome: Outcome, recipe: Recipe, clips: list[Clip]) -> dict[str, Any]:
    """Write emberwatch.tflite, detector.toml, metrics.json and MODEL_CARD.md to ``out``; returns the metrics."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "emberwatch.tflite").write_bytes(outcome.tflite)
    parameters = outcome.choice.parameters if outcome.choice else EventParameters()
    (out / "detector.toml").write_text(_DETECTOR_COMMENT + parameters.to_toml(), encoding="utf-8")
    licences: dict[str, int] = {}
    for clip in clips:
        licences[clip.licence] = licences.get(clip.licence, 0) + 1
    arch = recipe.architecture
    summary: dict[str, Any] = {
        "sha256": hashlib.sha256(outcome.tflite).hexdigest(),
        "bytes": len(outcome.tflite),
        "frames": arch.frames,
        "seconds": (arch.frames + 1) * 0.008,
        "macs_per_second": arch.macs_per_second,
        "digest": outcome.digest,
        "recipe": asdict(recipe),
        "versions": _versions(),
        "clips": {
            "alarm": sum(clip.is_alarm for clip in clips),
            "alarm_groups": len({clip.group for clip in clips if clip.is_alarm}),
            "other": sum(not clip.is_alarm for clip in clips),
            "other_groups": len({clip.group for clip in clips if not clip.is_alarm}),
        },
        "licences": dict(sorted(licences.items(), key=lambda item: -item[1])),
        "events": asdict(parameters),
        "int8": outcome.int8.figures(),
        "synthetic": synthetic_table(outcome, parameters),
        "cross_validation": cross_validation(outcome, {entry.fold: parameters for entry in outcome.held_out}),
        "parameters_held_out_too": cross_validation(outcome, outcome.without_fold) if outcome.without_fold else [],
    }
    (out / "metrics.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (out / "MODEL_CARD.md").write_text(render_card(summary), encoding="utf-8")
    return summary
