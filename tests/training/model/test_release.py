"""A released model's card, judged anew without training."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from emberwatch.audio.files import save
from emberwatch.base.errors import UsageError
from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL
from emberwatch.training.data.clips import Clip
from emberwatch.training.evaluate.cells import Cell
from emberwatch.training.evaluate.detector import Detector
from emberwatch.training.evaluate.map import CellResult
from emberwatch.training.evaluate.metrics import percentiles
from emberwatch.training.evaluate.negatives import FalseEvent, PieceResult, negative_figures
from emberwatch.training.evaluate.run import Judged, judge
from emberwatch.training.evaluate.trials import Trial
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.release import released_recipe, renew
from emberwatch.training.synth import standard_t3

PARAMETERS = EventParameters.load(RELEASED_DETECTOR)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    for name in ("emberwatch.tflite", "metrics.json"):
        shutil.copy(RELEASED_MODEL.with_name(name), tmp_path / name)
    return tmp_path / "emberwatch.tflite"


@pytest.fixture
def judged(tmp_path: Path) -> list[Judged]:
    path = tmp_path / "alarm.wav"
    save(path, standard_t3(3100, 8.0).samples)
    clip = Clip(path, "alarm", "smoke_alarm_t3", "one")
    return [judge(Trial(clip, level), Detector(RELEASED_MODEL, PARAMETERS)) for level in (-20.0, -40.0)]


CELLS = [CellResult(Cell("t3", "t3", True, 3000.0), 4.1, 0.3, "t3", None)]
FOLDER = "/home/somebody/music"
HOURS = [
    PieceResult(FOLDER, -20.0, 36_000.0, 7, [], []),
    PieceResult(FOLDER, -20.0, 36_000.0, 2, [FalseEvent(FOLDER, ["a.ogg"], 9.0, 8.0, "t3", -20.0)], []),
]


def test_a_card_tells_what_was_judged_and_keeps_the_rest(model: Path, judged: list[Judged]) -> None:
    before = json.loads(model.with_name("metrics.json").read_text())
    renew(model, PARAMETERS, judged, CELLS, [])
    told = json.loads(model.with_name("metrics.json").read_text())
    assert told["judged"]["detected"] == 2 and told["map"]["trials"] == 1
    assert told["events"] == asdict(PARAMETERS) and told["negatives"] == before["negatives"]
    assert {name: told[name] for name in ("sources", "int8", "recipe")} == {
        name: before[name] for name in ("sources", "int8", "recipe")
    }
    card = model.with_name("MODEL_CARD.md").read_text()
    assert "smoke_alarm_t3 t3 2" in card and ("## Hours of other sounds" in card) is bool(before["negatives"])
    renew(model, PARAMETERS, [], [], negative_figures(HOURS))
    card = model.with_name("MODEL_CARD.md").read_text()
    assert "| -20 dBFS | 20.00 | 9 | 1 | 0.050 (0.001-0.279) |" in card
    assert "t3 at -20 dBFS in music: a.ogg" in card and "smoke_alarm_t3 t3 2" in card
    assert "somebody" not in card + model.with_name("metrics.json").read_text()


def test_a_card_is_of_one_detector(model: Path, judged: list[Judged]) -> None:
    renew(model, PARAMETERS, judged, CELLS, negative_figures(HOURS))
    other = replace(PARAMETERS, trust_t3=99)
    with pytest.raises(UsageError, match="other event parameters"):
        renew(model, other, [], [], negative_figures(HOURS))
    renew(model, other, judged, CELLS, [])
    assert json.loads(model.with_name("metrics.json").read_text())["negatives"] == []


def test_a_card_is_of_one_model(model: Path) -> None:
    assert released_recipe(model)[1].levels == (-10.0, -20.0, -30.0, -40.0)
    model.write_bytes(model.read_bytes() + b"\0")
    with pytest.raises(UsageError, match="of another model"):
        released_recipe(model)
    model.with_name("metrics.json").unlink()
    with pytest.raises(UsageError, match="no figures of a training run"):
        released_recipe(model)


def test_percentiles_are_values_that_occurred() -> None:
    assert percentiles([]) is None
    assert percentiles([3.0]) == dict.fromkeys(("5", "25", "50", "75", "95"), 3.0)
    values = [float(n) for n in range(1, 101)]
    assert percentiles(values) == {"5": 5.0, "25": 25.0, "50": 50.0, "75": 75.0, "95": 95.0}
