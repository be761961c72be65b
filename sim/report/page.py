"""One self-contained HTML page about one run: no network, no scripts, light and dark, readable on a phone.

What it draws is what the firmware itself computed (PCM, features, probabilities) and what the engine counted (cycles).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emberwatch.audio import SAMPLE_RATE
from emberwatch.base.extras import load
from emberwatch.base.output import write_file
from emberwatch.base.paths import project_root
from emberwatch.base.picture import heat_map
from emberwatch.base.units import BLOCK_SECONDS
from emberwatch.detector.log import DetectorLog
from emberwatch.detector.result import RunResult
from emberwatch.detector.taps import FeatureCapture, PcmCapture
from emberwatch.engines.base import Capability
from emberwatch.inspect import budgets
from emberwatch.machine.machine import Machine
from emberwatch.program.elf import SRAM_SIZE
from emberwatch.program.firmware_image import measure
from emberwatch.steps.console import console_text

_WIDTH, _HEIGHT = 1000, 120
"""Units of the plots' own coordinates; the page scales them to its width."""
_MAX_COLUMNS = 1000
_CONSOLE_LINES = 400


@dataclass(frozen=True)
class Bar:
    """A measured figure beside its budget."""

    name: str
    text: str
    percent: float
    over: bool


class RunRecorder:
    """Captures what the report shows; create it before the machine runs.

    Args:
        machine: the machine about to run.
        pcm: a capture that exists already, to share it.

    Raises:
        MissingDependencyError: Pillow is not installed: said before the run, not after it.
    """

    def __init__(self, machine: Machine, pcm: PcmCapture | None = None) -> None:
        load("PIL.Image", "the page of a run")
        symbols = machine.image.symbols
        self.machine = machine
        self._detector = DetectorLog(machine)
        taps = Capability.BREAKPOINTS in machine.engine.capabilities
        self.pcm = pcm or (PcmCapture(machine) if taps and "pdm_decimate" in symbols else None)
        self.features = FeatureCapture(machine) if taps and "features_compute" in symbols else None

    def write(self, path: Path, title: str = "") -> None:
        """Write the page.

        Raises:
            UsageError: the file cannot be written.
        """
        write_file(path, self.render(title), "--report")

    def render(self, title: str = "") -> str:
        """Return the page's HTML."""
        from jinja2 import Environment, PackageLoader, select_autoescape

        machine = self.machine
        result = RunResult.of(machine, self._detector.log)
        environment = Environment(
            loader=PackageLoader("emberwatch.report"), autoescape=select_autoescape(default=True), trim_blocks=True
        )
        # All plots share one time axis: power-on to the end of the run.
        span = max(result.seconds, BLOCK_SECONDS)
        start = result.windows[0][0] - BLOCK_SECONDS if result.windows else 0.0
        memory, sections = _memory_bars(machine)
        console = [(line[:10], line[12:]) for line in console_text(machine).splitlines()]
        return environment.get_template("run.html.j2").render(
            title=title or machine.image.path.name,
            firmware=machine.image.path.name,
            board=machine.board.name,
            result=result,
            span=span,
            width=_WIDTH,
            height=_HEIGHT,
            ticks=_ticks(span),
            waveform=_envelope(self.pcm.samples if self.pcm else np.zeros(0, np.int16), start, span),
            spectrogram=_spectrogram(self.features.frames if self.features else np.zeros((0, 1), np.int8)),
            spectrogram_box=_box(self.features, start, span),
            probability=_steps(result, span),
            alarms=_alarm_spans(result, span),
            load_percent=100.0 * result.busy_cycles / result.total_cycles if result.total_cycles else 0.0,
            cycles=_cycle_bars(result),
            memory=memory,
            sections=sections,
            detector=self._detector.log.banner is not None,
            displays=_displays(machine),
            console=console[-_CONSOLE_LINES:],
            console_dropped=max(0, len(console) - _CONSOLE_LINES),
        )


def _displays(machine: Machine) -> list[tuple[str, str]]:
    """Name and picture, a PNG data URL, of each device that shows one."""
    shown = ((name, getattr(device, "png", None)) for name, device in machine.devices.items())
    return [
        (name, "data:image/png;base64," + base64.b64encode(png(2)).decode()) for name, png in shown if png is not None
    ]


