"""Metrics, the synthetic map, and the released detector on synthetic sound, in the firmware's arithmetic."""

import csv
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paths import ROOT

from emberwatch.base.errors import EmberwatchError, EngineError
from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL
from emberwatch.cli.evaluate import evaluate
from emberwatch.training.compiler.model import read_model
from emberwatch.training.data.clips import Clip
from emberwatch.training.data.features import block_features, whole_blocks
from emberwatch.training.evaluate.cells import every_nth, render_cell, whole_map
from emberwatch.training.evaluate.curves import event_det, window_roc
from emberwatch.training.evaluate.detector import Detector, Heard, input_frames
from emberwatch.training.evaluate.map import heat_maps, map_figures, run_map
from emberwatch.training.evaluate.metrics import poisson_interval, poisson_upper, summarise, wilson_interval
from emberwatch.training.evaluate.report import worst
from emberwatch.training.evaluate.run import Judged, judge, plan_trials
from emberwatch.training.evaluate.trials import LEAD_IN_SECONDS, Trial, render
from emberwatch.training.evaluate.verdict import MARGINS, clip_result, event_margin
from emberwatch.training.model.events import EVENT_ALARM_ON, EVENT_POSSIBLE, Event, EventParameters, Hit, run_events
from emberwatch.training.synth import make_negative, standard_t3
from emberwatch.training.synth.rooms import at_level, to_pcm


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(RELEASED_MODEL, EventParameters.load(RELEASED_DETECTOR))


def pcm_of(samples: np.ndarray, level: float) -> np.ndarray:
    return whole_blocks(to_pcm(at_level(samples.astype(np.float32), level)))


@pytest.mark.parametrize("level", [-10, -20, -30, -40])
@pytest.mark.parametrize(("frequency", "square"), [(2900, False), (3100, False), (3400, False), (520, True)])
def test_released_detector_hears_t3(detector: Detector, frequency: float, square: bool, level: float) -> None:
    _, events = detector.listen(pcm_of(standard_t3(frequency, 8.0, square).samples, level))
    raised = [event for event in events if event.type == EVENT_ALARM_ON]
    assert len(raised) == 1
    assert raised[0].t_s < 4.3
    assert raised[0].kind == "t3"


def test_a_small_part_of_the_map() -> None:
    """Alarms by the standards in time and by name, appliances never; the whole map is in the benchmarks."""
    cells = [cell for cell in every_nth(150) if cell.name != "whoop"]
    results = run_map(RELEASED_MODEL, EventParameters.load(RELEASED_DETECTOR), cells, 1)
    figures = map_figures(results)
    rows = {row["name"]: row for row in figures["parts"]}
    assert rows["t3"]["share"] == rows["520"]["share"] == rows["t4"]["share"] == 1.0, figures["wrong"]
    assert rows["appliances"]["raised"] == 0, figures["wrong"]
    named = sum(row["kind_right"] for row in figures["cadences"])
    assert named >= 0.95 * sum(row["raised"] for row in figures["cadences"])
    assert all(r.shortest_on_s is None or r.shortest_on_s > 5 for r in results)
    by_waveform = heat_maps(results)[0]
    assert sum(map(sum, by_waveform.counts)) == rows["t3"]["trials"]


def test_a_cell_is_a_function_of_its_fields() -> None:
    cells = whole_map()
    assert len(set(cells)) == len(cells) > 7000
    assert np.array_equal(render_cell(cells[77]), render_cell(cells[77]))


_TAKEN_FOR_T3 = {("siren", 2), ("melody", 1)}
"""Known faults of the released model: notes that happen to keep T3's time, believed a little. To be emptied."""


@pytest.mark.parametrize("kind", ["silence", "noise", "clicks", "speech", "siren", "sweep", "melody", "tone"])
def test_released_detector_is_quiet_on_other_sounds(detector: Detector, kind: str) -> None:
    for seed in range(3):
        samples, _ = make_negative(np.random.default_rng([99, seed]), 8.0, kind)
        _, events = detector.listen(pcm_of(samples, -20))
        raised = any(event.type == EVENT_ALARM_ON for event in events)
        assert raised == ((kind, seed) in _TAKEN_FOR_T3), f"{kind} {seed}"


