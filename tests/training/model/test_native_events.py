"""The event logic compiled for the host gives what its twin in Python gives."""

import numpy as np
import pytest
from paths import ROOT

from emberwatch.training.data.features import block_features
from emberwatch.training.evaluate.cells import Cell, render_cell
from emberwatch.training.model.events import EventParameters
from emberwatch.training.model.events import find_events as twin
from emberwatch.training.model.native_events import find_events

RELEASED = EventParameters.load(ROOT / "training/released/detector.toml")
EAGER = EventParameters(1, 1, 1, 1, 1, 1, 40, 2, 178)


@pytest.mark.parametrize("name", ["t3", "t4", "continuous", "pulsed_2hz", "hi_lo"])
@pytest.mark.parametrize("parameters", [RELEASED, EAGER])
def test_events_of_an_alarm_and_of_its_end(name: str, parameters: EventParameters) -> None:
    features = block_features(render_cell(Cell("test", name, True, 2700.0)))
    stream = np.concatenate([features, np.full((4 * 300, 32), -128, np.int8)])
    believed = np.zeros(len(stream) // 4, np.uint8)
    believed[: len(features) // 4] = 200
    events = find_events(stream, believed, parameters)
    assert events == twin(stream, believed, parameters)
    assert len(events) >= 2


def test_a_strided_view_is_no_other_stream() -> None:
    features = block_features(render_cell(Cell("test", "t3", True, 3100.0)))
    believed = np.full(len(features) // 4, 200, np.uint8)
    wide = np.zeros((len(features), 64), np.int8)
    wide[:, ::2] = features
    assert find_events(wide[:, ::2], believed, RELEASED) == find_events(features, believed, RELEASED)


def test_other_shapes_and_types_are_refused() -> None:
    features = np.zeros((40, 32), np.int8)
    assert find_events(features, np.zeros(10, np.uint8), RELEASED) == []
    with pytest.raises(ValueError, match="11 blocks"):
        find_events(features, np.zeros(11, np.uint8), RELEASED)
    with pytest.raises(ValueError, match="not uint8"):
        find_events(features, np.zeros(10, np.int64), RELEASED)  # type: ignore[arg-type]
