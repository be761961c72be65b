"""Taps on the firmware's signal path: PCM and features, read out of its memory as its functions return."""

from __future__ import annotations

from emberwatch.base.lazy import np, npt
from emberwatch.inspect.calls import Call, CallTracer
from emberwatch.machine.machine import Machine


class PcmCapture:
    """PCM blocks as `pdm_decimate` leaves them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._blocks: list[npt.NDArray[np.int16]] = []
        CallTracer(machine).on_return("pdm_decimate", self._take)

    def _take(self, call: Call, cycle: int) -> None:
        _state, _words, address, samples = call.arguments
        self._blocks.append(np.frombuffer(self._machine.engine.read_memory(address, 2 * samples), dtype="<i2"))

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """All samples so far, 16 kHz."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros(0, dtype=np.int16)


class FeatureCapture:
    """Feature frames as `features_compute` leaves them."""

    BANDS = 32

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._frames: list[npt.NDArray[np.int8]] = []
        CallTracer(machine).on_return("features_compute", self._take)

    def _take(self, call: Call, cycle: int) -> None:
        self._frames.append(
            np.frombuffer(self._machine.engine.read_memory(call.arguments[1], self.BANDS), dtype=np.int8)
        )

    @property
    def frames(self) -> npt.NDArray[np.int8]:
        """All frames so far, shape (frames, 32), one per 8 ms."""
        return np.stack(self._frames) if self._frames else np.zeros((0, self.BANDS), dtype=np.int8)
