"""Keywords about what leaves the board: bits per second on every output, and which outputs there are."""

from __future__ import annotations

from robot.api import logger
from robot.api.deco import keyword, library

from emberwatch.chip import block
from emberwatch.detector.protocol import Other
from emberwatch.robot.arguments import number, some
from emberwatch.robot.session import session

SAMPLE_RATE = 16_000

# The fields of a window line are all that changes from block to block: probability 8 bits, level 7, alarm 1.
_WINDOW_INFORMATION_BITS = 16
_BLOCKS_PER_SECOND = 31.25


@library(scope="GLOBAL")
class PrivacyLibrary:
    """The board is the one of the BoardLibrary."""

    @keyword
    def outputs_should_not_carry_raw_audio(self, share: float = 0.5) -> None:
        """UART and USB together carry fewer bits than ``share`` of one bit per sample: not even 1-bit audio fits.

        All bits count, those of line ends and of fixed words too.
        """
        machine = session.board()
        number(share, "The share of a bit", 0.001, 1)
        bits = 8 * (len(machine.uart_bytes) + len(machine.usb_bytes)) / machine.time_s
        limit = share * SAMPLE_RATE
        logger.info(f"UART and USB: {bits:.0f} bits per second; one bit per sample would be {SAMPLE_RATE}")
        if not machine.uart_bytes:
            raise AssertionError("The console is silent: nothing was measured")
        if bits > limit:
            raise AssertionError(f"UART and USB carried {bits:.0f} bits/s; at most {limit:.0f} are allowed")

    @keyword
    def console_should_say_nothing_but_the_protocol(self) -> None:
        """Every byte belongs to a line of the protocol, whose window lines can tell at most 500 bits a second."""
        machine = session.board()
        some(machine.log.windows, "windows")
        others = [message.text for _, message in machine.log.messages if isinstance(message, Other)]
        if others or machine.log.errors:
            raise AssertionError(f"Lines outside the protocol: {(others + machine.log.errors)[:3]}")
        rate = len(machine.log.windows) / machine.time_s
        logger.info(f"{rate:.1f} windows per second, at most {rate * _WINDOW_INFORMATION_BITS:.0f} bits of information")
        if rate > 1.01 * _BLOCKS_PER_SECOND:
            raise AssertionError(f"{rate:.1f} window lines per second; one per block are {_BLOCKS_PER_SECOND}")

    @keyword
    def usb_should_be_off(self) -> None:
        """The USB controller is held in reset and sent nothing."""
        machine = session.board()
        some(machine.log.windows, "windows")
        if machine.usb_bytes:
            raise AssertionError(f"USB carried {len(machine.usb_bytes)} bytes")
        resets = block("resets")
        held = int.from_bytes(machine.read(resets.address("RESET"), 4), "little")
        if not resets.field("RESET.USBCTRL").of(held):
            raise AssertionError("The USB controller is not held in reset")

    @keyword
    def only_known_pins_should_be_connected(self) -> None:
        """Console, LED and microphone have a function; every other pin has none, so it cannot carry anything."""
        machine = session.board()
        some(machine.log.windows, "windows")
        board = machine.board
        known = {board.uart.tx, board.uart.rx, board.needed_led.pin}
        known |= {board.needed_microphone.data, board.needed_microphone.clock}
        io = block("io_bank0")
        for pin in range(30):
            control = int.from_bytes(machine.read(io.address(f"GPIO{pin}_CTRL"), 4), "little")
            function = io.field("GPIO%_CTRL.FUNCSEL").of(control)
            if pin not in known and function != io.values["GPIO%_CTRL.FUNCSEL"]["NULL"]:
                raise AssertionError(f"GPIO {pin} has function {function}, which nobody knows about")
