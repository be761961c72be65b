"""What an evaluation found, as one JSON-ready object; docs/training.md says what each key means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from emberwatch.training.evaluate.curves import curve_figures
from emberwatch.training.evaluate.metrics import poisson_interval, summarise, wilson_interval
from emberwatch.training.evaluate.run import Judged
from emberwatch.training.evaluate.verdict import ClipResult

Condition = tuple[float, float | None]
"""Level in dBFS and, when there is added noise, SNR in dB."""


def condition_of(result: ClipResult) -> Condition:
    """The condition of a trial."""
    return result.level_dbfs, result.snr_db


def conditions_of(judged: Sequence[Judged]) -> list[Condition]:
    """Levels without noise, loudest first, then those with noise, highest SNR first."""
    found = {condition_of(one.result) for one in judged}
    return sorted(found, key=lambda c: (c[1] is not None, -c[0], -(c[1] or 0.0)))


def report(judged: Sequence[Judged], model_sha256: str) -> dict[str, Any]:
    """Summary over the clips without added noise, of each condition, of each category, curves, and every clip."""
    conditions = conditions_of(judged)
    levels = [level for level, snr in conditions if snr is None]
    quiet = [one for one in judged if one.result.snr_db is None]
    per_condition = []
    for condition in conditions:
        chosen = [one.result for one in judged if condition_of(one.result) == condition]
        per_condition.append({"level_dbfs": condition[0], "snr_db": condition[1], **summarise(chosen)})
    return {
        "model": model_sha256,
        "level_dbfs": levels[0] if len(levels) == 1 else levels,
        **summarise([one.result for one in quiet]),
        "conditions": per_condition,
        "categories": categories([one.result for one in quiet]),
        "curves": [
            {"level_dbfs": level, **curve_figures([one for one in quiet if one.result.level_dbfs == level])}
            for level in levels
        ],
        "calibration": calibration(judged),
        "kinds": kinds([one.result for one in quiet]),
        "per_clip": [asdict(one.result) for one in judged],
    }


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


def kinds(results: Sequence[ClipResult]) -> list[dict[str, Any]]:
    """Of alarms by category: which kind was named last, in how many trials; None where no alarm was raised."""
    counts: dict[tuple[str, str | None], int] = {}
    for result in results:
        if result.label == "alarm":
            counts[result.category, result.kind] = counts.get((result.category, result.kind), 0) + 1
    rows = sorted(counts.items(), key=lambda row: (row[0][0], row[0][1] or ""))
    return [{"category": category, "kind": kind, "trials": count} for (category, kind), count in rows]


def categories(results: Sequence[ClipResult]) -> list[dict[str, Any]]:
    """Each category of sounds: alarms by name, others by how much they disturb."""
    grouped: dict[tuple[bool, str], list[ClipResult]] = {}
    for result in results:
        grouped.setdefault((result.label == "alarm", result.category), []).append(result)
    rows = []
    for (is_alarm, name), members in grouped.items():
        hours = sum(r.seconds for r in members) / 3600
        row: dict[str, Any] = {
            "category": name,
            "label": "alarm" if is_alarm else "other",
            "clips": len({(r.file, r.group) for r in members}),
            "trials": len(members),
            "hours": hours,
            "events": sum(r.events for r in members),
        }
        if is_alarm:
            hits = sum(r.detected for r in members)
            row |= {
                "detected": hits,
                "recall": hits / len(members),
                "recall_95": wilson_interval(hits, len(members)),
                "lowest_margin": min(r.margin for r in members),
            }
        elif hours:
            low, high = poisson_interval(row["events"])
            windows = sum(r.windows_on for r in members)
            row |= {
                "false_events_per_hour": row["events"] / hours,
                "false_events_per_hour_95": [low / hours, high / hours],
                "false_windows_per_hour": windows / hours,
                "highest_probability": max(r.peak for r in members) / 256,
                "highest_margin": max(r.margin for r in members),
            }
        rows.append(row)
    # Alarms by name; others with the worst first.
    return sorted(
        rows,
        key=lambda r: (r["label"], 0 if r["label"] == "alarm" else -r["events"], -_disturbance(r), r["category"]),
    )


def _disturbance(row: dict[str, Any]) -> float:
    return float(row.get("false_windows_per_hour", 0.0))


def worst(judged: Sequence[Judged], count: int) -> list[Judged]:
    """Trials to look at first: missed alarms and false events, then those that came nearest to being wrong."""

    def badness(one: Judged) -> tuple[bool, float, int]:
        result, alarm = one.result, one.trial.clip.is_alarm
        wrong = alarm != result.detected
        # Thresholds may rise by the margin before an alarm is lost, and must have been below it for a false one.
        near = 1.0 / max(result.margin, 1e-3) if alarm else max(result.margin, 1e-3)
        return wrong, near, -result.peak if alarm else result.peak

    chosen: list[Judged] = []
    seen: set[str] = set()
    for one in sorted(judged, key=badness, reverse=True):
        if str(one.trial.clip.path) not in seen:  # one clip at several levels is one thing to look at
            seen.add(str(one.trial.clip.path))
            chosen.append(one)
    return chosen[:count]
