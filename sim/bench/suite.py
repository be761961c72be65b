"""Everything that `emberwatch bench` measures, as rows with the bar, the aim and the original tutorial's figure."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from emberwatch.audio import generate
from emberwatch.audio.scenario import Clip, Scenario
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.output import write_file
from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL, models_folder
from emberwatch.bench.instructions import instructions_per_cycle
from emberwatch.bench.speed import measure_speed
from emberwatch.detector.machine import DetectorMachine
from emberwatch.program.firmware_image import measure
from emberwatch.training.evaluate.cells import every_nth
from emberwatch.training.evaluate.map import map_figures, run_map
from emberwatch.training.model.events import EventParameters

CYCLE_SECONDS = 4.0


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes:
        what: what was measured.
        value: None when it could not be measured; `note` says why.
        unit: of value, bar, aim and original.
        bar: what has to be met.
        aim: what we want.
        original: the tutorial firmware's figure, or a peer's.
        lower_is_better: direction of bar and aim.
        note: where the figure comes from.
    """

    what: str
    value: float | None
    unit: str
    bar: float | None = None
    aim: float | None = None
    original: float | None = None
    lower_is_better: bool = True
    note: str = ""

    @property
    def meets_bar(self) -> bool | None:
        """Whether the bar is met; None without a bar or a value."""
        if self.value is None or self.bar is None:
            return None
        return self.value <= self.bar if self.lower_is_better else self.value >= self.bar


def run_bench(elf: Path, say: Callable[[str], None], whole_map: bool = True) -> Iterator[Row]:
    """Yield the rows as they are measured; `say` hears what is going on. The map takes longest and comes last."""
    say("engine speed")
    yield from _speed(elf)
    say("cycles of the shipped firmware")
    yield from _stages(elf)
    say("CMSIS-DSP on the same core")
    yield from _cmsis()
    say("public networks")
    yield from _networks()
    if whole_map:
        yield from _map(say)


def _speed(elf: Path) -> Iterator[Row]:
    speed = measure_speed(elf)
    yield Row("shipped firmware, microphone on", speed.real_time_factor, "x real time", 3, 6, lower_is_better=False)
    for what, ratio, bar, aim in (
        ("beside rp2040js, its PIO stepped every cycle", speed.peer_ratio, 20, 40),
        ("beside rp2040js, asleep eight cycles at a time", speed.peer_ratio_asleep, None, None),
    ):
        yield Row(what, ratio, "x as fast", bar, aim, lower_is_better=False, note=speed.peer_note)
    counted, note = instructions_per_cycle(elf)
    yield Row("host instructions, microphone on", counted, "per emulated cycle", note=note)
    yield Row("compute loop in SRAM", speed.mips_sram, "MIPS", 150, 400, lower_is_better=False)
    for name, ratio, note in (
        ("rp2040py", speed.loop_ratio, speed.loop_note),
        ("Bramble", speed.bramble_ratio, speed.bramble_note),
    ):
        yield Row(f"compute loop beside {name}", ratio, "x as fast", lower_is_better=False, note=note)
    yield Row("compute loop on both cores", speed.pair_slowdown, "x the time of one", aim=4)
    yield Row("compute loop in flash", speed.mips_flash, "MIPS", lower_is_better=False)


def _stages(elf: Path) -> Iterator[Row]:
    with DetectorMachine(elf, Scenario([Clip(generate("t3"), seconds=CYCLE_SECONDS)])) as machine:
        machine.run(CYCLE_SECONDS)
        functions = machine.result().functions
    for what, name, bar, aim, original in (
        ("PDM to PCM, 512 samples", "pdm_decimate", 130_000, 80_000, 379_142),
        ("one spectrum with features", "features_compute", 40_000, 26_000, 78_705),
        ("network, per 32 ms", "model_stream_push", None, None, 3_149_330),
        ("whole 32 ms loop, mean", "app_process_block", 500_000, 300_000, 3_850_000),
    ):
        if name in functions:
            yield Row(what, functions[name].mean, "cycles", bar, aim, original, note=name)
    sizes = measure(elf)
    yield Row("flash of the shipped firmware", sizes.flash, "bytes", 65_536, 32_768, 375_548)
    yield Row("RAM of the shipped firmware", sizes.ram, "bytes", 49_152, 24_576, 196_636)


