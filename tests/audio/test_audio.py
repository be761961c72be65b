"""Sound files, generated sounds and scenarios."""

from __future__ import annotations

import functools
import io
import os
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emberwatch.audio import SAMPLE_RATE, Clip, Recording, Scenario, files, generate, scenario
from emberwatch.base.errors import AudioError, EmberwatchError, ScenarioError


def sine(frequency: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize(("kind", "subtype"), [("wav", "PCM_16"), ("wav", "FLOAT"), ("flac", "PCM_24")])
def test_any_rate_becomes_16_khz_with_level_and_time_kept(tmp_path: Path, rate: int, kind: str, subtype: str) -> None:
    path = tmp_path / f"tone.{kind}"
    soundfile.write(path, sine(1000.0, rate), rate, subtype=subtype)
    samples = files.load(path)
    assert len(samples) == SAMPLE_RATE
    middle = slice(1000, -1000)
    assert np.max(np.abs(samples[middle] - sine(1000.0, SAMPLE_RATE)[middle])) < 2e-4


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "three.wav"
    soundfile.write(path, np.tile([0.5, 0.25, -0.15], (100, 1)), 16000, subtype="FLOAT")
    assert files.load(path) == pytest.approx(0.2, abs=1e-7)


def test_content_above_the_band_is_removed_not_aliased(tmp_path: Path) -> None:
    path = tmp_path / "high.wav"
    soundfile.write(path, sine(11000.0, 48000), 48000, subtype="FLOAT")
    assert np.max(np.abs(files.load(path)[500:-500])) < 1e-4


def test_long_files_are_decoded_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, sine(440.0, 44100, 7.0), 44100, subtype="PCM_24")
    whole = files.load(path)
    monkeypatch.setattr(files, "_BLOCK_FRAMES", 1000)
    monkeypatch.setattr(files, "_MEMORY_SECONDS", 1.0)
    pieces = files.load(path)
    assert isinstance(pieces, np.memmap)
    assert np.max(np.abs(whole - pieces)) < 1e-6


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_long_file_that_finds_no_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, sine(440.0, 16000, 2.0), 16000)
    monkeypatch.setattr(files, "_MEMORY_SECONDS", 1.0)
    monkeypatch.setattr(files.tempfile, "TemporaryFile", functools.partial(open, "/dev/full", "r+b", buffering=0))
    with pytest.raises(AudioError, match=r"long\.wav needs 0 MB or more in .*: No space left on device; make room"):
        files.load(path)


def as_other_programs_leave_it(kind: str) -> bytes:
    """A second of noise: WAV whose sizes are unknown, FLAC of unknown length, half files."""
    noise = np.random.default_rng(1).standard_normal(16000).astype(np.float32) * 0.05
    container = "WAV" if "wav" in kind else "FLAC"
    stream = io.BytesIO()
    soundfile.write(stream, noise, 16000, format=container, subtype="PCM_16")
    data = bytearray(stream.getvalue())
    if kind == "wav of unknown size":
        data[4:8] = data[40:44] = bytes(4)
    elif kind == "wav of endless size":
        data[4:8] = data[40:44] = b"\xff" * 4
    elif kind == "flac of unknown length":  # RFC 9639, 8.2: the lower 36 bits of bytes 18 to 25
        data[18:26] = (int.from_bytes(data[18:26], "big") >> 36 << 36).to_bytes(8, "big")
    elif kind == "flac of 2^35 samples":
        data[18:26] = (int.from_bytes(data[18:26], "big") >> 36 << 36 | 1 << 35).to_bytes(8, "big")
    elif kind.startswith("half"):
        del data[len(data) // 2 :]
    return bytes(data)


@pytest.mark.parametrize(
    ("kind", "least_s", "noted"),
    [
        ("wav of unknown size", 1.0, False),
        ("wav of endless size", 1.0, False),
        ("flac of unknown length", 1.0, False),
        ("flac of 2^35 samples", 1.0, True),
        ("half a wav", 0.49, True),
        ("half a flac", 0.2, True),
    ],
)
def test_what_is_there_is_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, least_s: float, noted: bool
) -> None:
    path = tmp_path / "sound"
    path.write_bytes(as_other_programs_leave_it(kind))
    samples = files.load(path)
    assert least_s <= len(samples) / 16000 <= 1.0 and np.std(samples) > 0.04
    assert ("is cut off" in capsys.readouterr().err) == noted


def test_sound_comes_through_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.flac")
    data = as_other_programs_leave_it("flac")
    writer = threading.Thread(target=(tmp_path / "pipe.flac").write_bytes, args=(data,))
    writer.start()
    assert len(files.load(tmp_path / "pipe.flac")) == 16000
    writer.join(60)


