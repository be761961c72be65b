"""What is done to a running board, and expected of it: the one set of steps behind every face of Emberwatch.

Each method of `Steps` that `step` marks is a step of scenario files, a method of `Machine`, a keyword of the Robot
library, a request of `emberwatch serve`, and what `--expect` and a Wokwi scenario become. All times are emulated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args

from emberwatch.audio import Clip, Recording, files, generate
from emberwatch.audio.scenario import GENERATORS
from emberwatch.base.errors import DeviceError, ExpectationError, UsageError
from emberwatch.devices.base import Device
from emberwatch.devices.button import Button
from emberwatch.devices.potentiometer import Potentiometer
from emberwatch.devices.probe import Probe, Signal
from emberwatch.machine.console import USB_PORTS, Port
from emberwatch.machine.pictures import compare_picture
from emberwatch.machine.raw_repl import run_python
from emberwatch.machine.stepping import STEPS, step
from emberwatch.machine.usb.events import TEXT_PORTS
from emberwatch.machine.usb.steps import UsbSteps
from emberwatch.machine.values import ButtonName, Level, Pattern, Pin, Seconds, gpio

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

__all__ = ["STEPS", "PortName", "Seen", "Steps", "step"]

PortName = Literal[
    "any",
    "auto",
    "uart0",
    "uart1",
    "usb",
    "usb1",
    "usb2",
    "usb3",
    "usb4",
    "usb5",
    "usb6",
    "keyboard",
    "mouse",
    "hid",
    "midi",
    "rtt",
    "semihosting",
]
_FINE_PS = 10**9
"""Slice while a step waits: what it waits for is seen within 1 ms."""
_QUIET_S = 0.02
"""A regular expression takes an unfinished line once nothing has come for so long."""
_ADC_PINS = range(26, 30)
_HEARD_AHEAD = 64
"""Samples that the microphone's filter has looked at already (`mic::Interpolator::kLookAhead`, rounded up)."""


@dataclass(frozen=True)
class Seen:
    """A text that came.

    Attributes:
        text: what matched.
        groups: those of a regular expression.
        port: where it came.
        t_s: emulated seconds since power-on, within a millisecond.
    """

    text: str
    groups: tuple[str, ...]
    port: str
    t_s: float


