"""Transfer learning in miniature; what needs TensorFlow is skipped without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paths import ROOT

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.clips import load_dataset
from emberwatch.training.model.scores import auc_of, block_scores
from emberwatch.training.transfer.esc import CROP, FRAMES, TEST, TRAIN, VALIDATION, class_batches, load_esc
from emberwatch.training.transfer.loop import Stage, stage_digest

needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="TensorFlow is not installed; pip install emberwatch[train]"
)


def tone(hz: float, seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * 16000)) / 16000
    return 0.2 * np.sin(2 * np.pi * hz * t) + 0.01 * rng.standard_normal(len(t))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of tones in five folds, named as ESC-50 names its clips, and two alarms."""
    folder = tmp_path_factory.mktemp("dataset")
    rows = ["file,label,category"]
    for number, (category, hz) in enumerate([("low", 400), ("middle", 1500), ("high", 5000)]):
        for fold in range(1, 6):
            for take in range(2):
                name = f"{fold}-{1000 * fold + 10 * number + take}-A-{number}.wav"
                soundfile.write(folder / name, tone(hz * (1 + 0.02 * fold), 4.0 + take, fold), 16000)
                rows.append(f"{name},other,{category}")
    for number in range(6):
        name = f"beeper{'abcdef'[number]}.wav"
        beeps = tone(3100 + 50 * number, 6.0, number) * (np.arange(96000) % 16000 < 8000)
        soundfile.write(folder / name, beeps, 16000)
        rows.append(f"{name},alarm,smoke_alarm_t3")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_esc_clips_and_folds(dataset: Path, tmp_path: Path) -> None:
    clips = load_dataset(dataset)
    data = load_esc(clips, tmp_path)
    assert data.classes == ["high", "low", "middle"] and data.features.shape == (30, FRAMES, 32)
    assert [len(data.of_folds(folds)) for folds in (TRAIN, VALIDATION, TEST)] == [18, 6, 6]
    assert not set(np.array(data.groups)[data.of_folds(TRAIN)]) & set(np.array(data.groups)[data.of_folds(TEST)])
    assert list(tmp_path.glob("esc-*.npz"))
    assert np.array_equal(load_esc(clips, tmp_path).features, data.features)
    high = data.features[data.labels == 0][0][100:400].astype(int)
    assert high.mean(axis=0).argmax() in (20, 21)


def test_missing_folds_are_named(dataset: Path, tmp_path: Path) -> None:
    clips = [clip for clip in load_dataset(dataset) if clip.esc_fold != 4]
    with pytest.raises(EmberwatchError, match=r"validation folds \(4,\).*emberwatch data fetch esc50"):
        load_esc(clips, tmp_path)


def test_class_batches_are_repeatable_and_cover_the_clips(dataset: Path, tmp_path: Path) -> None:
    data = load_esc(load_dataset(dataset), tmp_path)
    chosen = data.of_folds(TRAIN)
    first, again, later = (list(class_batches(data, chosen, 8, 1, epoch)) for epoch in (1, 1, 2))
    assert len(first) == 2
    assert all(np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0], later[0][0])
    x, y, w = first[0]
    assert x.shape == (8, CROP, 32, 1) and np.allclose(y.sum(axis=1), 1) and (w == 1).all()
    assert x.min() >= -4 and x.max() <= 127 / 32


def test_stages_have_folders_of_their_own() -> None:
    one = stage_digest(Stage("head", 3, 1e-3), "data")
    assert one == stage_digest(Stage("head", 3, 1e-3), "data")
    assert len({one, stage_digest(Stage("head", 4, 1e-3), "data"), stage_digest(Stage("head", 3, 1e-3), "more")}) == 3


def test_area_under_the_roc() -> None:
    positive = np.array([False, False, True, True])
    assert auc_of(np.array([1.0, 2, 3, 4]), positive) == 1.0
    assert auc_of(np.array([4.0, 3, 2, 1]), positive) == 0.0
    assert auc_of(np.array([1.0, 1, 1, 1]), positive) == 0.5
    assert auc_of(np.array([1.0, 3, 2, 4]), positive) == 0.75
    assert np.isnan(auc_of(np.array([1.0]), np.array([True])))


def test_blocks_without_an_answer_do_not_count() -> None:
    scores = np.array([[-1.0, 2.0, 5.0, -3.0]])
    targets, weights = np.array([[0, 1, 0, 1]], np.float32), np.array([[1, 1, 0, 2]], np.float32)
    found = block_scores(scores, targets, weights)
    assert (found.blocks, found.accuracy, found.auc) == (3, 2 / 3, 0.5)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "train", *arguments]
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)


