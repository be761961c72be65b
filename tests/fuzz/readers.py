"""Fuzzing of what reads a user's files: each is taken, or refused in one line by an error of ours."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from paths import ROOT

from emberwatch.audio import files, scenario
from emberwatch.audio.manifest import read_table
from emberwatch.base.errors import AudioError, EmberwatchError
from emberwatch.base.text import printable_lines
from emberwatch.board.board import load_board
from emberwatch.inspect.budgets import load as load_budgets
from emberwatch.program.debuginfo import DebugInfo
from emberwatch.program.elf import load_image
from emberwatch.report.summary import Summary
from emberwatch.steps import wokwi
from emberwatch.training.model.events import EventParameters


@contextlib.contextmanager
def file_of(data: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


def taken_or_refused(read: Callable[[], object]) -> None:
    try:
        read()
    except EmberwatchError as error:
        message = str(error)
        assert "\n" not in message and len(message) < 2000, message


def toml_file(data: bytes) -> None:
    """As a scenario, a board, detector parameters and budgets; a scenario that is taken can be heard."""
    with file_of(data[:65536], "file.toml") as path:
        with contextlib.suppress(EmberwatchError):
            scenario.load(path).render(0, 1600)
        for read in (scenario.load, load_board, EventParameters.load, load_budgets):
            taken_or_refused(functools.partial(read, path))


def sound_file(data: bytes) -> None:
    """What is taken is finite and not longer than a day; no header makes us take memory that no sample fills."""
    with file_of(data[: 1 << 20], "sound") as path, contextlib.redirect_stderr(io.StringIO()):
        try:
            samples = files.load(path)
        except AudioError as error:
            assert "\n" not in str(error)
            return
    assert np.all(np.isfinite(samples)) and 0 < len(samples) <= files.MOST_SECONDS * files.SAMPLE_RATE


def manifest(data: bytes) -> None:
    """Rows have one of two labels and a name, or the file is refused."""
    with file_of(data[:65536], "manifest.csv") as path:
        taken_or_refused(lambda: [row for row in read_table(path, AudioError) if row.label not in ("alarm", "other")])


def robot_xml(data: bytes) -> None:
    """A Robot run's output.xml: summed up in text that steers no terminal, or refused."""
    with file_of(data[: 1 << 20], "output.xml") as path:

        def read() -> None:
            text = Summary.read(path).render()
            assert printable_lines(text) == text

        taken_or_refused(read)


def wokwi_yaml(data: bytes) -> None:
    """A scenario of Wokwi's CI: its steps are all checked when it is read."""
    with file_of(data[:65536], "scenario.yaml") as path:
        taken_or_refused(lambda: wokwi.load(path, None, 1.0))


def dwarf(data: bytes) -> None:
    """Any ELF: its lines and frames can be asked for anywhere."""
    with file_of(data, "firmware.elf") as path:
        with contextlib.suppress(EmberwatchError):
            load_image(path)
        info = DebugInfo(path)
    for address in (0, 0x1000_0100, 0x1000_0234, 0x2000_0000, 0x2000_2000, 0xFFFF_FFFF):
        info.line(address)
        info.frame_rule(address)


def _sounds() -> list[bytes]:
    noise = np.random.default_rng(1).standard_normal((2000, 2)).astype(np.float32) * 0.1
    made = []
    for container, subtype in (
        ("WAV", "PCM_16"),
        ("FLAC", "PCM_24"),
        ("OGG", "VORBIS"),
        ("AIFF", "PCM_16"),
        ("WAV", "FLOAT"),
    ):
        stream = io.BytesIO()
        soundfile.write(stream, noise, 22050, format=container, subtype=subtype)
        made.append(stream.getvalue())
    return made


