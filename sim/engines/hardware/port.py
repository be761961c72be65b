"""The serial port of a board: found, opened, its faults in words."""

from __future__ import annotations

import os
import struct
from typing import Protocol

from emberwatch.base import extras
from emberwatch.base.errors import EngineError, UsageError

PORT_VARIABLE = "EMBERWATCH_PORT"
_RASPBERRY_PI = 0x2E8A
"""USB vendor of the Pico's own port and of the Debug Probe."""


class Port(Protocol):
    """What is used of pyserial's ports."""

    in_waiting: int
    """Bytes that can be read without waiting."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer, or none, when the port's timeout is over."""

    def write(self, data: bytes) -> int:
        """Sends bytes."""

    def reset_input_buffer(self) -> None:
        """Forgets what has come and was not read."""

    def close(self) -> None:
        """Gives the port back."""


def open_port(name: str, baud: int, purpose: str, usual: str, timeout_s: float = 0.1) -> Port:
    """Opens a serial port, 8N1.

    Args:
        name: `/dev/ttyACM0`, `COM3`.
        baud: bits a second.
        purpose: who needs it, the subject of the message when pyserial is missing.
        usual: where the baud rate should come from, for the message when it is refused.
        timeout_s: how long a read waits.

    Raises:
        MissingDependencyError: pyserial is not installed.
        UsageError: the port does not exist, may not be opened or does not know the baud rate.
    """
    serial = extras.load("serial", purpose)
    try:
        port: Port = serial.Serial(name, baud, timeout=timeout_s)
    except (ValueError, OverflowError, struct.error) as error:
        raise UsageError(f"--baud {baud} is refused by port {name} ({error}); {usual}") from None
    except (serial.SerialException, OSError) as error:
        reason = str(error).split(":")[0] if not isinstance(error, OSError) else (error.strerror or str(error))
        raise UsageError(
            f"serial port {name} cannot be opened ({reason}); is the board plugged in, and may you use the port?"
        ) from None
    return port


def chosen_port() -> str:
    """The port that EMBERWATCH_PORT names, else the only one of a Pico or a Debug Probe.

    Raises:
        MissingDependencyError: pyserial is not installed.
        EngineError: there is none, or more than one; the message says how to choose.
    """
    if name := os.environ.get(PORT_VARIABLE, ""):
        return name
    ports = extras.load("serial.tools.list_ports", "a board on a serial port").comports()
    ours = sorted(port.device for port in ports if port.vid == _RASPBERRY_PI)
    if len(ours) == 1:
        return str(ours[0])
    found = ", ".join(ours) or "none of a Pico or a Debug Probe"
    raise EngineError(f"the board's serial port must be named ({found}); set {PORT_VARIABLE}=/dev/ttyACM0")