@pytest.mark.skipif(find_spec("tensorflow") is not None, reason="TensorFlow is installed")
@pytest.mark.parametrize("command", ["baseline", "transfer"])
def test_without_tensorflow_one_line_says_so(command: str, dataset: Path, tmp_path: Path) -> None:
    result = run(command, "--data", str(dataset), "--work", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr == "emberwatch: TensorFlow is missing; pip install emberwatch[train]\n"


@needs_tensorflow
def test_transfer_needs_a_baseline(dataset: Path, tmp_path: Path) -> None:
    result = run("transfer", "--data", str(dataset), "--work", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("emberwatch: no baseline at ")


@needs_tensorflow
def test_transfer_learning_in_miniature(dataset: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    baseline = ("baseline", "--data", str(dataset), "--work", str(work), "--learning-rate", "0.01")
    first = run(*baseline, "--epochs", "12")
    assert first.returncode == 0, first.stderr
    figures = json.loads((work / "baseline.json").read_text())
    assert figures["clips"] == {"training": 18, "validation": 6, "test": 6}
    assert set(figures["per_class"]) == {"low", "middle", "high"}
    assert (work / "baseline.png").stat().st_size > 5000
    assert "epoch" in first.stderr and list(work.glob("baseline-*/tensorboard/events.*"))
    assert "epoch" not in run(*baseline, "--epochs", "12").stderr, "a finished stage is not trained again"

    transfer = ["transfer", "--data", str(dataset), "--work", str(work), "--scene-folder", str(tmp_path / "scenes")]
    transfer += [
        "--scenes",
        "96",
        "--head-epochs",
        "1",
        "--epochs",
        "2",
        "--workers",
        "1",
        "--qat",
        "--qat-epochs",
        "1",
    ]
    result = run(*transfer)
    assert result.returncode == 0, result.stderr
    figures = json.loads((work / "transfer.json").read_text())
    assert set(figures["stages"]) == {"head", "fine-tuning", "int8 in the loop"}
    for comparison in figures["int8"].values():
        assert comparison["mean_difference"] < 0.02
    assert (work / "transfer.tflite").is_file() and (work / "transfer-qat.tflite").is_file()
    assert (work / "transfer.png").is_file() and (work / "quantised.png").is_file()


@pytest.mark.usefixtures("tensorflow")
def test_an_interrupted_stage_goes_on(tmp_path: Path) -> None:
    from emberwatch.training.model.network import import_tensorflow
    from emberwatch.training.transfer.loop import run_stage

    tf = import_tensorflow()
    x = np.random.default_rng(1).standard_normal((64, 4)).astype(np.float32)
    y = x.sum(axis=1, keepdims=True)

    class Interrupted(Exception):
        pass

    def train(folder: Path, stop_at: int | None) -> tuple[list[np.ndarray], list[int]]:
        tf.keras.utils.set_random_seed(1)
        model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
        seen: list[int] = []

        def batches(epoch: int):  # type: ignore[no-untyped-def]
            if epoch == stop_at:
                raise Interrupted
            seen.append(epoch)
            return [(x, y, np.ones(64, np.float32))] * 3

        outcome = run_stage(
            model,
            Stage("s", 6, 0.05),
            folder,
            batches,
            3,
            lambda out, target, w: tf.reduce_mean(w[:, None] * (out - target) ** 2),
            lambda m: {"score": -float(tf.reduce_mean((m(x) - y) ** 2))},
            lambda text: None,
        )
        assert [row["epoch"] for row in outcome.history] == [1, 2, 3, 4, 5, 6]
        return outcome.weights, seen

    whole, _ = train(tmp_path / "whole", None)
    with pytest.raises(Interrupted):
        train(tmp_path / "broken", 4)
    resumed, seen = train(tmp_path / "broken", None)
    assert seen == [4, 5, 6]
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@pytest.mark.usefixtures("tensorflow")
def test_folding_batch_normalisation_changes_nothing() -> None:
    from emberwatch.training.model.network import Architecture, import_tensorflow, sequence_model
    from emberwatch.training.transfer.quantise import fold_batch_norm, rounding_model

    tf = import_tensorflow()
    arch = Architecture(4, 4, 8, (3, 3), 2)
    tf.keras.utils.set_random_seed(3)
    model = sequence_model(arch)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if layer.name.endswith("_bn"):
            layer.set_weights([rng.uniform(0.5, 2, w.shape) for w in layer.get_weights()])
    x = rng.standard_normal((2, arch.frames + 12, 32, 1)).astype(np.float32)
    before = np.asarray(model(x, training=False))
    fold_batch_norm(model)
    np.testing.assert_allclose(np.asarray(model(x, training=False)), before, rtol=1e-4, atol=1e-4)
    names = [layer.name for layer in model.layers if layer.name.endswith("_relu")]
    ranges = {name: (0.0, 30.0) for name in names} | {"head": (-60.0, 60.0)}
    rounding = rounding_model(model, arch, ranges)
    assert np.abs(np.asarray(rounding(x)) - before).max() < 2.0
    assert len(rounding.trainable_variables) == 2 * (2 + 2 * len(arch.taps)) + 2
