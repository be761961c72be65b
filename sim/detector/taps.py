"""Taps on the firmware's signal path: PCM and features, read out of its memory as its functions return."""

from __future__ import annotations

from collections.abc import Callable

from emberwatch.base.lazy import np, npt
from emberwatch.engines import CallTap
from emberwatch.inspect.calls import Call, CallTracer
from emberwatch.machine.machine import Machine


class _Returns:
    """What each finished call of a function leaves in memory, from now on."""

    def __init__(self, machine: Machine, name: str, pointer: int, size: int, count: int | None = None) -> None:
        self._kept: list[bytes] = []
        engine = machine.engine
        tap = CallTap(machine.image.symbols[name].address, pointer, size, count)
        self._more: Callable[[], list[bytes]] | None = engine.tap_calls(tap)
        if self._more is None:

            def take(call: Call, _: int) -> None:
                times = 1 if count is None else call.arguments[count]
                self._kept.append(engine.read_memory(call.arguments[pointer], size * times))

            CallTracer(machine).on_return(name, take)

    def __call__(self) -> list[bytes]:
        if self._more is not None:
            self._kept += self._more()
        return self._kept


class PcmCapture:
    """PCM blocks as `pdm_decimate` leaves them: `void pdm_decimate(state, words, int16_t *samples, count)`."""

    def __init__(self, machine: Machine) -> None:
        self._returns = _Returns(machine, "pdm_decimate", pointer=2, size=2, count=3)

    @property
    def samples(self) -> npt.NDArray[np.int16]:
        """All samples so far, 16 kHz."""
        return np.frombuffer(b"".join(self._returns()), dtype="<i2").astype(np.int16)


class FeatureCapture:
    """Feature frames as `features_compute` leaves them."""

    BANDS = 32

    def __init__(self, machine: Machine) -> None:
        self._returns = _Returns(machine, "features_compute", pointer=1, size=self.BANDS)

    @property
    def frames(self) -> npt.NDArray[np.int8]:
        """All frames so far, shape (frames, 32), one per 8 ms."""
        return np.frombuffer(b"".join(self._returns()), dtype=np.int8).reshape(-1, self.BANDS).copy()
