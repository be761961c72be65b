"""From the probabilities of one trial to what counts: events, windows, delay, and how much was to spare."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.evaluate.trials import Trial
from emberwatch.training.model.events import EVENT_ALARM_KIND, EVENT_ALARM_ON, EventParameters, Events, find_events

POSITIVE = 128
"""A window says alarm from this probability (of 255) on: one half."""

SNIPPET_SECONDS = 1.25
"""An alarm clip no longer than this has no cadence to follow: it counts as detected when one of its windows is."""

MARGINS = tuple(2.0 ** (step / 4) for step in range(-16, 13))
"""Factors on the event logic's thresholds that are tried, ascending; 1 is the operating point."""


@dataclass(frozen=True)
class ClipResult:
    """What the detector made of one trial. Times in seconds from the trial's start; ``delay_s`` from alarm onset.

    ``windows`` are outputs of the network, one per 32 ms: of an alarm those in which it sounds, of another sound all;
    ``windows_on`` are those of them with a probability of one half or more. ``margin`` is the largest of `MARGINS` by
    which the thresholds can be multiplied and an event is still raised; 0 when none of them raises one.
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
    kind: str | None
    delay_s: float | None
    peak: int
    windows: int
    windows_on: int
    margin: float


def clip_result(
    trial: Trial,
    seconds: float,
    onset_s: float,
    probabilities: NDArray[np.uint8],
    parameters: EventParameters,
    sounding: NDArray[np.bool_] | None = None,
) -> ClipResult:
    """Judge one trial.

    Args:
        trial: what was played.
        seconds: length of the clip itself.
        onset_s: when its alarm begins.
        probabilities: 0..255 after every block, from reset.
        parameters: of the event logic.
        sounding: per block, whether a window that ends there hears the alarm; None stands for all blocks.
    """
    events = find_events(probabilities, parameters)
    raised = [event for event in events if event.type == EVENT_ALARM_ON]
    named = [event.kind for event in events if event.type in (EVENT_ALARM_ON, EVENT_ALARM_KIND)]
    first = raised[0].t_s if raised else None
    alarm = trial.clip.is_alarm
    judged = probabilities if sounding is None else probabilities[sounding]
    peak = int(probabilities.max(initial=0))
    return ClipResult(
        file=trial.clip.path.name,
        label=trial.clip.label,
        category=trial.clip.category,
        group=trial.clip.group,
        level_dbfs=trial.level_dbfs,
        snr_db=trial.snr_db,
        noise=trial.noise.path.name if trial.noise else None,
        seconds=seconds,
        detected=bool(raised) or (alarm and counts_by_window(seconds, probabilities)),
        events=len(raised),
        first_event_s=first,
        kind=named[-1] if named else None,
        delay_s=first - onset_s if first is not None and alarm else None,
        peak=peak,
        windows=len(judged),
        windows_on=int(np.count_nonzero(judged >= POSITIVE)),
        margin=event_margin(probabilities, parameters),
    )


def counts_by_window(seconds: float, probabilities: NDArray[np.uint8]) -> bool:
    """Whether a clip of an alarm is too short for events to be asked of it, and one of its windows says alarm."""
    return seconds <= SNIPPET_SECONDS and int(probabilities.max(initial=0)) >= POSITIVE


def event_margin(probabilities: NDArray[np.uint8], parameters: EventParameters) -> float:
    """The largest factor of `MARGINS` on all thresholds of evidence at which there is still an event; 0 for none."""
    here = MARGINS.index(1.0)
    low, high = (here, len(MARGINS)) if _raises(probabilities, parameters) else (-1, here)
    probe = low + 1 if low < 0 else (low + high) // 2  # most sounds raise nothing even at the lowest
    while high - low > 1:
        scaled = _scaled(parameters, MARGINS[probe])
        found = scaled is not None and _raises(probabilities, scaled)
        low, high = (probe, high) if found else (low, probe)
        probe = (low + high) // 2
    return MARGINS[low] if low >= 0 else 0.0


def _raises(probabilities: NDArray[np.uint8], parameters: EventParameters) -> bool:
    """Whether there is an event; stops at the first."""
    events = Events(parameters)
    return any(events.update(probability)[0] == EVENT_ALARM_ON for probability in probabilities.tolist())


def _scaled(parameters: EventParameters, factor: float) -> EventParameters | None:
    """The parameters with every score multiplied; None beyond what the event logic can hold."""
    scores = [field.name for field in fields(parameters) if field.name.endswith("_score")]
    try:
        return replace(parameters, **{name: max(1, round(getattr(parameters, name) * factor)) for name in scores})
    except EmberwatchError:
        return None