def test_streaming_equals_whole_windows(detector: Detector) -> None:
    rng = np.random.default_rng(2)
    features = rng.integers(-128, 128, (4 * 60, 32)).astype(np.int8)
    streamed = detector.probabilities(features)
    past = np.concatenate([np.full((detector.frames, 32), -128, np.int8), features])
    for block in (0, 7, 30, 59):
        window = past[4 * (block + 1) : 4 * (block + 1) + detector.frames]
        assert int(detector._native.invoke(window)[0].ravel()[0]) + 128 == streamed[block]


def test_wilson_and_poisson_limits() -> None:
    assert wilson_interval(7, 7) == pytest.approx((0.6457, 1.0), abs=1e-3)  # tabulated
    assert wilson_interval(0, 0) == (0.0, 1.0)
    assert poisson_upper(0) == pytest.approx(2.996, abs=1e-3)
    assert poisson_upper(3) == pytest.approx(7.754, abs=1e-3)
    assert poisson_interval(0) == pytest.approx((0.0, 3.689), abs=1e-3)
    assert poisson_interval(10) == pytest.approx((4.795, 18.390), abs=1e-3)
    assert poisson_interval(2000) == pytest.approx((1913.3, 2089.6), abs=0.5), "far beyond e^-mean = 0"


def clip_at(path: Path, label: str) -> Clip:
    return Clip(path, label, label, path.stem)


def test_trials_have_the_level_and_onset_they_claim(tmp_path: Path) -> None:
    samples = np.concatenate([np.zeros(16000, np.float32), 0.2 * standard_t3(3000, 4.0).samples])
    soundfile.write(tmp_path / "a.wav", samples, 16000)
    sound = render(Trial(clip_at(tmp_path / "a.wav", "alarm"), -30.0))
    assert sound.onset_s == pytest.approx(1.0 + LEAD_IN_SECONDS, abs=0.03)
    assert sound.seconds == pytest.approx(5.0)
    power = np.convolve((sound.pcm / 32768.0) ** 2, np.ones(16000) / 16000, mode="valid")
    assert 10 * np.log10(power.max()) == pytest.approx(-30, abs=0.3)


def test_judging_counts_hits_and_false_events(tmp_path: Path, detector: Detector) -> None:
    soundfile.write(tmp_path / "a.wav", 0.3 * standard_t3(3000, 6.0).samples, 16000)
    noise, _ = make_negative(np.random.default_rng(0), 4.0, "noise")
    soundfile.write(tmp_path / "n.wav", 0.3 * noise, 16000)
    hit = judge(Trial(clip_at(tmp_path / "a.wav", "alarm"), -20.0), detector).result
    quiet = judge(Trial(clip_at(tmp_path / "n.wav", "other"), -20.0), detector).result
    assert hit.events == 1
    assert hit.delay_s is not None
    assert 0 < hit.delay_s < 4.5
    assert quiet.events == 0
    summary = summarise([hit, quiet])
    assert (summary["recall"], summary["false_events"]) == (1.0, 0)
    assert summary["median_time_to_detect_s"] == hit.delay_s


