"""MicroPython's raw REPL: code goes in, output and traceback come out.

Reference: MicroPython documentation, "The MicroPython Interactive Interpreter Mode", raw mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emberwatch.base.errors import ExpectationError

if TYPE_CHECKING:
    from emberwatch.machine.machine import Machine

_INTERRUPT, _RAW, _RUN, _COOKED = b"\r\x03\x03", b"\x01", b"\x04", b"\r\x02"
_READY = b"raw REPL; CTRL-B to exit\r\n>"
_BOOT_S = 10.0
_FRESH_S = 0.2
"""A prompt that is interrupted answers within; a program that handles Ctrl-C may take longer."""


class RawRepl:
    """Raw mode on the serial port on which the program offers its prompt.

    Args:
        machine: runs MicroPython; it is run until there is a prompt.

    Raises:
        EmulationTimeout: there is none.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        with machine.finely():
            machine.wait_until(
                lambda m: m.engine.usb_open or any(port.data for port in m.ports.values()),
                _BOOT_S,
                "no serial port was opened",
            )
            machine.run(_FRESH_S)
        self._port = machine.speaking_port()
        self._data = machine.ports[self._port].data
        self._at = len(self._data)
        self._send(_INTERRUPT + _RAW)
        self._until(_READY, _BOOT_S, "the raw REPL of MicroPython did not answer")

    def _send(self, data: bytes) -> None:
        self._machine.write_bytes(data, self._port)

    def _until(
        self, mark: bytes, timeout_s: float, complaint: str, show: Callable[[bytes], object] | None = None
    ) -> bytes:
        """What comes up to a mark, which is taken."""
        shown = self._at

        def found(_: object) -> bool:
            nonlocal shown
            end = self._data.find(mark, self._at)
            upto = len(self._data) if end < 0 else end
            if show is not None and upto > shown:
                show(bytes(self._data[shown:upto]))
                shown = upto
            return end >= 0

        with self._machine.finely():
            self._machine.wait_until(found, timeout_s, complaint)
        end = self._data.find(mark, self._at)
        before = bytes(self._data[self._at : end])
        self._at = end + len(mark)
        return before

    def run(self, code: str, timeout_s: float, show: Callable[[bytes], object] | None = None) -> tuple[bytes, bytes]:
        """Runs code.

        Args:
            code: Python's source.
            timeout_s: emulated seconds that it may take.
            show: gets the output as it comes.

        Returns:
            Output, and the traceback, empty if there is none.

        Raises:
            EmulationTimeout: it takes longer.
        """
        self._send(code.encode() + _RUN)
        self._until(b"OK", timeout_s, "MicroPython did not take the code")
        output = self._until(_RUN, timeout_s, "the code did not end", show)
        traceback = self._until(_RUN, timeout_s, "the code did not end")
        self._until(b">", timeout_s, "the raw REPL did not come back")
        return output, traceback

    def leave(self) -> None:
        """Back to the ordinary prompt."""
        self._send(_COOKED)


def run_python(machine: Machine, code: str, timeout_s: float) -> str:
    """Runs code on a machine's MicroPython.

    Returns:
        What it printed, with plain line ends.

    Raises:
        ExpectationError: it raised an exception; the message has its last line.
    """
    repl = RawRepl(machine)
    output, traceback = repl.run(code, timeout_s)
    repl.leave()
    if traceback:
        last = traceback.decode(errors="backslashreplace").strip().splitlines()[-1]
        raise ExpectationError(f"MicroPython: {last}")
    return output.decode(errors="backslashreplace").replace("\r\n", "\n")