def _cmsis() -> Iterator[Row]:
    from emberwatch.bench.dsp import figures

    try:
        for figure in figures():
            yield Row(f"{figure.what}, code in SRAM", figure.cycles, "cycles", note=f"{figure.bytes} bytes")
    except EmberwatchError as error:
        yield Row("CMSIS-DSP", None, "cycles", note=str(error))


def _networks() -> Iterator[Row]:
    from emberwatch.bench.network import measure_network
    from emberwatch.training.compiler.compiler import compile_model

    folder = models_folder()
    for name, bar, aim, original, per_mac in (
        ("tutorial_fire_alarm", 600_000, 375_000, 3_149_330, False),
        ("mlperf_tiny_kws", 7, 4.5, None, True),
    ):
        unit = "cycles/MAC" if per_mac else "cycles"
        if folder is None:
            yield Row(f"{name}.tflite", None, unit, bar, aim, original, note="no models folder; set EMBERWATCH_MODELS")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            compiled = compile_model(folder / f"{name}.tflite", Path(scratch), "bench_model")
            measured = measure_network(compiled, Path(scratch) / "build")
        value = measured.total / compiled.macs if per_mac else measured.total
        note = f"{measured.total} cycles, {compiled.macs} MAC, equal to host: {'yes' if measured.equal else 'NO'}"
        yield Row(f"{name}.tflite, one inference", value, unit, bar, aim, original, note=note)


_MAP_BARS = (
    ("T3 over the map, pure tones and band limits included", "t3", 0.99),
    ("520 Hz square wave, T3", "520", 0.99),
    ("T4, tempo 10 % up and down", "t4", 0.98),
    ("T3 in noise of 20, 10 and 0 dB", "t3_noise", 0.95),
    ("continuous, pulsed, hi-lo, whoop", "other", None),
)


def _map(say: Callable[[str], None]) -> Iterator[Row]:
    """Shares of the whole map, as `emberwatch evaluate --map` has them: some 8,400 sounds, minutes on all cores."""
    parameters, cells = EventParameters.load(RELEASED_DETECTOR), every_nth(1)

    def told(done: int, total: int) -> None:
        say(f"the synthetic map, {done} of {total} cells")

    told(0, len(cells))
    figures = map_figures(run_map(RELEASED_MODEL, parameters, cells, os.cpu_count() or 1, told))
    parts = {row["name"]: row for row in figures["parts"]}
    for what, name, bar in _MAP_BARS:
        row = parts[name]
        note = f"{row['in_time']} of {row['trials']} in time"
        yield Row(what, 100 * row["share"], "%", bar and 100 * bar, lower_is_better=False, note=note)
    raised = sum(row["raised"] for row in figures["cadences"])
    named = sum(row["kind_right"] for row in figures["cadences"])
    yield Row("kind right", 100 * named / raised, "%", 95, lower_is_better=False, note=f"{named} of {raised} alarms")
    row = parts["appliances"]
    yield Row("appliances that raise an alarm", 100 * row["share"], "%", 2, note=f"{row['raised']} of {row['trials']}")


def save(rows: list[Row], folder: Path) -> tuple[Path, Path]:
    """Write bench.json and append one line to bench-history.jsonl in `folder`; return both paths."""
    record = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "rows": [asdict(row) | {"meets_bar": row.meets_bar} for row in rows],
    }
    latest, history = folder / "bench.json", folder / "bench-history.jsonl"
    write_file(latest, json.dumps(record, indent=2) + "\n")
    with history.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")
    return latest, history