class Steps(UsbSteps):
    """The steps; `Machine` derives from it."""

    folder: Path = Path()
    """What files that steps name are relative to."""
    _seen: dict[str, int]
    _refused: list[tuple[Pattern, str]]
    _unplugged: dict[str, tuple[Device, dict[str, int]]]
    _made: set[str]
    """Names of the devices that steps have put on pins."""

    def begin_steps(self) -> None:
        """To be called once, when the machine is made."""
        self._seen, self._refused, self._unplugged, self._made = {}, [], {}, set()

    # Time

    @step
    def wait(self, seconds: Seconds) -> None:
        """Lets emulated time pass."""
        if seconds > 0:
            self._board.run(seconds)

    # Console

    @step
    def expect(self, text: str, timeout: Seconds = 10.0, port: PortName = "any") -> Seen:
        """Waits until a text comes on a serial port, after what an earlier `expect` has seen there.

        A text between slashes is a regular expression, within one line. What has come already counts.
        """
        pattern, found = Pattern.of(text), list[Seen]()

        def look() -> bool:
            if not found and (seen := self._find(pattern, port)) is not None:
                found.append(seen)
            return bool(found)

        if not look():
            with self.finely():
                self._board.wait_until(lambda _: look(), max(timeout, 1e-9), f"text {pattern} did not come")
        return found[0]

    @step
    def refuse(self, text: str, port: PortName = "any") -> None:
        """From now on the run fails as soon as this text comes; regular expressions as in `expect`."""
        self._refused.append((Pattern.of(text), port))

    @step
    def write(self, text: str, port: PortName = "auto") -> None:
        """Sends a text to a serial port.

        `auto` is the one that the program spoke on last, else an open USB port, else the board's console.
        """
        self.write_bytes(text.encode("utf-8", "surrogateescape"), port)

    def write_bytes(self, data: bytes, port: PortName = "auto") -> None:
        """As `write`, bytes."""
        board = self._board
        name = port
        if port in ("auto", "any"):
            name = self.speaking_port()
        if name in USB_PORTS:
            board.send_usb(data, USB_PORTS.index(name))
        elif name in ("semihosting", *TEXT_PORTS):
            raise UsageError(f"port = {name!r} only prints; write to uart0, uart1, usb, usb1 to usb6 or rtt")
        elif name == "rtt":
            board.send_rtt(data)
        elif name == next(iter(board.ports)):
            board.send(data)
        else:
            board.send_other(data)

    def forget_seen(self) -> None:
        """Lets the next `expect` see everything again that the ports hold."""
        self._seen = {}

    def check_refused(self) -> None:
        """Looks for what must not come.

        Raises:
            ExpectationError: it has.
        """
        for pattern, port in self._refused:
            if (seen := self._find(pattern, port, keep=True)) is not None:
                raise ExpectationError(f"text {pattern} came on {seen.port} at {seen.t_s:.6f} s: {seen.text!r}")

    @step
    def run_python(self, code: str, timeout: Seconds = 10.0) -> str:
        """Runs code on the board's MicroPython; it must not raise. Returns what it printed."""
        return run_python(self._board, code, timeout)

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

    @property
    def _board(self) -> Machine:
        return cast("Machine", self)

    def speaking_port(self) -> PortName:
        """The serial port on which the program spoke last, else an open USB port, else the board's console."""
        board = self._board
        spoken = {n: p for n, p in board.ports.items() if p.data and n not in ("semihosting", *TEXT_PORTS)}
        silent = "usb" if board.engine.usb_open else next(iter(board.ports))
        return cast(PortName, max(spoken, key=lambda n: spoken[n].last_s, default=silent))

    @contextmanager
    def finely(self) -> Iterator[None]:
        """While a step waits: what it waits for is seen within a millisecond."""
        board = self._board
        before, board.slice_ps = board.slice_ps, min(board.slice_ps, _FINE_PS)
        try:
            yield
        finally:
            board.slice_ps = before

    def _find(self, pattern: Pattern, port: str, keep: bool = False) -> Seen | None:
        """The first match of what has not been seen yet; it has then, unless `keep`."""
        ports = self._board.ports
        if port not in get_args(PortName):
            raise UsageError(f"port = {port!r} is not known; there are: {', '.join(get_args(PortName))}")
        for name in ports if port in ("any", "auto") else (port,):
            if name not in ports:  # the device does not have it yet
                continue
            begin = 0 if keep else self._seen.get(name, 0)
            if (found := _match(pattern, ports[name], begin, self._board.time_s)) is not None:
                end, text, groups = found
                if not keep:
                    self._seen[name] = end
                return Seen(text, groups, name, ports[name].last_s)
        return None

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

    def _file(self, name: str) -> Path:
        return self.folder / name

    def _near(self, what: str, measured: float, expected: float, tolerance: float, unit: str) -> float:
        if not abs(measured - expected) <= tolerance:  # NaN is near nothing
            unit = f" {unit}" if unit else ""
            raise ExpectationError(f"{what} is {measured:g}{unit}, expected {expected:g} within {tolerance:g}")
        return measured


def _pin_of(button: str, devices: dict[str, Device]) -> int:
    try:
        return gpio(button, "button")
    except UsageError:
        names = ", ".join(name for name, device in devices.items() if isinstance(device, Button)) or "none"
        raise DeviceError(f"there is no button {button!r}; the board has: {names}; or give a pin") from None


for _name in [name for name in STEPS if name in vars(UsbSteps)]:
    STEPS[_name] = STEPS.pop(_name)  # their place in the documentation is the end


def _match(pattern: Pattern, port: Port, begin: int, now_s: float) -> tuple[int, str, tuple[str, ...]] | None:
    """End of the first match from a byte on, its text and groups."""
    if pattern.expression is None:
        at = port.data.find(pattern.text, begin)
        return None if at < 0 else (at + len(pattern.text), pattern.source, ())
    end = len(port.data) if now_s - port.last_s >= _QUIET_S else len(port.data) - len(port.begun)
    while begin < end:
        stop = port.data.find(b"\n", begin, end)
        stop = end if stop < 0 else stop
        line = bytes(port.data[begin:stop]).removesuffix(b"\r")
        if (match := pattern.expression.search(line)) is not None:
            groups = tuple(_text(group or b"") for group in match.groups())
            return begin + match.end(), _text(match[0]), groups
        begin = stop + 1
    return None


def _lists(value: Any) -> Any:
    """Tuples as lists, which is what files can write."""
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="backslashreplace")
