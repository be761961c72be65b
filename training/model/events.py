"""The firmware's event logic (firmware/apps/detector/events.c) in Python, equal to the bit, and its parameters.

Input are blocks of 32 ms: four feature frames and the network's probability 0..255. The parameters live in a TOML file
next to the released model; :func:`render_header` turns it into the C header that the firmware is built with. There are
no defaults: a detector with parameters that nobody has chosen is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, get_type_hints

import numpy as np
from numpy.typing import NDArray

from emberwatch.base import toml
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.training.data.features import BANDS, FRAMES_PER_BLOCK
from emberwatch.training.model import cadence
from emberwatch.training.model.bursts import Bursts

EVENT_NONE, EVENT_ALARM_ON, EVENT_ALARM_OFF, EVENT_ALARM_KIND, EVENT_POSSIBLE, EVENT_CLEAR = range(6)
KIND_NAMES = cadence.NAMES
STATES = ("none", "on", "off", "kind", "possible", "clear")
"""The protocol's word for each type of event."""

NOTHING, POSSIBLE, CERTAIN = range(3)

_RANKS = {
    cadence.NONE: 0,
    cadence.CONTINUOUS: 1,
    cadence.PULSED: 2,
    cadence.HI_LO: 3,
    cadence.T3: 4,
    cadence.T4: 5,
}
_LONGEST_PERIOD = 178  # blocks: T4's, with its tolerance; an alarm must outlast it

_Byte = Annotated[int, toml.Between(1, 255)]


@dataclass(frozen=True)
class EventParameters:
    """What detector.toml must set.

    Attributes:
        trust_t3: mean probability of a train's bursts that makes their T3 an alarm.
        trust_t4: the same for T4.
        trust_continuous: for a steady tone.
        trust_pulsed: for a pulsed or a hi-lo train.
        trust_clear: for a pulsed train of clear tones, two a second (`emberwatch.training.model.cadence.is_clear`).
        tonality: mean contrast of the bursts to the bands 750 Hz away, in feature units of 0.376 dB.
        possible_on: probability from which a block speaks for a possible alarm.
        possible_blocks: so many such blocks more than others make it one.
        hold_blocks: blocks from the last confirmation of a state to its end.
    """

    trust_t3: _Byte
    trust_t4: _Byte
    trust_continuous: _Byte
    trust_pulsed: _Byte
    trust_clear: _Byte
    tonality: _Byte
    possible_on: _Byte
    possible_blocks: _Byte
    hold_blocks: Annotated[int, toml.Between(_LONGEST_PERIOD, 254)]

    def __post_init__(self) -> None:
        hints = get_type_hints(type(self), include_extras=True)
        for name, hint in hints.items():
            toml.convert(hint, getattr(self, name), f"detector parameter {name}", EmberwatchError)

    @classmethod
    def load(cls, path: Path) -> EventParameters:
        """Read the ``[events]`` table of a detector.toml, which must set every parameter and nothing else.

        Raises:
            EmberwatchError: naming file and table or key that is wrong or missing.
        """
        return toml.read(_File, path, "detector file", EmberwatchError, absent="`emberwatch train` writes one").events

    def to_toml(self) -> str:
        """The ``[events]`` table as text."""
        return "[events]\n" + "".join(f"{field.name} = {getattr(self, field.name)}\n" for field in fields(self))


@dataclass(frozen=True)
class _File:
    """A detector.toml."""

    events: EventParameters


def render_header(parameters: EventParameters) -> str:
    """The text of detector_config.h: one ``#define EVENTS_<NAME>`` per parameter."""
    lines = ["/* Generated from detector.toml: parameters of the event logic, see apps/detector/events.h. */"]
    lines += ["#ifndef DETECTOR_CONFIG_H", "#define DETECTOR_CONFIG_H", ""]
    lines += [f"#define EVENTS_{field.name.upper()} {getattr(parameters, field.name)}" for field in fields(parameters)]
    return "\n".join([*lines, "", "#endif", ""])


@dataclass(frozen=True)
class Hit:
    """A cadence whose bursts stand out: with what trust, and the gate that this kind must reach."""

    kind: int
    trust: int
    gate: int