def _programs() -> list[bytes]:
    """Small programs with debug information: the whole firmware would make a mutation rarely hit it."""
    import subprocess

    source = (
        "static int f(int n) { int s = 0; for (int i = 0; i < n; i++) s += i; return s; } void _start(void) { f(9); }"
    )
    compiled = []
    for flags in (["-gdwarf-4"], ["-gdwarf-5", "-gz"], ["-gdwarf-5", "-O2"]):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "a.elf"
            command = [
                "arm-none-eabi-gcc",
                "-mcpu=cortex-m0plus",
                "-mthumb",
                "-nostdlib",
                "-Wl,-Ttext=0x20000100,-e,_start",
            ]
            done = subprocess.run(
                [*command, *flags, "-x", "c", "-", "-o", str(out)], input=source.encode(), check=False
            )
            if done.returncode == 0:
                compiled.append(out.read_bytes())
    return compiled or [b"\x7fELF"]


def _tomls() -> list[bytes]:
    boards = sorted((ROOT / "platforms" / "boards").glob("*.toml"))
    own = [
        ROOT / "robot" / "budgets.toml",
        ROOT / "robot" / "budget_scenario.toml",
        ROOT / "training/released/detector.toml",
    ]
    found = [path.read_bytes() for path in [*boards, *own] if path.is_file()]
    return [
        *found,
        b'duration_s = 2\n[[sound]]\ngenerate = "pulsed"\nat_s = 0.1\non_s = 0.1\n[[sound]]\ngenerate = "clicks"\n',
    ]


_ROBOT = b"""<?xml version="1.0" encoding="UTF-8"?>
<robot generator="Robot 7.3" generated="2026-01-01T12:00:00.000000" rpa="false" schemaversion="5">
<suite id="s1" name="Quiet" source="quiet.robot"><test id="s1-t1" name="Kettle" line="5"><kw name="Log">
<msg time="2026-01-01T12:00:00.100000" level="INFO">METRIC</msg><status status="PASS" start="2026-01-01T12:00:00.1" \
elapsed="0.1"/></kw><status status="FAIL" start="2026-01-01T12:00:00.1" elapsed="0.2">It sang.</status></test>
<test id="s1-t2" name="Bell" line="9"><status status="SKIP" start="2026-01-01T12:00:01" elapsed="0">No bell.</status>
</test><status status="FAIL" start="2026-01-01T12:00:00" elapsed="1.5"/></suite><statistics/><errors/></robot>
"""
_METRICS = (
    b'{"kind": "cycles", "test": "a", "function": "f", "mean": 3.5, "max": 4, "budget": 5}',
    b'{"kind": "detection", "test": "a", "expected": "alarm", "alarm": true, "t_s": 2.5}',
    b'{"kind": "speed", "test": "a", "real_time_factor": 9.5, "seconds": 60}',
    b'{"kind": "memory", "test": "a", "memory": "flash", "used": 29000, "budget": 32768}',
    b'{"kind": "load", "test": "a", "percent": 7.5}',
    b'{"kind": "clock", "test": "a", "slowest_hz": 24000000}',
)
_YAML = b"""name: blink
version: 1
steps:
  - delay: 100ms
  - wait-serial: {text: ready, timeout: 2s}
  - write-serial: [104, 105, 10]
  - write-serial: "go\n"
  - set-control: {part-id: btn1, control: pressed, value: 1}
  - expect-pin: {part-id: pico, pin: GP5, value: 0}
  - wait-pin: {part-id: pico, pin: GP5, value: 1, timeout: 1s}
  - take-screenshot: {part-id: oled1, save-to: a.png}
"""

SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "toml_file": _tomls,
    "sound_file": _sounds,
    "manifest": lambda: [
        b'file,label,category,seconds\na.wav,alarm,t3,1.5\n"b,c.wav",other,rain,2\n',
        b"\xef\xbb\xbffile,label\na,alarm\n",
    ],
    "dwarf": _programs,
    "robot_xml": lambda: [_ROBOT.replace(b"METRIC", b"emberwatch-metric " + metric) for metric in _METRICS],
    "wokwi_yaml": lambda: [_YAML, b"steps: [{delay: &a [1, 1]}, {delay: *a}]\n"],
}
