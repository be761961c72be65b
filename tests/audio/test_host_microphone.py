"""The host's microphone, by a module that stands in for sounddevice."""

from __future__ import annotations

import os
import sys
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import FIRMWARE, emberwatch, should_refuse

from emberwatch.audio import files, host_microphone
from emberwatch.audio.host_microphone import HostMicrophone
from emberwatch.base.errors import AudioError, MissingDependencyError

STAND_IN = """
import numpy

class PortAudioError(Exception):
    pass

class InputStream:
    # A tone of 3100 Hz, all of it at once.
    def __init__(self, samplerate, channels, dtype, callback):
        assert (samplerate, channels, dtype) == (16000, 1, "float32")
        self._callback = callback
    def start(self):
        t = numpy.arange(5 * 16000) / 16000
        data = (0.3 * numpy.sin(2 * numpy.pi * 3100 * t)).astype("float32")[:, None]
        self._callback(data, len(data), None, None)
    def close(self):
        pass
"""


def test_samples_come_in_order_and_whoever_is_early_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    callbacks: list[Any] = []

    class Stream:
        def __init__(self, samplerate: int, channels: int, dtype: str, callback: Any) -> None:
            callbacks.append(callback)

        def start(self) -> None:
            pass

        def close(self) -> None:
            callbacks.clear()

    stand_in = types.SimpleNamespace(InputStream=Stream, PortAudioError=RuntimeError)
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in)
    microphone = HostMicrophone()
    got: list[Any] = []
    reader = threading.Thread(target=lambda: got.append(microphone.read(0, 300)))
    reader.start()
    while not callbacks:
        pass
    for block in range(3):
        samples = np.arange(100 * block, 100 * block + 100, dtype=np.float32)[:, None]
        assert not got
        callbacks[0](samples, 100, None, None)
    reader.join(60)
    assert np.array_equal(got[0], np.arange(300))
    assert np.array_equal(microphone.read(120, 50), np.arange(120, 170)), "a replay hears the same"
    microphone.close()
    assert not callbacks


def test_what_is_too_old_is_refused() -> None:
    class Closed:
        def close(self) -> None: ...

    microphone = HostMicrophone(lambda take: (take(np.zeros(31 * 16000, np.float32)), Closed())[1])
    assert len(microphone.read(16000, 100)) == 100
    with pytest.raises(AudioError, match="kept for 30 s"):
        microphone.read(0, 100)


def test_no_device_no_library_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failed(Exception):
        pass

    def none(**_: object) -> object:
        raise Failed("Error querying device -1")

    stand_in = types.SimpleNamespace(InputStream=none, PortAudioError=Failed)
    monkeypatch.setitem(sys.modules, "sounddevice", stand_in)
    with pytest.raises(AudioError, match="no microphone that can be used: Error querying device"):
        host_microphone.scenario().render(0, 10)
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingDependencyError, match=r"--audio mic needs sounddevice.*emberwatch\[mic\]"):
        host_microphone.scenario().render(0, 10)


def test_the_board_hears_it(tmp_path: Path) -> None:
    if not FIRMWARE.is_file():
        pytest.skip("the firmware is not built; run: make firmware")
    (tmp_path / "sounddevice.py").write_text(STAND_IN)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    heard = tmp_path / "heard.wav"
    done = emberwatch("run", FIRMWARE, "--audio", "mic", "--seconds", "1", "--pcm", heard, PYTHONPATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    samples = files.load(heard)[8000:12096]
    assert np.argmax(np.abs(np.fft.rfft(samples))) * 16000 / len(samples) == pytest.approx(3100, abs=4)
    should_refuse(emberwatch("run", FIRMWARE, "--audio", "mic", "--level-dbfs", "-20"), "--level-dbfs needs a file")
