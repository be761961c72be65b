"""Microphones with a digital output: PDM (two of them share a line for stereo) and I2S."""

from __future__ import annotations

from emberwatch import _native
from emberwatch.audio.files import load
from emberwatch.base.errors import DeviceError
from emberwatch.base.lazy import np, npt
from emberwatch.devices.base import NativeDevice

SAMPLE_RATE = 16_000


class _Microphone(NativeDevice):
    """Hears `sound`, a file, from power-on; more by `push`."""

    def __init__(self, channel: str, seed: int, sound: str) -> None:
        if channel not in ("left", "right"):
            raise ValueError(f"channel is {channel!r}; it must be 'left' or 'right'")
        self.channel, self.seed = channel, seed
        self._sound = load(sound) if sound else None

    def _native_half(self) -> _native.Microphone | _native.I2sMicrophone:
        raise NotImplementedError

    def plug(self) -> _native.Device:
        """See `Device.plug`."""
        native = self._native_half()
        self._plugged = native
        if self._sound is not None:
            self.push(self._sound)
        return native

    def push(self, samples: npt.NDArray[np.floating]) -> None:
        """Appends sound: samples of -1..1 at 16 kHz; the first ever sounds at power-on.

        Raises:
            DeviceError: it is not attached.
        """
        if not isinstance(self._plugged, (_native.Microphone, _native.I2sMicrophone)):
            raise DeviceError(f"device {self.title!r} is not attached; call machine.attach first")
        q23 = np.clip(np.round(np.asarray(samples, dtype=np.float64) * (1 << 23)), -(1 << 23), (1 << 23) - 1)
        self._plugged.push(q23.astype(np.int32))


class PdmMicrophone(_Microphone):
    """A bit per clock period. Two on the same lines, `channel` left and right, are a stereo pair.

    Args:
        channel: what its SELECT pin is strapped to: left puts its bit out after the falling edge of the clock.
        seed: of the modulator's dither.
        sound: a WAV or FLAC file.
    """

    lines = ("clock", "data")

    def __init__(self, channel: str = "left", seed: int = 1, sound: str = "") -> None:
        super().__init__(channel, seed, sound)

    def _native_half(self) -> _native.Microphone:
        return _native.Microphone(self.channel == "right", self.seed, self.title)


class I2sMicrophone(_Microphone):
    """A word of 24 bits per frame, most significant bit first, in the manner of the INMP441.

    Args:
        channel: the half of the frame in which it speaks: left while `ws` is low.
        sound: a WAV or FLAC file.
    """

    lines = ("bclk", "ws", "data")

    def __init__(self, channel: str = "left", sound: str = "") -> None:
        super().__init__(channel, 1, sound)

    def _native_half(self) -> _native.I2sMicrophone:
        return _native.I2sMicrophone(self.channel == "right", self.title)
