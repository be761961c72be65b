"""One self-contained HTML page about an evaluation: no network, no scripts, light and dark, readable on a phone."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.output import write_file
from emberwatch.base.picture import heat_map
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.training.data.features import block_features
from emberwatch.training.evaluate import chart
from emberwatch.training.evaluate.chart import Axis, Chart
from emberwatch.training.evaluate.map import HeatMap
from emberwatch.training.evaluate.metrics import LATEST_S
from emberwatch.training.evaluate.report import worst
from emberwatch.training.evaluate.run import Judged
from emberwatch.training.evaluate.trials import render
from emberwatch.training.evaluate.verdict import POSITIVE
from emberwatch.training.model.events import EVENT_ALARM_ON

WORST = 12
"""Clips shown with spectrogram and probability."""

_STRIP_WIDTH, _STRIP_HEIGHT = 600, 96
_CATEGORIES = 25  # rows of the table of other sounds


@dataclass(frozen=True)
class Strip:
    """One clip to look at: what it is, its spectrogram and, over it, the probability and the events."""

    verdict: str
    wrong: bool
    title: str
    facts: str
    spectrogram: str
    probability: str
    events: list[tuple[float, str]]


def write_page(
    path: Path, figures: dict[str, Any], judged: Sequence[Judged], maps: Sequence[HeatMap], names: dict[str, str]
) -> None:
    """Write the page.

    Args:
        path: of the HTML file; its folder is made.
        figures: what `emberwatch.training.evaluate.report.report` made of ``judged``.
        judged: the trials.
        maps: grids of the synthetic map, if it was played.
        names: model and data, as the user named them.

    Raises:
        UsageError: the file cannot be written.
    """
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        # The theme is that of the pages about runs.
        loader=ChoiceLoader([PackageLoader("emberwatch.training.evaluate"), PackageLoader("emberwatch.report")]),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    others = [row for row in figures["categories"] if row["label"] == "other"]
    html = environment.get_template("evaluation.html.j2").render(
        figures=figures,
        names=names,
        charts=_charts(figures, judged),
        maps=maps,
        alarms=[row for row in figures["categories"] if row["label"] == "alarm"],
        others=others[:_CATEGORIES],
        others_left=max(0, len(others) - _CATEGORIES),
        strips=[_strip(one) for one in worst(judged, WORST)],
        strip_width=_STRIP_WIDTH,
        strip_height=_STRIP_HEIGHT,
        size=(chart.WIDTH, chart.HEIGHT),
        frame=(chart.LEFT, chart.TOP, chart.WIDTH - chart.RIGHT, chart.HEIGHT - chart.BOTTOM),
    )
    write_file(path, html, "--out")


def _charts(figures: dict[str, Any], judged: Sequence[Judged]) -> list[Chart]:
    drawn = [_det(figures), _roc(figures), _recall(figures, False), _false(figures), _delays(judged)]
    if any(row["snr_db"] is not None for row in figures["conditions"]):
        drawn.append(_recall(figures, True))
    return [one for one in drawn if one.lines]


def _det(figures: dict[str, Any]) -> Chart:
    made = Chart(
        "Events: alarms missed over false alarms (DET)",
        "Every gate of trust times 1/16 to 8. Ring: as the detector is set.",
        chart.decades("false alarms per hour", 0.1, 1000.0),
        chart.shares("alarms missed"),
    )
    for curve in figures["curves"]:
        points = curve["event_det"]
        if points:
            line = [(point["false_alarms_per_hour"], point["miss_rate"]) for point in points]
            here = next(point for point in points if point["threshold_factor"] == 1.0)
            text = f"{here['false_alarms_per_hour']:.2f} per hour, {100 * here['miss_rate']:.0f} % missed"
            mark = (here["false_alarms_per_hour"], here["miss_rate"], text)
            made.add(f"{curve['level_dbfs']:g} dBFS", line, [mark])
    return made


def _roc(figures: dict[str, Any]) -> Chart:
    made = Chart(
        "Windows: found over mistaken (ROC)",
        "Every window of 32 ms by itself, over the threshold on the probability. Ring: one half.",
        chart.decades("share of other windows mistaken", 1e-5, 1.0),
        chart.shares("share of alarm windows found"),
    )
    for curve in figures["curves"]:
        points = curve["window_roc"]
        if points:
            line = [(point["false_positive_rate"], point["true_positive_rate"]) for point in points]
            half = next(point for point in points if point["threshold"] == POSITIVE / 256)
            mark = (half["false_positive_rate"], half["true_positive_rate"], "probability one half")
            made.add(f"{curve['level_dbfs']:g} dBFS, 1 - area {1 - curve['window_roc_auc']:.1e}", line, [mark])
    return made


def _recall(figures: dict[str, Any], in_noise: bool) -> Chart:
    rows = [row for row in figures["conditions"] if (row["snr_db"] is not None) == in_noise and row["alarms"]]
    key, unit = ("snr_db", "SNR in real noise, dB") if in_noise else ("level_dbfs", "level of the loudest second, dBFS")
    made = Chart(
        "Recall against SNR" if in_noise else "Recall against level",
        "Bars: 95 % intervals (Wilson).",
        chart.spread(unit, [row[key] for row in rows] or [0.0]),
        chart.shares("alarms detected"),
    )
    if rows:
        points = [(row[key], row["recall"]) for row in rows]
        marks = [(x, y, f"{row['detected']} of {row['alarms']}") for (x, y), row in zip(points, rows, strict=True)]
        made.add("", points, marks, [(row[key], *row["recall_95"]) for row in rows])
    return made


def _false(figures: dict[str, Any]) -> Chart:
    rows = [row for row in figures["conditions"] if row["snr_db"] is None and row["negative_hours"]]
    made = Chart(
        "False events against level",
        "Bars: 95 % intervals (Poisson).",
        chart.spread("level of the loudest second, dBFS", [row["level_dbfs"] for row in rows] or [0.0]),
        chart.decades("false events per hour", 0.1, 1000.0),
    )
    if rows:
        points = [(row["level_dbfs"], row["false_events_per_hour"]) for row in rows]
        marks = [
            (x, y, f"{row['false_events']} in {row['negative_hours']:.2f} h")
            for (x, y), row in zip(points, rows, strict=True)
        ]
        made.add("", points, marks, [(row["level_dbfs"], *row["false_events_per_hour_95"]) for row in rows])
    return made


def _delays(judged: Sequence[Judged]) -> Chart:
    made = Chart(
        "Time to detection",
        "Share of alarms for which an event has been raised, over the time since they began to sound.",
        Axis("seconds since onset", 0.0, LATEST_S, tuple(float(s) for s in range(int(LATEST_S) + 1))),
        chart.shares("alarms detected"),
    )
    alarms = [one.result for one in judged if one.trial.clip.is_alarm]
    for level, snr in sorted({(r.level_dbfs, r.snr_db) for r in alarms}, key=lambda c: (c[1] is not None, -c[0])):
        members = [r for r in alarms if (r.level_dbfs, r.snr_db) == (level, snr)]
        delays = sorted(r.delay_s for r in members if r.delay_s is not None)
        steps = [(0.0, 0.0)]
        for index, delay in enumerate(delays):
            steps += [(delay, index / len(members)), (delay, (index + 1) / len(members))]
        steps.append((LATEST_S, sum(delay <= LATEST_S for delay in delays) / len(members)))
        inside = list(itertools.takewhile(lambda step: step[0] <= LATEST_S, steps[:-1]))
        made.add(f"{level:g} dBFS" + (f", {snr:g} dB SNR" if snr is not None else ""), [*inside, steps[-1]])
    return made


def _strip(one: Judged) -> Strip:
    result, alarm = one.result, one.trial.clip.is_alarm
    blocks = len(one.probabilities)
    steps = []
    for index, probability in enumerate(one.probabilities):
        y = round(_STRIP_HEIGHT * (1 - int(probability) / 256), 1)
        steps += [f"{_STRIP_WIDTH * index / blocks:.1f},{y}", f"{_STRIP_WIDTH * (index + 1) / blocks:.1f},{y}"]
    events = [
        (round(_STRIP_WIDTH * event.t_s / (blocks * BLOCK_SECONDS), 1), f"event at {event.t_s:.2f} s")
        for event in one.events
        if event.type == EVENT_ALARM_ON
    ]
    wrong = alarm != result.detected
    verdict = ("missed" if wrong else "detected") if alarm else ("false" if wrong else "quiet")
    noise = f" in {result.noise} at {result.snr_db:g} dB SNR" if result.noise and result.snr_db is not None else ""
    return Strip(
        verdict,
        wrong,
        result.file,
        f"{result.category}, {result.level_dbfs:g} dBFS{noise}; {result.seconds:.1f} s, "
        f"highest probability {result.peak / 256:.2f}, margin {result.margin:.2g}",
        _spectrogram(block_features(render(one.trial).pcm)),
        " ".join(steps),
        events,
    )


def _spectrogram(frames: NDArray[np.int8]) -> str:
    """Feature frames as a PNG data URL, low bands at the bottom, at most as wide as it is shown."""
    return heat_map((frames.T[::-1].astype(np.int16) + 128).astype(np.uint8), _STRIP_WIDTH, shades=64)
