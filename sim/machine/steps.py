"""What is done to a running board, and expected of it: the one set of steps behind every face of Emberwatch.

Each method of `Steps` that `step` marks is a step of scenario files, a method of `Machine`, a keyword of the Robot
library, a request of `emberwatch serve`, and what `--expect` and a Wokwi scenario become. All times are emulated.
"""

from __future__ import annotations

from typing import Any

from emberwatch.audio import Clip, Recording, files, generate
from emberwatch.audio.scenario import GENERATORS
from emberwatch.base.errors import DeviceError, ExpectationError, UsageError
from emberwatch.devices.base import Device
from emberwatch.machine.console_steps import PortName, Seen
from emberwatch.machine.pictures import compare_picture
from emberwatch.machine.pin_steps import PinSteps
from emberwatch.machine.stepping import STEPS, step
from emberwatch.machine.usb.steps import UsbSteps
from emberwatch.machine.values import Seconds

__all__ = ["STEPS", "PortName", "Seen", "Steps", "step"]

_HEARD_AHEAD = 64
"""Samples that the microphone's filter has looked at already (`mic::Interpolator::kLookAhead`, rounded up)."""


class Steps(PinSteps, UsbSteps):
    """The steps; `Machine` derives from it."""

    _unplugged: dict[str, tuple[Device, dict[str, int]]]

    def begin_steps(self) -> None:
        """To be called once, when the machine is made."""
        self._seen, self._refused, self._unplugged, self._made = {}, [], {}, set()

    # Devices

    @step
    def set_device(self, device: str, control: str, value: Any) -> None:
        """Changes what a hand or the world changes at a device, as in `"weather", "celsius", 30.5`."""
        self._device(device).set_control(control, value)
        self._board.input_given()

    @step
    def expect_device(self, device: str, reading: str, value: Any, tolerance: float = 0.0) -> None:
        """What a device shows: `brightness` of an LED, `closed` of a relay, `text` of a display."""
        found = self._device(device)
        name = found.controls.get(reading, reading)
        if name.startswith("_") or not hasattr(found, name) or callable(getattr(type(found), name, None)):
            if not callable(shown := getattr(found, name, None)):
                raise DeviceError(f"device {device!r} has no reading {reading!r}")
            measured = shown()
        else:
            measured = getattr(found, name)
        if isinstance(value, (int, float)) and isinstance(measured, (int, float)):
            self._near(f"{reading} of {device}", float(measured), float(value), tolerance, "")
        elif _lists(measured) != _lists(value):
            raise ExpectationError(f"{reading} of {device} is {measured!r}, expected {value!r}")

    @step
    def save_picture(self, device: str, file: str) -> None:
        """Writes what a display shows as a PNG file."""
        self._file(file).write_bytes(self._picture(device))

    @step
    def expect_picture(self, device: str, file: str) -> None:
        """A display shows the picture of a PNG file, dot for dot; the file may be larger by a whole factor."""
        compare_picture(self._picture(device), self._file(file), device)

    @step
    def unplug(self, what: str = "usb") -> None:
        """Pulls out the USB cable, or takes a device off its pins."""
        if what == "usb":
            self._board.engine.connect_usb(False)
        else:
            device, lines = self._board.engine.devices.get(what, (None, {}))
            self._board.engine.detach(device or self._device(what))
            assert device is not None
            self._unplugged[what] = device, lines
        self._board.input_given()

    @step
    def plug(self, what: str = "usb") -> None:
        """Plugs in again what `unplug` took away."""
        if what == "usb":
            self._board.engine.connect_usb(True)
        elif what in self._unplugged:
            device, lines = self._unplugged.pop(what)
            self._board.engine.attach(device, lines)
        else:
            raise UsageError(f"plug {what!r}: it was not unplugged; there are: {', '.join(self._unplugged) or 'none'}")
        self._board.input_given()

    # Sound and power

    @step
    def play_sound(self, sound: str, gain_db: float = 0.0, level_dbfs: float | None = None) -> None:
        """The microphone hears a sound from now on, beside what it hears already: a file, or one of `GENERATORS`."""
        made = generate(sound) if sound in GENERATORS else Recording(files.load(self._file(sound)))
        board = self._board
        sample = round(board.time_s * files.SAMPLE_RATE) + _HEARD_AHEAD
        clip = Clip(made, at_s=sample / files.SAMPLE_RATE, gain_db=gain_db, level_dbfs=level_dbfs)
        board.engine.withdraw_sound(sample)
        board.scenario = board.scenario.with_clip(clip)
        board.input_given()

    @step
    def cut_power(self, seconds: Seconds = 0.1) -> None:
        """Power fails now, at whatever the program is doing, and comes back after a time.

        A page or sector of flash that is just being written stays half written; SRAM holds what chance leaves.
        """
        self._power(seconds, True)

    @step
    def brown_out(self, seconds: Seconds = 0.001) -> None:
        """The supply falls below the brown-out detector's threshold: the chip is reset, memories keep their content."""
        self._power(seconds, False)

    def _power(self, seconds: float, gone: bool) -> None:
        board = self._board
        if gone and board.image.ram_entry is not None:
            raise UsageError(
                f"{board.image.path.name} is linked to SRAM, which loses its content; link it to flash to cut the power"
            )
        seed = (board.seed << 32 ^ board.cycles) if gone else None
        board.engine.power_cycle(board.image, round(seconds * 1e12), seed)
        board.ended_s.clear()
        board.input_given()

    # Helpers

    def _device(self, name: str) -> Device:
        devices = self._board.devices
        if name not in devices:
            raise DeviceError(f"there is no device {name!r}; the board has: {', '.join(devices) or 'none'}")
        return devices[name]

    def _picture(self, name: str) -> bytes:
        png = getattr(self._device(name), "png", None)
        if png is None:
            raise DeviceError(f"device {name!r} has no picture")
        return bytes(png(1))


for _name in [name for name in STEPS if name in vars(UsbSteps)]:
    STEPS[_name] = STEPS.pop(_name)  # their place in the documentation is the end


def _lists(value: Any) -> Any:
    """Tuples as lists, which is what files can write."""
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value
