"""Adapters, groups, folds, scenes and the scene cache, on small made-up data."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emberwatch.base.errors import EmberwatchError
from emberwatch.training.data.clips import Clip, assign_folds, group_of, load_dataset, load_datasets
from emberwatch.training.data.features import block_features, whole_blocks
from emberwatch.training.data.scene_cache import build_scenes
from emberwatch.training.data.scenes import SCENE_BLOCKS, SCENE_SAMPLES, Material, make_scene, sounding_of_recording
from emberwatch.training.synth import make_negative, standard_t3


def write_wav(path: Path, samples: np.ndarray, rate: int = 16000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two alarms and four others with a manifest."""
    rows = []
    for index, frequency in enumerate((2900, 3300)):
        write_wav(tmp_path / f"a{index}.wav", 0.4 * standard_t3(frequency, 5.0).samples)
        rows.append({"file": f"a{index}.wav", "label": "alarm", "category": "t3", "group": f"device{index}"})
    for index, kind in enumerate(("speech", "noise", "birds", "melody")):
        samples, _ = make_negative(np.random.default_rng(index), 3.0, kind)
        write_wav(tmp_path / f"{kind}.wav", 0.4 * samples)
        rows.append({"file": f"{kind}.wav", "label": "other", "category": "rain", "group": kind})
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "label", "category", "group"])
        writer.writeheader()
        writer.writerows(rows)
    return tmp_path


def test_manifest_folder_and_file_give_the_same(dataset: Path) -> None:
    clips = load_dataset(dataset)
    assert clips == load_dataset(dataset / "manifest.csv")
    assert [clip.is_alarm for clip in clips] == [True, True, False, False, False, False]
    assert clips[0].group == "device0"


def test_label_folders(tmp_path: Path) -> None:
    write_wav(tmp_path / "alarm/kitchen.wav", np.zeros(100))
    write_wav(tmp_path / "other/street/car.flac", np.zeros(100))
    (tmp_path / "other/notes.txt").write_text("not a sound")
    assert [(clip.path.name, clip.label) for clip in load_dataset(tmp_path)] == [
        ("kitchen.wav", "alarm"),
        ("car.flac", "other"),
    ]


def test_esc50_layout(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n1-100-A-0.wav,1,0,dog,True,100,A\n"
    )
    (clip,) = load_dataset(tmp_path)
    assert (clip.esc_fold, clip.group, clip.category, clip.is_alarm) == (1, "esc-100", "dog", False)
    assert clip.licence == "CC BY 3.0 (ESC-10)"
    (tmp_path / "LICENSE").write_text(
        "- [1-100-A.ogg]: clip derived from dogs [two].aiff (http://example.org/) by someone [CC0]\n"
    )
    assert load_dataset(tmp_path)[0].licence == "CC0 (clip); CC BY 3.0 (ESC-10)"
    assert clip.path == tmp_path / "audio/1-100-A-0.wav"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ("filename,category\n1-100-A-0.wav,dog\n", "column 'fold' is missing"),
        ("filename,fold,category\n1-100-A-0.wav,9,dog\n", "esc50.csv:2: fold '9'"),
        ("filename,fold,category\n", "lists no clips"),
    ],
)
def test_bad_esc50_tables_are_named(tmp_path: Path, table: str, fault: str) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/esc50.csv").write_text(table)
    with pytest.raises(EmberwatchError, match=fault):
        load_dataset(tmp_path)


def test_manifests_of_spreadsheets(tmp_path: Path) -> None:
    """With a byte order mark, Windows line ends, and quoted line breaks."""
    (tmp_path / "m.csv").write_bytes(
        b'\xef\xbb\xbffile,label,category,licence\r\na.wav,alarm,t3,"CC BY\r\n4.0"\r\nb.wav,other,rain,CC0\r\n'
    )
    clips = load_dataset(tmp_path / "m.csv")
    assert [(clip.path.name, clip.category) for clip in clips] == [("a.wav", "t3"), ("b.wav", "rain")]


def test_missing_files_are_counted_before_work_begins(dataset: Path) -> None:
    assert len(load_datasets([dataset, dataset])) == 12
    (dataset / "a1.wav").unlink()
    with pytest.raises(EmberwatchError, match=r"1 of 6 files are missing, the first is .*a1\.wav"):
        load_datasets([dataset])


