"""Labels, the network and the whole pipeline in miniature; what needs TensorFlow is skipped without it."""

import sys
from pathlib import Path

import numpy as np
import pytest

from emberwatch.base.paths import RELEASED_DETECTOR
from emberwatch.training.data.scene_cache import SceneSet
from emberwatch.training.model.augment import Augmentation, Shares
from emberwatch.training.model.logs import StageLog, plot_losses, read_history
from emberwatch.training.model.network import Architecture
from emberwatch.training.model.train import labels_and_weights

needs_tensorflow = pytest.mark.usefixtures("tensorflow")


def test_labels_follow_the_sounder() -> None:
    sounding = np.zeros((1, 250), np.uint8)
    sounding[0, 100:116] = 255
    targets, weights = labels_and_weights(sounding, 2.0)
    assert not targets[0, :103].any()
    assert targets[0, 108:116].all()
    assert not targets[0, 128:].any()
    assert (weights[0, :100] == 2.0).all()
    assert weights[0, 101] == 0.0, "in the first moments there is no right answer"
    assert weights[0, 110] > 1.0, "the first second of an alarm counts more"
    assert 0 < weights[0, 130] < 2.0, "a pause counts less"
    assert weights[0, 200] == 2.0


def test_t4_beeps_are_labelled_as_an_alarm() -> None:
    sounding = np.tile(np.repeat([255, 0], 3), 20)[None].astype(np.uint8)
    targets, _ = labels_and_weights(sounding)
    assert targets[0, 30:].all()


def test_a_short_beep_is_not_an_alarm() -> None:
    sounding = np.zeros((1, 250), np.uint8)
    sounding[0, 100:105] = 255
    targets, _ = labels_and_weights(sounding)
    assert not targets.any()


def scenes_with_alarms(alarms: int, others: int) -> SceneSet:
    count = alarms + others
    features = np.random.default_rng(0).integers(-100, 100, (count, 1000, 32)).astype(np.int8)
    sounding = np.repeat(np.array([255] * alarms + [0] * others, np.uint8)[:, None], 250, axis=1)
    return SceneSet(features, sounding, np.zeros(count, np.int8), [""] * count)


def test_augmentation_keeps_types_and_is_repeatable() -> None:
    scenes, index = scenes_with_alarms(8, 4), np.arange(8)
    augmentation = Augmentation(scenes, np.arange(12))
    before = scenes.features.copy()
    varied, heard = augmentation.batch(np.random.default_rng(6), index)
    again, _ = augmentation.batch(np.random.default_rng(6), index)
    assert varied.dtype == np.int8 and varied.shape == (8, 1000, 32)
    assert np.array_equal(varied, again)
    assert np.array_equal(scenes.features, before), "the scenes themselves stay as they are"
    silent = (varied == -128).all(axis=2).reshape(8, 250, 4).all(axis=2)
    assert np.array_equal(heard == 0, silent), "nothing sounds where the past was made silent"
    assert silent.any() and not silent.all()


def test_only_chosen_scenes_without_an_alarm_lie_over_others() -> None:
    only = Shares(overlay=1, pitch=0, colour=0, level=0, silent_start=0)
    scenes = scenes_with_alarms(2, 2)
    scenes.features[2], scenes.features[3] = -128, 127  # the last is not chosen: its loudness would be found anywhere
    scenes.features[2, 400:480, 7] = 50
    varied, _ = Augmentation(scenes, np.array([0, 1, 2]), only).batch(np.random.default_rng(1), np.array([0, 1]))
    louder = varied > scenes.features[:2]
    assert louder[:, :, 7].any() and not np.delete(louder, 7, axis=2).any()


def test_pitch_moves_by_whole_bands() -> None:
    only = Shares(overlay=0, pitch=1, colour=0, level=0, silent_start=0)
    scenes = scenes_with_alarms(0, 64)
    scenes.features[:] = np.arange(32, dtype=np.int8)
    varied, _ = Augmentation(scenes, np.arange(64), only).batch(np.random.default_rng(1), np.arange(64))
    moved = scenes.features[:, 0, 16] - varied[:, 0, 16]
    assert set(moved.tolist()) == {-1, 1}, "further, a tone would cross the border between the classes"
    assert (varied >= 0).all() and (varied <= 31).all(), "the outermost band is repeated"


