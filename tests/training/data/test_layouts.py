"""Public data sets as they are unpacked, and manifests of chosen classes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.clips import load_manifest
from emberwatch.training.data.freesound import Wanted, read_list
from emberwatch.training.data.layouts import read_layout
from emberwatch.training.data.licences import trainable
from emberwatch.training.data.select import select, write_ids, write_manifest

CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def fsd50k(tmp_path: Path) -> Path:
    put(
        tmp_path / "FSD50K.ground_truth/dev.csv",
        'fname,labels,mids,split\n64760,"Microwave_oven,Domestic_sounds_and_home_sounds",/m/0fx9l,train\n'
        '16399,"Alarm,Domestic_sounds_and_home_sounds",/m/07pp_mv,val\n7,"Speech",/m/09x0r,train\n',
    )
    put(tmp_path / "FSD50K.ground_truth/eval.csv", "fname,labels,mids\n88,Speech,/m/09x0r\n")
    info = {"64760": {"title": "ping", "license": CC0, "uploader": "ada"}}
    put(tmp_path / "FSD50K.metadata/dev_clips_info_FSD50K.json", json.dumps(info))
    for name in ("dev_audio/64760", "dev_audio/16399", "eval_audio/88"):
        put(tmp_path / f"FSD50K.{name}.wav")
    return tmp_path


def test_fsd50k_with_and_without_its_sounds(fsd50k: Path) -> None:
    name, files = read_layout(fsd50k)
    assert name == "FSD50K" and len(files) == 4
    chosen = select(files, [], [], [])
    assert [file.path.stem for file, _, _ in chosen.chosen] == ["64760", "7", "88"]  # what may be an alarm is left out
    write_manifest(chosen, fsd50k / "out" / "clips.csv")
    clips = load_manifest(fsd50k / "out" / "clips.csv")
    assert [(clip.path.name, clip.label, clip.category) for clip in clips] == [
        ("64760.wav", "other", "Domestic_sounds_and_home_sounds"),
        ("88.wav", "other", "Speech"),
    ]
    assert all(clip.path.is_file() for clip in clips)
    assert [clip.licence for clip in clips] == [CC0, "unknown"]
    assert [clip.path.name for clip in trainable(clips)] == ["64760.wav"]
    write_ids(select(files, ["Speech", "Microwave_oven"], ["Alarm"], []), fsd50k / "ids.txt")
    assert read_list(fsd50k / "ids.txt") == [
        Wanted(64760, "other", "Microwave_oven"),
        Wanted(16399, "alarm", "Alarm"),
        Wanted(7, "other", "Speech"),
        Wanted(88, "other", "Speech"),
    ]


def test_audioset_finds_segments_by_the_names_that_tools_give(tmp_path: Path) -> None:
    put(
        tmp_path / "class_labels_indices.csv",
        'index,mid,display_name\n0,/m/09x0r,"Speech"\n389,/m/01y3hg,"Smoke detector, smoke alarm"\n'
        '1,/m/04rlf,"Music"\n',
    )
    put(
        tmp_path / "eval_segments.csv",
        "# Segments csv created Sun Mar  5 10:54:25 2017\n# YTID, start_seconds, end_seconds, positive_labels\n"
        '--4gqARaEJE, 0.000, 10.000, "/m/09x0r,/m/04rlf"\n-BfyqBeoQrQ, 20.000, 30.000, "/m/01y3hg,/m/09x0r"\n'
        '-BfyqBeoQrQ, 70.000, 80.000, "/m/09x0r"\nYabcdefghij, 30.000, 40.000, "/m/09x0r"\n'
        'notfetched0, 30.000, 40.000, "/m/09x0r"\n',
    )
    names = ("--4gqARaEJE", "-BfyqBeoQrQ_20.000_30.000", "Y-BfyqBeoQrQ_70000", "Yabcdefghij_30")
    for name in names:
        put(tmp_path / "audio" / f"{name}.wav")
    name, files = read_layout(tmp_path)
    assert name == "AudioSet"
    assert [file.path.stem for file in files] == [*names, "notfetched0"]
    chosen = select(files, ["Speech"], ["Smoke detector, smoke alarm"], ["Music"])
    assert [(file.path.stem, label) for file, label, _ in chosen.there] == [
        (names[1], "alarm"),
        (names[2], "other"),
        (names[3], "other"),
    ]
    assert len(chosen.chosen) == 4
    assert len({file.group for file in files}) == 4  # both segments of one video stay together


def test_desed_joins_events_of_a_file(tmp_path: Path) -> None:
    put(
        tmp_path / "metadata/validation/validation.tsv",
        "filename\tonset\toffset\tevent_label\nY00pbt6aJV8Y_350.000_360.000.wav\t0.1\t9.9\tRunning_water\n"
        "Y00pbt6aJV8Y_350.000_360.000.wav\t2.0\t3.0\tDishes\nYbbbbbbbbbbb_0.000_10.000.wav\t0\t1\tAlarm_bell_ringing\n",
    )
    put(tmp_path / "metadata/train/weak.tsv", "filename\tevent_labels\nYccccccccccc_0.000_10.000.wav\tBlender,Speech\n")
    for path in ("validation/Y00pbt6aJV8Y_350.000_360.000", "train/weak/Yccccccccccc_0.000_10.000"):
        put(tmp_path / "audio" / f"{path}.wav")
    name, files = read_layout(tmp_path)
    assert name == "DESED"
    found = {file.path.name[1:12]: sorted(file.classes) for file in files}
    assert found == {
        "00pbt6aJV8Y": ["Dishes", "Running_water"],
        "bbbbbbbbbbb": ["Alarm_bell_ringing"],
        "ccccccccccc": ["Blender", "Speech"],
    }
    chosen = select(files, [], [], [])
    assert {file.path.parent.name for file, _, _ in chosen.there} == {"validation", "weak"}
    assert len(chosen.chosen) == 2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--class", "Speach"), "did you mean 'Speech'?"),
        (("--ids", "{}/x/y.txt", "--class", "Alarm", "--without", "Speech"), ""),
        (("--class", "Speech", "--without", "Speech"), "no file"),
    ],
)
def test_command(fsd50k: Path, arguments: tuple[str, ...], named: str) -> None:
    given = [argument.format(fsd50k) for argument in arguments]
    run = subprocess.run(
        [sys.executable, "-m", "emberwatch.cli.main", "data", "select", str(fsd50k), *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if named:
        assert run.returncode == 2 and run.stderr.count("\n") == 1 and named in run.stderr
    else:
        assert run.returncode == 0, run.stderr
        assert (fsd50k / "x/y.txt").read_text() == "16399,other,Alarm\n"


def test_what_is_no_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmberwatchError, match="FSD50K"):
        read_layout(tmp_path)
    put(tmp_path / "FSD50K.ground_truth/dev.csv", "name,labels\n1,Speech\n")
    with pytest.raises(EmberwatchError, match="'fname' is missing"):
        read_layout(tmp_path)
    put(tmp_path / "FSD50K.ground_truth/dev.csv", "fname,labels\n1,Speech\n")
    with pytest.raises(EmberwatchError, match="put the sounds beside"):
        write_manifest(select(read_layout(tmp_path)[1], [], [], []), tmp_path / "m.csv")