def test_headers_that_lie_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "slow.wav"
    soundfile.write(path, sine(440.0, 16000), 1)
    with pytest.raises(AudioError, match="says 1 samples a second"):
        files.load(path)
    (tmp_path / "bare.raw").write_bytes(bytes(1000))
    with pytest.raises(AudioError, match="without a header"):
        files.load(tmp_path / "bare.raw")
    with pytest.raises(AudioError, match="is a device"):
        files.load("/dev/zero")


def write_text(path: Path) -> None:
    path.write_text("this is not sound\n" * 10)


def write_8_bit(path: Path) -> None:
    soundfile.write(path, sine(1000.0, 16000), 16000, subtype="PCM_U8", format="WAV")


def write_no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0), 16000, subtype="PCM_16", format="WAV")


def write_nan(path: Path) -> None:
    soundfile.write(path, np.full(100, np.nan), 16000, subtype="FLOAT", format="WAV")


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.touch(), "is empty"),
        (lambda path: path.mkdir(), "is a directory"),
        (write_text, "cannot be decoded"),
        (write_8_bit, "8-bit"),
        (write_no_samples, "holds no samples"),
        (write_nan, "not finite"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, write, message: str) -> None:
    path = tmp_path / "bad.wav"
    write(path)
    with pytest.raises(AudioError, match=message) as caught:
        files.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


ALL_SOUNDS = sorted(scenario.GENERATORS)


@pytest.mark.parametrize("name", ALL_SOUNDS)
@settings(max_examples=15)
@given(start=st.integers(0, 200_000), split=st.integers(1, 5000))
def test_any_part_of_a_sound_is_the_same_however_it_is_rendered(name: str, start: int, split: int) -> None:
    whole = generate(name).read(start, 6000)
    again = generate(name)
    parts = np.concatenate([again.read(start + split, 6000 - split), again.read(start, split)])
    assert np.array_equal(np.roll(parts, split), whole)


@pytest.mark.parametrize("name", [n for n in ALL_SOUNDS if n != "silence"])
def test_generated_sounds_are_audible_and_not_clipped(name: str) -> None:
    samples = generate(name).read(0, 5 * SAMPLE_RATE)
    assert 0.01 < np.sqrt(np.mean(samples**2)) < 0.75
    limit = 1.5 if name.endswith("noise") else 1.0
    assert np.max(np.abs(samples)) <= limit


def test_seeds_change_noise() -> None:
    one, two = (generate("pink_noise", seed=seed).read(0, 1000) for seed in (1, 2))
    assert not np.array_equal(one, two)


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    from scipy import signal

    frequency, power = signal.welch(generate("pink_noise").read(0, 60 * SAMPLE_RATE), SAMPLE_RATE, nperseg=8192)
    band = (frequency > 50) & (frequency < 4000)
    slope = np.polyfit(np.log2(frequency[band]), 10 * np.log10(power[band]), 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.25)


def test_t3_has_the_cadence_of_iso_8201() -> None:
    samples = generate("t3", frequency_hz=520.0, waveform="sine").read(0, 8 * SAMPLE_RATE)
    active = np.abs(samples).reshape(-1, 160).max(axis=1) > 0.3  # 10 ms
    edges = np.flatnonzero(np.diff(active.astype(int))) + 1
    expected = [0.5, 1.0, 1.5, 2.0, 2.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5]
    assert edges / 100 == pytest.approx(expected, abs=0.02)


def test_scenario_places_gains_and_mixes() -> None:
    dc = Recording(np.full(16000, 0.25, dtype=np.float32))
    mixed = Scenario([Clip(dc, at_s=0.5), Clip(dc, at_s=1.0, gain_db=-20.0, seconds=0.25)], seconds=2.0)
    rendered = mixed.render(0, 40000) / scenario.FULL_SCALE
    assert rendered[7999] == 0
    assert rendered[8000] == 0.25
    assert rendered[16000] == pytest.approx(0.275, abs=1e-6)
    assert rendered[20000] == 0.25
    assert rendered[24000] == 0
    assert not rendered[32000:].any()


def test_offset_and_loop() -> None:
    ramp = Recording(np.arange(100, dtype=np.float32) / 100)
    looped = Scenario([Clip(ramp, offset_s=90 / SAMPLE_RATE, loop=True, seconds=1.0)]).mix(5, 10)
    assert looped == pytest.approx(np.array([95, 96, 97, 98, 99, 90, 91, 92, 93, 94]) / 100)