class Events:
    """State of the event logic; one instance per stream. Mirrors ``events_t``.

    ``hits`` is what the firmware does not keep: every cadence so far, whether it was believed or not.
    """

    def __init__(self, parameters: EventParameters) -> None:
        self.parameters = parameters
        self.bursts = Bursts()
        self.alarm = NOTHING
        self.kind = cadence.NONE
        self.likely = 0
        self.waiting = 0
        self.hits: list[Hit] = []
        self._gates = {
            cadence.T3: parameters.trust_t3,
            cadence.T4: parameters.trust_t4,
            cadence.CONTINUOUS: parameters.trust_continuous,
            cadence.PULSED: parameters.trust_pulsed,
            cadence.HI_LO: parameters.trust_pulsed,
        }

    def _recognise(self) -> int:
        found = cadence.NONE
        for index, band in enumerate(self.bursts.bands):
            named = cadence.cadence_of(self.bursts, index)
            if named != cadence.NONE and band.tonality >= self.parameters.tonality:
                clear = named == cadence.PULSED and cadence.is_clear(band)
                gate = self.parameters.trust_clear if clear else self._gates[named]
                self.hits.append(Hit(named, band.trust, gate))
                if band.trust >= gate and _RANKS[named] > _RANKS[found]:
                    found = named
        return found

    def _is_likely(self, probability: int) -> bool:
        enough = self.parameters.possible_blocks
        if probability >= self.parameters.possible_on:
            self.likely = min(self.likely + 1, enough)
        elif self.likely:
            self.likely -= 1
        return self.likely == enough

    def update(self, features: NDArray[np.int8], probability: int) -> tuple[int, int]:
        """Take the newest block; return (event type, kind), which is (EVENT_NONE, 0) mostly.

        Args:
            features: int8 ``[4, 32]``.
            probability: 0..255.
        """
        self.bursts.update(features, probability)
        named = self._recognise()
        likely = self._is_likely(probability)
        confirmed = named != cadence.NONE or (likely and self.alarm != CERTAIN)
        self.waiting = 0 if confirmed else min(self.waiting + 1, 255)

        if named != cadence.NONE and self.alarm != CERTAIN:
            self.alarm, self.kind = CERTAIN, named
            return EVENT_ALARM_ON, named
        if self.alarm == NOTHING and likely:
            self.alarm = POSSIBLE
            return EVENT_POSSIBLE, cadence.NONE
        if _RANKS[named] > _RANKS[self.kind]:
            self.kind = named
            return EVENT_ALARM_KIND, named
        if self.alarm != NOTHING and self.waiting > self.parameters.hold_blocks:
            ended, kind = self.alarm, self.kind
            self.alarm, self.kind = NOTHING, cadence.NONE
            return (EVENT_ALARM_OFF, kind) if ended == CERTAIN else (EVENT_CLEAR, cadence.NONE)
        return EVENT_NONE, cadence.NONE


@dataclass(frozen=True)
class Event:
    """One event of a stream: seconds from its start to the end of the block that caused it."""

    t_s: float
    type: int
    kind: str

    @property
    def label(self) -> str:
        """What the firmware's line says behind ALARM, without the time."""
        state = STATES[self.type]
        return f"{state} {self.kind}" if self.type in (EVENT_ALARM_ON, EVENT_ALARM_KIND) else state


def find_events(features: NDArray[np.int8], probabilities: Iterable[int], parameters: EventParameters) -> list[Event]:
    """Run the event logic over a stream: feature bytes ``[4 * blocks, 32]`` and a probability per block."""
    return run_events(features, probabilities, parameters)[0]


def run_events(
    features: NDArray[np.int8], probabilities: Iterable[int], parameters: EventParameters
) -> tuple[list[Event], list[Hit]]:
    """As `find_events`, with every cadence that was met on the way."""
    events = Events(parameters)
    found = []
    blocks = features.reshape(-1, FRAMES_PER_BLOCK, BANDS)
    for block, probability in enumerate(probabilities):
        kind_of_event, kind = events.update(blocks[block], int(probability))
        if kind_of_event != EVENT_NONE:
            found.append(Event((block + 1) * BLOCK_SECONDS, kind_of_event, KIND_NAMES[kind]))
    return found, events.hits
