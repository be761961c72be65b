"""`Device`: what is attached to the chip, written in Python on the same seam as the C++ ones (`sim/rp2040/device`).

A device names its lines, and who attaches it says which GPIO each is. Names with a meaning:

- ``sda``, ``scl``: an I2C target with `i2c_addresses`, whoever is the master (I2C block, PIO, a program's own pins);
- ``sck``, ``mosi``, ``miso``, ``cs``: an SPI target, the last three if it has them;
- ``rx``, ``tx``: a serial line as the device sees it, at `baud`, 8N1;
- ``adc...``: an analogue output, on GPIO 26 to 29.

All others are digital levels. Times are emulated picoseconds since power-on.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Self

from emberwatch import _native
from emberwatch.base.errors import DeviceError
from emberwatch.devices.state import decode_state, encode_state

NEVER = (1 << 64) - 1

Edge = tuple[str, bool, int]
"""Line, level and time of a change."""

_METHODS = (
    "power_on",
    "wake",
    "edges",
    "uart_received",
    "i2c_start",
    "i2c_write",
    "i2c_read",
    "i2c_read_done",
    "spi",
    "spi_end",
    "adc_volts",
)


class Port:
    """What a device may do to the chip that it is attached to. ValueError while it is attached to none."""

    def __init__(self, native: _native.PyDevice) -> None:
        self._native = native

    @property
    def now(self) -> int:
        """The moment of the call in progress, else the present, in picoseconds."""
        return self._native.now

    def connected(self, line: str) -> bool:
        """Whether an optional line was given a GPIO."""
        return self._native.connected(line)

    def drive(self, line: str, level: bool | None, at: int | None = None) -> None:
        """Puts a level on a line, None releases it; `at` may lie in the future.

        The chip's own outputs win: True is also what a pull-up resistor on the board does.
        """
        self._native.drive(line, level, at)

    def level(self, line: str) -> bool:
        """Level of a line now."""
        return self._native.level(line)

    def share(self, line: str) -> float:
        """Share of time for which the chip drives a line high, 0..1: the duty of its PWM, else its level."""
        return self._native.share(line)

    def volts(self, line: str, volts: float | Sequence[tuple[int, float]]) -> None:
        """Voltage of an ``adc...`` line: constant, or straight pieces between (picoseconds, volts) in order of time.

        It overrides nothing if the class has `Device.adc_volts`.
        """
        points = [(0, float(volts))] if isinstance(volts, (int, float)) else [(at, float(v)) for at, v in volts]
        self._native.set_volts(line, points)

    def uart_send(self, data: bytes) -> None:
        """Sends bytes on ``tx``, after what is still going out."""
        self._native.uart_send(data)

    def wake_at(self, at: int | None) -> None:
        """`Device.wake` is called at this time, once; None: not at all. A time in the past is now."""
        self._native.wake_at(at)

    def join(self, line: str, other: str, joined: bool = True) -> None:
        """Closes or opens a switch between two lines."""
        self._native.join(line, other, joined)


class Device:
    """Base class of devices. Override what the device does; nothing needs a call of the base's methods.

    A method that says "returns when to wake it" may return a time at which `wake` is to be called, or None. What a
    method raises stops the run as a `DeviceError` with the device's name.
    """

    name: str = ""
    """Unique on a board; the class's name in lower case if empty."""
    lines: Sequence[str] = ()
    """Names of the lines; an I2C device that names none has ``sda`` and ``scl``."""
    optional_lines: Sequence[str] = ()
    """Those of them that need not be connected."""
    watched: Sequence[str] = ()
    """Lines whose changes `edges` wants."""
    driven: Sequence[str] = ()
    """Lines that the device drives at once in `edges`; those that it drives otherwise need not be here."""
    prompt: bool = False
    """False: `edges` gets changes in batches, at the latest when the run's slice is over or before any other call.
    True: each change in its own cycle, which devices need that answer by other means than `driven` or that wake."""
    i2c_addresses: frozenset[int] = frozenset()
    baud: int = 115_200
    spi_mode: int = 0
    """Clock polarity and phase where a program or PIO moves the pins, 0..3; the SPI block's frames come as they are."""

    controls: ClassVar[Mapping[str, str]] = {}
    """Other names of what `set_control` changes, each with its own: those that users of other simulators know."""
    parameters: ClassVar[Sequence[str]] = ()
    """Attributes that `save` leaves out because they belong to the board and not to the moment."""

    _plugged: _native.Device | None = None

    # What happens to it

    def power_on(self) -> int | None:
        """Power comes: when it is attached and at every power-on reset. Returns when to wake it."""
        return None

    def wake(self, ps: int) -> int | None:
        """The time has come. Returns when to wake it next."""
        return None

    def edges(self, changes: list[Edge]) -> int | None:
        """Changes of the `watched` lines, in order of time. Returns when to wake it."""
        return None

    def uart_received(self, data: bytes, ps: int) -> int | None:
        """A byte has come in on ``rx``. Returns when to wake it. Frames without a stop bit are counted, not given."""
        return None

    def i2c_start(self, address: int, read: bool, ps: int) -> bool:
        """Whether it acknowledges one of its addresses."""
        return True

    def i2c_write(self, data: bytes, ps: int) -> int | None:
        """What the master has written, at STOP or repeated START. Returns when to wake it."""
        return None

    def i2c_read(self, ps: int) -> bytes:
        """What the master gets, as far as it reads; it reads 0xff beyond the end."""
        return b""

    def i2c_read_done(self, count: int, ps: int) -> int | None:
        """The master has read so many bytes. Returns when to wake it."""
        return None

    def spi(self, received: bytes, ps: int) -> bytes:
        """What goes out next: called when it is selected, and again when all of the last answer has gone out.

        `received` is what came in since the last call. Nothing means 0xff, and no more calls, until it is deselected.
        """
        return b""

    def spi_end(self, received: bytes, ps: int) -> int | None:
        """It is deselected; `received` came in since the last call of `spi`. Returns when to wake it."""
        return None

    def adc_volts(self, line: str, ps: int) -> float:
        """Voltage that a conversion samples; without this method `Port.volts` says it."""
        return 0.0

    # What a hand, or the world, does to it

    def set_control(self, control: str, value: object) -> None:
        """Changes what is not the chip's to change: by default one of its public attributes.

        Raises:
            DeviceError: it has no such control, or the value is of another kind.
        """
        name = self.controls.get(control, control)
        known = sorted(
            n for n in self._state() if n not in ("lines",) and not isinstance(getattr(self, n), (bytes, list))
        )
        if name not in known:
            raise DeviceError(f"device {self.title!r} has no control {control!r}; it has: {', '.join(known) or 'none'}")
        present = getattr(self, name)
        if isinstance(present, bool) and value in (0, 1):
            value = bool(value)
        elif isinstance(present, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(present):
            raise DeviceError(f"device {self.title!r}: {control} = {value!r} must be like {present!r}")
        setattr(self, name, value)

    # Its state

    def save(self) -> bytes:
        """The state as bytes: by default all attributes but `parameters` and those that begin with an underscore.

        Raises:
            DeviceError: an attribute holds what cannot be written down; override both methods.
        """
        return encode_state(self._state(), self.title)

    def restore(self, state: bytes) -> None:
        """Takes the state of `save` back."""
        for name in self._state():
            delattr(self, name)
        for name, value in decode_state(state).items():
            setattr(self, name, value)

    def _state(self) -> dict[str, object]:
        return {n: v for n, v in vars(self).items() if not n.startswith("_") and n not in ("name", *self.parameters)}

    # Its place

    @property
    def title(self) -> str:
        """The name in messages and snapshots."""
        return self.name or type(self).__name__.lower()

    @property
    def plugged(self) -> _native.Device | None:
        """The native half of the last `plug`."""
        return self._plugged

    @property
    def port(self) -> Port:
        """The chip as the device sees it.

        Raises:
            DeviceError: it is not attached.
        """
        if not isinstance(self._plugged, _native.PyDevice):
            raise DeviceError(f"device {self.title!r} is not attached; call machine.attach first")
        return Port(self._plugged)

    @classmethod
    def line_names(cls) -> tuple[str, ...]:
        """Lines of devices of this class."""
        return tuple(cls.lines) or (("sda", "scl") if cls.i2c_addresses else ())

    @property
    def framing_errors(self) -> int:
        """Serial frames without a stop bit so far: the sender has another baud rate."""
        return self._plugged.framing_errors if isinstance(self._plugged, _native.PyDevice) else 0

    def plug(self) -> _native.Device:
        """The native half, made anew: for engines."""
        methods = [name for name in _METHODS if getattr(type(self), name) is not getattr(Device, name)]
        lines = tuple(self.lines) or (("sda", "scl") if self.i2c_addresses else ())
        self._plugged = _native.PyDevice(
            self,
            self.title,
            list(lines),
            list(self.optional_lines),
            list(self.watched),
            list(self.driven),
            self.prompt,
            sorted(self.i2c_addresses),
            self.baud,
            self.spi_mode,
            [*methods, "save", "restore"],
        )
        return self._plugged

    def settle(self) -> None:
        """Takes in what still waits to be handed over, and raises what the device's own code raised.

        Raises:
            DeviceError: named for the device.
        """
        if isinstance(self._plugged, _native.PyDevice):
            self._plugged.settle()
            if (error := self._plugged.take_error()) is not None:
                raise_device_error(self.title, error)

    def clone(self) -> Self:
        """A copy for another chip, which may be thrown away: for replays."""
        twin = copy.copy(self)
        twin._plugged = None
        for name, value in vars(self).items():
            if name != "_plugged":
                setattr(twin, name, copy.deepcopy(value))
        return twin


class NativeDevice(Device):
    """A device that is written in C++; its state is saved there."""

    def _state(self) -> dict[str, object]:
        return {}


def raise_device_error(name: str, error: BaseException) -> None:
    """Raises what a device's code raised as the device's error; Ctrl-C stays what it is.

    Raises:
        DeviceError: always, but for exceptions that are no `Exception`.
    """
    if not isinstance(error, Exception):
        raise error
    raise DeviceError(f"device {name!r}: {type(error).__name__}: {error}") from error


def check_lines(device: Device, lines: Mapping[str, int], what: Iterable[str] = ()) -> list[tuple[str, int]]:
    """Lines with their GPIOs, for the native side, which checks the names.

    Raises:
        DeviceError: a GPIO is no whole number from 0 on.
    """
    for line, pin in lines.items():
        if type(pin) is not int or pin < 0:
            raise DeviceError(f"device {device.title!r}: line {line!r} is on pin {pin!r}; the RP2040 has GPIO 0 to 29")
    return list(lines.items())