def test_noises_come_from_the_alarms_own_fold() -> None:
    clips = [Clip(Path("a.wav"), "alarm", "t3", "a")]
    clips += [Clip(Path(f"{i}.wav"), "other", "rain", f"n{i}") for i in range(8)]
    folds = {"a": 1, **{f"n{i}": i % 2 for i in range(8)}}
    noisy = [trial for trial in plan_trials(clips, [-20.0], [10.0], 3, folds=folds) if trial.noise]
    assert len(noisy) == 3
    assert all(folds[trial.noise.group] == 1 for trial in noisy if trial.noise)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An alarm, noise that may serve as background, and music; the manifest as a spreadsheet saves it."""
    folder = tmp_path_factory.mktemp("dataset")
    soundfile.write(folder / "a.wav", 0.3 * standard_t3(3000, 6.0).samples, 16000)
    rows = [["file", "label", "category"], ["a.wav", "alarm", "t3"]]
    for name, kind in (("rain", "noise"), ("music", "melody")):
        samples, _ = make_negative(np.random.default_rng(0), 4.0, kind)
        soundfile.write(folder / f"{name}.wav", 0.3 * samples, 16000)
        rows.append([f"{name}.wav", "other", name])
    with (folder / "m.csv").open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(rows)
    return folder


def test_evaluate_prints_json(dataset: Path) -> None:
    done = run(RELEASED_MODEL, "--manifest", dataset / "m.csv", "--json", "--workers", 1)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["level_dbfs"] == -20.0
    assert (result["recall"], result["false_events_per_hour"]) == (1.0, 0.0)
    assert 0 < result["median_time_to_detect_s"] < 4.5
    assert [clip["file"] for clip in result["per_clip"]] == ["a.wav", "rain.wav", "music.wav"]


def test_evaluate_writes_json_and_a_page_of_all_conditions(dataset: Path, tmp_path: Path) -> None:
    options = ("--level", -20, "--level", -30, "--snr", 20, "--noises", 1, "--workers", 2, "--out", tmp_path / "out")
    done = run(RELEASED_MODEL, "--manifest", dataset / "m.csv", *options)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert result["level_dbfs"] == [-20.0, -30.0]
    assert len(result["per_clip"]) == 7
    assert [(row["level_dbfs"], row["snr_db"]) for row in result["conditions"]] == [(-20, None), (-30, None), (-20, 20)]
    assert {row["category"] for row in result["categories"]} == {"t3", "rain", "music"}
    for curve in result["curves"]:
        assert curve["window_roc_auc"] > 0.99
        assert {point["threshold_factor"] for point in curve["event_det"]} == set(MARGINS)
    page = (tmp_path / "out/evaluation.html").read_text()
    for part in ("DET", "ROC", "Recall against SNR", "Time to detection", "data:image/png;base64,", "a.wav", "music"):
        assert part in page, part
    assert "<script" not in page and not re.search(r"https?://", page)


def test_all_windows_of_a_sample_are_equal_on_the_emulated_chip(dataset: Path, tmp_path: Path) -> None:
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no arm-none-eabi-gcc to build the firmware with")
    options = ("--emulate", 2, "--out", tmp_path, "--workers", 2)
    done = run(RELEASED_MODEL, "--manifest", dataset / "m.csv", "--json", *options)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["emulated"]
    assert found["trials"] == found["same_verdict"] == 2
    assert found["windows"] > 400
    journal = tmp_path / "firmware" / "compared.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    journal.write_bytes(lines[0] + lines[1][:20])  # as a lost machine leaves it
    everything = ("--emulate", "all", "--out", tmp_path, "--workers", 2)
    again = run(RELEASED_MODEL, "--manifest", dataset / "m.csv", "--json", *everything)
    assert json.loads(again.stdout)["emulated"]["trials"] > 2, again.stderr
    entries = journal.read_bytes().splitlines(keepends=True)
    assert entries[0] == lines[0] and len(entries) == json.loads(again.stdout)["emulated"]["trials"]


def test_a_window_that_differs_on_the_chip_is_named(dataset: Path, tmp_path: Path, detector: Detector) -> None:
    """The chip runs one model, the host another: the comparison has to see it."""
    pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no arm-none-eabi-gcc to build the firmware with")
    from emberwatch.detector.agreement import play_trial
    from emberwatch.detector.build import build_firmware

    data = bytearray(RELEASED_MODEL.read_bytes())
    model = read_model(RELEASED_MODEL)
    weights = next(t for t in model.tensors if t.data is not None and t.dtype == "INT8" and t.size > 1000)
    at = data.find(weights.data.tobytes())
    data[at : at + 400] = bytes(400)
    (tmp_path / "other.tflite").write_bytes(data)
    elf = build_firmware("pico", RELEASED_MODEL, tmp_path / "firmware").elf
    trial = Trial(clip_at(dataset / "a.wav", "alarm"), -20.0)
    with pytest.raises(
        EngineError, match=r"a\.wav at -20 dBFS: window \d+ is \d+ on the emulated chip, \d+ on the host"
    ):
        play_trial((elf, tmp_path / "other.tflite", detector.parameters, trial))


def test_one_kind_of_sound_alone_has_no_trade_off(dataset: Path, tmp_path: Path) -> None:
    for label, key in (("alarm", "false_events_per_hour"), ("other", "recall")):
        name = "a.wav" if label == "alarm" else "rain.wav"
        manifest = dataset / f"{label}.csv"
        manifest.write_text(f"file,label\n{name},{label}\n")
        done = run(RELEASED_MODEL, "--manifest", manifest, "--out", tmp_path, "--workers", 1)
        assert done.returncode == 0, done.stderr
        result = json.loads((tmp_path / "evaluation.json").read_text())
        assert result[key] is None
        assert result["curves"][0]["event_det"] == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("file,label\nnone.wav,alarm\n", "1 of 1 files are missing, the first is"),
        ("file,label\na.wav,siren\n", "label 'siren'; use 'alarm' or 'other'"),
        ("file,label\n,alarm\n", "m.csv:2: the file's name is missing"),
        ("file,label\n", "lists no clips"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_bad_data_is_one_line(content: str, named: str, workers: int, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF and then nothing of use")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "m.csv").write_text(content)
    done = run(RELEASED_MODEL, "--manifest", tmp_path / "m.csv", "--workers", workers, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert named in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("file", "named"), [("broken.wav", "broken.wav cannot be decoded"), ("empty.wav", "empty.wav is empty")]
)
def test_when_no_clip_can_be_read_nothing_is_measured(file: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"RIFF and then nothing of use")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "m.csv").write_text(f"file,label\n{file},alarm\n")
    done = run(RELEASED_MODEL, "--manifest", tmp_path / "m.csv", "--out", tmp_path / "out")
    assert done.returncode == 2
    clip, whole = done.stderr.splitlines()
    assert named in clip and "none of the 1 clips" in whole


def test_silence_stays_silence(tmp_path: Path, detector: Detector) -> None:
    soundfile.write(tmp_path / "s.wav", np.zeros(8000), 16000)
    for label in ("alarm", "other"):
        result = judge(Trial(clip_at(tmp_path / "s.wav", label), -20.0), detector).result
        assert (result.detected, result.events, result.margin) == (False, 0, 0.0)


def test_a_snippet_of_one_second_counts_when_an_alarm_is_possible(tmp_path: Path) -> None:
    """It is over before a cadence can be known."""
    trial = Trial(clip_at(tmp_path / "x.wav", "alarm"), -20.0)
    heard = Heard(np.full(60, 150, np.uint8), [Event(0.7, EVENT_POSSIBLE, "unknown")], [])
    verdicts = [clip_result(trial, seconds, 0.2, heard) for seconds in (1.0, 1.3)]
    assert [verdict.detected for verdict in verdicts] == [True, False]
    assert all(verdict.events == 0 for verdict in verdicts)
    summary = summarise(verdicts[:1])
    assert (summary["recall"], summary["event_recall"]) == (1.0, 0.0)


def test_margins_tell_how_far_gates_may_move() -> None:
    parameters = EventParameters.load(RELEASED_DETECTOR)
    features = block_features(pcm_of(standard_t3(3000, 8.0).samples, -20))
    for probability in (30, parameters.trust_t3 - 1, parameters.trust_t3, 140, 255):
        events, hits = run_events(features, [probability] * (len(features) // 4), parameters)
        margin = event_margin(hits)
        assert (margin >= 1.0) == any(event.type == EVENT_ALARM_ON for event in events), probability
        assert margin <= probability / parameters.trust_t3 < margin * 2**0.25 + 1e-9
    assert event_margin([]) == 0.0


def test_curves_against_counting(tmp_path: Path) -> None:
    """Areas and rates equal those found by comparing every pair and counting every clip."""
    rng = np.random.default_rng(5)
    judged = []
    for index in range(12):
        label = "alarm" if index < 4 else "other"
        probabilities = np.clip(rng.normal(150 if label == "alarm" else 60, 70, 100), 0, 255).astype(np.uint8)
        sounding = rng.random(100) < 0.5 if label == "alarm" else None
        trial = Trial(clip_at(tmp_path / f"{index}.wav", label), -20.0)
        trust = int(rng.integers(0, 255))
        events = [Event(1.0, EVENT_ALARM_ON, "t3")] if trust >= 100 else []
        result = clip_result(trial, 3.2, 0.2, Heard(probabilities, events, [Hit(1, trust, 100)]), sounding)
        judged.append(Judged(trial, result, probabilities, events, sounding))
    yes = np.concatenate([one.probabilities[one.sounding] for one in judged if one.sounding is not None]).astype(int)
    no = np.concatenate([one.probabilities for one in judged if one.sounding is None]).astype(int)
    roc = window_roc(judged)
    assert roc is not None
    pairs = np.sign(yes[:, None] - no[None, :])
    assert roc.auc == pytest.approx(float(np.mean(0.5 + 0.5 * pairs)))
    assert roc.found[128] == np.mean(yes >= 128) and roc.mistaken[128] == np.mean(no >= 128)
    here = next(point for point in event_det(judged) if point.factor == 1.0)
    assert here.missed == np.mean([one.result.events == 0 for one in judged[:4]])
    assert here.false_per_hour == pytest.approx(sum(one.result.events > 0 for one in judged[4:]) / (8 * 3.2 / 3600))
    assert [one.trial.clip.path.name for one in worst(judged, 3)] != []
    wrong = [one.trial.clip.is_alarm != one.result.detected for one in worst(judged, 12)]
    assert wrong == sorted(wrong, reverse=True), "what is wrong comes first"


@pytest.mark.parametrize(
    ("shape", "named"),
    [((1, 124, 129, 1), r"takes int8 \[1, 124, 129, 1\]"), ((1, 64, 64), r"takes int8 \[1, 64, 64\]")],
)
def test_models_of_other_features_are_refused_by_shape(shape: tuple[int, ...], named: str) -> None:
    model = read_model(RELEASED_MODEL)
    tensor = model.tensors[model.inputs[0]]
    model.tensors[model.inputs[0]] = replace(tensor, shape=shape)
    with pytest.raises(EmberwatchError, match=named + r"; the firmware computes int8 \[1, T, 32\]"):
        input_frames(model)


def test_evaluate_names_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file,label\na.wav,alarm\n")
    done = run(tmp_path / "none.tflite", "--manifest", tmp_path / "m.csv")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1) and "no such model" in done.stderr


@pytest.mark.parametrize(
    ("level", "snr", "noises", "workers", "named"),
    [
        ([float("nan")], None, 1, 1, "--level nan"),
        ([999.0], None, 1, 1, "--level 999"),
        (None, [float("inf")], 1, 1, "--snr inf"),
        (None, None, 0, 1, "--noises 0"),
        (None, None, 1, -2, "--workers -2"),
    ],
)
def test_evaluate_refuses_impossible_numbers(
    level: list[float] | None, snr: list[float] | None, noises: int, workers: int, named: str
) -> None:
    with pytest.raises(EmberwatchError, match=named):
        evaluate(Path("m.tflite"), [Path("m.csv")], level, snr, noises, workers=workers)
