"""The synthetic map: alarms by the standards and appliances, each a cell that is a function of its fields.

What varies: pitch in steps of 25 Hz, waveform, cadence, tempo, level, path, noise. Nothing of it is shared with the
scenes of training but oscillators and filters.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from emberwatch.audio.files import loudest_second_rms
from emberwatch.training.data.features import whole_blocks
from emberwatch.training.synth.paths import band_limited, through_gsm, through_mp3, through_phone, through_vorbis
from emberwatch.training.synth.rooms import at_level, room_response, through_room, to_pcm
from emberwatch.training.synth.signals import (
    SAMPLE_RATE,
    Rng,
    Signal,
    coloured_noise,
    from_db,
    gate_envelope,
    harmonics,
    phase_of,
    samples_of,
    smooth_walk,
)

LEAD_IN_SECONDS = 0.5

CADENCES: dict[str, tuple[tuple[float, float], ...]] = {
    "t3": ((0.5, 0.5), (0.5, 0.5), (0.5, 1.5)),
    "t4": ((0.1, 0.1), (0.1, 0.1), (0.1, 0.1), (0.1, 4.3)),
    "continuous": ((60.0, 0.0),),
    "pulsed_1hz": ((0.5, 0.5),),
    "pulsed_2hz": ((0.25, 0.25),),
    "pulsed_4hz": ((0.125, 0.125),),
    "pulsed_6hz": ((0.083, 0.083),),
    "pulsed_8hz": ((0.0625, 0.0625),),
    "pulsed_dense": ((0.53, 0.2),),
    "hi_lo": ((0.5, 0.0), (0.5, 0.0)),
    "whoop": ((3.5, 0.5),),
}
"""Seconds on and off, repeated."""

KIND_OF = {name: name.partition("_")[0] for name in CADENCES} | {"hi_lo": "hi-lo"}
"""The kind that the firmware should name."""

APPLIANCES: dict[str, tuple[float, float, int, float]] = {
    "microwave_3": (0.6, 0.6, 3, 30.0),
    "microwave_5": (1.0, 1.0, 5, 30.0),
    "microwave_1": (1.5, 1.0, 1, 30.0),
    "washer_5": (0.7, 0.8, 5, 20.0),
    "washer_10": (0.8, 1.2, 10, 20.0),
    "dryer_2": (0.5, 0.3, 2, 8.0),
    "dishwasher_4": (0.5, 0.75, 4, 12.0),
    "oven_6": (0.5, 1.0, 6, 10.0),
    "fridge_door": (0.5, 2.5, 99, 0.0),
    "ups_2s": (0.5, 1.5, 99, 0.0),
    "ups_5s": (0.5, 4.5, 99, 0.0),
    "truck": (0.6, 0.6, 99, 0.0),
    "truck_slow": (0.7, 0.7, 99, 0.0),
    "timer_triple": (0.1, 0.1, 3, 0.9),
    "timer_quadruple": (0.1, 0.1, 4, 0.7),
    "low_battery": (0.08, 0.0, 1, 30.0),
    "kettle": (0.0, 0.0, 0, 0.0),
}
"""On and off seconds of a beep, beeps in a group, seconds to the next group; the kettle is a whistle that grows."""


@dataclass(frozen=True)
class Cell:
    """One sound of the map.

    Attributes:
        part: of the map that it belongs to.
        name: cadence or appliance.
        alarm: whether it must be heard.
        frequency_hz: of the tone; of hi-lo and whoop the lower one.
        waveform: sine, piezo (harmonics), pair (two discs 60 Hz apart), inharmonic, buzz (modulated at 120 Hz), square.
        tempo: 1.1 is ten per cent slower.
        level_dbfs: RMS of the loudest second.
        path: dry, room, next_room, low_4k, low_5k5, phone, gsm, mp3, vorbis.
        noise: white, pink or babble below it, or none.
        snr_db: by loudest seconds.
        seconds: of the sound.
    """

    part: str
    name: str
    alarm: bool
    frequency_hz: float
    waveform: str = "sine"
    tempo: float = 1.0
    level_dbfs: float = -20.0
    path: str = "dry"
    noise: str = "none"
    snr_db: float = 60.0
    seconds: float = 12.0

    @property
    def seed(self) -> int:
        """Of everything random in it."""
        return zlib.crc32(repr(astuple(self)).encode())


WAVEFORMS = ("sine", "piezo", "pair", "inharmonic", "buzz", "square")
PATHS = ("dry", "room", "next_room", "low_4k", "low_5k5", "phone", "gsm", "mp3", "vorbis")


def _tone(cell: Cell, frequency: NDArray[np.float64] | float, count: int, rng: Rng) -> Signal:
    if cell.waveform == "square":
        return harmonics(frequency, count, [(float(n), 1.0 / n) for n in range(1, 16, 2)], rng)
    if cell.waveform == "piezo":
        return harmonics(frequency, count, [(1.0, 1.0), (2.0, 0.05), (3.0, 0.03)], rng)
    out = np.sin(phase_of(frequency, count, rng.uniform(0, 6.28)))
    if cell.waveform == "pair":
        out = out + 0.8 * np.sin(phase_of(np.asarray(frequency) + 60.0, count, rng.uniform(0, 6.28)))
    elif cell.waveform == "inharmonic":
        for ratio, part in ((1.13, 0.6), (1.31, 0.4), (0.81, 0.3)):
            out = out + part * np.sin(phase_of(np.asarray(frequency) * ratio, count, rng.uniform(0, 6.28)))
    elif cell.waveform == "buzz":
        out = out * (0.55 + 0.45 * np.sin(2 * np.pi * 120 * np.arange(count) / SAMPLE_RATE))
    return np.asarray(out, np.float32)


def _gated(cell: Cell, pattern: list[tuple[float, float]], rng: Rng) -> Signal:
    count = samples_of(cell.seconds)
    gate = np.concatenate([np.repeat([True, False], [samples_of(on), samples_of(off)]) for on, off in pattern])
    gate = np.resize(gate, count) if len(gate) < count else gate[:count]
    return (_tone(cell, cell.frequency_hz, count, rng) * gate_envelope(gate, 0.003, 0.004)).astype(np.float32)


def _alarm(cell: Cell, rng: Rng) -> Signal:
    pattern = [(on * cell.tempo, off * cell.tempo) for on, off in CADENCES[cell.name]]
    count = samples_of(cell.seconds)
    if cell.name == "hi_lo":
        half = pattern[0][0]
        frequency = np.where((np.arange(count) / SAMPLE_RATE / half).astype(int) % 2 == 0, 1.0, 1.3) * cell.frequency_hz
        return _tone(cell, frequency, count, rng)
    if cell.name == "whoop":
        on, off = pattern[0]
        phase = np.arange(count) / SAMPLE_RATE % (on + off)
        frequency = cell.frequency_hz * 2.4 ** np.minimum(1.0, phase / on)
        return (_tone(cell, frequency, count, rng) * gate_envelope(phase < on, 0.01, 0.01)).astype(np.float32)
    return _gated(cell, pattern, rng)


def _appliance(cell: Cell, rng: Rng) -> Signal:
    if cell.name == "kettle":
        count = samples_of(cell.seconds)
        rise = np.minimum(1.0, np.arange(count) / SAMPLE_RATE / 4.0)
        frequency = cell.frequency_hz * (0.85 + 0.15 * rise) * (1 + 0.01 * smooth_walk(rng, count, 3.0))
        hiss = coloured_noise(rng, count, 0.0) * np.float32(0.05)
        return np.asarray((_tone(cell, frequency, count, rng) + hiss) * rise**2, np.float32)
    on, off, beeps, between = APPLIANCES[cell.name]
    pattern = [(on * cell.tempo, off * cell.tempo)] * min(beeps, 60)
    if between:
        pattern[-1] = (on * cell.tempo, off * cell.tempo + between)
    return _gated(cell, pattern, rng)


def _babble(rng: Rng, count: int) -> Signal:
    """Noise with the spectrum and the slow modulation of many voices."""
    out = band_limited(coloured_noise(rng, count, -4.0), 120.0, 5000.0, 2)
    return np.asarray(out * (1 + 0.6 * smooth_walk(rng, count, 4.0)), np.float32)


_PATHS: dict[str, Callable[[Rng, Signal], Signal]] = {
    "dry": lambda rng, signal: signal,
    "room": lambda rng, signal: through_room(signal, room_response(rng), None),
    "next_room": lambda rng, signal: through_room(signal, room_response(rng, next_room=True), None),
    "low_4k": lambda rng, signal: band_limited(signal, 0.0, 4000.0),
    "low_5k5": lambda rng, signal: band_limited(signal, 0.0, 5512.0),
    "phone": lambda rng, signal: through_phone(signal),
    "gsm": lambda rng, signal: through_gsm(signal),
    "mp3": lambda rng, signal: through_mp3(signal),
    "vorbis": lambda rng, signal: through_vorbis(signal),
}


def render_cell(cell: Cell) -> NDArray[np.int16]:
    """PCM of a cell in whole blocks: half a second of silence (or of its noise), then the sound."""
    rng = np.random.default_rng(cell.seed)
    signal = _alarm(cell, rng) if cell.alarm else _appliance(cell, rng)
    signal = at_level(_PATHS[cell.path](rng, signal), -20)
    signal = np.concatenate([np.zeros(samples_of(LEAD_IN_SECONDS), np.float32), signal])
    if cell.noise != "none":
        count = len(signal)
        bed = (
            _babble(rng, count) if cell.noise == "babble" else coloured_noise(rng, count, -3.0 * (cell.noise == "pink"))
        )
        signal = signal + bed * np.float32(from_db(-20 - cell.snr_db) / loudest_second_rms(bed))
    signal = at_level(signal, cell.level_dbfs)
    signal = signal + coloured_noise(rng, len(signal), 0.0) * np.float32(from_db(-85))
    return whole_blocks(to_pcm(signal))


def whole_map() -> list[Cell]:
    """All cells, some seven thousand."""
    cells: list[Cell] = []
    pitches = [2400.0 + 25 * step for step in range(57)]
    low = [468.0 + 4 * step for step in range(27)]
    for waveform in WAVEFORMS[:-1]:
        for pitch in pitches:
            cells += [Cell("t3", "t3", True, pitch, waveform, 1.0, level) for level in (-10.0, -25.0, -40.0)]
            cells += [Cell("t3", "t3", True, pitch, waveform, tempo) for tempo in (0.9, 1.1)]
            every = PATHS[1:] if pitch % 100 == 0 else ("low_4k", "room")
            paths = [path for path in every if not (path in ("phone", "gsm") and pitch > 3300)]
            cells += [Cell("t3", "t3", True, pitch, waveform, 1.0, -20.0, path) for path in paths if pitch < 3800]
            if pitch % 100 == 0:
                for noise in ("white", "pink", "babble"):
                    cells += [
                        Cell("t3_noise", "t3", True, pitch, waveform, 1.0, -20.0, "dry", noise, snr)
                        for snr in (20.0, 10.0, 0.0)
                    ]
                cells += [Cell("t4", "t4", True, pitch, waveform, tempo) for tempo in (0.9, 0.95, 1.0, 1.05, 1.1)]
                cells += [
                    Cell("t4", "t4", True, pitch, waveform, 1.0, -30.0, path) for path in ("room", "low_5k5", "mp3")
                ]
                for name in CADENCES:
                    if name not in ("t3", "t4", "whoop") and not (name == "hi_lo" and pitch > 3300):
                        cells += [Cell("other", name, True, pitch, waveform, 1.0, level) for level in (-15.0, -35.0)]
                        cells.append(Cell("other", name, True, pitch, waveform, 1.0, -20.0, "room"))
    for pitch in low:
        for tempo in (0.9, 1.0, 1.1):
            cells += [Cell("520", "t3", True, pitch, "square", tempo, level) for level in (-15.0, -35.0)]
        cells += [
            Cell("520", "t3", True, pitch, "square", 1.0, -20.0, path) for path in PATHS[1:] if path not in ("gsm",)
        ]
        cells += [Cell("520_t4", "t4", True, pitch, "square", tempo) for tempo in (0.9, 1.0, 1.1)]
    for pitch in range(450, 1000, 50):
        cells += [Cell("other", "whoop", True, float(pitch), wave, 1.0, -20.0) for wave in ("sine", "piezo", "square")]
    for pitch in [1800.0 + 100 * step for step in range(25)]:
        for name in APPLIANCES:
            for waveform in ("sine", "piezo"):
                cells.append(Cell("appliances", name, False, pitch, waveform, 1.0, -20.0, "dry", seconds=20.0))
                cells.append(Cell("appliances", name, False, pitch, waveform, 1.0, -30.0, "room", seconds=20.0))
            cells += [Cell("appliances", name, False, pitch, "piezo", tempo, seconds=20.0) for tempo in (0.9, 1.1)]
    return cells


def every_nth(every: int) -> list[Cell]:
    """One in n cells of each part and name, drawn by a seed; at least one of each. 1 is the whole map.

    Not each n-th: tempos, paths and levels follow each other in turn, and a step would meet the same ones each time.
    """
    parts: dict[tuple[str, str], list[Cell]] = {}
    for cell in whole_map():
        parts.setdefault((cell.part, cell.name), []).append(cell)
    chosen: list[Cell] = []
    for key, group in parts.items():
        order = np.random.default_rng(zlib.crc32(repr(key).encode())).permutation(len(group))
        chosen += [group[index] for index in sorted(order[: max(1, len(group) // every)])]
    return chosen
