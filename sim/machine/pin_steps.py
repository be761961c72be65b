"""Steps about the chip's pins: levels, voltages and buttons on them, and what is measured there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from emberwatch.audio import files
from emberwatch.base.errors import DeviceError, ExpectationError, UsageError
from emberwatch.devices.base import Device
from emberwatch.devices.button import Button
from emberwatch.devices.potentiometer import Potentiometer
from emberwatch.devices.probe import Probe, Signal
from emberwatch.machine.console_steps import ConsoleSteps
from emberwatch.machine.stepping import step
from emberwatch.machine.values import ButtonName, Level, Pin, Seconds, gpio

_ADC_PINS = range(26, 30)


class PinSteps(ConsoleSteps):
    """`Steps` derives from it."""

    folder: Path = Path()
    """What files that steps name are relative to."""
    _made: set[str]
    """Names of the devices that steps have put on pins."""

    # Pins

    @step
    def press(self, button: ButtonName) -> None:
        """Presses a button: one of the board's devices by name, one to ground on a pin, or `bootsel`."""
        if not self._bootsel(button, True):
            self._button(button).press()

    @step
    def release(self, button: ButtonName) -> None:
        """Lets a button go."""
        if not self._bootsel(button, False):
            self._button(button).release()

    @step
    def click(self, button: ButtonName, held: Seconds = 0.1) -> None:
        """Presses a button for a while, and leaves it released for as long."""
        self.press(button)
        self.wait(held)
        self.release(button)
        self.wait(held)

    @step
    def set_pin(self, pin: Pin, level: Level) -> None:
        """Puts a level on a pin from outside; the chip's own outputs win."""
        self._board.engine.drive_pin(pin, level)
        self._board.input_given()

    @step
    def expect_pin(self, pin: Pin, level: Level, within: Seconds = 0.0) -> None:
        """The pin has this level, or gets it within a time."""
        board = self._board
        if level is None:
            raise UsageError("level = 'float' cannot be expected; a pin is high or low")
        if board.pin(pin) == level:
            return
        word = "high" if level else "low"
        if within > 0:
            with self.finely(), self._probe(pin) as probe:
                board.wait_until(
                    lambda _: any(now == level for _, now in probe.signal().changes),
                    within,
                    f"GPIO{pin} did not go {word}",
                )
            return
        raise ExpectationError(f"GPIO{pin} is not {word} at {board.time_s:.6f} s")

    @step
    def set_voltage(self, pin: Pin, volts: float) -> None:
        """Puts a voltage on an ADC input, GPIO 26 to 29."""
        self._source(pin).set_control("volts", volts)
        self._board.input_given()

    @step
    def play_voltage(self, pin: Pin, file: str, volts: float = 1.65, offset: float = 1.65) -> None:
        """Plays a sound file into an ADC input: `offset` volts for silence, `volts` more for positive full scale."""
        samples, rate = files.load(self._file(file)), files.SAMPLE_RATE
        self._source(pin).wave([float(offset + volts * s) for s in samples], rate)
        self._board.input_given()

    @step
    def expect_frequency(self, pin: Pin, hertz: float, tolerance: float = 0.01, over: Seconds = 0.1) -> float:
        """The pin's frequency, measured for a while; `tolerance` is a share of it. Returns the frequency."""
        measured = self.measure(pin, over).hertz
        return self._near(f"frequency of GPIO{pin}", measured, hertz, abs(tolerance * hertz), "Hz")

    @step
    def expect_duty(self, pin: Pin, duty: float, tolerance: float = 0.01, over: Seconds = 0.1) -> float:
        """Share of time, 0 to 1, for which the pin is high, measured for a while. Returns it."""
        return self._near(f"duty cycle of GPIO{pin}", self.measure(pin, over).duty, duty, tolerance, "")

    @step
    def expect_servo(
        self,
        pin: Pin,
        degrees: float,
        tolerance: float = 2.0,
        over: Seconds = 0.1,
        shortest_us: float = 500.0,
        longest_us: float = 2500.0,
    ) -> float:
        """Angle of a servo motor on the pin: 0 degrees at the shortest pulse, 180 at the longest. Returns the angle."""
        pulses = self.measure(pin, over).pulses_us
        if not pulses or longest_us <= shortest_us:
            raise ExpectationError(f"GPIO{pin} gave no whole pulse within {over:g} s; a servo gets one every 20 ms")
        angle = 180.0 * (pulses[-1] - shortest_us) / (longest_us - shortest_us)
        return self._near(f"servo on GPIO{pin}", angle, degrees, tolerance, "degrees")

    def measure(self, pin: int, seconds: float) -> Signal:
        """Runs for a time with a probe on a pin; what it saw."""
        with self._probe(pin) as probe:
            self._board.run(seconds)
            return probe.signal()

    @contextmanager
    def _probe(self, pin: int) -> Iterator[Probe]:
        """A probe on a pin, for a time: it misses no pulse, however short."""
        probe = Probe()
        probe.name = f"probe{pin}"
        self._board.attach(probe, pin=pin)
        try:
            yield probe
        finally:
            self._board.engine.detach(probe)

    # Helpers

    def _bootsel(self, button: str, pressed: bool) -> bool:
        """Moves the BOOTSEL button, if it is that one; a device of this name is another."""
        if str(button).lower() != "bootsel" or str(button) in self._board.devices:
            return False
        self._board.engine.press_bootsel(pressed)
        self._board.input_given()
        return True

    def _button(self, button: str) -> Button:
        named = self._board.devices.get(str(button))
        if isinstance(named, Button):
            self._board.input_given()
            return named
        if named is not None:
            raise DeviceError(f"device {button!r} is no button")
        return self._on_pin(_pin_of(button, self._board.devices), Button, "pin")

    def _source(self, pin: int) -> Potentiometer:
        if pin not in _ADC_PINS:
            raise UsageError(f"pin = {pin} has no ADC; the inputs are GPIO 26 to 29")
        return self._on_pin(pin, Potentiometer, "adc")

    _Kind = TypeVar("_Kind", bound=Device)

    def _on_pin(self, pin: int, kind: type[_Kind], line: str) -> _Kind:
        """The device of a kind on a pin, attached now if there is none."""
        for device, lines in self._board.engine.devices.values():
            if isinstance(device, kind) and lines.get(line) == pin:
                self._board.input_given()
                return device
        device = kind()
        device.name = f"{kind.__name__.lower()}{pin}"
        self._board.attach(device, **{line: pin})
        self._made.add(device.name)
        return device

    def forget_made(self, kept: Collection[str]) -> None:
        """Takes away what steps put on pins, a button or a voltage, but for what has one of the names."""
        for name, (device, _) in self._board.engine.devices.items():
            if name in self._made and name not in kept:
                self._board.engine.detach(device)
                self._made.discard(name)

    def _near(self, what: str, measured: float, expected: float, tolerance: float, unit: str) -> float:
        if not abs(measured - expected) <= tolerance:  # NaN is near nothing
            unit = f" {unit}" if unit else ""
            raise ExpectationError(f"{what} is {measured:g}{unit}, expected {expected:g} within {tolerance:g}")
        return measured

    def _file(self, name: str) -> Path:
        return self.folder / name


def _pin_of(button: str, devices: dict[str, Device]) -> int:
    try:
        return gpio(button, "button")
    except UsageError:
        names = ", ".join(name for name, device in devices.items() if isinstance(device, Button)) or "none"
        raise DeviceError(f"there is no button {button!r}; the board has: {names}; or give a pin") from None
