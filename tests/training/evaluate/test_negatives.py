"""Hours of other sounds: pieces without reset, what is kept, who is blamed, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from paths import ROOT

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.base.errors import EmberwatchError
from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL
from emberwatch.training.evaluate import negatives
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.metrics import poisson_interval
from emberwatch.training.evaluate.negatives import negative_figures, plan_pieces, run_pieces
from emberwatch.training.model.events import EventParameters
from emberwatch.training.synth import standard_t3
from emberwatch.training.synth.signals import coloured_noise

PARAMETERS = EventParameters.load(RELEASED_DETECTOR)


def noise(seconds: float, seed: int = 1) -> np.ndarray:
    return 0.1 * coloured_noise(np.random.default_rng(seed), round(seconds * SAMPLE_RATE), -3.0)


def put(path: Path, samples: np.ndarray, rate: int = SAMPLE_RATE, subtype: str = "PCM_16") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype=subtype)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten short noises, one long, a T3 alarm among them as the false event to be found, and what is no sound."""
    root = tmp_path / "sounds"
    for index in range(10):
        put(root / "short" / f"{index}.wav", noise(0.8, index))
    put(root / "loud" / "alarm.flac", standard_t3(3100, 8.0).samples)
    put(root / "z.wav", noise(20.0))
    (root / "text.txt").write_text("no sound")
    return root


def test_every_file_counts_and_the_one_that_raised_an_alarm_is_named(folder: Path, tmp_path: Path) -> None:
    pieces = plan_pieces([folder], [-20.0])
    assert [name for piece in pieces for name in piece.names] == [
        "loud/alarm.flac",
        *(f"short/{index}.wav" for index in range(10)),
        "z.wav",
    ]
    (row,) = negative_figures(run_pieces(RELEASED_MODEL, PARAMETERS, pieces, tmp_path / "kept"))
    assert row["files"] == 12 and row["unreadable"] == []
    assert row["hours"] == pytest.approx(36.0 / 3600)
    assert row["false_events"] == 1
    (event,) = row["events"]
    assert event["files"] == ["loud/alarm.flac"] and event["kind"] == "t3"
    assert 4.0 < event["into_file_s"] < 4.5
    low, high = poisson_interval(1)
    assert row["false_events_per_hour_95"] == [low / row["hours"], high / row["hours"]]
    assert row["folders"][0]["folder"] == "sounds"


def test_pieces_are_some_ten_minutes_and_levels_are_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negatives, "PIECE_SECONDS", 5.0)
    pieces = plan_pieces([folder], [-20.0, -40.0])
    assert [len(piece.files) for piece in pieces] == [1, 6, 4, 1] * 2
    assert [piece.level_dbfs for piece in pieces] == [-20.0] * 4 + [-40.0] * 4


def test_what_was_heard_is_not_heard_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, kept = plan_pieces([folder], [-20.0]), tmp_path / "kept"
    first = run_pieces(RELEASED_MODEL, PARAMETERS, pieces, kept)

    def unheard(self: Detector, features: np.ndarray) -> np.ndarray:
        raise AssertionError("heard again")

    with monkeypatch.context() as patch:
        patch.setattr(Detector, "probabilities", unheard)
        assert run_pieces(RELEASED_MODEL, PARAMETERS, pieces, kept) == first
        put(folder / "short" / "3.wav", noise(0.9))
        with pytest.raises(AssertionError, match="heard again"):
            run_pieces(RELEASED_MODEL, PARAMETERS, plan_pieces([folder], [-20.0]), kept)
    assert not list(kept.glob("*part*"))


def test_files_that_cannot_be_read_are_told_and_passed_over(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.wav").write_bytes(b"RIFF....")
    put(folder / "eight.wav", noise(1.0), subtype="PCM_U8")
    (row,) = negative_figures(run_pieces(RELEASED_MODEL, PARAMETERS, plan_pieces([folder], [-20.0]), tmp_path / "kept"))
    assert row["files"] == 12
    assert [line.partition(":")[0] for line in row["unreadable"]] == ["bad.wav", "eight.wav"]


def test_folders_without_sounds_are_named(tmp_path: Path) -> None:
    with pytest.raises(EmberwatchError, match="no such folder"):
        plan_pieces([tmp_path / "nowhere"], [-20.0])
    with pytest.raises(EmberwatchError, match="no sound files"):
        plan_pieces([tmp_path], [-20.0])


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "emberwatch.cli.main", "evaluate", str(RELEASED_MODEL), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_command(folder: Path, tmp_path: Path) -> None:
    (folder / "loud" / "alarm.flac").rename(folder / "loud" / "a\x1b[31m.flac")
    result = run("--negatives", folder, "--out", tmp_path / "out", "--jobs", 1)
    assert result.returncode == 0, result.stderr
    assert "false   t3 in" in result.stdout and "\x1b" not in result.stdout
    figures = json.loads((tmp_path / "out/evaluation.json").read_text())
    assert figures["negatives"][0]["false_events"] == 1
    assert len(list((tmp_path / "out/heard").glob("*.npz"))) == 1
    nowhere = run("--negatives", tmp_path / "nowhere")
    assert nowhere.returncode == 2 and nowhere.stderr.count("\n") == 1 and "nowhere" in nowhere.stderr
