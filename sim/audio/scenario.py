"""What a microphone hears: sounds with gains on one time line, from Python or from a TOML file.

Python::

    scenario = Scenario([Clip(t3(3100), at_s=2.0, level_dbfs=-20), Clip(PinkNoise(seed=1), level_dbfs=-40)],
                        seconds=12)

TOML (see docs of `load`)::

    duration_s = 12.0
    seed = 1

    [[sound]]
    generate = "t3"
    frequency_hz = 3100
    at_s = 2.0
    level_dbfs = -20.0

    [[sound]]
    file = "kitchen.wav"      # relative to the TOML file
    gain_db = -6.0
    loop = true
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

from emberwatch.audio import files, sounds
from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.audio.sounds import Recording, Sound
from emberwatch.base import toml
from emberwatch.base.errors import ScenarioError
from emberwatch.base.lazy import np, npt

FULL_SCALE = 1 << 23
"""Integer that stands for full scale in rendered samples (Q23)."""

MAX_LENGTH_S = 1e6
"""Length of a scenario whose last sound has no end."""
_LEVEL_SECONDS = 10


def quantise(samples: npt.ArrayLike) -> npt.NDArray[np.int32]:
    """Samples as the microphone takes them, Q23; what is beyond full scale stays there for the modulator to limit."""
    scaled = np.round(np.asarray(samples, dtype=np.float64) * FULL_SCALE)
    limits = np.iinfo(np.int32)
    return np.clip(scaled, limits.min, limits.max).astype(np.int32)


@dataclass(frozen=True)
class Clip:
    """One sound on the time line.

    Args:
        sound: what sounds.
        at_s: start on the time line, seconds, not negative.
        gain_db: gain, decibels; excludes `level_dbfs`.
        level_dbfs: RMS that the sound's loudest second gets, decibels relative to full scale (a full-scale sine
            has -3.01); generated sounds are measured over their first ten seconds.
        offset_s: part of the sound's beginning to leave out.
        seconds: length; None plays to the sound's end, or to the scenario's end when it has none.
        loop: start again at the sound's end; needs `seconds` or a scenario with a set length to stop.
    """

    sound: Sound
    at_s: float = 0.0
    gain_db: float = 0.0
    level_dbfs: float | None = None
    offset_s: float = 0.0
    seconds: float | None = None
    loop: bool = False
    _gain: float = field(init=False, repr=False, default=1.0)

    def __post_init__(self) -> None:
        for name, value in (("at_s", self.at_s), ("offset_s", self.offset_s)):
            if not (math.isfinite(value) and value >= 0):
                raise ScenarioError(f"{name} = {value:g} must be zero or a positive number of seconds")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ScenarioError(f"duration_s = {self.seconds:g} must be a positive number of seconds")
        for name, level in (("gain_db", self.gain_db), ("level_dbfs", self.level_dbfs)):
            if level is not None and not -200.0 <= level <= 60.0:
                raise ScenarioError(f"{name} = {level:g} is outside -200..60 dB")
        gain = 10.0 ** (self.gain_db / 20.0)
        if self.level_dbfs is not None:
            if self.gain_db != 0.0:
                raise ScenarioError("gain_db and level_dbfs exclude each other; give one of them")
            rms = files.loudest_second_rms(self._to_measure())
            if rms == 0.0:
                raise ScenarioError(f"level_dbfs = {self.level_dbfs:g} cannot be reached: the sound is all silence")
            gain = 10.0 ** (self.level_dbfs / 20.0) / rms
        object.__setattr__(self, "_gain", gain)

    def _to_measure(self) -> npt.ArrayLike:
        if isinstance(self.sound, Recording):
            return self.sound.samples  # as they are: reading hours of them would copy them
        length = self.sound.length
        return self.sound.read(0, _LEVEL_SECONDS * SAMPLE_RATE if length is None else length)

    @property
    def start(self) -> int:
        """First sample on the time line."""
        return round(self.at_s * SAMPLE_RATE)

    @property
    def end(self) -> int | None:
        """Sample after the last, or None when the clip has no end of its own."""
        if self.seconds is not None:
            return self.start + round(self.seconds * SAMPLE_RATE)
        if self.loop or self.sound.length is None:
            return None
        return self.start + max(0, self.sound.length - round(self.offset_s * SAMPLE_RATE))

    def mix_into(self, out: npt.NDArray[np.float64], start: int) -> None:
        """Adds the part that falls on time-line samples ``start .. start + len(out) - 1``."""
        first = max(start, self.start)
        last = start + len(out) if self.end is None else min(start + len(out), self.end)
        offset = round(self.offset_s * SAMPLE_RATE)
        while first < last:
            position = first - self.start + offset
            count = last - first
            if self.loop and self.sound.length is not None:
                position = offset + (first - self.start) % max(1, self.sound.length - offset)
                count = min(count, self.sound.length - position)
            out[first - start : first - start + count] += self._gain * self.sound.read(position, count)
            first += count


class Scenario:
    """Sounds on one time line. Time zero is power-on of the chip.

    Args:
        clips: the sounds; they add up.
        seconds: length; None ends with the last clip that has an end.
        steps: what else a scenario file asks for, as it is written there; `emberwatch.steps` takes them.

    Attributes:
        origin: the file that it was read from, or None.
    """

    origin: Path | None = None

    def __init__(
        self, clips: Sequence[Clip] = (), seconds: float | None = None, steps: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        self.steps = tuple(steps)
        if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
            raise ScenarioError(f"duration_s = {seconds:g} must be a positive number of seconds")
        self.clips = tuple(clips)
        if seconds is None:
            ends = [clip.end for clip in self.clips if clip.end is not None]
            if self.clips and not ends:
                raise ScenarioError("the scenario has no end; set duration_s for it or for one of its sounds")
            self.seconds = max(ends, default=0) / SAMPLE_RATE
        else:
            self.seconds = float(seconds)

    def __repr__(self) -> str:
        return f"<Scenario {self.seconds:.3f} s, {len(self.clips)} sounds>"

    def with_clip(self, clip: Clip) -> Scenario:
        """The same with one sound more; it lasts at least to the end of that sound, if it has one."""
        end = self.seconds if clip.end is None else max(self.seconds, clip.end / SAMPLE_RATE)
        more = Scenario([*self.clips, clip], end if clip.end is not None else MAX_LENGTH_S, self.steps)
        more.origin = self.origin
        return more

    @property
    def files(self) -> tuple[Path, ...]:
        """The sound files that it was read from."""
        sounds = (clip.sound for clip in self.clips)
        return tuple(sound.path for sound in sounds if isinstance(sound, Recording) and sound.path is not None)

    def mix(self, start: int, count: int) -> npt.NDArray[np.float64]:
        """Samples ``start .. start + count - 1``, 1.0 = full scale, not limited; silence outside the scenario."""
        out = np.zeros(count)
        inside = max(0, min(count, round(self.seconds * SAMPLE_RATE) - start))
        for clip in self.clips:
            clip.mix_into(out[:inside], start)
        return out

    def render(self, start: int, count: int) -> npt.NDArray[np.int32]:
        """As `mix`, in the integers of `quantise`."""
        return quantise(self.mix(start, count))

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        *,
        lead_in_s: float = 0.0,
        tail_s: float = 0.0,
        gain_db: float = 0.0,
        level_dbfs: float | None = None,
    ) -> Scenario:
        """A sound file between stretches of silence."""
        sound = Recording(files.load(path), Path(path))
        clip = Clip(sound, at_s=lead_in_s, gain_db=gain_db, level_dbfs=level_dbfs)
        assert clip.end is not None
        return cls([clip], clip.end / SAMPLE_RATE + tail_s)

    @classmethod
    def silence(cls, seconds: float) -> Scenario:
        """Nothing to hear."""
        return cls([], seconds)


GENERATORS: dict[str, Callable[..., Sound]] = {
    "t3": sounds.t3,
    "t4": sounds.t4,
    "pulsed": sounds.pulsed,
    "continuous": sounds.continuous,
    "tone": sounds.Tone,
    "sweep": sounds.Sweep,
    "white_noise": sounds.WhiteNoise,
    "pink_noise": sounds.PinkNoise,
    "clicks": sounds.Clicks,
    "speechlike": sounds.Speechlike,
    "silence": sounds.Silence,
}
"""Sounds that ``generate = "..."`` accepts; their parameters are the keywords of these callables."""


MOST_SECONDS = 1e6
"""Longest time line, as long as the longest run."""


@dataclass(frozen=True)
class SoundKeys:
    """The keys of a [[sound]] besides what sounds."""

    at_s: Annotated[float, toml.Between(0, MOST_SECONDS)] = 0.0
    gain_db: Annotated[float, toml.Between(-200, 200)] = 0.0
    level_dbfs: Annotated[float | None, toml.Between(-200, 100)] = None
    offset_s: Annotated[float, toml.Between(0, MOST_SECONDS)] = 0.0
    duration_s: Annotated[float | None, toml.Between(0, MOST_SECONDS)] = None
    loop: bool = False


@dataclass(frozen=True)
class ScenarioKeys:
    """The keys at the top of a scenario."""

    duration_s: Annotated[float | None, toml.Between(0, MOST_SECONDS)] = None
    seed: Annotated[int, toml.Between(0, 2**62)] = 0
    sound: Annotated[tuple[dict[str, Any], ...], toml.Written("[[sound]] tables")] = ()
    step: Annotated[tuple[dict[str, Any], ...], toml.Written("[[step]] tables")] = ()


def generate(name: str, **parameters: Any) -> Sound:
    """Makes a sound of `GENERATORS` by name.

    Raises:
        ScenarioError: unknown name or parameter, or a value out of range.
    """
    if name not in GENERATORS:
        raise ScenarioError(f"generate = {name!r} is not known{toml.suggest(name, GENERATORS)}")
    factory = GENERATORS[name]
    accepted = inspect.signature(factory).parameters
    for key, value in parameters.items():
        if key not in accepted:
            known = ", ".join(accepted) or "none"
            raise ScenarioError(f"{name} has no parameter {key!r}; it takes: {known}")
        parameters[key] = toml.convert(type(accepted[key].default), value, key, ScenarioError)
    return factory(**parameters)


def load(path: str | Path) -> Scenario:
    """Reads a scenario from TOML.

    Keys at the top: ``duration_s`` (seconds; needed when no sound ends by itself) and ``seed`` (default 0; noise
    number i gets seed + i unless it has its own). Each ``[[sound]]`` has either ``file`` or ``generate`` with the
    generator's own parameters, and optionally ``at_s``, ``duration_s``, ``offset_s``, ``loop``, ``gain_db`` or
    ``level_dbfs``. Each ``[[step]]`` is kept for `emberwatch.steps`.

    Raises:
        ScenarioError: malformed TOML, unknown keys, wrong types or values out of range.
        AudioError: a sound file that cannot be used.
    """
    path = Path(path)
    table = toml.read(ScenarioKeys, path, "scenario", ScenarioError)
    try:
        found = _scenario(table, path.parent)
        found.origin = path
        return found
    except ScenarioError as error:
        raise toml.located(error, path, "scenario") from None


def _scenario(table: ScenarioKeys, folder: Path) -> Scenario:
    clips = []
    for number, sound in enumerate(table.sound):
        try:
            clips.append(_clip(sound, folder, table.seed + number))
        except ScenarioError as error:
            key = f"sound[{number}].{error.key}".rstrip(".")
            raise toml.about(key, ScenarioError(f"sound {number + 1}: {error}")) from None
    seconds = table.duration_s
    for number, clip in enumerate(clips):
        if seconds is not None and clip.at_s >= seconds:
            raise ScenarioError(
                f"sound {number + 1}: at_s = {clip.at_s:g} is not before the scenario's end, duration_s = {seconds:g}"
            )
    if not clips and seconds is None and not table.step:
        raise ScenarioError("it holds no [[sound]], no [[step]] and no duration_s; add at least one")
    return Scenario(clips, seconds, table.step)


def _clip(table: dict[str, Any], folder: Path, seed: int) -> Clip:
    if ("file" in table) == ("generate" in table):
        raise ScenarioError("give either file or generate")
    names = [field.name for field in fields(SoundKeys)]
    options = toml.parse(SoundKeys, {key: table[key] for key in names if key in table}, ScenarioError)
    rest = {key: value for key, value in table.items() if key not in names and key not in ("file", "generate")}
    sound: Sound
    if "file" in table:
        for key in rest:
            raise ScenarioError(f"unknown key {key!r}{toml.suggest(key, ('file', *names))}")
        path = folder / toml.convert(str, table["file"], "file", ScenarioError)
        sound = Recording(files.load(path), path)
    else:
        name = toml.convert(str, table["generate"], "generate", ScenarioError)
        if name in GENERATORS and "seed" in inspect.signature(GENERATORS[name]).parameters:
            rest.setdefault("seed", seed)
        sound = generate(name, **rest)
    if sound.length is not None and round(options.offset_s * SAMPLE_RATE) >= sound.length:
        lasts = f"{sound.length / SAMPLE_RATE:.3f} s"
        raise ScenarioError(f"offset_s = {options.offset_s:g} leaves nothing of {table['file']}, which lasts {lasts}")
    return Clip(
        sound, options.at_s, options.gain_db, options.level_dbfs, options.offset_s, options.duration_s, options.loop
    )