def test_speech_commands_layout(tmp_path: Path) -> None:
    write_wav(tmp_path / "_background_noise_/pink_noise.wav", np.zeros(100))
    (clip,) = load_dataset(tmp_path)
    assert (clip.category, clip.is_alarm) == ("background_noise", False)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("file,kind\na.wav,alarm\n", "'label' is missing"),
        ("file,label\n\n,alarm\n", "m.csv:3: the file's name is missing"),
        ("file,label\na.wav,fire\n", "'fire'"),
        ("file,label\n", "no clips"),
    ],
)
def test_bad_manifests_are_named(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(EmberwatchError, match=fault):
        load_dataset(path)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmberwatchError, match="no such manifest"):
        load_dataset(tmp_path / "none.csv")
    with pytest.raises(EmberwatchError, match="no sound files"):
        load_dataset(tmp_path)


def test_groups_keep_recordings_together() -> None:
    assert group_of("esc_dog_4-161099-A.flac") == group_of("4-161099-B-10.wav") == "esc-161099"
    assert group_of("firealarm2_3221hz.flac") == group_of("firealarm3_3221hz.flac")
    assert group_of("living_bell_15ft_sample1_66_chunk0_007.flac") == group_of("living_bell_5ft_sample2_3.flac")
    assert group_of("bsb1151_pulsed.flac") != group_of("bsb1153_pulsed.flac")


def test_folds_split_by_group_and_balance() -> None:
    clips = [Clip(Path(f"{g}-{i}.wav"), "other", "x", f"g{g}") for g in range(40) for i in range(1 + g % 3)]
    clips += [Clip(Path(f"alarm{g}.wav"), "alarm", "x", f"a{g}") for g in range(6)]
    folds = assign_folds(clips, 5)
    assert folds == assign_folds(list(reversed(clips)), 5)
    sizes = [sum(folds[clip.group] == fold for clip in clips if not clip.is_alarm) for fold in range(5)]
    assert max(sizes) - min(sizes) <= 2
    assert len({folds[f"a{g}"] for g in range(6)}) == 5


def test_sounding_mask_of_a_recording() -> None:
    sound = standard_t3(3100, 8.0)
    noisy = 0.3 * sound.samples + 0.01 * np.random.default_rng(0).standard_normal(len(sound.samples)).astype(np.float32)
    assert np.mean(sounding_of_recording(noisy) == sound.sounding) > 0.97


def test_features_need_whole_blocks_and_start_in_silence() -> None:
    pcm = whole_blocks(np.full(700, 1000, np.int16))
    assert len(pcm) == 1024
    features = block_features(pcm)
    assert features.shape == (8, 32)
    assert features.dtype == np.int8
    with pytest.raises(ValueError, match="whole blocks"):
        block_features(pcm[:700])


def test_scenes_are_functions_of_their_seed(dataset: Path) -> None:
    clips = load_dataset(dataset)
    material = Material(clips, assign_folds(clips, 2))
    alarms = 0
    for seed in range(24):
        scene = make_scene(np.random.default_rng([3, seed]), material)
        again = make_scene(np.random.default_rng([3, seed]), material)
        assert np.array_equal(scene.pcm, again.pcm)
        assert scene.pcm.shape == (SCENE_SAMPLES,)
        assert scene.sounding.shape == (SCENE_BLOCKS,)
        assert scene.fold in (-1, 0, 1)
        alarms += scene.sounding.any()
    assert 4 < alarms < 20


def test_scene_cache_resumes_and_is_keyed(dataset: Path, tmp_path: Path) -> None:
    clips = load_dataset(dataset)
    folds = assign_folds(clips, 2)
    seen: list[tuple[int, int]] = []
    first = build_scenes(tmp_path / "cache", clips, folds, 6, 1, 1, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 6), (6, 6)]
    seen.clear()
    second = build_scenes(tmp_path / "cache", clips, folds, 6, 1, 1, lambda done, total: seen.append((done, total)))
    assert seen == [(6, 6)]
    assert np.array_equal(first.features, second.features)
    assert first.what == second.what
    other = build_scenes(tmp_path / "cache", clips, folds, 6, 2)
    assert not np.array_equal(first.features, other.features)