def test_level_sets_the_rms_of_the_loudest_second() -> None:
    quiet_then_loud = np.concatenate([np.full(32000, 0.01), np.full(16000, 0.5), np.full(8000, 0.02)])
    clip = Clip(Recording(quiet_then_loud.astype(np.float32)), level_dbfs=-40.0)
    assert Scenario([clip]).mix(40000, 1)[0] == pytest.approx(0.01, rel=1e-3)


def test_rendering_saturates_far_above_full_scale_only() -> None:
    loud = Scenario([Clip(Recording(np.full(10, 1.0, dtype=np.float32)), gain_db=60.0)])
    assert loud.render(0, 1)[0] == np.iinfo(np.int32).max


SCENARIO = """
duration_s = 12
seed = 7
[[sound]]
generate = "t3"
frequency_hz = 3100
at_s = 2.0
level_dbfs = -20.0
[[sound]]
file = "kitchen.wav"
gain_db = -6
loop = true
[[sound]]
generate = "pink_noise"
level_dbfs = -50
"""


def test_scenario_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "kitchen.wav", sine(200.0, 44100), 44100)
    (tmp_path / "a.toml").write_text(SCENARIO)
    first, second = (scenario.load(tmp_path / "a.toml") for _ in range(2))
    assert first.seconds == 12.0
    assert len(first.clips) == 3
    assert np.array_equal(first.render(0, 50000), second.render(0, 50000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"no \[\[sound\]\], no \[\[step\]\] and no duration_s"),
        ("x = ", "not valid TOML"),
        ("duration = 3", "did you mean 'duration_s'"),
        ("duration_s = -1", "duration_s = -1 must be a number, 0 to 1000000"),
        ('duration_s = "3"', "must be a number"),
        ("duration_s = inf", "must be finite"),
        ("seed = 1.5\nduration_s = 1", "whole number"),
        ("[[sound]]\nat_s = 1", "either file or generate"),
        ('[[sound]]\nfile = "a.wav"\ngenerate = "t3"', "either file or generate"),
        ('[[sound]]\ngenerate = "t5"', "known are: t3, t4"),
        ('[[sound]]\ngenerate = "t3"\npitch = 3', "no parameter 'pitch'"),
        ('[[sound]]\ngenerate = "t3"\nfrequency_hz = 90000', "outside"),
        ('[[sound]]\ngenerate = "t3"\nduration_s = 1\ngain_db = -3\nlevel_dbfs = -20', "exclude each other"),
        ('[[sound]]\ngenerate = "t3"', "no end"),
        ('[[sound]]\ngenerate = "silence"\nduration_s = 1\nlevel_dbfs = -20', "all silence"),
        ('[[sound]]\ngenerate = "t3"\nat_s = -1', "at_s"),
        ('[[sound]]\nfile = "absent.wav"', "does not exist"),
        ("sound = 3", r"\[\[sound\]\]"),
        ("sound = [1]", r"\[\[sound\]\]"),
        ("duration_s = nan", "duration_s = nan must be finite"),
        ("duration_s = 1" + 400 * "0", "duration_s = 10000.* must be a number"),
        ("duration_s = 1" + 5000 * "0", "not valid TOML"),
        ("seed = -1\nduration_s = 1", "seed = -1 must be a whole number, 0 to"),
        ("seed = " + 200 * "[", "not valid TOML"),
        ("seed = " + 20000 * "[", "not valid TOML"),
        ('[[sound]]\ngenerate = "t3"\nloop = 1', "loop = 1 must be true or false"),
        ('[[sound]]\ngenerate = "t3"\nfrequency_hz = nan', "frequency_hz = nan must be finite"),
        ('[[sound]]\ngenerate = ["t3"]', "generate = .* must be text in quotes"),
    ],
)
def test_bad_scenarios_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(EmberwatchError, match=message) as caught:
        scenario.load(path)
    assert "\n" not in str(caught.value)


def test_missing_and_binary_scenarios_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="does not exist; give"):
        scenario.load(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="not a text file"):
        scenario.load(tmp_path / "binary.toml")


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.05, 7.33, 130.0])
def test_loudest_second_is_that_of_all_windows(seconds: float) -> None:
    samples = np.random.default_rng(1).standard_normal(round(seconds * 16000)).astype(np.float32)
    samples[: len(samples) // 2] *= 0.1
    starts = range(0, max(1, len(samples) - 16000 + 1), 1600)
    windows = [np.sqrt(np.mean(np.square(samples[at : at + 16000], dtype=np.float64))) for at in starts]
    assert files.loudest_second_rms(samples) == pytest.approx(max(windows), rel=1e-12)
