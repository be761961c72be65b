"""The files, read by the tools they are for, or by their published rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

import pytest
from programs import needs_firmware

from emberwatch.inspect.profiling import Profile
from emberwatch.inspect.profiling.formats import FORMATS
from emberwatch.machine.machine import Machine

Profiled = tuple[Machine, Profile]


@pytest.mark.skipif(shutil.which("callgrind_annotate") is None, reason="callgrind_annotate is missing (valgrind)")
@pytest.mark.parametrize("fixture", ["calls_machine", "firmware_machine"])
def test_callgrind_annotate_reads_it(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    _, profile = request.getfixturevalue(fixture)
    file = tmp_path / "callgrind.out"
    file.write_text(FORMATS["callgrind"](profile))
    for option in ("--inclusive=no", "--inclusive=yes"):
        done = subprocess.run(
            ["callgrind_annotate", "--threshold=100", option, file], capture_output=True, text=True, check=True
        )
        assert "PROGRAM TOTALS" in done.stdout
        assert done.stderr == ""
        totals = next(line for line in done.stdout.splitlines() if "PROGRAM TOTALS" in line)
        assert int(totals.split()[0].replace(",", "")) == sum(c.busy.cycles for c in profile.cores)
    hog = profile.cores[0].functions[0]
    inclusive = next(line for line in done.stdout.splitlines() if f":{hog.name} " in line)
    elsewhere = sum(f.total.cycles for c in profile.cores[1:] for f in c.functions if f.address == hog.address)
    assert int(inclusive.split()[0].replace(",", "")) == hog.total.cycles + elsewhere


def test_callgrind_costs_add_up(calls_machine: Profiled) -> None:
    profile = calls_machine[1]
    own = 0
    after_call = False
    for line in FORMATS["callgrind"](profile).splitlines():
        if line.startswith("0x"):
            own += 0 if after_call else int(line.split()[2])
        after_call = line.startswith("calls=")
    assert own == sum(c.busy.cycles for c in profile.cores)


def test_speedscope_schema(calls_machine: Profiled) -> None:
    # The facts of https://www.speedscope.app/file-format-schema.json for sampled profiles.
    profile = calls_machine[1]
    data = json.loads(FORMATS["speedscope"](profile))
    assert data["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = data["shared"]["frames"]
    assert all(set(f) <= {"name", "file", "line", "col"} and isinstance(f["name"], str) for f in frames)
    assert 0 <= data["activeProfileIndex"] < len(data["profiles"]) == len(profile.cores)
    for entry, core in zip(data["profiles"], profile.cores, strict=True):
        assert set(entry) == {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
        assert entry["type"] == "sampled"
        assert entry["unit"] in ("none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes")
        assert len(entry["samples"]) == len(entry["weights"]) > 0
        assert all(0 <= index < len(frames) for sample in entry["samples"] for index in sample)
        assert entry["endValue"] - entry["startValue"] == sum(entry["weights"]) == core.busy.cycles
    stacks = [[frames[i]["name"] for i in sample] for sample in data["profiles"][0]["samples"]]
    assert ["SysTick", "tick", "leaf"] in stacks


def test_perfetto_slices_nest_and_keep_time(firmware_machine: Profiled) -> None:
    machine, profile = firmware_machine
    data = json.loads(FORMATS["perfetto"](profile))
    tracks = {e["tid"]: e["args"]["name"] for e in data["traceEvents"] if e["name"] == "thread_name"}
    assert {"core 0", "core 0 exceptions", "core 0 sleep"} <= set(tracks.values())
    spans = defaultdict(list)
    for event in data["traceEvents"]:
        if event["ph"] == "X":
            assert event["dur"] >= 0
            assert 0 <= event["ts"] <= machine.time_s * 1e6 + 1
            spans[tracks[event["tid"]]].append((event["args"]["cycle"], event["args"]["cycles"], event["name"]))
    for track, slices in spans.items():
        open_until = [float("inf")]
        for start, length, name in slices:
            while open_until[-1] <= start:
                open_until.pop()
            assert start + length <= open_until[-1], (track, name)
            open_until.append(start + length)
    calls = [s for s in spans["core 0"] if s[2] == "pdm_decimate"]
    traced = profile.function("pdm_decimate")
    assert traced is not None
    assert len(calls) == traced.calls
    assert sum(length for _, length, name in spans["core 0 sleep"]) == profile.cores[0].sleep_cycles


def test_flame_graph_is_an_svg_whose_widths_are_cycles(calls_machine: Profiled) -> None:
    profile = calls_machine[1]
    root = ElementTree.fromstring(FORMATS["flamegraph"](profile))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    width = defaultdict(float)
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        title = group.find("{http://www.w3.org/2000/svg}title")
        box = group.find("{http://www.w3.org/2000/svg}rect")
        assert title is not None and box is not None and title.text is not None
        width[title.text.partition(":")[0]] += float(box.attrib["width"])
    whole = sum(c.busy.cycles for c in profile.cores)
    work = profile.function("work")
    assert work is not None
    assert sum(w for name, w in width.items() if name.startswith("core ")) == pytest.approx(1180, abs=1)
    assert width["work"] == pytest.approx(1180 * work.total.cycles / whole, abs=1)


def test_json_and_table_name_the_hog(calls_machine: Profiled) -> None:
    profile = calls_machine[1]
    data = json.loads(FORMATS["json"](profile))
    assert data["cores"][0]["busy"]["cycles"] == profile.cores[0].busy.cycles
    hog = profile.cores[0].functions[0]
    assert data["cores"][0]["functions"][0]["name"] == hog.name
    table = FORMATS["table"](profile)
    assert f"{hog.own.cycles:,}" in table
    assert "calls.c:" in table


def test_a_profile_of_the_firmware_has_the_contract_functions(firmware_machine: Profiled) -> None:
    needs_firmware()
    names = {f.name for f in firmware_machine[1].cores[0].functions}
    assert {"pdm_decimate", "features_compute", "events_update", "app_process_block"} <= names
