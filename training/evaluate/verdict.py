"""From the probabilities of one trial to what counts: events, windows, delay, and how much was to spare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.training.evaluate.detector import Heard
from emberwatch.training.evaluate.trials import Trial
from emberwatch.training.model.events import EVENT_ALARM_KIND, EVENT_ALARM_OFF, EVENT_ALARM_ON, EVENT_POSSIBLE, Hit

POSITIVE = 128
"""A window says alarm from this probability (of 255) on: one half."""

SNIPPET_SECONDS = 1.25
"""An alarm clip no longer than this has no cadence to follow: it counts as detected when an alarm is possible."""

MARGINS = tuple(2.0 ** (step / 4) for step in range(-16, 13))
"""Factors on the gates of trust that are tried, ascending; 1 is the operating point."""


@dataclass(frozen=True)
class ClipResult:
    """What the detector made of one trial. Times in seconds from the trial's start; ``delay_s`` from alarm onset.

    ``possible_s`` is when an alarm was first possible or on, ``shortest_on_s`` how long the shortest alarm was on that
    ended. ``windows`` are outputs of the network, one per 32 ms: of an alarm those in which it sounds, of another sound
    all; ``windows_on`` are those of them with a probability of one half or more. ``margin`` is the largest of `MARGINS`
    by which the gates of trust can be multiplied and an alarm is still raised; 0 when none of them raises one.
    """

    file: str
    label: str
    category: str
    group: str
    level_dbfs: float
    snr_db: float | None
    noise: str | None
    seconds: float
    detected: bool
    events: int
    first_event_s: float | None
    possible_s: float | None
    shortest_on_s: float | None
    kind: str | None
    delay_s: float | None
    peak: int
    windows: int
    windows_on: int
    margin: float


def clip_result(
    trial: Trial, seconds: float, onset_s: float, heard: Heard, sounding: NDArray[np.bool_] | None = None
) -> ClipResult:
    """Judge one trial.

    Args:
        trial: what was played.
        seconds: length of the clip itself.
        onset_s: when its alarm begins.
        heard: what the detector made of it, from reset.
        sounding: per block, whether a window that ends there hears the alarm; None stands for all blocks.
    """
    raised = [event.t_s for event in heard.events if event.type == EVENT_ALARM_ON]
    ended = [event.t_s for event in heard.events if event.type == EVENT_ALARM_OFF]
    named = [event.kind for event in heard.events if event.type in (EVENT_ALARM_ON, EVENT_ALARM_KIND)]
    first = raised[0] if raised else None
    possible = next((e.t_s for e in heard.events if e.type in (EVENT_POSSIBLE, EVENT_ALARM_ON)), None)
    alarm = trial.clip.is_alarm
    judged = heard.probabilities if sounding is None else heard.probabilities[sounding]
    return ClipResult(
        file=trial.clip.path.name,
        label=trial.clip.label,
        category=trial.clip.category,
        group=trial.clip.group,
        level_dbfs=trial.level_dbfs,
        snr_db=trial.snr_db,
        noise=trial.noise.path.name if trial.noise else None,
        seconds=seconds,
        detected=bool(raised) or (alarm and seconds <= SNIPPET_SECONDS and possible is not None),
        events=len(raised),
        first_event_s=first,
        possible_s=possible,
        shortest_on_s=min((off - on for on, off in zip(raised, ended, strict=False)), default=None),
        kind=named[-1] if named else None,
        delay_s=first - onset_s if first is not None and alarm else None,
        peak=int(heard.probabilities.max(initial=0)),
        windows=len(judged),
        windows_on=int(np.count_nonzero(judged >= POSITIVE)),
        margin=event_margin(heard.hits),
    )


def event_margin(hits: Sequence[Hit]) -> float:
    """The largest factor of `MARGINS` on the gates of trust at which one of the cadences still counts; 0 for none."""
    within = [factor for factor in MARGINS if any(hit.trust >= max(1.0, hit.gate * factor) for hit in hits)]
    return within[-1] if within else 0.0
