"""Metrics, parameter tuning, and the released detector on synthetic sound, in the firmware's arithmetic."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sim.errors import EmberwatchError
from training import cli
from training.data.clips import Clip, load_dataset
from training.data.features import whole_blocks
from training.evaluate.detector import RELEASED_DETECTOR, RELEASED_MODEL, Detector
from training.evaluate.metrics import poisson_upper, summarise, wilson_interval
from training.evaluate.run import judge, plan_trials
from training.evaluate.trials import LEAD_IN_SECONDS, Trial, render
from training.model.events import EVENT_ALARM_ON, EventParameters, find_events
from training.model.tune import Observed, choose_parameters
from training.synth import make_negative, standard_t3
from training.synth.rooms import at_level, to_pcm


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
    assert raised[0].t_s < 4.0


def test_released_detector_names_t3(detector: Detector) -> None:
    _, events = detector.listen(pcm_of(standard_t3(3100, 12.0).samples, -20))
    assert "t3" in {event.kind for event in events}


@pytest.mark.parametrize("kind", ["silence", "noise", "clicks", "speech", "siren", "sweep", "melody", "tone"])
def test_released_detector_is_quiet_on_other_sounds(detector: Detector, kind: str) -> None:
    for seed in range(3):
        samples, _ = make_negative(np.random.default_rng([99, seed]), 8.0, kind)
        _, events = detector.listen(pcm_of(samples, -20))
        assert events == [], f"{kind} {seed}"


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
    hit = judge(Trial(clip_at(tmp_path / "a.wav", "alarm"), -20.0), detector)
    quiet = judge(Trial(clip_at(tmp_path / "n.wav", "other"), -20.0), detector)
    assert hit.events == 1
    assert hit.delay_s is not None
    assert 0 < hit.delay_s < 4
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


def test_tuning_keeps_false_events_within_what_is_allowed() -> None:
    rng = np.random.default_rng(4)
    trials = []
    for _ in range(20):
        stream = rng.integers(0, 40, 200).astype(np.uint8)
        stream[60:90] = rng.integers(200, 256, 30)
        trials.append(Observed(stream, True, 6.0, 60 * 0.032, 1.0))
    for index in range(200):
        stream = rng.integers(0, 60, 200).astype(np.uint8)
        if index % 10 == 0:
            stream[50:54] = 255
        trials.append(Observed(stream, False, 6.4, 0.0, 0.0))
    choice = choose_parameters(trials, 0.0)
    assert choice.recall == 1.0
    assert choice.false_events_per_hour == 0.0
    alarms = [bool(find_events(trial.probabilities, choice.parameters)) for trial in trials]
    assert alarms == [trial.is_alarm for trial in trials]


def test_evaluate_command_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "a.wav", 0.3 * standard_t3(3000, 6.0).samples, 16000)
    noise, _ = make_negative(np.random.default_rng(0), 4.0, "noise")
    soundfile.write(tmp_path / "rain.wav", 0.3 * noise, 16000)
    with (tmp_path / "m.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["file", "label", "category"], ["a.wav", "alarm", "t3"], ["rain.wav", "other", "rain"]]
        )
    assert len(load_dataset(tmp_path / "m.csv")) == 2
    code = cli.evaluate(
        RELEASED_MODEL, tmp_path / "m.csv", [-20.0, -30.0], [20.0], 1, None, workers=1, json_output=True
    )
    result = json.loads(capsys.readouterr().out)
    assert code == 0
    assert result["level_dbfs"] == [-20.0, -30.0]
    assert result["recall"] == 1.0
    assert result["false_events_per_hour"] == 0.0
    assert result["median_time_to_detect_s"] < 4
    assert len(result["per_clip"]) == 5
    assert len(result["conditions"]) == 3


def test_evaluate_names_a_missing_model(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("file,label\na.wav,alarm\n")
    with pytest.raises(EmberwatchError, match="no such model"):
        cli.evaluate(tmp_path / "none.tflite", tmp_path / "m.csv", None, None, 1, None, workers=1)


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
        cli.evaluate(Path("m.tflite"), Path("m.csv"), level, snr, noises, None, workers=workers)
