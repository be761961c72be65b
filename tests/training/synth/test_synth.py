"""The synthesiser: cadences by the standard, spectra where they belong, everything a function of its seed."""

import itertools

import numpy as np
import pytest

from emberwatch.training.synth import ALARM_KINDS, NEGATIVE_KINDS, make_alarm, make_negative, standard_t3
from emberwatch.training.synth.rooms import at_level, loudest_second_rms, room_response, through_room, to_pcm
from emberwatch.training.synth.signals import SAMPLE_RATE, coloured_noise


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def runs(mask: np.ndarray) -> list[tuple[bool, float]]:
    edges = np.flatnonzero(np.diff(mask.astype(int))) + 1
    bounds = [0, *edges, len(mask)]
    return [(bool(mask[a]), (b - a) / SAMPLE_RATE) for a, b in itertools.pairwise(bounds)]


def test_standard_t3_is_iso_8201() -> None:
    sound = standard_t3(3100, 8.0)
    lengths = [seconds for _, seconds in runs(sound.sounding)]
    assert lengths[:6] == pytest.approx([0.5, 0.5, 0.5, 0.5, 0.5, 1.5])
    assert sound.sounding[0]
    quiet = sound.samples[~sound.sounding]
    assert np.sqrt(np.mean(quiet**2)) < 0.05 * np.sqrt(np.mean(sound.samples[sound.sounding] ** 2))


@pytest.mark.parametrize("square", [False, True])
def test_standard_t3_has_its_frequency(square: bool) -> None:
    frequency = 520.0 if square else 3100.0
    spectrum = np.abs(np.fft.rfft(standard_t3(frequency, 8.0, square).samples))
    assert np.argmax(spectrum) / 8.0 == pytest.approx(frequency, abs=1)


@pytest.mark.parametrize("kind", ALARM_KINDS)
def test_alarms_are_finite_and_repeatable(kind: str) -> None:
    first, again = make_alarm(rng(7), 6.0, kind), make_alarm(rng(7), 6.0, kind)
    assert first.kind == kind
    assert len(first.samples) == len(first.sounding) == 6 * SAMPLE_RATE
    assert np.array_equal(first.samples, again.samples)
    assert np.array_equal(first.sounding, again.sounding)
    assert np.isfinite(first.samples).all()
    assert np.max(np.abs(first.samples)) == pytest.approx(1.0, abs=1e-4)


def test_alarm_devices_differ_from_draw_to_draw() -> None:
    peaks = {round(float(np.argmax(np.abs(np.fft.rfft(make_alarm(rng(s), 4.0, "t3").samples))))) for s in range(8)}
    assert len(peaks) == 8


def test_t4_has_four_beeps_every_five_seconds() -> None:
    for seed in range(6):
        mask = make_alarm(rng(seed), 12.0, "t4").sounding
        on = [seconds for sounding, seconds in runs(mask) if sounding][1:-1]
        assert all(0.08 < seconds < 0.13 for seconds in on)
        pauses = [seconds for sounding, seconds in runs(mask)[1:-1] if not sounding and seconds > 1]
        assert all(3.8 < seconds < 4.8 for seconds in pauses)


@pytest.mark.parametrize("kind", NEGATIVE_KINDS)
def test_negatives_are_finite_bounded_and_repeatable(kind: str) -> None:
    for seed in range(4):
        samples, name = make_negative(rng(seed), 3.0, kind)
        assert name == kind
        assert len(samples) == 3 * SAMPLE_RATE
        assert np.isfinite(samples).all()
        assert np.max(np.abs(samples)) <= 1.0 + 1e-6
        assert np.array_equal(samples, make_negative(rng(seed), 3.0, kind)[0])


def test_steady_tones_stay_out_of_the_alarm_band() -> None:
    for seed in range(30):
        samples, _ = make_negative(rng(seed), 2.0, "tone")
        loudest = np.argmax(np.abs(np.fft.rfft(samples))) / 2.0
        assert loudest < 2000 or loudest > 4400, f"seed {seed}: {loudest} Hz"


@pytest.mark.parametrize(("slope", "ratio"), [(0.0, 1.0), (-3.0, 2.0), (-6.0, 4.0)])
def test_coloured_noise_falls_as_asked(slope: float, ratio: float) -> None:
    power = np.abs(np.fft.rfft(coloured_noise(rng(), 1 << 18, slope))) ** 2
    hertz = len(power) / 8000
    lower = power[int(500 * hertz) : int(700 * hertz)].mean()
    upper = power[int(1000 * hertz) : int(1400 * hertz)].mean()
    assert lower / upper == pytest.approx(ratio, rel=0.05)


def test_levels_are_those_of_the_loudest_second() -> None:
    signal = np.concatenate([np.zeros(16000), rng().standard_normal(16000), np.zeros(8000)]).astype(np.float32)
    assert 20 * np.log10(loudest_second_rms(at_level(signal, -20))) == pytest.approx(-20, abs=0.01)
    assert not at_level(np.zeros(100, np.float32), -20).any()


def test_rooms_keep_length_and_prolong_sound() -> None:
    click = np.zeros(16000, np.float32)
    click[100] = 1
    response = room_response(rng(3))
    heard = through_room(click, response, None)
    assert len(heard) == len(click)
    assert np.sum(response**2) == pytest.approx(1.0)
    assert np.abs(heard[:99]).max() < 1e-5
    assert np.abs(heard[600:2000]).max() > 1e-4


def test_pcm_saturates() -> None:
    assert to_pcm(np.array([-2.0, -1.0, 0.0, 0.5, 2.0], np.float32)).tolist() == [-32768, -32768, 0, 16384, 32767]
