"""The C event logic equals its Python twin, and both do what the alarm standards ask."""

import ctypes
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.model.events import (
    EVENT_ALARM_KIND,
    EVENT_ALARM_OFF,
    EVENT_ALARM_ON,
    EventParameters,
    Events,
    find_events,
    render_header,
)


class CEvent(ctypes.Structure):
    _fields_ = (("type", ctypes.c_uint8), ("kind", ctypes.c_uint8))


def build(directory: Path, parameters: EventParameters) -> ctypes.CDLL:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no host C compiler (cc) to build firmware/apps/detector/events.c")
    (directory / "detector_config.h").write_text(render_header(parameters))
    library = directory / "libevents.so"
    source = ROOT / "firmware/apps/detector/events.c"
    command = [compiler, "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", str(directory)]
    command += ['-DEVENTS_CONFIG_HEADER="detector_config.h"', str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    lib = ctypes.CDLL(str(library))
    lib.events_update.restype = CEvent
    lib.events_kind_name.restype = ctypes.c_char_p
    return lib


def random_stream(rng: random.Random, blocks: int) -> list[int]:
    """Bursts and gaps of random length, cadenced ones among them, with noise on top."""
    stream: list[int] = []
    while len(stream) < blocks:
        style = rng.randrange(6)
        if style == 0:
            stream += [rng.randrange(256) for _ in range(rng.randrange(1, 60))]
        elif style == 1:
            on, off, count = rng.randrange(2, 30), rng.randrange(1, 40), rng.randrange(1, 8)
            stream += ([rng.randrange(150, 256)] * on + [rng.randrange(0, 110)] * off) * count
        elif style == 2:
            stream += (([255] * 16 + [0] * 15) * 3 + [0] * 32) * rng.randrange(1, 4)
        elif style == 3:
            stream += (([255] * 3 + [0] * 3) * 4 + [0] * 132) * rng.randrange(1, 3)
        elif style == 4:
            stream += [rng.randrange(180, 256) for _ in range(rng.randrange(30, 120))]
        else:
            stream += [rng.randrange(0, 40)] * rng.randrange(1, 260)
    return stream[:blocks]


@pytest.mark.parametrize(
    "parameters", [EventParameters(), EventParameters(128, 127, 20, 500, 900, 100, 30, 3, 900, 140, 60, 40)]
)
def test_c_equals_python(tmp_path: Path, parameters: EventParameters) -> None:
    lib = build(tmp_path, parameters)
    state = (ctypes.c_uint8 * 256)()
    rng = random.Random(20240611)
    seen = set()
    for _ in range(40):
        lib.events_init(state)
        twin = Events(parameters)
        for block, probability in enumerate(random_stream(rng, 4000)):
            got = lib.events_update(state, ctypes.c_uint8(probability))
            want = twin.update(probability)
            assert (got.type, got.kind) == want, f"block {block}"
            seen.add(want)
    assert {kind for kind, _ in seen} == {0, 1, 2, 3}, "the random streams must reach every event type"
    assert {kind for _, kind in seen} == {0, 1, 2, 3, 4}, "the random streams must reach every alarm kind"


def test_kind_names_match(tmp_path: Path) -> None:
    lib = build(tmp_path, EventParameters())
    names = [lib.events_kind_name(kind).decode() for kind in range(6)]
    assert names == ["unknown", "t3", "t4", "continuous", "pulsed", "unknown"]


def kinds(stream: list[int]) -> list[tuple[int, str]]:
    return [(event.type, event.kind) for event in find_events(stream)]


def test_t3_is_named_in_its_third_pulse() -> None:
    stream = [0] * 40 + (([255] * 15 + [0] * 16) * 3 + [0] * 47) * 3
    events = find_events(stream)
    assert events[0].type == EVENT_ALARM_ON
    assert events[0].t_s < 40 * 0.032 + 1.0
    assert (events[1].type, events[1].kind) == (EVENT_ALARM_KIND, "t3")
    assert events[1].t_s < 40 * 0.032 + 2.6


def test_t4_continuous_and_pulsed_are_named() -> None:
    assert (EVENT_ALARM_KIND, "t4") in kinds((([255] * 3 + [0] * 3) * 4 + [0] * 132) * 3)
    assert (EVENT_ALARM_KIND, "t4") in kinds(([255] * 22 + [0] * 134) * 3)
    assert (EVENT_ALARM_KIND, "continuous") in kinds([255] * 100)
    assert (EVENT_ALARM_KIND, "pulsed") in kinds(([255] * 10 + [0] * 8) * 8)


def test_a_faint_alarm_is_heard_when_it_lasts() -> None:
    parameters = EventParameters(neutral=200, slow_neutral=100, slow_rise=60, slow_fall=4, slow_on_score=2400)
    assert find_events([150] * 40 + [0] * 100, parameters) == []
    events = find_events([150] * 60, parameters)
    assert events[0].type == EVENT_ALARM_ON
    assert events[0].t_s == pytest.approx(48 * 0.032)


def test_a_standard_cadence_raises_the_alarm_by_itself() -> None:
    deaf = EventParameters(on_score=30000, max_score=30000, slow_on_score=30000)
    t3 = find_events(([170] * 15 + [0] * 16) * 3 + [0] * 47, deaf)
    assert [(event.type, event.kind) for event in t3] == [(EVENT_ALARM_ON, "t3")]
    t4 = find_events(([170] * 15 + [0] * 141) * 2, deaf)
    assert [(event.type, event.kind) for event in t4] == [(EVENT_ALARM_ON, "t4")]
    assert find_events(([170] * 15 + [0] * 50) * 6, deaf) == []


def test_alarm_holds_through_pauses_and_ends_after_silence() -> None:
    cadence = ([255] * 15 + [0] * 16) * 3 + [0] * 47
    events = find_events(cadence * 6 + [0] * 400)
    assert [event.type for event in events].count(EVENT_ALARM_ON) == 1
    assert events[-1].type == EVENT_ALARM_OFF
    assert events[-1].kind == "t3"


def test_one_wild_block_raises_nothing() -> None:
    assert find_events(([255] + [0] * 30) * 200) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[events]\nspeed = 3\n", "speed"),
        ("[events]\non_score = 5000\n", "on_score"),
        ("[events]\nneutral = 1.5\n", "neutral"),
        ("[events\n", "TOML"),
    ],
)
def test_bad_parameter_files_name_the_fault(tmp_path: Path, text: str, names: str) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(text)
    with pytest.raises(EmberwatchError, match=names):
        EventParameters.load(path)


def test_parameters_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "detector.toml"
    path.write_text(EventParameters(neutral=170).to_toml())
    assert EventParameters.load(path) == EventParameters(neutral=170)
    assert "#define EVENTS_NEUTRAL 170" in render_header(EventParameters(neutral=170))


def test_released_parameters_load() -> None:
    EventParameters.load(ROOT / "training/released/detector.toml")
