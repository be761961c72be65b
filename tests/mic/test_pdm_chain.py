"""From PDM to events: the emulated chip does what the references on the host say, block by block."""

from __future__ import annotations

import numpy as np
import pytest
from paths import ROOT

pytest.importorskip("emberwatch._native", reason="the emulator core is not built; run: make setup")

from emberwatch import Clip, DetectorMachine, Scenario
from emberwatch.audio import generate
from emberwatch.inspect.calls import CallTracer

FIRMWARE = ROOT / "build/firmware/pico/emberwatch.elf"

pytestmark = pytest.mark.skipif(not FIRMWARE.is_file(), reason="no firmware; run: make firmware")

SCENES = {
    "alarm in noise": [
        Clip(generate("t3", frequency_hz=3100), at_s=0.3, level_dbfs=-25),
        Clip(generate("pink_noise", seed=1), level_dbfs=-45),
    ],
    "low alarm": [Clip(generate("t3", frequency_hz=520, waveform="square"), at_s=0.1, level_dbfs=-12)],
    "speech": [Clip(generate("speechlike", seed=5), level_dbfs=-18)],
    "overload": [Clip(generate("white_noise", seed=2), gain_db=20)],
}


@pytest.mark.parametrize("name", SCENES)
def test_probabilities_and_events_equal_the_reference(name: str) -> None:
    from emberwatch.base.paths import RELEASED_DETECTOR, RELEASED_MODEL
    from emberwatch.training.evaluate.detector import Detector
    from emberwatch.training.model.events import EventParameters

    with DetectorMachine(FIRMWARE, Scenario(SCENES[name], seconds=10.0)) as machine:
        capture, features = machine.capture_pcm(), machine.capture_features()
        machine.run(5.0)
    assert machine.log.banner is not None
    detector = Detector(RELEASED_MODEL, EventParameters.load(RELEASED_DETECTOR))
    if not detector.sha256.startswith(machine.log.banner.model):
        pytest.skip("the firmware was built with another model; run: make firmware")
    windows = machine.log.windows
    probabilities, events = detector.listen(capture.samples[: 512 * len(windows)])
    assert [round(window.probability * 256) for window in windows] == probabilities.tolist()
    assert np.array_equal(detector.probabilities(features.frames[: 4 * len(windows)]), probabilities)
    assert [event.label for event in events] == [alarm.label for alarm in machine.log.alarms]
    if name != "speech" and name != "overload":
        assert machine.log.alarms


def test_pcm_equals_the_reference_decimator() -> None:
    """The bits are read from the DMA buffers on entry of pdm_decimate, as the firmware sees them."""
    from emberwatch.training.dsp.pdm import PdmDecimator

    words: list[np.ndarray] = []
    blocks: list[np.ndarray] = []
    with DetectorMachine(FIRMWARE, Scenario(SCENES["alarm in noise"], seconds=10.0)) as machine:

        def take(call, cycle) -> None:
            _, source, target, samples = call.arguments
            words.append(np.frombuffer(machine.read(source, samples * 8), dtype="<u4"))
            blocks.append(np.frombuffer(machine.read(target, samples * 2), dtype="<i2"))

        CallTracer(machine).on_return("pdm_decimate", take)
        machine.run(1.0)
    assert len(words) > 20
    assert np.array_equal(PdmDecimator().decimate(np.concatenate(words)), np.concatenate(blocks))


def test_bits_equal_the_reference_microphone() -> None:
    """What DMA put into memory is, bit for bit, what the reference says for the clock edges that PIO produced."""
    from emberwatch.audio import reference

    heard = Scenario(SCENES["speech"], seconds=10.0)
    words: list[np.ndarray] = []
    with DetectorMachine(FIRMWARE, heard) as machine:
        chip = machine.engine.chip  # type: ignore[attr-defined]
        clock = machine.board.needed_microphone.clock
        edges: list[int] = []
        chip.record_pins(1 << clock)

        def take(call, cycle) -> None:
            words.append(np.frombuffer(machine.read(call.arguments[1], call.arguments[3] * 8), dtype="<u4"))

        CallTracer(machine).on_return("pdm_decimate", take)
        while len(words) < 2:
            machine.run(0.02)
            edges += [machine.engine.picoseconds(when) for when, _, level in chip.take_edges() if not level]
    bits = np.unpackbits(np.concatenate(words).astype("<u4").view(np.uint8), bitorder="little")
    expected = reference.pdm_bits(heard.render(0, 8000), edges[: len(bits) + 8])
    # The first sample is taken at the first rising edge; which falling edge came before it depends on PIO's start.
    offsets = [shift for shift in range(8) if np.array_equal(bits[1:20000], expected[shift : shift + 19999])]
    assert len(offsets) == 1
    assert np.array_equal(bits[1:], expected[offsets[0] : offsets[0] + len(bits) - 1])