def test_architecture_figures() -> None:
    arch = Architecture(taps=(15, 15, 15), pool=6)
    assert (arch.columns, arch.frames) == (48, 192)
    assert arch.macs_per_second <= 300_000


def test_histories_are_kept_and_plotted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)  # as where it is not installed
    lines: list[str] = []
    log = StageLog(tmp_path / "a", lines.append)
    assert lines == ["no TensorBoard logs: pip install emberwatch[train]"]
    log.write(1, {"loss": 0.5})
    log.write(2, {"loss": 0.25})
    log.close()
    rows = [{"epoch": 1.0, "loss": 0.5}, {"epoch": 2.0, "loss": 0.25}]
    assert read_history(tmp_path / "a") == rows
    again = StageLog(tmp_path / "a", history=rows[:1])
    again.write(2, {"loss": 0.2})
    again.close()
    assert [row["loss"] for row in read_history(tmp_path / "a")] == [0.5, 0.2], "an epoch that was cut off is replaced"
    assert plot_losses({"a": tmp_path / "a", "not begun": tmp_path / "b"}, tmp_path / "plots/loss.png")
    assert (tmp_path / "plots/loss.png").read_bytes().startswith(b"\x89PNG")
    assert not plot_losses({"not begun": tmp_path / "b"}, tmp_path / "none.png")


@needs_tensorflow
def test_event_files_for_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed; pip install emberwatch[train]")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    log = StageLog(tmp_path)
    for epoch, loss in enumerate((0.5, 0.25, 0.125), start=1):
        log.write(epoch, {"loss": loss})
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    losses = [(event.step, float(tensor_util.make_ndarray(event.tensor_proto))) for event in events.Tensors("loss")]
    assert losses == [(1, 0.5), (2, 0.25), (3, 0.125)]


@needs_tensorflow
def test_pipeline_in_miniature(tmp_path: Path) -> None:
    from emberwatch.training.evaluate.detector import Detector
    from emberwatch.training.model.events import EventParameters
    from emberwatch.training.model.pipeline import Recipe, run
    from emberwatch.training.model.release import write_release

    recipe = Recipe.quick()
    lines: list[str] = []
    parameters = EventParameters.load(RELEASED_DETECTOR)
    outcome = run(recipe, [], tmp_path / "work", parameters, 1, lines.append)
    assert any("epoch" in line for line in lines)
    lines.clear()
    assert run(recipe, [], tmp_path / "work", parameters, 1, lines.append).tflite == outcome.tflite
    assert not any("epoch" in line for line in lines), "a finished run has nothing left to train"
    histories = {folder.name: read_history(folder) for folder in (tmp_path / "work/logs").iterdir()}
    assert {name: len(rows) for name, rows in histories.items()} == {outcome.digest: 2}
    assert outcome.int8.int8.blocks > 100
    assert outcome.int8.mean_difference < 0.02
    summary = write_release(tmp_path / "out", outcome, recipe, parameters)
    detector = Detector(tmp_path / "out/emberwatch.tflite", EventParameters.load(tmp_path / "out/detector.toml"))
    assert summary["sha256"] == detector.sha256
    card = (tmp_path / "out/MODEL_CARD.md").read_text()
    assert summary["sha256"] in card and f"{outcome.int8.int8.auc:.5f}" in card
    assert detector.frames == recipe.architecture.frames


@needs_tensorflow
def test_int8_follows_float(tmp_path: Path) -> None:
    from emberwatch.training.data.scene_cache import build_scenes
    from emberwatch.training.evaluate.detector import Detector
    from emberwatch.training.model.network import export_model, import_tensorflow, sequence_model, to_int8
    from emberwatch.training.model.train import sequence_probabilities

    arch = Architecture(4, 4, 8, (3, 3), 2)
    import_tensorflow().keras.utils.set_random_seed(3)
    model = sequence_model(arch)
    scenes = build_scenes(tmp_path, [], {}, 4, 1)
    windows = scenes.features[:, : arch.frames * 10].reshape(-1, arch.frames, 32)
    path = tmp_path / "m.tflite"
    path.write_bytes(to_int8(export_model(arch, model), windows))
    exact = Detector(path, None).probabilities(scenes.features[0]).astype(int)
    floating = sequence_probabilities(model, arch, scenes.features[0]).astype(int)
    assert np.abs(exact - floating).max() <= 12
    assert np.abs(exact - floating).mean() < 3
