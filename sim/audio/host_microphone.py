"""What this computer's own microphone hears, as the sound of an emulated one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from emberwatch.audio.files import SAMPLE_RATE
from emberwatch.audio.scenario import MAX_LENGTH_S, Clip, Scenario
from emberwatch.audio.sounds import Samples, Sound
from emberwatch.base import extras
from emberwatch.base.errors import AudioError

_KEPT = 30 * SAMPLE_RATE
"""Samples that can be heard again: a crash report replays a second of them."""
_PATIENCE_S = 5.0
"""How long the microphone may give nothing before that is an error."""


class Stream(Protocol):
    """What delivers samples until it is closed."""

    def close(self) -> None:
        """Ends it."""


Opener = Callable[[Callable[[npt.NDArray[np.float32]], None]], Stream]
"""Starts a stream that hands on blocks of samples, 16 kHz, full scale 1, in a thread of its own."""


class HostMicrophone(Sound):
    """Samples of a microphone from the moment on at which the first were asked for.

    Whoever reads what is not recorded yet waits for it: an emulated board that listens runs in real time.

    Args:
        start: begins to record; the host's default input by sounddevice, unless something else is given.
    """

    length = None

    def __init__(self, start: Opener | None = None) -> None:
        self._start = start or _open
        self._more = threading.Condition()
        self._blocks: npt.NDArray[np.float32] = np.zeros(0, np.float32)
        self._first = 0
        self._stream: Stream | None = None

    def take(self, samples: npt.NDArray[np.float32]) -> None:
        """Adds what was recorded."""
        with self._more:
            self._blocks = np.concatenate((self._blocks, samples))
            surplus = len(self._blocks) - _KEPT
            if surplus > 0:
                self._blocks, self._first = self._blocks[surplus:], self._first + surplus
            self._more.notify_all()

    def read(self, start: int, count: int) -> Samples:
        """Samples ``start .. start + count - 1`` since recording began.

        Raises:
            AudioError: there is no microphone, it gives nothing, or the samples are too old to be kept.
        """
        if self._stream is None:
            self._stream = self._start(self.take)
        with self._more:
            while self._first + len(self._blocks) < start + count:
                if not self._more.wait(_PATIENCE_S):
                    raise AudioError(f"the microphone of this computer has given no sound for {_PATIENCE_S:g} s")
            at = start - self._first
            if at < 0:
                raise AudioError(f"what the microphone heard is kept for {_KEPT // SAMPLE_RATE} s only")
            return self._blocks[at : at + count].astype(np.float64)

    def close(self) -> None:
        """Gives the microphone back."""
        if self._stream is not None:
            self._stream.close()


def scenario(gain_db: float = 0.0) -> Scenario:
    """A scenario that has no end, in which the host's microphone is heard from power-on."""
    return Scenario([Clip(HostMicrophone(), gain_db=gain_db)], MAX_LENGTH_S)


def _open(take: Callable[[npt.NDArray[np.float32]], None]) -> Stream:
    """The host's default input.

    Raises:
        MissingDependencyError: sounddevice, or the library PortAudio that it uses, is not installed.
        AudioError: there is no input.
    """
    try:
        sounddevice = extras.load("sounddevice", "--audio mic")
    except OSError as error:  # its wheels for Linux bring no PortAudio
        library, remedy = extras.LIBRARIES["sounddevice"]
        raise AudioError(f"--audio mic: {error}; install {library}, as by: {remedy}") from None

    def heard(data: Any, *_: object) -> None:
        take(data[:, 0].copy())

    try:
        stream = sounddevice.InputStream(samplerate=SAMPLE_RATE, channels=1, dtype="float32", callback=heard)
        stream.start()
    except (sounddevice.PortAudioError, ValueError) as error:
        raise AudioError(f"--audio mic: this computer has no microphone that can be used: {error}") from None
    opened: Stream = stream
    return opened
