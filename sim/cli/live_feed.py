"""What the live view shows of a machine that runs in another thread, and what it does to it.

The view never touches the machine: pictures of it come out, commands go in, both where the machine looks up between two
slices of emulated time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from emberwatch.audio import SAMPLE_RATE
from emberwatch.base.units import PICO
from emberwatch.detector.log import DetectorLog
from emberwatch.devices.button import Button
from emberwatch.engines.embedded import EmbeddedEngine
from emberwatch.inspect.led import led_brightness
from emberwatch.inspect.pins import PINS, pin_functions
from emberwatch.machine.machine import Machine
from emberwatch.machine.observer import EndRun, Observer

_EVERY_S = 1 / 15
"""Seconds of the host between two pictures."""
_SLICE_PS = PICO // 50
_MOST_SAMPLES = SAMPLE_RATE
_HELD_S = 0.1
LINE_END = b"\r\n"
"""What Enter sends: programs wait for the one or the other, and MicroPython's prompt takes both for one."""
INTERRUPT = b"\x03"
"""Ctrl-C on a serial line."""


@dataclass(frozen=True)
class Picture:
    """A machine at one moment.

    Attributes:
        time_s: emulated.
        speed: emulated seconds per second of the host since the last picture.
        lines: (seconds, port, line) that were completed since the last picture.
        begun: the line begun on the port that spoke last.
        levels, functions: of GPIO 0 to 29.
        led: brightness 0 to 1; None without one.
        load: share of the time since the last picture that each core did not sleep.
        alarm: kind of the alarm that is on, "" for none; None if it is not our firmware that runs.
        sound: what the microphone heard since the last picture, 16 kHz, full scale 1; None without a microphone.
        pressed: names of the buttons that are held down.
        paused: whether time stands still.
    """

    time_s: float
    speed: float
    lines: list[tuple[float, str, str]]
    begun: str
    levels: list[bool]
    functions: list[str]
    led: float | None
    load: tuple[float, ...]
    alarm: str | None
    sound: npt.NDArray[np.float64] | None
    pressed: frozenset[str]
    paused: bool = False


class LiveFeed(Observer):
    """Takes pictures of a machine while it runs, and does what the view asks for.

    Args:
        machine: to be looked at.
        show: gets each picture, in the machine's thread.
    """

    def __init__(self, machine: Machine, show: Callable[[Picture], object]) -> None:
        super().__init__(machine)
        self._show = show
        self._commands: queue.SimpleQueue[Callable[[Machine], object]] = queue.SimpleQueue()
        self._paused, self._ended, self._drawn = threading.Event(), threading.Event(), threading.Event()
        self._drawn.set()
        self._detector = DetectorLog(machine)
        self._told = dict.fromkeys(machine.ports, 0)
        self._due = 0.0
        self._last_host, self._last_s = time.monotonic(), machine.time_s
        self._last_sleep = self._sleep()
        self._last_cycle = machine.cycles
        self._heard = 0
        machine.slice_ps = min(machine.slice_ps, _SLICE_PS)

    @property
    def buttons(self) -> list[str]:
        """Names of the board's buttons."""
        return [name for name, device in self.machine.devices.items() if isinstance(device, Button)]

    # What the view asks for, in its own thread

    def click(self, button: str) -> None:
        """Presses a button for a tenth of an emulated second."""

        def press(machine: Machine) -> None:
            machine.press(button)
            machine.call_at(machine.time_s + _HELD_S, lambda: machine.release(button))

        self._commands.put(press)

    def send(self, data: bytes) -> None:
        """Types on the serial port that spoke last."""
        self._commands.put(lambda machine: machine.write_bytes(data))

    def pause(self) -> None:
        """Stops time, or lets it go on."""
        if self._paused.is_set():
            self._paused.clear()
        else:
            self._paused.set()

    def drawn(self) -> None:
        """The last picture is on the screen: there may be another. A slow terminal has fewer, not later ones."""
        self._drawn.set()

    def end(self) -> None:
        """Ends the run."""
        self._ended.set()

    # In the machine's thread

    def before_slice(self, now_ps: int) -> None:
        """Takes commands, and a picture when it is time for one.

        Raises:
            EndRun: the view is closed.
        """
        while True:
            if self._ended.is_set():
                raise EndRun
            while not self._commands.empty():
                self._commands.get()(self.machine)
            if time.monotonic() >= self._due and self._drawn.is_set():
                self._drawn.clear()
                self._due = time.monotonic() + _EVERY_S
                self._show(self.picture())
            if not self._paused.is_set():
                return
            time.sleep(_EVERY_S)

    def picture(self) -> Picture:
        """The machine as it is now."""
        machine = self.machine
        now_s, host = machine.time_s, time.monotonic()
        speed = (now_s - self._last_s) / max(host - self._last_host, 1e-6)
        spoken = max(machine.ports.values(), key=lambda port: port.last_s)
        led = None if machine.board.led is None else led_brightness(machine)
        picture = Picture(
            now_s,
            speed,
            self._lines(),
            spoken.unfinished,
            [machine.pin(pin) for pin in range(PINS)],
            pin_functions(machine.engine.read_memory),
            led,
            self._load(),
            self._alarm(),
            self._sound(now_s),
            frozenset(
                name for name, device in machine.devices.items() if isinstance(device, Button) and device.pressed
            ),
            self._paused.is_set(),
        )
        self._last_s, self._last_host = now_s, host
        return picture

    def _lines(self) -> list[tuple[float, str, str]]:
        out = []
        for name, port in self.machine.ports.items():
            out += [(t, name, line) for t, line in port.lines[self._told.get(name, 0) :]]
            self._told[name] = len(port.lines)
        return sorted(out)

    def _sleep(self) -> list[int]:
        engine = self.machine.engine
        if isinstance(engine, EmbeddedEngine):
            return [engine.chip.sleep_cycles(core) for core in (0, 1)]
        return [engine.sleep_cycles]

    def _load(self) -> tuple[float, ...]:
        sleep, cycle = self._sleep(), self.machine.cycles
        passed = cycle - self._last_cycle
        slept = [now - before for now, before in zip(sleep, self._last_sleep, strict=True)]
        self._last_sleep, self._last_cycle = sleep, cycle
        return tuple(1 - min(passed, s) / passed if passed > 0 else 0.0 for s in slept)

    def _alarm(self) -> str | None:
        log = self._detector.log
        if log.banner is None:
            return None
        return (log.kinds[-1] if log.kinds else "on") if log.alarm_on else ""

    def _sound(self, now_s: float) -> npt.NDArray[np.float64] | None:
        if self.machine.engine.sound_supplied is None:
            return None
        end = int(now_s * SAMPLE_RATE)
        start = max(self._heard, end - _MOST_SAMPLES)
        self._heard = end
        return self.machine.scenario.mix(start, max(0, end - start))