def _x(t_s: float, span: float) -> float:
    return round(min(max(t_s / span, 0.0), 1.0) * _WIDTH, 1)


def _ticks(span: float) -> list[tuple[float, str]]:
    """About six round times along the axis."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1e9) if span / s <= 7)
    return [(_x(i * step, span), f"{i * step:g} s") for i in range(int(span / step) + 1)]


def _envelope(samples: npt.NDArray[np.int16], start: float, span: float) -> str:
    """Outline of the waveform as SVG points: maxima left to right, minima back."""
    if len(samples) == 0:
        return ""
    columns = min(_MAX_COLUMNS, len(samples))
    parts = np.array_split(samples.astype(np.float64) / 32768.0, columns)
    seconds = len(samples) / SAMPLE_RATE
    xs = [_x(start + seconds * (i + 0.5) / columns, span) for i in range(columns)]
    middle = _HEIGHT / 2
    upper = [f"{x},{middle - middle * part.max():.1f}" for x, part in zip(xs, parts, strict=True)]
    lower = [f"{x},{middle - middle * part.min():.1f}" for x, part in zip(xs, parts, strict=True)]
    return " ".join(upper + lower[::-1])


def _spectrogram(frames: npt.NDArray[np.int8]) -> str:
    """The feature frames as a PNG data URL, low bands at the bottom."""
    return heat_map((frames.T[::-1].astype(np.int16) + 128).astype(np.uint8), _MAX_COLUMNS) if len(frames) else ""


def _box(features: FeatureCapture | None, start: float, span: float) -> tuple[float, float]:
    """Left edge and width of the spectrogram on the time axis."""
    if features is None or len(features.frames) == 0:
        return 0.0, 0.0
    left, right = _x(start, span), _x(start + len(features.frames) * BLOCK_SECONDS / 4, span)
    return left, right - left


def _steps(result: RunResult, span: float) -> str:
    """Probability over time as SVG points, one step per window."""
    points = []
    for t, probability in result.windows:
        y = round(_HEIGHT - probability * _HEIGHT, 1)
        points += [f"{_x(t - BLOCK_SECONDS, span)},{y}", f"{_x(t, span)},{y}"]
    return " ".join(points)


def _alarm_spans(result: RunResult, span: float) -> list[tuple[float, float, str]]:
    """Left edge, width and kind of each time that the alarm was on."""
    spans = []
    began: float | None = None
    kind = ""
    for event in result.events:
        if event.state == "on":
            began, kind = event.t_s, event.kind or ""
        elif event.state == "kind":
            kind = event.kind or kind
        elif event.state == "off" and began is not None:
            spans.append((_x(began, span), _x(event.t_s, span) - _x(began, span), kind))
            began = None
    if began is not None:
        spans.append((_x(began, span), _WIDTH - _x(began, span), kind))
    return spans


def _cycle_limits() -> dict[str, int]:
    path = project_root() / "robot" / "budgets.toml"
    return budgets.load(path).limits["cycles"] if path.is_file() else {}


def _cycle_bars(result: RunResult) -> list[Bar]:
    limits = _cycle_limits()
    largest = max((f.max for f in result.functions.values()), default=1) or 1
    bars = []
    for name, function in result.functions.items():
        budget = limits.get(name)
        text = f"{function.calls:,} calls, mean {function.mean:,.0f}, max {function.max:,}"
        if budget:
            text += f" of {budget:,}"
        percent = 100.0 * function.max / (budget or largest)
        bars.append(Bar(name, text, min(percent, 100.0), budget is not None and function.max > budget))
    return bars


def _memory_bars(machine: Machine) -> tuple[list[Bar], list[Bar]]:
    """What of the memories is used, and the ten largest sections; both empty when the firmware is no ELF."""
    path = machine.image.path
    with path.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return [], []
    sizes = measure(path)
    memory = [
        Bar(name, f"{used:,} of {total:,} bytes", 100.0 * used / total, used > total)
        for name, used, total in (("flash", sizes.flash, machine.board.flash.size), ("SRAM", sizes.ram, SRAM_SIZE))
    ]
    largest = max(sizes.sections.values(), default=1)
    sections = [
        Bar(name, f"{size:,} bytes", 100.0 * size / largest, False)
        for name, size in sorted(sizes.sections.items(), key=lambda item: -item[1])[:10]
    ]
    return memory, sections
